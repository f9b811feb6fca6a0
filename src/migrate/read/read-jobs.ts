import type { Container, Job, JobFile, JobType, Preset, Variable, Word } from './job.ts';
import { type ParseYaml, refuseDuplicateKeys } from './parse-yaml.ts';
import { hasAliases, resolveAliases } from './resolve-aliases.ts';
import { entriesAt, itemsAt, type MapNode, type Node, nodeAt, textAt, textsAt } from './syntax.ts';

/** Reads a job file. Throws UsageError `FILE:LINE:COLUMN: what` when it is not YAML or a job has a key twice. */
export function readJobFile(path: string, text: string, parse: ParseYaml): JobFile {
  const documents = parse(text, path);
  const lines = lineCounter(text);
  for (const root of documents) refuseRepeatedKeys(root, path, text);
  const resolved = hasAliases(text) ? documents.map(resolveAliases) : documents;
  const jobs = resolved.flatMap((root) => jobsOf(root, path, text, lines));
  return { path, text, documents, jobs, presets: resolved.flatMap(presetsOf) };
}

/** A key that stands twice inside a job is an error; elsewhere it is Prow's business. */
function refuseRepeatedKeys(root: Node, path: string, text: string): void {
  const lists = [nodeAt(root, 'periodics'), nodeAt(root, 'presubmits'), nodeAt(root, 'postsubmits')];
  const sequences = lists.flatMap((list) => (list?.kind === 'map' ? list.pairs.map(({ value }) => value) : [list]));
  const jobs = sequences.flatMap((list) => (list?.kind === 'seq' ? list.items : []));
  for (const job of jobs) if (job.kind === 'map') refuseDuplicateKeys(job, path, text);
}

const LISTS: readonly (readonly [key: string, type: JobType])[] = [
  ['presubmits', 'presubmit'],
  ['postsubmits', 'postsubmit'],
];

function jobsOf(root: Node, file: string, text: string, lineOf: (at: number) => number): Job[] {
  const jobs: Job[] = [];
  const add = (node: Node, type: JobType, repo: string | undefined) => {
    const name = textAt(node, 'name');
    if (node.kind !== 'map' || name === undefined) return;
    jobs.push(readJob({ file, text, type, repo, name, node, line: lineOf(node.start) }));
  };
  for (const node of itemsAt(root, 'periodics')) add(node, 'periodic', undefined);
  for (const [key, type] of LISTS) {
    const repos = nodeAt(root, key);
    for (const { key: repo } of repos?.kind === 'map' ? repos.pairs : []) {
      for (const node of itemsAt(repos, repo.value)) add(node, type, repo.value);
    }
  }
  return jobs.sort((one, other) => one.node.start - other.node.start);
}

function readJob(found: Pick<Job, 'file' | 'text' | 'type' | 'repo' | 'name' | 'node' | 'line'>): Job {
  const { node } = found;
  const containers = itemsAt(nodeAt(node, 'spec'), 'containers');
  return {
    ...found,
    branches: textsAt(node, 'branches'),
    labels: entriesAt(node, 'labels'),
    annotations: entriesAt(node, 'annotations'),
    containers: containers.flatMap((each) => (each.kind === 'map' ? [readContainer(each)] : [])),
  };
}

function readContainer(node: MapNode): Container {
  const [command, args] = [nodeAt(node, 'command'), nodeAt(node, 'args')];
  const words = (['command', 'args'] as const).flatMap((list) =>
    itemsAt(node, list).map((item, index): Word => ({ text: wordText(item), list, index, node: item })),
  );
  return {
    node,
    image: textAt(node, 'image') ?? '',
    command: command?.kind === 'seq' ? command : undefined,
    args: args?.kind === 'seq' ? args : undefined,
    words,
    env: itemsAt(node, 'env').flatMap((item): Variable[] => {
      const name = textAt(item, 'name');
      if (item.kind !== 'map' || name === undefined) return [];
      const value = nodeAt(item, 'value');
      const elsewhere = nodeAt(item, 'valueFrom') !== undefined;
      const scalar = value?.kind === 'scalar' ? value : undefined;
      return [{ name, value: elsewhere ? undefined : (scalar?.value ?? ''), node: item, scalar }];
    }),
  };
}

/** go-yaml reads a null item as the empty string. */
function wordText(node: Node): string {
  if (node.kind !== 'scalar') return '';
  return node.style === 'plain' && /^(?:~|null|Null|NULL)$/.test(node.value) ? '' : node.value;
}

function presetsOf(root: Node): Preset[] {
  return itemsAt(root, 'presets').map((preset) => {
    const env = itemsAt(preset, 'env').map(
      (item) => [textAt(item, 'name') ?? '', textAt(item, 'value'), item] as const,
    );
    const here = env.filter(([, , item]) => nodeAt(item, 'valueFrom') === undefined);
    return {
      labels: entriesAt(preset, 'labels'),
      env: new Map(here.map(([name, value]) => [name, value ?? ''])),
      elsewhere: env.filter((each) => !here.includes(each)).map(([name]) => name),
    };
  });
}

/** From an offset to its line, counted from 1. */
function lineCounter(text: string): (at: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (at) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
