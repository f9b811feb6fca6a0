import type { Document, Node as YamlNode, Pair as YamlPair } from 'yaml';
import { UsageError } from '../../api/errors.ts';
import type { MapNode, Node, Pair, ScalarNode } from './syntax.ts';

/** Reads the documents of a text into nodes that know their place. Throws UsageError `FILE:LINE:COLUMN: what`. */
export type ParseYaml = (text: string, file: string) => Node[];

const STYLES: Readonly<Record<string, ScalarNode['style']>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
};

/** Loads the YAML library, which is heavy, and returns a reader made with it. */
export async function openYamlParser(): Promise<ParseYaml> {
  const { parseAllDocuments, isAlias, isMap, isSeq, isScalar } = await import('yaml');

  const convert = (node: YamlNode | null, at: number): Node => {
    if (node === null) return { kind: 'scalar', value: '', style: 'plain', start: at, end: at };
    const [start, end] = node.range ?? [at, at];
    const anchor = 'anchor' in node ? node.anchor : undefined;
    if (isAlias(node)) return { kind: 'alias', source: node.source, start, end };
    if (isSeq(node)) {
      const items = node.items.map((item) => convert(item as YamlNode | null, start));
      return { kind: 'seq', flow: node.flow === true, items, start, end, anchor };
    }
    if (isMap(node)) {
      const pairs = node.items.flatMap((pair) => convertPair(pair as YamlPair<YamlNode, YamlNode | null>));
      return { kind: 'map', flow: node.flow === true, pairs, start, end, anchor };
    }
    const value = isScalar(node) && node.value !== null && node.value !== undefined ? String(node.value) : '';
    return { kind: 'scalar', value, style: STYLES[node.type ?? ''] ?? 'plain', start, end, anchor };
  };
  const convertPair = ({ key, value }: YamlPair<YamlNode, YamlNode | null>): Pair[] => {
    const name = convert(key, 0);
    return name.kind === 'scalar' ? [{ key: name, value: convert(value, name.end + 1) }] : [];
  };

  return (text, file) => {
    // Every scalar is taken as its text: what type it has is Prow's business.
    const parsed = parseAllDocuments(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'silent' });
    const documents: Document.Parsed[] = Array.isArray(parsed) ? parsed : [];
    for (const { errors } of documents) {
      const [error] = errors;
      if (error) throw new UsageError(`${place(file, text, error.pos[0])}: ${sentence(text, error.message)}`);
    }
    return documents.map(({ contents }) => convert(contents as YamlNode | null, 0));
  };
}

/** `FILE:LINE:COLUMN`, counted from 1. */
export function place(file: string, text: string, at: number): string {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  return `${file}:${line}:${at - before.lastIndexOf('\n')}`;
}

function sentence(text: string, message: string): string {
  const [first = message] = message.split('\n');
  const what = `not YAML: ${first.replace(/ at line \d+, column \d+:?$/, '')}`;
  return /\{\{/.test(text) ? `${what}; a template with {{…}} is not YAML: migrate the files made from it` : what;
}

/** Refuses a map in which a key stands twice, as Prow's strict reader and yamllint do. */
export function refuseDuplicateKeys(map: MapNode, file: string, text: string): void {
  const seen = new Set<string>();
  for (const { key, value } of map.pairs) {
    if (seen.has(key.value) && key.value !== '<<') {
      throw new UsageError(`${place(file, text, key.start)}: the key ${JSON.stringify(key.value)} is set twice`);
    }
    seen.add(key.value);
    visit(value, file, text);
  }
}

function visit(node: Node, file: string, text: string): void {
  if (node.kind === 'map') refuseDuplicateKeys(node, file, text);
  if (node.kind === 'seq') for (const item of node.items) visit(item, file, text);
}
