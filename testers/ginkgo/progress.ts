import { type Duration, formatDuration } from '../../src/api/duration.ts';

/** How far a suite is, as its output tells. */
export interface Progress {
  /** Specs that will run, once the suite has said so. */
  readonly total: number | undefined;
  /** Specs that ended, without those that a filter left out. */
  readonly done: number;
  readonly failed: number;
  /** Specs that passed at a later attempt, by the line that names them. */
  readonly flaky: readonly string[];
  /** What Ginkgo says at the end: specs that ran. */
  readonly ran: number | undefined;
}

/** Colours and cursor movements. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they are made of.
const ESCAPES = /\x1b\[[0-9;?]*[A-Za-z]/g;
/** What follows the dot of a spec that did not pass: Ginkgo 2, then Ginkgo 1. */
const FAILURE = /^(?:\[(?:FAILED|PANICKED!?|TIMEDOUT|INTERRUPTED|ABORTED)\]|Failure\b|!\s*Panic\b|\.\.\.\s*Timeout\b)/;
const LONGEST_LINE = 4096;

/**
 * Reads the output of Ginkgo's reporter, version 1 and 2, quiet or verbose, serial or parallel, chunk by chunk as it
 * comes: a spec that ended is a `•`, in a row of dots or at the start of a line that says more.
 */
export class ProgressReader {
  readonly #decoder = new TextDecoder();
  /** What came since the last newline and is not counted yet. */
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

  /** Takes the next chunk of output. */
  take(chunk: Uint8Array): void {
    const text = (this.#rest + this.#decoder.decode(chunk, { stream: true })).replace(ESCAPES, '');
    const lines = text.split(/\r?\n/);
    this.#rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
    for (const line of lines) this.#takeWords(this.#takeDots(line, false));
    // A row of dots may have no end for minutes. Its last one waits, since more may be said about that spec.
    this.#rest = this.#takeDots(this.#rest, true);
  }

  /** Counts the dots a line begins with and returns what is left of it. */
  #takeDots(line: string, unfinished: boolean): string {
    const [, dots = '', rest = ''] = /^([•SP]*)(.*)$/s.exec(line) ?? [];
    const waiting = unfinished || rest !== '' ? dots.slice(-1) : '';
    for (const dot of dots.slice(0, dots.length - waiting.length)) if (dot === '•') this.#done += 1;
    return waiting + rest;
  }

  /** A line that is more than dots, or what is left of one. */
  #takeWords(line: string): void {
    const [, dot, status] = /^([•S↺]) ?(.*)$/s.exec(line) ?? [];
    if (dot === '•' || (dot === '↺' && status?.startsWith('[FLAKEY')) || (dot === 'S' && status?.startsWith('[SKIP'))) {
      this.#done += 1;
      if (FAILURE.test(status ?? '')) this.#failed += 1;
      this.#flakeFollows = dot === '↺';
    } else if (this.#flakeFollows && line.trim() !== '') {
      this.#flaky.push(isRuler(line) ? this.#heading : line.trim());
      this.#flakeFollows = false;
    } else this.#takeTotals(line);
    if (this.#underRuler) this.#heading = line.trim();
    this.#underRuler = isRuler(line);
  }

  #takeTotals(line: string): void {
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
