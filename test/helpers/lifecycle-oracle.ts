// What the rules of the lifecycle say about one case of the grid, written apart from the code they are rules for.

export const steps = [
  'init',
  'Build',
  'Up',
  'PreTestCmd',
  'Test',
  'PostTestCmd',
  'afterTest',
  'logs',
  'Down',
  'finish',
] as const;
export type Step = (typeof steps)[number];

export interface Flags {
  readonly build?: true;
  readonly up?: true;
  readonly test?: true;
  readonly hooks?: true;
  readonly down?: 'always' | 'on-success' | 'never';
}

/** How the run is stopped while the faulty step hangs; `limit` is that of the step, `timeout` that of the whole. */
export const stops = ['SIGINT', 'SIGTERM', 'SIGHUP', 'both', 'second', 'limit', 'timeout'] as const;
export type Stop = (typeof stops)[number];

export interface Case {
  readonly flags: Flags;
  /** The step that does not do as it should: fails, is killed, or hangs until the run is stopped. */
  readonly fault?: { readonly step: Step; readonly how: 'fail' | 'kill' | 'hang' };
  readonly stop?: Stop;
  /** The step that takes something which must be given back. */
  readonly takes?: 'init' | 'Build' | 'Up';
}

export interface Expected {
  /** The steps that begin, in their order. */
  readonly calls: readonly Step[];
  readonly code: number;
  /** Cases of junit_runner.xml with their results. */
  readonly rows: Readonly<Record<string, 'passed' | 'failed' | 'skipped'>>;
}

class Failed extends Error {}

const codes: Readonly<Record<Stop, number>> = {
  SIGINT: 130,
  SIGTERM: 143,
  SIGHUP: 129,
  both: 130,
  second: 130,
  limit: 124,
  timeout: 124,
};
const rowNames: Partial<Record<Step, string>> = { init: 'Init', afterTest: 'AfterTest', finish: 'Finish' };
const quiet: readonly Step[] = ['init', 'afterTest', 'logs', 'finish'];
const cleanup: readonly Step[] = ['logs', 'Down', 'finish'];

/** The flags under which a step takes place at all. */
export function takesPlace(step: Step, { build, up, test, hooks, down }: Flags): boolean {
  if (step === 'Build') return build === true;
  if (step === 'Up') return up === true;
  if (step === 'Test' || step === 'afterTest') return test === true;
  if (step === 'PreTestCmd' || step === 'PostTestCmd') return hooks === true;
  if (step === 'Down') return down === 'always' || down === 'on-success';
  return true;
}

export function expected({ flags, fault, stop, takes }: Case): Expected {
  const calls: Step[] = [];
  const rows: Record<string, 'passed' | 'failed' | 'skipped'> = {};
  let code = 0;
  let armed = false;
  let stopped = false;
  let built = false;

  const step = (name: Step): void => {
    if (!takesPlace(name, flags) && name !== 'Down') return;
    calls.push(name);
    armed ||= takes === name;
    const failed = fault?.step === name;
    const row = rowNames[name] ?? name;
    if (name !== 'logs' && (failed || !quiet.includes(name))) rows[row] = failed ? 'failed' : 'passed';
    if (!failed) return;
    // A limit of one step ends that step alone.
    if (stop && stop !== 'limit') stopped = true;
    if (name === 'logs') return;
    if (code === 0) code = codeOf(name);
    throw new Failed();
  };
  const codeOf = (name: Step): number => {
    const teardown = name === 'Down' || name === 'finish';
    if (stop === 'timeout' || stop === 'limit') return teardown ? 4 : 124;
    if (stop) return codes[stop];
    return name === 'Test' ? 1 : teardown ? 4 : 3;
  };
  const attempt = (action: () => void): boolean => {
    try {
      action();
      return true;
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      return false;
    }
  };
  const tests = (): void => {
    if (!flags.test && !flags.hooks) return;
    const ready = attempt(() => step('PreTestCmd'));
    if (!ready && !stopped && flags.test) rows['Test'] = 'skipped';
    const tested = ready && attempt(() => step('Test'));
    const hooked = stopped || attempt(() => step('PostTestCmd'));
    const reacted = stopped || attempt(() => step('afterTest'));
    if (!(ready && tested && hooked && reacted)) throw new Failed();
  };

  const passed = attempt(() => {
    step('init');
    step('Build');
    built = true;
    step('Up');
    tests();
  });
  if (built || armed) {
    const due = flags.down === 'always' || (flags.down === 'on-success' && passed);
    if (!passed || due) step('logs');
    if (due) attempt(() => step('Down'));
  }
  attempt(() => step('finish'));

  const inCleanup = fault !== undefined && cleanup.includes(fault.step) && calls.includes(fault.step);
  if (stop && calls.includes(fault?.step ?? 'init')) {
    if (stop === 'timeout' || stop === 'limit') {
      if (!inCleanup || fault?.step !== 'logs') rows['Timeout'] = 'failed';
    } else {
      rows['Interrupted'] = 'failed';
      if (code === 0) code = codes[stop];
    }
  }
  return { calls, code, rows };
}
