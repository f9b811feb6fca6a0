import { UsageError } from '../../src/api/errors.ts';

/**
 * Why an expression is beyond doubt none of RE2's, the form of Go and so of Ginkgo; undefined when it may be one. The
 * rest is left to the suite, which knows its version of Go.
 */
export function notRe2(pattern: string): string | undefined {
  return new Re2Scanner(pattern).firstFault();
}

/** Whether every part of an expression has one meaning in every form of regular expressions, and compiles. */
export const isPlainRegex = (pattern: string): boolean => /^(?:[\w :/,=@%"'<>|-]|\.[*+]?|\\[[\].(){}])*$/.test(pattern);

/** Throws UsageError for an expression that no suite can compile. */
export function rejectNotRe2(flag: string, patterns: readonly string[]): void {
  for (const pattern of patterns) {
    const fault = notRe2(pattern);
    if (fault !== undefined)
      throw new UsageError(
        `invalid ${flag} ${JSON.stringify(pattern)}: ${fault}; Ginkgo takes Go's regular expressions (RE2)`,
      );
  }
}

/** What a repetition operator at this place would apply to; `unknown` after flags such as `(?i)`. */
type Operand = 'none' | 'atom' | 'repetition' | 'unknown';

class Re2Scanner {
  readonly #pattern: string;
  #at = 0;
  #operand: Operand = 'none';
  #groups = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  firstFault(): string | undefined {
    while (this.#at < this.#pattern.length) {
      const fault = this.#next();
      if (fault !== undefined) return fault;
    }
    return this.#groups > 0 ? 'a closing ) is missing' : undefined;
  }

  get #rest(): string {
    return this.#pattern.slice(this.#at);
  }

  #next(): string | undefined {
    switch (this.#pattern[this.#at]) {
      case '\\':
        return this.#escape();
      case '[':
        return this.#set();
      case '(':
        return this.#open();
      case ')':
        return this.#close();
      case '|':
        this.#take(1, 'none');
        return undefined;
      case '*':
      case '+':
      case '?':
        return this.#repeat(1);
      case '{':
        return this.#braces();
      default:
        this.#take(1, 'atom');
        return undefined;
    }
  }

  #take(length: number, operand: Operand): void {
    this.#at += length;
    this.#operand = operand;
  }

  #escape(): string | undefined {
    const rest = this.#rest;
    if (rest.length === 1) return 'it ends with a backslash';
    if (rest.startsWith('\\Q')) {
      const end = rest.indexOf('\\E', 2);
      this.#take(end === -1 ? rest.length : end + 2, 'unknown');
      return undefined;
    }
    const [reference] = /^\\(?:[89]|[1-7](?![0-7]))/.exec(rest) ?? [];
    if (reference !== undefined) return `RE2 has no backreferences (${reference})`;
    this.#take(2, rest.startsWith('\\E') ? 'unknown' : 'atom');
    return undefined;
  }

  /** A `]` that comes first is one of the characters. */
  #set(): string | undefined {
    const [set] = /^\[\^?(?:\]|(?!\]))(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]/.exec(this.#rest) ?? [];
    if (set === undefined) return 'a closing ] is missing';
    this.#take(set.length, 'atom');
    return undefined;
  }

  #open(): string | undefined {
    const [construct] = /^\(\?(?:<?[=!]|>|#|\||P[=>]|\()/.exec(this.#rest) ?? [];
    if (construct !== undefined) return `RE2 has no ${NAMES.get(construct) ?? 'group'} ${construct}`;
    const [flags] = /^\(\?[\w-]*\)/.exec(this.#rest) ?? [];
    if (flags !== undefined) {
      this.#take(flags.length, 'unknown');
      return undefined;
    }
    const [start = '('] = /^\((?:\?(?:P?<\w+>|[\w-]*:))?/.exec(this.#rest) ?? [];
    if (start === '(' && this.#rest.startsWith('(?')) this.#take(2, 'unknown');
    else this.#take(start.length, 'none');
    this.#groups += 1;
    return undefined;
  }

  #close(): string | undefined {
    if (this.#groups === 0) return 'it has a ) without its (';
    this.#groups -= 1;
    this.#take(1, 'atom');
    return undefined;
  }

  /** An operator of some length, with the `?` that makes it take as little as possible. */
  #repeat(length: number): string | undefined {
    const operator = this.#rest.slice(0, length);
    if (this.#operand === 'none') return `${operator} has nothing to repeat`;
    if (this.#operand === 'repetition') return `${operator} follows another repetition`;
    const lazy = this.#pattern[this.#at + length] === '?' ? 1 : 0;
    this.#take(length + lazy, 'repetition');
    return undefined;
  }

  #braces(): string | undefined {
    const [counted] = /^\{\d+(?:,\d*)?\}/.exec(this.#rest) ?? [];
    if (counted !== undefined) return this.#repeat(counted.length);
    this.#take(1, 'atom');
    return undefined;
  }
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['(?=', 'lookahead'],
  ['(?!', 'lookahead'],
  ['(?<=', 'lookbehind'],
  ['(?<!', 'lookbehind'],
  ['(?>', 'atomic group'],
  ['(?#', 'comment'],
]);
