import { type MapNode, type Node, nodesBelow, type Pair } from './syntax.ts';

/** Whether a text may hold aliases. To look through the nodes of every file for one would take longer. */
export const hasAliases = (text: string): boolean => /(?:^|[\s[{,])\*[\w-]/m.test(text);

/**
 * A document with the node an alias stands for in its place and `<<` merged; each node keeps the place it is written at.
 * A document without aliases comes back as it is.
 */
export function resolveAliases(root: Node): Node {
  const anchors = new Map<string, Node>();
  let aliases = false;
  for (const node of nodesBelow(root)) {
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    aliases ||= node.kind === 'alias';
  }
  return aliases ? resolve(root, anchors, 0) : root;
}

/** Aliases inside aliases end here, so that no document grows without bound. */
const DEEPEST = 40;

function resolve(node: Node, anchors: ReadonlyMap<string, Node>, depth: number): Node {
  if (depth > DEEPEST) return node;
  const below = (each: Node) => resolve(each, anchors, depth + 1);
  if (node.kind === 'alias') {
    const target = anchors.get(node.source);
    return target ? below(target) : node;
  }
  if (node.kind === 'seq') return { ...node, items: node.items.map(below) };
  return node.kind === 'map' ? mergeMap(node, below) : node;
}

function mergeMap(node: MapNode, below: (node: Node) => Node): MapNode {
  const pairs = node.pairs.map(({ key, value }) => ({ key, value: below(value) }));
  const own = pairs.filter(({ key }) => key.value !== '<<');
  const names = new Set(own.map(({ key }) => key.value));
  const merged = pairs
    .filter(({ key }) => key.value === '<<')
    .flatMap(({ value }): readonly Node[] => (value.kind === 'seq' ? value.items : [value]))
    .flatMap((each): readonly Pair[] => (each.kind === 'map' ? each.pairs : []))
    .filter(({ key }) => !names.has(key.value) && names.add(key.value));
  return { ...node, pairs: [...own, ...merged] };
}
