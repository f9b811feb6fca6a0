import { messageOf } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import type { JunitEntry } from '../api/run.ts';
import { freeName, isNamed, isReplaceable, type RunnerCase, unfinished } from '../junit/case.ts';
import { type JunitSuites, readJunitFile } from '../junit/read.ts';
import { JunitError } from '../junit/stream.ts';
import type { JunitCase } from '../junit/suite.ts';
import { RUN_ID, type RunnerSuite, runnerXml } from '../junit/write.ts';
import { writeAtomic } from '../system/atomic-write.ts';
import { isCode } from '../system/system-error.ts';
import { oneLine, truncate, xmlText } from '../text/truncate.ts';
import { failureText } from './failure-text.ts';
import { moveAside } from './set-aside.ts';

export interface JunitSettings {
  readonly runId: string;
  readonly now: () => Date;
  /** Removes secrets from names, failures and outputs; see src/logging/secrets.ts. */
  readonly mask: (text: string) => string;
  /** Warned when an earlier file was unreadable, with its new name. */
  readonly log?: Pick<Log, 'warn'>;
}

/** What is kept of one case's output, in bytes; TestGrid keeps 1 KB of a message. */
const LONGEST_OUTPUT = 400_000;
const LONGEST_MESSAGE = 1000;

/**
 * `junit_runner.xml`: the steps of a run, in memory. `write` after each change leaves a valid file whenever the run is
 * killed, in which the step that was running reads as not finished.
 */
export class JunitRunner {
  readonly #file: string;
  readonly #suite: Omit<RunnerSuite, 'cases'>;
  readonly #clean: (text: string) => string;
  #cases: RunnerCase[];
  /** The names of running steps in the file. */
  readonly #running = new Map<string, string>();

  private constructor(file: string, suite: RunnerSuite, clean: (text: string) => string) {
    this.#file = file;
    this.#suite = { runId: suite.runId, timestamp: suite.timestamp };
    this.#cases = [...suite.cases];
    this.#clean = clean;
  }

  /** A new file without cases, which replaces an existing one. Writes nothing yet. */
  static begin(file: string, { runId, now, mask }: JunitSettings): JunitRunner {
    const clean = (text: string) => mask(xmlText(text));
    return new JunitRunner(file, { runId: clean(runId), timestamp: now().toISOString(), cases: [] }, clean);
  }

  /**
   * Keeps the cases of a file of the same run, from an earlier call; replaces another run's, and renames one that cannot
   * be read. Writes nothing yet. Throws RunError when a file is there and cannot be opened.
   */
  static async open(file: string, { runId, now, mask, log }: JunitSettings): Promise<JunitRunner> {
    const clean = (text: string) => mask(xmlText(text));
    const cleanRunId = clean(runId);
    const earlier = await readEarlier(file, log);
    const own = earlier?.suites.find(({ properties }) => properties[RUN_ID] === cleanRunId);
    const timestamp = own?.timestamp || now().toISOString();
    const cases = own?.cases.map(kept) ?? [];
    return new JunitRunner(file, { runId: cleanRunId, timestamp, cases }, clean);
  }

  /** A step begins. One that an earlier call left unfinished, or skipped, is replaced. */
  begin(name: string): void {
    this.#running.delete(name);
    const entry = this.#place(name, unfinished);
    this.#running.set(name, entry);
  }

  pass(name: string, seconds: number, output = ''): void {
    this.#end(name, this.#passed(seconds, output));
  }

  /** The failure's text is the error's cause chain and its last lines of output; `output` is what else the step printed. */
  fail(name: string, seconds: number, error: unknown, output = ''): void {
    this.#end(name, this.#failed(seconds, error, output));
  }

  skip(name: string, reason: string): void {
    this.#end(name, this.#skipped(0, reason));
  }

  /** Removes a step that has a row only when it fails. */
  drop(name: string): void {
    const known = this.#running.get(name);
    if (known === undefined) return;
    this.#running.delete(name);
    this.#cases = this.#cases.filter((each) => each.name !== known);
  }

  /** A case beside the steps; it ends no step of its name. */
  add({ name, seconds, failure, skipped, output }: JunitEntry): void {
    const result =
      failure !== undefined
        ? this.#failed(seconds, failure, output)
        : skipped !== undefined
          ? this.#skipped(seconds, skipped)
          : this.#passed(seconds, output);
    this.#place(name, (free) => ({ ...result, name: free }));
  }

  #end(name: string, result: CaseResult): void {
    const known = this.#running.get(name);
    this.#running.delete(name);
    if (known === undefined) {
      this.#place(name, (free) => ({ ...result, name: free }));
    } else {
      this.#cases = this.#cases.map((each) => (each.name === known ? { ...result, name: known } : each));
    }
  }

  /** Puts a case where the same step was left unfinished or skipped, else at the end under a free name. Returns the name. */
  #place(name: string, make: (name: string) => RunnerCase): string {
    const wanted = oneLine(this.#clean(name), LONGEST_MESSAGE) || 'unnamed';
    const ours = new Set(this.#running.values());
    const left = this.#cases.findIndex((each) => isNamed(each, wanted) && isReplaceable(each) && !ours.has(each.name));
    const placed = make(this.#cases[left]?.name ?? freeName(wanted, this.#cases));
    this.#cases = left === -1 ? [...this.#cases, placed] : this.#cases.with(left, placed);
    return placed.name;
  }

  #passed(seconds: number, output = ''): CaseResult {
    return { seconds, ...keptOutput(this.#clean(output)) };
  }

  #failed(seconds: number, error: unknown, output = ''): CaseResult {
    const texts = failureText(error, output, this.#clean);
    const failure = { message: oneLine(texts.message, LONGEST_MESSAGE), text: texts.text };
    return { seconds, failure, ...keptOutput(texts.output) };
  }

  #skipped(seconds: number, reason: string): CaseResult {
    return { seconds, skipped: oneLine(this.#clean(reason), LONGEST_MESSAGE) };
  }

  /** Writes the whole file in one step. Throws RunError when it cannot be written. */
  write(): void {
    writeAtomic(this.#file, runnerXml({ ...this.#suite, cases: this.#cases }));
  }
}

type CaseResult = Omit<RunnerCase, 'name'>;

function keptOutput(clean: string): { output?: string } {
  return clean.trim() === '' ? {} : { output: truncate(clean, LONGEST_OUTPUT) };
}

/** What an earlier call left; nothing when there is no file or an empty one. */
async function readEarlier(file: string, log: JunitSettings['log']): Promise<JunitSuites | undefined> {
  try {
    return await readJunitFile(file, { signal: new AbortController().signal, links: 'refuse' });
  } catch (error) {
    if (error instanceof Error && isCode(error.cause, 'ENOENT')) return undefined;
    if (error instanceof JunitError && error.isEmpty) return undefined;
    if (!(error instanceof JunitError) && isOfSystem(error)) throw error;
    log?.warn(`${messageOf(error)}; keeping it as ${moveAside(file)}`);
    return undefined;
  }
}

/** Whether the system refused, other than for a link: what is there may be this run's. */
function isOfSystem(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && !isCode(cause, 'ELOOP');
}

function kept({ name, seconds, failure, skipped, systemOut }: JunitCase): RunnerCase {
  return {
    name,
    seconds,
    ...(failure && { failure: { message: failure.message, text: failure.text } }),
    ...(skipped !== undefined && { skipped }),
    ...(systemOut !== '' && { output: systemOut }),
  };
}
