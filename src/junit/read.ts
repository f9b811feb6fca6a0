import { RunError } from '../api/errors.ts';
import { type ReadJunitOptions, visitJunit, visitJunitFile } from './stream.ts';
import type { JunitCase, JunitSuite, JunitVisitor, KeptSizes } from './suite.ts';

/** What a junit file says. Nested suites are listed one after another, as they come. */
export interface JunitSuites {
  readonly suites: readonly (JunitSuite & { readonly cases: readonly JunitCase[] })[];
}

/** More than any suite has whose file is wanted as a whole. */
const MOST_CASES = 50_000;
const MOST_TEXT = 64 << 20;

const WHOLE: KeptSizes = { line: 64 << 10, failure: 1 << 20, output: 1 << 20, details: 'all' };

/**
 * The whole of a junit file that is small by its nature. Long texts are cut.
 * Throws RunError when it has more than 50,000 cases or 64 MiB of text, and as `visitJunitFile`.
 */
export async function readJunitFile(file: string, options: Omit<ReadJunitOptions, 'keep'>): Promise<JunitSuites> {
  const whole = new WholeFile(file);
  await visitJunitFile(file, whole, { ...options, keep: WHOLE });
  return whole.suites();
}

/** The whole of a junit text. `name` is for the message. Throws as `readJunitFile`. */
export async function readJunit(text: string, name: string): Promise<JunitSuites> {
  const whole = new WholeFile(name);
  await visitJunit([Buffer.from(text)], name, whole, WHOLE);
  return whole.suites();
}

class WholeFile implements JunitVisitor {
  readonly #name: string;
  readonly #cases = new Map<JunitSuite, JunitCase[]>();
  readonly #outer = new Set<JunitSuite>();
  #count = 0;
  #text = 0;

  constructor(name: string) {
    this.#name = name;
  }

  suite(suite: JunitSuite, outer: JunitSuite | undefined): void {
    this.#cases.set(suite, []);
    if (outer) this.#outer.add(outer);
    this.#count++;
  }

  case(found: JunitCase, suite: JunitSuite): void {
    this.#cases.get(suite)?.push(found);
    this.#count++;
    this.#text +=
      found.name.length + found.systemOut.length + found.systemErr.length + (found.failure?.text.length ?? 0);
    if (this.#count > MOST_CASES) throw new RunError(`${this.#name} has more than ${MOST_CASES} cases`);
    if (this.#text > MOST_TEXT) throw new RunError(`${this.#name} has more than ${MOST_TEXT >> 20} MiB of text`);
  }

  /** An outer suite without cases of its own only groups. */
  suites(): JunitSuites {
    const all = [...this.#cases].filter(
      ([suite, cases]) => cases.length > 0 || (suite.name !== '' && !this.#outer.has(suite)),
    );
    return { suites: all.map(([suite, cases]) => ({ ...suite, cases: markFlakes(cases) })) };
  }
}

/** A case that both failed and passed has flaked. */
function markFlakes(cases: readonly JunitCase[]): JunitCase[] {
  const results = new Map<string, Set<boolean>>();
  for (const each of cases) {
    if (each.skipped !== undefined) continue;
    const seen = results.get(keyOf(each)) ?? new Set();
    results.set(keyOf(each), seen.add(each.failure !== undefined));
  }
  return cases.map((each) => (results.get(keyOf(each))?.size === 2 ? { ...each, flaky: true } : each));
}

const keyOf = ({ classname, name }: JunitCase): string => `${classname}\0${name}`;
