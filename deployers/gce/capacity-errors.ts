import { StringDecoder } from 'node:string_decoder';
import { messageOf, UsageError } from '../../src/api/errors.ts';

/** What Google prints when a zone has no capacity for the machine type, or the project no quota. */
const PATTERNS: readonly (readonly [reason: string, pattern: RegExp])[] = [
  [
    'the zone is out of capacity',
    /ZONE_RESOURCE_POOL_EXHAUSTED|STOCKOUT|does not have enough resources available to fulfill the request|resource pool exhausted/i,
  ],
  ['the quota is exceeded', /QUOTA_EXCEEDED|quotaExceeded|Quota '[^']+' exceeded|quota exceeded/i],
];

/** Longer than any text that a pattern matches, in characters. */
const OVERLAP = 1000;

/** Watches a program's output for errors that another attempt may not meet. */
export class CapacityWatch {
  /** The reason, in words; undefined until a pattern matched. */
  reason: string | undefined;
  readonly #patterns: readonly (readonly [string, RegExp])[];
  readonly #decoder = new StringDecoder('utf8');
  #text = '';

  /** Throws UsageError for an invalid regular expression. */
  constructor(additional: readonly string[]) {
    this.#patterns = [
      ...PATTERNS,
      ...additional.map((pattern) => [`kube-up.sh printed /${pattern}/`, compile(pattern)] as const),
    ];
  }

  readonly onOutput = (chunk: Uint8Array): void => {
    if (this.reason !== undefined) return;
    this.#text = `${this.#text.slice(-OVERLAP)}${this.#decoder.write(chunk as Buffer)}`;
    this.reason = this.#patterns.find(([, pattern]) => pattern.test(this.#text))?.[0];
  };
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'i');
  } catch (error) {
    throw new UsageError(`invalid --up-retry-pattern: ${messageOf(error)}`, { cause: error });
  }
}
