import Element from 'ltx/lib/Element.js';

/** What an element is made of: its name, its attributes (those without a value are left out), and a text or elements inside. */
export type Xml = readonly [
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...inside: (string | Xml)[],
];

/** The text of a document, each element on a line of its own, made of texts that hold only what XML allows. */
export function xmlDocument(root: Xml): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${elementOf(root, 1).toString()}\n`;
}

function elementOf([name, attributes, ...inside]: Xml, depth: number): Element {
  const element = new Element(name, attributes);
  for (const each of inside) {
    if (typeof each === 'string') element.t(each);
    else element.t(lineAt(depth)).cnode(elementOf(each, depth + 1));
  }
  if (inside.some((each) => typeof each !== 'string')) element.t(lineAt(depth - 1));
  return element;
}

const lineAt = (depth: number): string => `\n${'  '.repeat(depth)}`;
