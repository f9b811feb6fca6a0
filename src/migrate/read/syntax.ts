/** A YAML node with its place in the text: offsets in UTF-16 units, `end` behind its last character. */
export type Node = ScalarNode | MapNode | SeqNode | AliasNode;

interface Placed {
  readonly start: number;
  readonly end: number;
  /** The name of its `&anchor`. */
  readonly anchor?: string | undefined;
}

export interface ScalarNode extends Placed {
  readonly kind: 'scalar';
  /** Its text, of any YAML type. */
  readonly value: string;
  readonly style: 'plain' | 'single' | 'double' | 'literal' | 'folded';
}

export interface Pair {
  readonly key: ScalarNode;
  readonly value: Node;
}

export interface MapNode extends Placed {
  readonly kind: 'map';
  /** Written in braces. */
  readonly flow: boolean;
  readonly pairs: readonly Pair[];
}

export interface SeqNode extends Placed {
  readonly kind: 'seq';
  /** Written in brackets. */
  readonly flow: boolean;
  readonly items: readonly Node[];
}

export interface AliasNode extends Placed {
  readonly kind: 'alias';
  /** The anchor it names. */
  readonly source: string;
}

/** The pair of a key, the last one as YAML readers that let a key stand twice have it. */
export function pairAt(node: Node | undefined, key: string): Pair | undefined {
  return node?.kind === 'map' ? node.pairs.findLast((pair) => pair.key.value === key) : undefined;
}

export function nodeAt(node: Node | undefined, key: string): Node | undefined {
  return pairAt(node, key)?.value;
}

/** The text below a key; undefined when there is none or it is no scalar. */
export function textAt(node: Node | undefined, key: string): string | undefined {
  const value = nodeAt(node, key);
  return value?.kind === 'scalar' ? value.value : undefined;
}

/** The items below a key; none when it is no sequence. */
export function itemsAt(node: Node | undefined, key: string): readonly Node[] {
  const value = nodeAt(node, key);
  return value?.kind === 'seq' ? value.items : [];
}

/** The texts of the scalars below a key, whether it holds a sequence or one scalar. */
export function textsAt(node: Node | undefined, key: string): string[] {
  const value = nodeAt(node, key);
  if (value?.kind === 'scalar') return [value.value];
  return itemsAt(node, key).flatMap((item) => (item.kind === 'scalar' ? [item.value] : []));
}

/** The scalar entries of the map below a key, in their order. */
export function entriesAt(node: Node | undefined, key: string): Map<string, string> {
  const map = nodeAt(node, key);
  const pairs = map?.kind === 'map' ? map.pairs : [];
  return new Map(pairs.flatMap(({ key: name, value }) => (value.kind === 'scalar' ? [[name.value, value.value]] : [])));
}

/** Every node below one, itself first. */
export function* nodesBelow(node: Node): Generator<Node> {
  yield node;
  if (node.kind === 'seq') for (const item of node.items) yield* nodesBelow(item);
  if (node.kind !== 'map') return;
  for (const { key, value } of node.pairs) {
    yield key;
    yield* nodesBelow(value);
  }
}

/** Where the text of a node ends, without the blanks and comments that a collection's own end may include. */
export function lastCharacter(node: Node): number {
  if (node.kind === 'seq' && !node.flow && node.items.length > 0) {
    return Math.max(...node.items.map(lastCharacter));
  }
  if (node.kind === 'map' && !node.flow && node.pairs.length > 0) {
    return Math.max(...node.pairs.map(({ key, value }) => Math.max(key.end, lastCharacter(value))));
  }
  return node.end;
}
