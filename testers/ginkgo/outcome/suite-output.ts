import { stripVTControlCharacters } from 'node:util';

/** What the output of a suite says of its failure. */
export interface SuiteFindings {
  /** Names of the first specs that failed, once each. */
  readonly failed: readonly string[];
  /** Why the suite failed as a whole, the most telling reason first; empty when its output does not say. */
  readonly reasons: readonly string[];
  /** What the suite rejects of its arguments; undefined when it accepts them. */
  readonly rejection: string | undefined;
}

const MAX_LINE_LENGTH = 4096;
const MOST_NAMES = 20;
/** Lines of one complaint about the configuration. */
const MOST_DETAILS = 4;

/** Reads the output of a suite for the reason of a failure that no junit file tells, chunk by chunk. */
export class SuiteOutputReader {
  readonly #decoder = new TextDecoder();
  #rest = '';
  readonly #failed = new Set<string>();
  readonly #reasons = new Map<Kind, string>();
  readonly #exits: string[] = [];
  #message = '';
  /** What the next line continues. */
  #expected: 'name' | 'complaint' | 'exit' | undefined;
  #details: string[] = [];
  #process = '';

  /** Reads the next chunk of output. */
  onOutput(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE_LENGTH);
    for (const line of lines) this.#read(line);
  }

  /** What is known once the output has ended. */
  findings(): SuiteFindings {
    this.#read(this.#rest);
    this.#rest = '';
    this.#endComplaint();
    const reasons = KINDS.flatMap((kind) => this.#reasons.get(kind) ?? []).map((reason) => this.#completed(reason));
    return { failed: [...this.#failed], reasons: [...new Set(reasons)], rejection: this.#rejection };
  }

  get #rejection(): string | undefined {
    const panic = this.#reasons.get('panic');
    const regex = panic?.includes('regexp: Compile(') ? panic : undefined;
    return this.#reasons.get('usage') ?? this.#reasons.get('configuration') ?? regex;
  }

  #read(text: string): void {
    const line = stripVTControlCharacters(text.slice(0, MAX_LINE_LENGTH)).trimEnd();
    if (this.#expected !== undefined && this.#continue(line.trim())) return;
    const [, name] = SUMMARY.exec(line) ?? [];
    if (name !== undefined) this.#addName(name);
    else if (FAILED_SPEC.test(line)) this.#expected = 'name';
    else if (line.trim() === 'Ginkgo detected configuration issues:') this.#expected = 'complaint';
    else this.#readReason(line);
  }

  /** True when the line belongs to what came before it. */
  #continue(line: string): boolean {
    if (this.#expected === 'complaint') {
      if (line === '' || this.#details.length === MOST_DETAILS) this.#endComplaint();
      else this.#details.push(line);
      return true;
    }
    if (line === '') return true;
    if (this.#expected === 'name') this.#addName(line);
    else if (/^(?:exit status (?![01]$)|signal: )/.test(line)) this.#exits.push(`process ${this.#process}: ${line}`);
    this.#expected = undefined;
    return true;
  }

  #endComplaint(): void {
    const [title = '', ...details] = this.#details;
    if (title !== '') this.#add('configuration', details.length === 0 ? title : `${title}: ${details.join(' ')}`);
    this.#details = [];
    this.#expected = undefined;
  }

  #readReason(line: string): void {
    const [, process] = /^Exit result of proc (\d+):$/.exec(line) ?? [];
    if (process !== undefined) {
      this.#process = process;
      this.#expected = 'exit';
      return;
    }
    const [, message] = /^\s+\[(?:FAILED|PANICKED|TIMEDOUT)\] (.+)$/.exec(line) ?? [];
    if (message !== undefined && this.#message === '' && !ELSEWHERE.test(message)) this.#message = message;
    for (const [kind, pattern] of PATTERNS) {
      const [, reason] = pattern.exec(line) ?? [];
      if (reason !== undefined) this.#add(kind, FIXED[kind] ?? reason.trim());
    }
  }

  #add(kind: Kind, reason: string): void {
    if (!this.#reasons.has(kind)) this.#reasons.set(kind, reason);
  }

  #addName(line: string): void {
    const name = line.replace('[It] ', '').trim();
    if (this.#failed.size < MOST_NAMES && !SUITE_NODE.test(name)) this.#failed.add(name);
  }

  #completed(reason: string): string {
    if (reason === FIXED.lost && this.#exits.length > 0) return `${reason} (${this.#exits.join(', ')})`;
    if (/^A BeforeSuite node failed/.test(reason) && this.#message !== '') return `${reason}: ${this.#message}`;
    return reason;
  }
}

/** The most specific first: Ginkgo also reports what follows from a wrong flag or a panic. */
const KINDS = ['usage', 'configuration', 'panic', 'verdict', 'lost', 'focus'] as const;
type Kind = (typeof KINDS)[number];

const PATTERNS: readonly (readonly [Kind, RegExp])[] = [
  [
    'usage',
    /^\s*((?:flag provided but not defined: |invalid (?:boolean )?value ".*" for (?:flag )?-|flag needs an argument: |bad flag syntax: ).*)$/,
  ],
  ['panic', /^[•SP\s]*((?:panic|fatal error): .*?)(?: \[recovered.*)?$/],
  ['verdict', /^FAIL! -{1,2} (?!\d+ Passed)(.*?)\.?(?: -- .*)?$/],
  ['lost', /(Ginkgo timed out waiting for all parallel procs|a Ginkgo parallel process disappeared)/],
  ['focus', /^(Detected Programmatic Focus)/],
];

const FIXED: Partial<Record<Kind, string>> = {
  lost: 'a parallel process of Ginkgo disappeared',
  focus: 'programmatic focus: remove FIt, FDescribe and the like from the suite; Ginkgo fails it for them',
};

/** The line above the name of a spec that failed. */
const FAILED_SPEC = /^[•SP]*• ?\[(?:FAILED|PANICKED!?|TIMEDOUT|ABORTED)\]/;
/** A line of the list at the end. */
const SUMMARY = /^\s+\[(?:FAIL|PANICKED!?|TIMEDOUT|ABORTED)\] (.*\[It\] .*)$/;
const SUITE_NODE = /^\[(?:Synchronized|Report)?(?:Before|After)Suite\]/;
/** Other processes only say that the first one failed. */
const ELSEWHERE = /failed on Ginkgo parallel process #\d+/;
