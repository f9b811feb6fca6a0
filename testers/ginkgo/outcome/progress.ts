import { type Duration, formatDuration } from '../../../src/api/duration.ts';

/** The progress of a suite, according to its output. */
export interface Progress {
  /** Specs that will run, once the suite has printed it. */
  readonly total: number | undefined;
  /** Specs that finished, without those that a filter skipped. */
  readonly done: number;
  readonly failed: number;
  /** Specs that passed in a later attempt, by the line that names them. */
  readonly flaky: readonly string[];
  /** Specs that ran, as Ginkgo prints at the end. */
  readonly ran: number | undefined;
}

/** Colours and cursor movements. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with one.
const ESCAPES = /\x1b\[[0-9;?]*[A-Za-z]/g;
/** The text after the dot of a spec that failed: Ginkgo 2, then Ginkgo 1. */
const FAILURE = /^(?:\[(?:FAILED|PANICKED!?|TIMEDOUT|ABORTED)\]|Failure\b|!\s*Panic\b|\.\.\.\s*Timeout\b)/;
const DONE = '•';
const RETRIED = '↺';
/** The start of a line, and the rest of it. */
const DOTS = new RegExp(`^([${DONE}SP]*)(.*)$`, 's');
const STATUS = new RegExp(`^([${DONE}S${RETRIED}]) ?(.*)$`, 's');
const MAX_LINE_LENGTH = 4096;

/**
 * Parses the output of Ginkgo's reporter, version 1 and 2, quiet or verbose, serial or parallel, chunk by chunk: a
 * finished spec is a `•`, in a row of dots or at the start of a line with details.
 */
export class ProgressReader {
  readonly #decoder = new TextDecoder();
  /** Text since the last newline that is not counted yet. */
  #rest = '';
  #flakeFollows: boolean = false;
  /** The line under the last ruler, which names a spec in verbose output. */
  #heading = '';
  #underRuler: boolean = false;
  #total: number | undefined;
  #ran: number | undefined;
  #done = 0;
  #failed = 0;
  readonly #flaky: string[] = [];

  get progress(): Progress {
    return { total: this.#total, done: this.#done, failed: this.#failed, flaky: this.#flaky, ran: this.#ran };
  }

  /** Parses the next chunk of output. */
  onOutput(chunk: Uint8Array): void {
    const text = (this.#rest + this.#decoder.decode(chunk, { stream: true })).replace(ESCAPES, '');
    const lines = text.split(/\r?\n/);
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE_LENGTH);
    for (const line of lines) this.#parseLine(this.#countDots(line, false));
    // A row of dots may stay unfinished for minutes. The last dot is kept, since details of that spec may follow.
    this.#rest = this.#countDots(this.#rest, true);
  }

  /** Counts the leading dots of a line and returns the rest of it. */
  #countDots(line: string, unfinished: boolean): string {
    const [, dots = '', rest = ''] = DOTS.exec(line) ?? [];
    const waiting = unfinished || rest !== '' ? dots.slice(-1) : '';
    for (const dot of dots.slice(0, dots.length - waiting.length)) if (dot === DONE) this.#done += 1;
    return waiting + rest;
  }

  /** Parses a line with more than dots, or the rest of one. */
  #parseLine(line: string): void {
    const [, dot, status] = STATUS.exec(line) ?? [];
    if (
      dot === DONE ||
      (dot === RETRIED && status?.startsWith('[FLAKEY')) ||
      (dot === 'S' && status?.startsWith('[SKIP'))
    ) {
      this.#done += 1;
      if (FAILURE.test(status ?? '')) this.#failed += 1;
      this.#flakeFollows = dot === RETRIED;
    } else if (this.#flakeFollows && line.trim() !== '') {
      this.#flaky.push(isRuler(line) ? this.#heading : line.trim());
      this.#flakeFollows = false;
    } else this.#parseTotals(line);
    if (this.#underRuler) this.#heading = line.trim();
    this.#underRuler = isRuler(line);
  }

  #parseTotals(line: string): void {
    const [, total] = /^Will run (\d+) of \d+ specs/.exec(line) ?? [];
    if (total !== undefined) this.#total = Number(total);
    const [, ran] = /^Ran (\d+) of \d+ Specs in /.exec(line) ?? [];
    if (ran !== undefined) this.#ran = Number(ran);
  }
}

const isRuler = (line: string): boolean => /^-{20,}$/.test(line);

/** `12/340 specs done, 1 failed, 2m30s`. */
export function describeProgress({ total, done, failed }: Progress, elapsed: Duration): string {
  const time = formatDuration(Math.round(elapsed / 1000) * 1000);
  return `${done}${total === undefined ? '' : `/${total}`} specs done, ${failed} failed, ${time}`;
}
