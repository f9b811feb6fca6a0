import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Sandbox } from '../../helpers/sandbox.ts';
import { prepare, stayAsOrphan } from '../launch.ts';
import type { Call, Scenario, World, WorldOptions } from '../scenario.ts';

/** No cluster, and two hooks around the tests, the first of which leaves a server running for them. */
class HooksWorld implements World {
  readonly sandbox = new Sandbox();
  readonly calls: readonly Call[];
  readonly next: Call = { args: ['noop', '--down', '--run-id=r1'], code: 0 };
  readonly #results = join(this.sandbox.dir, 'results');

  constructor({ slow }: Pick<WorldOptions, 'slow'>) {
    const pause = slow ? `${stayAsOrphan}; ` : '';
    prepare(this.sandbox);
    this.sandbox.script('before', `${pause}echo before >>"${this.#results}"\nsleep 1000 >/dev/null 2>&1 &`);
    this.sandbox.script('after', `${pause}echo after >>"${this.#results}"`);
    const hooks = ['--pre-test-cmd=before', '--post-test-cmd=after'];
    const tests = ['--test=exec', '--', 'sh', '-c', `${pause}echo passed >>"${this.#results}"`];
    this.calls = [{ args: ['noop', '--up', '--down', '--run-id=r1', ...hooks, ...tests], code: 0 }];
  }

  tests(): 'passed' | undefined {
    return this.#lines().includes('passed') ? 'passed' : undefined;
  }

  begun(): boolean {
    return this.#lines().length > 0;
  }

  rows(): readonly string[] {
    const names: Readonly<Record<string, string>> = { before: 'PreTestCmd', passed: 'Test', after: 'PostTestCmd' };
    return this.#lines().map((line) => names[line] ?? line);
  }

  leftovers() {
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sandbox[Symbol.dispose]();
  }

  #lines(): string[] {
    return existsSync(this.#results) ? readFileSync(this.#results, 'utf8').trimEnd().split('\n') : [];
  }
}

/** Hooks around tests, without a cluster. */
export const hooks: Scenario = {
  name: 'hooks',
  about: 'no cluster, a hook that leaves a server running, tests, another hook',
  asksServers: false,
  open: async (options) => new HooksWorld(options),
};
