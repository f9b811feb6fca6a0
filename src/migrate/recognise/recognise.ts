import { basename } from 'node:path';
import type { Container, Job, Word } from '../read/job.ts';

/** How a job calls what. */
export type Style = 'bootstrap' | 'decorated' | 'kubetest' | 'shell' | 'kubetest2' | 'none';

export interface Recognised {
  readonly style: Style;
  /** The scenario's name: `kubernetes_e2e`, `execute`, `kubernetes_build` …; `kubetest` when it is called by itself. */
  readonly scenario: string;
  readonly container: Container | undefined;
  /** What stands before the scenario: `runner.sh`; bootstrap's flags. */
  readonly before: readonly Word[];
  /** The word that names it; in shell style the script. */
  readonly caller: Word | undefined;
  /** The scenario's or kubetest's own words. */
  readonly after: readonly Word[];
}

const SCRIPT = /(?:^|\/)scenarios\/([a-z0-9_]+)\.py$/;
const NOTHING: Recognised = {
  style: 'none',
  scenario: '',
  container: undefined,
  before: [],
  caller: undefined,
  after: [],
};

/** What a job is, by the words of its containers; comments and strings that only mention a scenario do not count. */
export function recognise(job: Job): Recognised {
  for (const container of job.containers) {
    if (callsKubetest2(container)) return { ...NOTHING, style: 'kubetest2', container };
  }
  for (const read of [readBootstrap, readScript, readKubetest, readShell]) {
    for (const container of job.containers) {
      const found = read(container);
      if (found) return found;
    }
  }
  return NOTHING;
}

function callsKubetest2({ words }: Container): boolean {
  return words.some(({ text }) => !text.startsWith('-') && /(?:^|\/)kubetest2(?:-[a-z0-9-]+)?$/.test(text));
}

function readBootstrap(container: Container): Recognised | undefined {
  const { words } = container;
  const at = words.findIndex(({ text }) => text.startsWith('--scenario=') || text === '--scenario');
  const caller = words[at];
  if (!caller) return undefined;
  const dashes = words.findIndex(({ text }, index) => index > at && text === '--');
  const earlier = words.findIndex(({ text }) => text === '--');
  const end = dashes !== -1 ? dashes : earlier !== -1 && earlier < at ? -1 : words.length;
  if (end === -1) return undefined;
  const scenario = caller.text.includes('=')
    ? caller.text.slice(caller.text.indexOf('=') + 1)
    : (words[at + 1]?.text ?? '');
  return {
    style: 'bootstrap',
    scenario,
    container,
    before: words.slice(0, end),
    caller,
    after: words.slice(end + 1),
  };
}

function readScript(container: Container): Recognised | undefined {
  const { words } = container;
  const at = words.findIndex(({ text }) => SCRIPT.test(text));
  const caller = words[at];
  if (!caller) return undefined;
  const scenario = SCRIPT.exec(caller.text)?.[1] ?? '';
  return {
    style: 'decorated',
    scenario,
    container,
    before: words.slice(0, at),
    caller,
    after: words.slice(at + 1),
  };
}

function readKubetest(container: Container): Recognised | undefined {
  const { words } = container;
  const at = words.findIndex(({ text }) => basename(text) === 'kubetest');
  const caller = words[at];
  if (!caller) return undefined;
  return {
    style: 'kubetest',
    scenario: 'kubetest',
    container,
    before: words.slice(0, at),
    caller,
    after: words.slice(at + 1),
  };
}

/** A scenario's script called inside a shell script; a mention behind a `#` is none. */
function readShell(container: Container): Recognised | undefined {
  const { words } = container;
  for (const [at, caller] of words.entries()) {
    const script = withoutComments(caller.text);
    const scenario = /scenarios\/([a-z0-9_]+)\.py\b/.exec(script)?.[1];
    if (scenario === undefined) continue;
    return { style: 'shell', scenario, container, before: words.slice(0, at), caller, after: words.slice(at + 1) };
  }
  return undefined;
}

/** A shell script without whole-line comments. */
export function withoutComments(script: string): string {
  return script.replace(/^[ \t]*#.*$/gm, (comment) => ' '.repeat(comment.length));
}
