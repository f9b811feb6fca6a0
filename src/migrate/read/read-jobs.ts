import type { Container, Job, JobFile, JobType, Preset, Variable, Word } from './job.ts';
import { type ParseYaml, refuseDuplicateKeys } from './parse-yaml.ts';
import { resolveAliases } from './resolve-aliases.ts';
import { entriesOf, itemsOf, type MapNode, type Node, textOf, textsOf, valueOf } from './syntax.ts';

/** Reads a job file. Throws UsageError `FILE:LINE:COLUMN: what` when it is not YAML or a job has a key twice. */
export function readJobFile(path: string, text: string, parse: ParseYaml): JobFile {
  const documents = parse(text, path);
  const lines = lineCounter(text);
  for (const root of documents) refuseRepeatedKeys(root, path, text);
  const resolved = documents.map(resolveAliases);
  const jobs = resolved.flatMap((root) => jobsOf(root, path, text, lines));
  return { path, text, documents, jobs, presets: resolved.flatMap(presetsOf) };
}

/** A key that stands twice inside a job is an error; elsewhere it is Prow's business. */
function refuseRepeatedKeys(root: Node, path: string, text: string): void {
  const lists = [valueOf(root, 'periodics'), valueOf(root, 'presubmits'), valueOf(root, 'postsubmits')];
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
    const name = textOf(node, 'name');
    if (node.kind !== 'map' || name === undefined) return;
    jobs.push(readJob({ file, text, type, repo, name, node, line: lineOf(node.start) }));
  };
  for (const node of itemsOf(root, 'periodics')) add(node, 'periodic', undefined);
  for (const [key, type] of LISTS) {
    const repos = valueOf(root, key);
    for (const { key: repo } of repos?.kind === 'map' ? repos.pairs : []) {
      for (const node of itemsOf(repos, repo.value)) add(node, type, repo.value);
    }
  }
  return jobs.sort((one, other) => one.node.start - other.node.start);
}

function readJob(found: Pick<Job, 'file' | 'text' | 'type' | 'repo' | 'name' | 'node' | 'line'>): Job {
  const { node } = found;
  const containers = itemsOf(valueOf(node, 'spec'), 'containers');
  return {
    ...found,
    branches: textsOf(node, 'branches'),
    labels: entriesOf(node, 'labels'),
    annotations: entriesOf(node, 'annotations'),
    containers: containers.flatMap((each) => (each.kind === 'map' ? [readContainer(each)] : [])),
  };
}

function readContainer(node: MapNode): Container {
  const [command, args] = [valueOf(node, 'command'), valueOf(node, 'args')];
  const words = (['command', 'args'] as const).flatMap((list) =>
    itemsOf(node, list).map((item, index): Word => ({ text: wordText(item), list, index, node: item })),
  );
  return {
    node,
    image: textOf(node, 'image') ?? '',
    command: command?.kind === 'seq' ? command : undefined,
    args: args?.kind === 'seq' ? args : undefined,
    words,
    env: itemsOf(node, 'env').flatMap((item): Variable[] => {
      const name = textOf(item, 'name');
      if (item.kind !== 'map' || name === undefined) return [];
      const value = valueOf(item, 'value');
      const elsewhere = valueOf(item, 'valueFrom') !== undefined;
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
  return itemsOf(root, 'presets').map((preset) => {
    const env = itemsOf(preset, 'env').map(
      (item) => [textOf(item, 'name') ?? '', textOf(item, 'value'), item] as const,
    );
    const here = env.filter(([, , item]) => valueOf(item, 'valueFrom') === undefined);
    return {
      labels: entriesOf(preset, 'labels'),
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
