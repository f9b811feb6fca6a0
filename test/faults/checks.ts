import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Answered } from './answers.ts';
import type { Ended } from './launch.ts';
import { type Mode, reasons } from './modes.ts';
import type { Operation } from './operations.ts';
import { draftsIn, filesIn, type Records, type Row, readRecords } from './records.ts';
import type { Call, Finding, FindingKind, World } from './scenario.ts';

/** A run that is over, and what disturbed it. */
export interface Outcome {
  readonly world: World;
  readonly mode: Mode;
  /** The calls that were made, the last one last; a killed one is always the last. */
  readonly calls: readonly Ended[];
  /** The call that followed a killed one. */
  readonly next: Ended | undefined;
  /** What was disturbed; empty when the run ended before. */
  readonly hitOperations: readonly Operation[];
  readonly hitAnswers: readonly Answered[];
}

const found = (kind: FindingKind, text: string): Finding => ({ kind, text });

/** Every promise that a run did not keep. */
export function check(outcome: Outcome): Finding[] {
  const { world, calls, next } = outcome;
  const last = next ?? calls.at(-1);
  const all = next === undefined ? calls : [...calls, next];
  const records = recordsOf(world);
  return [
    ...all.flatMap(endsWell),
    ...leftovers(outcome, all),
    ...processesLeft(world),
    ...records.invalid,
    ...verifyCache(join(world.sandbox.dir, 'cache')),
    ...drafts(outcome),
    ...(next === undefined ? undisturbedTruth(outcome, records) : nextCall(next)),
    ...(last === undefined ? [] : atTheEnd(outcome, records, last)),
  ];
}

function leftovers({ world, mode, hitOperations, next }: Outcome, calls: readonly Ended[]): Finding[] {
  const last = calls.at(-1);
  const found = world.leftovers({
    output: calls.map(({ output }) => output).join(''),
    mayRepeat: next !== undefined || mode.of === 'answers',
    code: last?.code ?? null,
  });
  // A call that cannot read what an earlier one wrote down knows of no cluster. It has to fail, and to say why.
  const unread = isLasting(mode) && hitOperations.some(({ kinds, path }) => kinds === 'r' && isState(path));
  const refused =
    last !== undefined && isDownOnly(last.call) && last.code !== 0 && reasons[mode.fault].test(last.output);
  return unread && refused ? found.filter(({ kind }) => kind !== 'cluster left') : found;
}

/** Whether a run cannot be known without a path: its state, and the directories that this is in. */
const isState = (path: string): boolean => /\/rundir(?:\/[^/]+(?:\/state\.json)?)?$/.test(path);

const isDownOnly = ({ args }: Call): boolean => args.includes('--down') && !args.includes('--up');

const isLasting = (mode: Mode): boolean => mode.of === 'files' && mode.lasting && mode.fault !== 'short';

/** The records of a world, wherever its run is. */
export function recordsOf({ sandbox }: World): Records {
  const runs = filesIn(join(sandbox.dir, 'rundir')).filter(({ name }) => name === 'state.json');
  return readRecords(sandbox.artifacts, runs[0]?.parentPath ?? join(sandbox.dir, 'rundir', 'none'));
}

function endsWell({ call, code, signal, output, late, seconds }: Ended): Finding[] {
  const what = call.args.join(' ');
  if (late) return [found('late', `${what} did not end within ${seconds.toFixed(0)} s`)];
  // 13 is node's own code for an event loop that runs empty in the middle of something, 7 for a handler that throws.
  const crashed =
    code === 13 ||
    code === 7 ||
    (signal !== null && signal !== 'SIGKILL') ||
    /^\s+at .*(?:\.cjs|\.js|node:)/m.test(output);
  return crashed ? [found('crash', `${what}: exit code ${code}, signal ${signal}: ${tail(output)}`)] : [];
}

function processesLeft({ sandbox }: World): Finding[] {
  return sandbox.processes().map(({ pid, command }) => found('process left', `process ${pid} still runs: ${command}`));
}

function drafts({ world, mode, hitOperations }: Outcome): Finding[] {
  // Where nothing can be removed any more, or the one removal of a draft failed, it stays.
  if (mode.of === 'files' && mode.lasting && mode.fault !== 'enospc') return [];
  if (hitOperations.some(({ kinds }) => kinds === 'd')) return [];
  const { artifacts, dir } = world.sandbox;
  return draftsIn(artifacts, join(dir, 'rundir')).map((path) => found('draft left', path.slice(dir.length + 1)));
}

/** Files of the cache hold the bytes that their names say; its index can be read. */
export function verifyCache(cache: string): Finding[] {
  return filesIn(cache).flatMap(({ parentPath, name }) => {
    const path = join(parentPath, name);
    if (/\/index$/.test(parentPath) && name.endsWith('.json'))
      return readable(path) ? [] : [found('cache invalid', path)];
    if (!/\/content\/..$/.test(parentPath) || !/^[0-9a-f]{64}$/.test(name)) return [];
    const sum = createHash('sha256').update(readFileSync(path)).digest('hex');
    return sum === name ? [] : [found('cache invalid', `${path} has the checksum ${sum}`)];
  });
}

function readable(path: string): boolean {
  try {
    return typeof JSON.parse(readFileSync(path, 'utf8')) === 'object';
  } catch {
    return false;
  }
}

function nextCall({ call, code, output }: Ended): Finding[] {
  if (code === call.code) return [];
  return [found('next call failed', `${call.args.join(' ')}: exit code ${code}: ${tail(output)}`)];
}

/** What the exit codes, the log and the records say of a run that was not killed is what happened. */
function undisturbedTruth(outcome: Outcome, records: Records): Finding[] {
  return [
    ...outcome.calls.flatMap((ended) => [...verdict(outcome, ended), ...causeReported(outcome, ended)]),
    ...testRow(outcome, records),
  ];
}

function verdict({ world, calls }: Outcome, ended: Ended): Finding[] {
  const { call, code, output } = ended;
  if (code === call.code) return [];
  const wrong = (why: string) => [found('verdict false', `exit code ${code}: ${why}: ${tail(output)}`)];
  // Where tests ran to their end, their failure is the exit code.
  const ran = calls.length === 1 || call.needsSuccess ? world.tests() : undefined;
  if (ran === 'failed') return wrong('the tests failed, which is 1');
  if (ran === 'passed' && code === 1) return wrong('the tests passed');
  if (ran === 'passed' && /Test failed/.test(output))
    return wrong('the tests passed, and the log says that Test failed');
  if (code === 0) return wrong('it should have failed');
  if (code === 2) return wrong('the command line is right');
  if (code !== null && code > 4) return wrong('nothing timed out, and no signal arrived');
  return [];
}

function testRow({ world }: Outcome, { junit }: Records): Finding[] {
  const row = junit?.find(({ name }) => name === 'Test');
  if (row === undefined || isUnfinished(row)) return [];
  const reported = row.failure === undefined ? 'passed' : 'failed';
  const truth = world.tests();
  if (truth === undefined || reported === truth) return [];
  return [found('verdict false', `junit_runner.xml: Test ${reported} (${row.failure}), and the tests ${truth}`)];
}

/** A call that did not end as it should names the reason, and in the same line the file or its directory. */
function causeReported({ mode, hitOperations, hitAnswers }: Outcome, { call, code, output }: Ended): Finding[] {
  if (code === call.code || (hitOperations.length === 0 && hitAnswers.length === 0)) return [];
  const lines = output.split('\n').filter((line) => reasons[mode.fault].test(line));
  if (lines.length === 0) return [found('cause not reported', `exit code ${code}: ${tail(output)}`)];
  const reported = hitOperations.some(({ path }) =>
    lines.some((line) => line.includes(publicName(path)) || line.includes(dirname(path))),
  );
  return reported || mode.of === 'answers' ? [] : [found('path not reported', `exit code ${code}: ${tail(output)}`)];
}

/** The name by which a user knows a file: a draft has that of what it was to become. */
function publicName(path: string): string {
  return basename(path)
    .replace(/^\.(.*)\.[^.]+\.tmp$/, '$1')
    .replace(/\.[^.]+\.(?:new|part)$/, '');
}

const isUnfinished = ({ failure }: Row): boolean => failure === 'not finished';

/** Records that could be written, in the end at least, are complete; exit code 0 promises that they are. */
function atTheEnd(outcome: Outcome, records: Records, last: Ended): Finding[] {
  const { mode, world, next, hitOperations } = outcome;
  const lasting = isLasting(mode) && hitOperations.length > 0;
  // Whoever frees a full disk by deleting a cluster needs no records of that, and is warned that there are none.
  const warned = isDownOnly(last.call) && reasons[mode.fault].test(last.output);
  if (next === undefined && lasting && (last.code !== 0 || warned)) return [];
  if (next === undefined && !world.begun() && last.code !== last.call.code) return [];
  return incomplete(outcome, records, last).map((text) => found('record incomplete', text));
}

function incomplete(
  { world, next }: Outcome,
  { junit, state, metadata, events, invalid }: Records,
  last: Ended,
): string[] {
  if (invalid.length > 0) return [];
  const missing: string[] = [];
  const unfinished = junit?.filter(isUnfinished).map(({ name }) => name) ?? [];
  // How a killed step ended is unknown.
  if (next === undefined && unfinished.length > 0) missing.push(`junit_runner.xml: ${unfinished.join()} not finished`);
  const names = junit?.map(({ name }) => name) ?? [];
  const wanted = next === undefined ? world.rows() : [];
  for (const name of wanted) if (!names.includes(name)) missing.push(`junit_runner.xml has no ${name}`);
  if (junit === undefined) missing.push('junit_runner.xml is missing');
  if (state === undefined) missing.push('state.json is missing');
  else if (state['exitCode'] !== last.code)
    missing.push(`state.json: exit code ${state['exitCode']}, not ${last.code}`);
  if (state?.['owner'] !== undefined) missing.push('state.json has an owner, and nothing runs');
  if (metadata?.['run-id'] === undefined) missing.push('metadata.json has no run-id');
  const finished = events?.at(-1)?.['event'] === 'finished';
  if (last.code === 0 && !finished) missing.push("events.jsonl does not end with the run's end");
  return missing;
}

/** The end of a text, on one line. */
export function tail(output: string): string {
  const lines = output.trimEnd().split('\n').slice(-4);
  return lines
    .map((line) => line.replace(/^[IWEF]\d{4} \S+ +\d+ \S+\] /, ''))
    .join(' | ')
    .slice(-600);
}
