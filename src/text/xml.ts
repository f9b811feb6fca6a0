import Element from 'ltx/lib/Element.js';

/** An element: its name, its attributes (undefined ones are left out), and its text or child elements. */
export type Xml = readonly [
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...inside: (string | Xml)[],
];

/** Serializes a document, each element on a line of its own. Texts must hold only characters XML allows: see `xmlText`. */
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
