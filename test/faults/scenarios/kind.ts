import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Sandbox } from '../../helpers/sandbox.ts';
import { prepare, stayAsOrphan } from '../launch.ts';
import type { Call, Finding, Scenario, World, WorldOptions } from '../scenario.ts';

const tools = fileURLToPath(new URL('../../helpers/programs/kind-tools', import.meta.url));
const DOWN: Call = { args: ['kind', '--down', '--run-id=r1'], code: 0 };

/** A machine whose kind keeps its clusters as files, and calls that make and delete one. */
export class KindWorld implements World {
  readonly sandbox = new Sandbox();
  readonly state = join(this.sandbox.dir, 'state');
  readonly calls: readonly Call[];
  readonly next: Call = DOWN;
  /** The file that the tests append their result to. */
  readonly results = join(this.sandbox.dir, 'tests-results');

  readonly #pause: string;

  constructor({ slow }: Pick<WorldOptions, 'slow'>, calls: (world: KindWorld) => readonly Call[]) {
    this.#pause = slow ? `${stayAsOrphan}; ` : '';
    prepare(this.sandbox);
    mkdirSync(join(this.state, 'clusters'), { recursive: true });
    const { env } = this.sandbox;
    Object.assign(env, {
      PATH: [tools, env['PATH']].join(delimiter),
      FAKE_STATE: this.state,
      FAKE_KUBECONFIG: this.#kubeconfig(),
      ...(slow && { FAKE_SLOW: stayAsOrphan }),
    });
    this.calls = calls(this);
  }

  /** Tests that write down how they end: the arguments of the exec tester. */
  testing(how: 'passed' | 'failed'): string[] {
    return [
      '--test=exec',
      '--',
      'sh',
      '-c',
      `${this.#pause}echo ${how} >>"${this.results}"; ${how === 'passed' ? 'exit 0' : 'exit 1'}`,
    ];
  }

  tests(): 'passed' | 'failed' | undefined {
    if (!existsSync(this.results)) return undefined;
    return readFileSync(this.results, 'utf8').startsWith('passed') ? 'passed' : 'failed';
  }

  begun(): boolean {
    return this.#did('create cluster') > 0 || this.tests() !== undefined;
  }

  rows(): readonly string[] {
    return [
      ...(this.#did('create cluster') > 0 ? ['Up'] : []),
      ...(this.tests() === undefined ? [] : ['Test']),
      ...(this.#did('delete cluster') > 0 ? ['Down'] : []),
    ];
  }

  leftovers(): Finding[] {
    const clusters = readdirSync(join(this.state, 'clusters'));
    const effective = this.#lines('deleted').length;
    return [
      ...clusters.map((name) => ({ kind: 'cluster left', text: `the cluster ${name} is still there` }) as const),
      ...(existsSync(join(this.state, 'network'))
        ? [{ kind: 'cluster left', text: "kind's network is still there" } as const]
        : []),
      ...(effective > 1 ? [{ kind: 'deleted twice', text: `clusters were deleted ${effective} times` } as const] : []),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sandbox[Symbol.dispose]();
  }

  #did(what: string): number {
    return this.#lines('calls').filter((line) => line.startsWith(`kind ${what}`)).length;
  }

  #lines(name: string): string[] {
    const path = join(this.state, name);
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
  }

  #kubeconfig(): string {
    const path = join(this.sandbox.dir, 'kubeconfig-of-kind');
    const content = {
      'current-context': 'CONTEXT',
      contexts: [{ name: 'CONTEXT', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { token: 't' } }],
    };
    writeFileSync(path, JSON.stringify(content));
    return path;
  }
}

const ALL = ['kind', '--up', '--down', '--wait=0', '--run-id=r1'];

/** Up, tests that pass, Down, in one call. */
export const kind: Scenario = {
  name: 'kind',
  about: 'a kind cluster up, tests that pass, the cluster down',
  asksServers: false,
  open: async (options) => new KindWorld(options, (world) => [{ args: [...ALL, ...world.testing('passed')], code: 0 }]),
};

/** The same with tests that fail: the exit code is theirs, also where records cannot be written. */
export const kindFailing: Scenario = {
  name: 'kind-failing',
  about: 'a kind cluster up, tests that fail, the cluster down',
  asksServers: false,
  open: async (options) => new KindWorld(options, (world) => [{ args: [...ALL, ...world.testing('failed')], code: 1 }]),
};

/** One run in three calls, as jobs of several steps make them. */
export const threeCalls: Scenario = {
  name: 'three-calls',
  about: 'a kind cluster up, tests, and the cluster down, in three calls of one run id',
  asksServers: false,
  open: async (options) =>
    new KindWorld(options, (world) => [
      { args: ['kind', '--up', '--wait=0', '--run-id=r1'], code: 0 },
      { args: ['kind', '--run-id=r1', ...world.testing('passed')], code: 0, needsSuccess: true },
      DOWN,
    ]),
};
