import type { NewRef, NewVariable } from '../draft/draft.ts';
import { Refused } from '../draft/refused.ts';
import { entriesAt, lastCharacter, nodeAt, nodesBelow, type Pair, pairAt, textAt } from '../read/syntax.ts';
import type { Target } from './comments.ts';
import type { JobEditing } from './editing.ts';
import { dashOf } from './list.ts';
import { fitReplacements, REPLACEMENTS } from './replacements.ts';
import { renderLike, renderScalar } from './scalar.ts';
import { columnOf, lineEnd, lineStart, nextLine } from './text-edits.ts';

/** What changes of a job outside its container. */
export interface JobKeys {
  readonly timeout: (Target & { readonly value: string }) | undefined;
  readonly pathAlias: string | undefined;
  readonly refs: readonly (NewRef & Target)[];
}

/** Writes the keys of the job: new ones behind `name`, in the order decorate, decoration_config, path_alias, extra_refs. */
export function editJobKeys(editing: JobEditing, keys: JobKeys): void {
  const lines: string[] = [];
  decorate(editing, lines);
  if (keys.timeout) setTimeLimit(editing, keys.timeout, lines);
  if (keys.pathAlias !== undefined) setPathAlias(editing, keys.pathAlias, lines);
  if (keys.refs.length > 0) addRefs(editing, keys.refs, lines);
  if (lines.length > 0) insertBehindName(editing, lines);
  removeRefLabels(editing, keys);
}

const keyIndent = ({ job }: JobEditing): string =>
  ' '.repeat(columnOf(job.text, pairAt(job.node, 'name')?.key.start ?? 0));

function insertBehindName({ job, edits, lineBreak }: JobEditing, lines: readonly string[]): void {
  const name = pairAt(job.node, 'name');
  if (!name) return;
  const end = lineEnd(job.text, name.value.end);
  edits.push({ start: end, end, text: lines.map((line) => `${lineBreak}${line}`).join('') });
}

function decorate(editing: JobEditing, lines: string[]): void {
  const { job, edits, changes } = editing;
  const there = nodeAt(job.node, 'decorate');
  if (there?.kind === 'scalar' && there.value === 'true') return;
  if (there) edits.push({ start: there.start, end: there.end, text: 'true' });
  else lines.push(`${keyIndent(editing)}decorate: true`);
  const from = there?.kind === 'scalar' ? there.value : '';
  changes.push({
    path: 'decorate',
    change: there ? 'replaced' : 'added',
    from,
    to: 'true',
    why: 'pod utilities check out and upload',
  });
}

function setTimeLimit(editing: JobEditing, limit: Target & { readonly value: string }, lines: string[]): void {
  const { job, edits, changes, lineBreak, remarksFor, editable } = editing;
  const value = renderScalar(limit.value);
  const remarks = [...remarksFor(limit)];
  const behind = remarks.length === 1 ? ` ${remarks.pop()}` : '';
  const config = pairAt(job.node, 'decoration_config');
  changes.push({
    path: 'decoration_config.timeout',
    change: 'added',
    from: '',
    to: limit.value,
    why: 'bootstrap’s --timeout',
  });
  if (!config || (config.value.kind === 'scalar' && config.value.value === '')) {
    const indent = keyIndent(editing);
    lines.push(
      `${indent}decoration_config:`,
      ...remarks.map((line) => `${indent}  ${line}`),
      `${indent}  timeout: ${value}${behind}`,
    );
    return;
  }
  editable.check(config.value, 'decoration_config');
  if (config.value.kind !== 'map' || config.value.flow) {
    throw new Refused('flow style: decoration_config is written in braces', 'write it in block style, then migrate');
  }
  const indent = ' '.repeat(columnOf(job.text, config.value.pairs[0]?.key.start ?? 0));
  const end = lineEnd(job.text, lastCharacter(config.value));
  const added = [...remarks, `timeout: ${value}${behind}`].map((line) => `${lineBreak}${indent}${line}`);
  edits.push({ start: end, end, text: added.join('') });
}

function setPathAlias(editing: JobEditing, alias: string, lines: string[]): void {
  lines.push(`${keyIndent(editing)}path_alias: ${renderScalar(alias)}`);
  editing.changes.push({
    path: 'path_alias',
    change: 'added',
    from: '',
    to: alias,
    why: 'where bootstrap checked the repository out',
  });
}

function addRefs(editing: JobEditing, refs: readonly (NewRef & Target)[], lines: string[]): void {
  const { job, edits, changes, lineBreak, editable } = editing;
  const there = pairAt(job.node, 'extra_refs');
  for (const { org, repo, baseRef } of refs) {
    changes.push({
      path: 'extra_refs',
      change: 'added',
      from: '',
      to: `${org}/${repo}@${baseRef}`,
      why: 'a repository the job needs',
    });
  }
  if (!there) {
    lines.push(
      `${keyIndent(editing)}extra_refs:`,
      ...refs.flatMap((ref) => renderRef(editing, ref, itemIndent(editing))),
    );
    return;
  }
  const { value } = there;
  editable.check(value, 'extra_refs');
  if (value.kind !== 'seq' || value.flow || value.items.length === 0) {
    throw new Refused('flow style: extra_refs is written in brackets', 'write it in block style, then migrate');
  }
  const [first] = value.items;
  const indent = ' '.repeat(first ? columnOf(job.text, dashOf(job.text, first)) : 0);
  const end = lineEnd(job.text, lastCharacter(value));
  const added = refs.flatMap((ref) => renderRef(editing, ref, indent)).map((line) => `${lineBreak}${line}`);
  edits.push({ start: end, end, text: added.join('') });
}

/** The column of list items in this job: that of `args`, counted from their key. */
function itemIndent({ job, container }: JobEditing): string {
  const pair = pairAt(container.node, 'args') ?? pairAt(container.node, 'command');
  const [first] = pair?.value.kind === 'seq' && !pair.value.flow ? pair.value.items : [];
  const own = columnOf(job.text, pairAt(job.node, 'name')?.key.start ?? 0);
  const deeper = pair && first ? columnOf(job.text, dashOf(job.text, first)) - columnOf(job.text, pair.key.start) : 0;
  return ' '.repeat(own + Math.max(0, deeper));
}

function renderRef({ remarksFor }: JobEditing, ref: NewRef & Target, indent: string): string[] {
  return [
    ...remarksFor(ref).map((line) => `${indent}${line}`),
    `${indent}- org: ${renderScalar(ref.org)}`,
    `${indent}  repo: ${renderScalar(ref.repo)}`,
    `${indent}  base_ref: ${renderScalar(ref.baseRef)}`,
    ...(ref.pathAlias === undefined ? [] : [`${indent}  path_alias: ${renderScalar(ref.pathAlias)}`]),
    ...(ref.workdir ? [`${indent}  workdir: true`] : []),
  ];
}

const REF_LABELS = ['prow.k8s.io/refs.org', 'prow.k8s.io/refs.repo'];

/** A periodic whose first ref that is not auxiliary has the org or repo of its labels: the labels go, both of them. */
function removeRefLabels(editing: JobEditing, { refs }: JobKeys): void {
  const { job, edits, changes, editable } = editing;
  const labels = pairAt(job.node, 'labels');
  if (job.type !== 'periodic' || labels?.value.kind !== 'map') return;
  const own = nodeAt(job.node, 'extra_refs');
  const existing = own?.kind === 'seq' ? own.items.filter((item) => textAt(item, 'auxiliary') !== 'true') : [];
  const [first] = [
    ...existing.map((item) => ({ org: textAt(item, 'org'), repo: textAt(item, 'repo') })),
    ...refs.map(({ org, repo }) => ({ org, repo })),
  ];
  const given = entriesAt(job.node, 'labels');
  if (!first || refs.length === 0) return;
  if (given.get('prow.k8s.io/refs.org') !== first.org && given.get('prow.k8s.io/refs.repo') !== first.repo) return;
  const gone = labels.value.pairs.filter(({ key }) => REF_LABELS.includes(key.value));
  if (gone.length === 0) return;
  editable.check(labels.value, 'labels');
  if (labels.value.flow)
    throw new Refused('flow style: labels is written in braces', 'write it in block style, then migrate');
  const whole = gone.length === labels.value.pairs.length;
  for (const pair of whole ? [labels, ...gone] : gone) edits.push(...removeLines(editing, pair, pair === labels));
  for (const { key, value } of gone) {
    const from = value.kind === 'scalar' ? value.value : '';
    changes.push({
      path: `labels.${key.value}`,
      change: 'removed',
      from,
      to: '',
      why: 'extra_refs say it now; test-infra refuses both',
    });
  }
}

/** Takes the lines of a pair out; of a pair with a map below it, only the line of its key. */
export function removeLines(
  { job }: Pick<JobEditing, 'job'>,
  pair: Pair,
  keyOnly = false,
): { start: number; end: number; text: string }[] {
  const start = lineStart(job.text, pair.key.start);
  if (job.text.slice(start, pair.key.start).trim() !== '') {
    throw new Refused(`${pair.key.value} is the first key of its item`, 'put another key first, then migrate');
  }
  const last = keyOnly ? pair.key.end : Math.max(pair.key.end, lastCharacter(pair.value));
  return [{ start, end: nextLine(job.text, job.text[last - 1] === '\n' ? last - 1 : last), text: '' }];
}

/** The rules for release forks, fitted to the new command line. */
export function rewriteReplacements(
  editing: JobEditing,
  argv: readonly string[],
  variables: readonly NewVariable[],
): void {
  const { job, container, edits, changes, editable } = editing;
  const annotations = nodeAt(job.node, 'annotations');
  const pair = pairAt(annotations, REPLACEMENTS);
  if (pair?.value.kind !== 'scalar') return;
  const tags = nodeAt(job.node, 'tags');
  const rules = pair.value.value;
  const fitted = fitReplacements(rules, [
    ...argv,
    'runner.sh',
    ...container.env.map(({ name, value }) => `${name}=${value ?? ''}`),
    ...variables.map(({ name, value }) => `${name}=${value}`),
    ...(tags ? [...nodesBelow(tags)].flatMap((node) => (node.kind === 'scalar' ? [node.value] : [])) : []),
  ]);
  if (fitted === rules) return;
  editable.check(annotations, 'annotations');
  const path = `annotations.${REPLACEMENTS}`;
  if (fitted === undefined) {
    edits.push(...removeLines(editing, pair));
    changes.push({ path, change: 'removed', from: rules, to: '', why: 'base_refs are forked by themselves' });
    return;
  }
  const colon = job.text.indexOf(':', pair.key.end) + 1;
  const end = pair.value.style === 'literal' || pair.value.style === 'folded' ? pair.value.end - 1 : pair.value.end;
  edits.push({ start: colon, end, text: ` ${renderLike(fitted, pair.value.style)}` });
  changes.push({
    path,
    change: 'replaced',
    from: rules,
    to: fitted,
    why: 'a rule that matches nothing fails the fork of a release',
  });
}
