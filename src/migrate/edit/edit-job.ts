import type { Draft, NewRef, NewVariable, NewWord } from '../draft/draft.ts';
import { Refused } from '../draft/refused.ts';
import type { Container, Job, JobFile, Word } from '../read/job.ts';
import { nodeAt, type Pair, pairAt } from '../read/syntax.ts';
import type { Recognised } from '../recognise/recognise.ts';
import { chooseTargets, type Remarks, remarkLines, type Target } from './comments.ts';
import { editableIn } from './editable.ts';
import type { Change, JobEditing } from './editing.ts';
import { editEnv } from './env.ts';
import { editJobKeys, rewriteReplacements } from './job-keys.ts';
import { dashOf, type NewItem, remarksOf, replaceBlock, replaceFlow } from './list.ts';
import { renderScalar } from './scalar.ts';
import { columnOf, lineBreakOf, lineEnd, lineStart, type TextEdit } from './text-edits.ts';

export interface EditedJob {
  readonly edits: readonly TextEdit[];
  readonly changes: readonly Change[];
  /** The words of the new command line, from the program on. */
  readonly argv: readonly string[];
}

/** What the editing needs to know of the choices. */
export interface EditChoices {
  readonly program: string;
  /** What replaces an image before its colon; empty for no change. */
  readonly image: string;
}

/**
 * The text edits that make a legacy job the new one. `forks` fits the rules for release forks, which a canary has none of.
 * Throws Refused when its way of writing does not allow them.
 */
export function editJob(
  job: Job,
  file: Pick<JobFile, 'documents' | 'jobs'>,
  recognised: Recognised,
  draft: Draft,
  choices: EditChoices,
  { forks = true }: { readonly forks?: boolean } = {},
): EditedJob {
  const { container } = recognised;
  if (!container) throw new Refused('no container', 'write the job by hand');
  const editable = editableIn(job, file);
  for (const [node, what] of [
    [job.node, 'the job'],
    [nodeAt(job.node, 'spec'), 'spec'],
    [nodeAt(nodeAt(job.node, 'spec'), 'containers'), 'containers'],
    [container.node, 'the container'],
    [nodeAt(container.node, 'command'), 'command'],
    [nodeAt(container.node, 'args'), 'args'],
  ] as const) {
    editable.check(node, what);
  }
  if (container.node.flow) throw flowJob('the container');
  if (job.node.flow) throw flowJob('the job');
  const argv = commandLine(draft, choices.program);
  const refs = refTargets(draft);
  const variables = [...draft.env.values()].map((each) => ({ ...each, weight: 0 }));
  const timeout = draft.timeout ? [{ ...draft.timeout, weight: 0 }] : [];
  const targets = [...argv, ...timeout, ...refs, ...variables];
  const chosen = chooseTargets<Target>(targets);
  const remarks = collectRemarks(job.text, container);
  const remarksFor = (target: Target): readonly string[] =>
    target.from.flatMap((word) => (chosen.get(word) === target ? remarkLines(remarks.get(word) ?? NO_REMARKS) : []));
  const editing: JobEditing = {
    job,
    container,
    editable,
    lineBreak: lineBreakOf(job.text),
    remarksFor,
    edits: [],
    changes: [],
  };
  editWords({ editing, recognised, argv, chosen, remarks });
  editEnv(editing, variables);
  editJobKeys(editing, { timeout: timeout[0], pathAlias: draft.pathAlias, refs });
  if (forks) {
    const words = argv.map(({ text }) => text);
    rewriteReplacements(editing, words, [...draft.env.values()]);
  }
  editImage(editing, choices.image);
  return { edits: editing.edits, changes: editing.changes, argv: argv.map(({ text }) => text) };
}

const NO_REMARKS: Remarks = { above: [], behind: undefined };

function flowJob(what: string): Refused {
  return new Refused(`flow style: ${what} is written in braces`, 'write it in block style, then migrate');
}

const refTargets = (draft: Draft): (NewRef & { weight: number })[] => draft.refs.map((ref) => ({ ...ref, weight: 0 }));

/** `[env K=V …] PROGRAM DEPLOYER FLAGS --test=T -- TESTER FLAGS`. */
function commandLine(draft: Draft, program: string): NewWord[] {
  const made = (text: string): NewWord => ({ text, from: [], weight: 0 });
  const prefix = [...draft.prefix.values()].map(({ name, value, from }: NewVariable) => ({
    text: `${name}=${value}`,
    from,
    weight: 0,
  }));
  const env = prefix.length === 0 ? [] : [made('env'), ...prefix];
  if (draft.plain) return [...env, ...draft.plain];
  const tester = draft.tester === '' ? [] : [made(`--test=${draft.tester}`), ...dashes(draft)];
  return [...env, made(program), made(draft.deployer), ...draft.deployerArgs, ...tester];
}

function dashes(draft: Draft): NewWord[] {
  return draft.testerArgs.length === 0 ? [] : [{ text: '--', from: [], weight: 0 }, ...draft.testerArgs];
}

function collectRemarks(text: string, container: Container): Map<Word, Remarks> {
  const remarks = new Map<Word, Remarks>();
  for (const list of ['command', 'args'] as const) {
    const pair = pairAt(container.node, list);
    if (pair?.value.kind !== 'seq' || pair.value.flow || pair.value.items.length === 0) continue;
    const found = remarksOf(text, pair.value, pair.key.end);
    for (const word of container.words) {
      const own = word.list === list ? found[word.index] : undefined;
      if (own) remarks.set(word, own);
    }
  }
  return remarks;
}

/** `runner.sh` or the wrapper that the job has in its place. */
function runnerOf({ before, style }: Recognised): { text: string; word: Word | undefined } {
  const word =
    style === 'bootstrap' ? undefined : before.find(({ text }) => /(?:^|\/)(?:runner|wrapper)\.sh$/.test(text));
  return { text: word?.text ?? 'runner.sh', word };
}

interface WordsEdit {
  readonly editing: JobEditing;
  readonly recognised: Recognised;
  readonly argv: readonly NewWord[];
  readonly chosen: ReadonlyMap<Word, Target>;
  readonly remarks: ReadonlyMap<Word, Remarks>;
}

function editWords(edit: WordsEdit): void {
  const { editing, recognised, argv } = edit;
  const { container } = editing;
  const runner = runnerOf(recognised);
  const runnerWord: NewWord = { text: runner.text, from: runner.word ? [runner.word] : [], weight: 0 };
  const command = pairAt(container.node, 'command');
  const args = pairAt(container.node, 'args');
  if (command && args) {
    editList(edit, command, [runnerWord]);
    editList(edit, args, argv);
  } else if (command) editList(edit, command, [runnerWord, ...argv]);
  else if (args) {
    editList(edit, args, argv);
    addCommand(editing, args, runner.text);
  }
}

function editList({ editing, chosen, remarks, recognised }: WordsEdit, pair: Pair, words: readonly NewWord[]): void {
  const { job, container, lineBreak, edits, changes } = editing;
  if (pair.value.kind !== 'seq') throw new Refused(`${pair.key.value} is no list`, 'write it as a list, then migrate');
  const old = container.words.filter(({ list }) => list === pair.key.value);
  const { items, tail } = placeComments(words, old, chosen, remarks, recognised);
  const edit = pair.value.flow
    ? replaceFlow(job.text, pair.value, items)
    : replaceBlock(job.text, pair.value, pair.key.end, items, tail, lineBreak);
  if (job.text.slice(edit.start, edit.end) === edit.text) return;
  edits.push(edit);
  changes.push({
    path: `spec.containers[${job.containers.indexOf(container)}].${pair.key.value}`,
    change: 'replaced',
    from: old.map(({ text }) => text).join('\n'),
    to: words.map(({ text }) => text).join('\n'),
    why: 'the command line',
  });
}

/** Gives each comment of the old words its place among the new ones. */
function placeComments(
  words: readonly NewWord[],
  old: readonly Word[],
  chosen: ReadonlyMap<Word, Target>,
  remarks: ReadonlyMap<Word, Remarks>,
  recognised: Recognised,
): { items: NewItem[]; tail: string[] } {
  const above = new Map<NewWord, string[]>();
  const behind = new Map<NewWord, string>();
  const here = new Set<Target>(words);
  let waiting: string[] = [];
  for (const word of old) {
    const remark = remarks.get(word) ?? NO_REMARKS;
    const target = chosen.get(word) ?? words.find(({ from }) => from.includes(word));
    if (target && !here.has(target)) continue;
    if (!target) {
      waiting.push(...remark.above, ...(remark.behind === undefined ? [] : [remark.behind]));
      continue;
    }
    const item = target as NewWord;
    above.set(item, [...(above.get(item) ?? []), ...waiting, ...remark.above]);
    waiting = [];
    if (remark.behind === undefined) continue;
    if (behind.has(item)) above.get(item)?.push(remark.behind);
    else behind.set(item, remark.behind);
  }
  const items = words.map((word): NewItem => {
    const [only] = word.from;
    const same = word.from.length === 1 && only && only !== recognised.caller ? only : undefined;
    return { text: word.text, same, above: above.get(word) ?? [], behind: behind.get(word) };
  });
  return { items, tail: waiting };
}

/** bootstrap's jobs have no command: it comes before `args`, behind it where that is the container's first key. */
function addCommand({ job, lineBreak, edits, changes }: JobEditing, args: Pair, runner: string): void {
  const { text } = job;
  if (args.value.kind !== 'seq') return;
  const column = columnOf(text, args.key.start);
  const [first] = args.value.items;
  const dash = args.value.flow || !first ? column : columnOf(text, dashOf(text, first));
  const key = `${' '.repeat(column)}command:${lineBreak}${' '.repeat(dash)}- ${renderScalar(runner)}`;
  const start = lineStart(text, args.key.start);
  if (text.slice(start, args.key.start).trim() === '') edits.push({ start, end: start, text: `${key}${lineBreak}` });
  else {
    const end = lineEnd(text, lastLine(text, args));
    edits.push({ start: end, end, text: `${lineBreak}${key}` });
  }
  changes.push({
    path: 'spec.containers[0].command',
    change: 'added',
    from: '',
    to: runner,
    why: 'the image’s entrypoint was bootstrap',
  });
}

function lastLine(text: string, { value }: Pair): number {
  const last = value.kind === 'seq' && !value.flow ? value.items.at(-1) : value;
  const end = last?.end ?? value.end;
  return text[end - 1] === '\n' ? end - 1 : end;
}

function editImage({ container, editable, edits, changes }: JobEditing, repository: string): void {
  const image = nodeAt(container.node, 'image');
  if (repository === '' || image?.kind !== 'scalar') return;
  const [, tag = ''] = /^[^@]*?((?::[^:/]*)?(?:@.*)?)$/.exec(image.value) ?? [];
  const to = `${repository}${tag}`;
  if (to === image.value) return;
  editable.check(image, 'image');
  edits.push({ start: image.start, end: image.end, text: renderScalar(to) });
  changes.push({ path: 'spec.containers[0].image', change: 'replaced', from: image.value, to, why: '--image' });
}
