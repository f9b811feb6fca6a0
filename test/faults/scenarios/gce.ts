import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cloud, releases } from '../../helpers/gce-project.ts';
import { FakeBoskos } from '../../helpers/servers/boskos.ts';
import { prepare, stayAsOrphan } from '../launch.ts';
import type { Call, Ending, Finding, Scenario, World, WorldOptions } from '../scenario.ts';

const TREE = ['--repo-root=kubernetes-tree', '--ready-timeout=0', '--boskos-acquire-timeout-seconds=20'];

/** A project of Boskos, in which kube-up's scripts make a cluster and delete it. */
export class GceWorld implements World {
  readonly calls: readonly Call[];
  readonly next: Call = { args: ['gce', '--down'], code: 0 };
  readonly #cloud = new Cloud();
  readonly boskos: FakeBoskos;
  readonly #releases: Awaited<ReturnType<typeof releases>>;
  readonly #results = join(this.#cloud.sandbox.dir, 'tests-results');

  private constructor(
    { slow }: WorldOptions,
    boskos: FakeBoskos,
    published: Awaited<ReturnType<typeof releases>>,
    urls: { readonly boskos: string; readonly releases: string },
  ) {
    this.boskos = boskos;
    this.#releases = published;
    prepare(this.sandbox);
    if (slow) this.#cloud.plan('kube-up', `slow ${stayAsOrphan}`);
    const version = `--kubernetes-version=${urls.releases}/release/stable-1.36.txt`;
    const tests = [
      '--test=exec',
      '--',
      'sh',
      '-c',
      `${slow ? `${stayAsOrphan}; ` : ''}echo passed >>"${this.#results}"`,
    ];
    this.calls = [
      { args: ['gce', '--up', '--down', version, `--boskos-location=${urls.boskos}`, ...TREE, ...tests], code: 0 },
    ];
  }

  static async open(options: WorldOptions): Promise<GceWorld> {
    const [boskos, published] = await Promise.all([FakeBoskos.start({ 'gce-project': ['leased-1'] }), releases()]);
    const { answers } = options;
    const urls = { boskos: await answers.before(boskos.url), releases: await answers.before(published.url) };
    return new GceWorld(options, boskos, published, urls);
  }

  get sandbox() {
    return this.#cloud.sandbox;
  }

  tests(): 'passed' | undefined {
    return existsSync(this.#results) && readFileSync(this.#results, 'utf8') !== '' ? 'passed' : undefined;
  }

  begun(): boolean {
    return this.boskos.count('acquire') > 0 || this.#cloud.allCalls().length > 0;
  }

  rows(): readonly string[] {
    return [
      ...(this.#cloud.calls('kube-up').length > 0 ? ['Up'] : []),
      ...(this.tests() === undefined ? [] : ['Test']),
      ...(this.#cloud.calls('kube-down').length > 0 ? ['Down'] : []),
    ];
  }

  leftovers({ output, mayRepeat }: Ending): Finding[] {
    const { table, tars } = this.#cloud;
    const downs = this.#cloud.calls('kube-down').length;
    const releasings = this.boskos.count('release');
    const findings: Finding[] = [];
    if (table.length > 0) findings.push({ kind: 'cluster left', text: `in the project there is ${table.join(', ')}` });
    if (tars.length > 0) findings.push({ kind: 'cluster left', text: `in the bucket there is ${tars.join(', ')}` });
    if (!mayRepeat && downs > 1)
      findings.push({ kind: 'deleted twice', text: `kube-down.sh was called ${downs} times` });
    if (!mayRepeat && releasings > 1) {
      findings.push({ kind: 'released twice', text: `the project was released ${releasings} times` });
    }
    const { owner, state } = this.boskos.find('leased-1');
    // A lease whose name never arrived, or was not recorded yet when the launcher was killed, cannot be released by name.
    if (state === 'busy' && !output.includes(owner)) {
      findings.push({
        kind: 'lease held',
        text: `leased-1 is still leased to ${owner}, and no call warned of it`,
      });
    }
    return findings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cloud[Symbol.dispose]();
    this.#releases.close();
    await this.boskos[Symbol.asyncDispose]();
  }
}

/** A project acquired, a cluster up in it, tests, the cluster down, the project released. */
export const gce: Scenario = {
  name: 'gce',
  about: 'a project acquired from Boskos, a cluster up, tests, the cluster down, the project released',
  asksServers: true,
  open: (options) => GceWorld.open(options),
};
