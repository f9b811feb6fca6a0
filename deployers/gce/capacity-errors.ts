import { StringDecoder } from 'node:string_decoder';
import { messageOf, UsageError } from '../../src/api/errors.ts';

/** What Google says when a zone has no machines of the kind, or the project no quota, for now. */
const PATTERNS: readonly (readonly [why: string, pattern: RegExp])[] = [
  [
    'the zone is out of machines',
    /ZONE_RESOURCE_POOL_EXHAUSTED|STOCKOUT|does not have enough resources available to fulfill the request|resource pool exhausted/i,
  ],
  ['the quota is used up', /QUOTA_EXCEEDED|quotaExceeded|Quota '[^']+' exceeded|quota exceeded/i],
];

/** Longer than any of the sentences looked for, in characters. */
const OVERLAP = 1000;

/** Watches what a program prints for the sentences that make another try worth while. */
export class ShortageWatch {
  /** Why, in words; undefined while nothing was seen. */
  why: string | undefined;
  readonly #patterns: readonly (readonly [string, RegExp])[];
  readonly #decoder = new StringDecoder('utf8');
  #text = '';

  /** Throws UsageError for a pattern that is no regular expression. */
  constructor(further: readonly string[]) {
    this.#patterns = [...PATTERNS, ...further.map((pattern) => [`it printed /${pattern}/`, compile(pattern)] as const)];
  }

  readonly see = (chunk: Uint8Array): void => {
    if (this.why !== undefined) return;
    this.#text = `${this.#text.slice(-OVERLAP)}${this.#decoder.write(chunk as Buffer)}`;
    this.why = this.#patterns.find(([, pattern]) => pattern.test(this.#text))?.[0];
  };
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'i');
  } catch (error) {
    throw new UsageError(`--up-retry-pattern: ${messageOf(error)}`, { cause: error });
  }
}
