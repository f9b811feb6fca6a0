import { readFileSync } from 'node:fs';

/** One command line of a real job. */
export interface Line {
  /** Where it stands in its file, from 1. */
  readonly at: number;
  readonly job: string;
  /** The words after `kubetest2`. */
  readonly argv: readonly string[];
  readonly deployer: string;
  readonly tester?: string;
  readonly deployer_args: readonly string[];
  readonly tester_args?: readonly string[];
  /** The job's own variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is odd about it: stray words, quotes kept inside … */
  readonly quirks?: readonly string[];
  /** Flags that kubetest2 refuses. */
  readonly unknown_flags?: readonly string[];
}

/** Lines with an in-tree deployer or tester. */
export const inTree: readonly Line[] = read('invocations.jsonl');
/** Lines of deployers that are programs of their own. */
export const outOfTree: readonly Line[] = read('invocations-out-of-tree.jsonl');

/** What kubetest2's own testers started for a line of `inTree`, recorded with stand-ins for every program. */
export const recorded: ReadonlyMap<number, readonly string[]> = new Map(
  readLines('recorded.jsonl').map((text) => {
    const { line, argv } = JSON.parse(text) as { line: number; argv: string[] };
    return [line, argv];
  }),
);

/** kubetest2's command for a node line, with the differences that docs/compatibility.md tells. */
export function withNodeDifferences(argv: readonly string[], { tester_args: words = [] }: Line): string[] {
  const typed = (flag: string) => words.some((word) => word.startsWith(flag));
  const limited = typed('--timeout') || words.some((word) => word.includes('--ginkgo.timeout='));
  return argv
    .filter((word) => limited || !/^(TIMEOUT=|--timeout=)/.test(word))
    .filter((word) => typed('--node-env') || !/^(NODE_ENV=|--node-env=)/.test(word))
    .map((word) => word.replace(/^NODE_ENV= /, 'NODE_ENV=').replace(/^(--[\w-]+-binary=)_output/, '$1$REPO/_output'));
}

function read(name: string): Line[] {
  return readLines(name).map((text, index) => ({ ...(JSON.parse(text) as Omit<Line, 'at'>), at: index + 1 }));
}

function readLines(name: string): string[] {
  return readFileSync(new URL(`../corpus/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((text) => text !== '');
}
