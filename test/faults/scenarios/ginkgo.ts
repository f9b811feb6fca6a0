import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { E2E, GINKGO, packageOf } from '../../helpers/test-package.ts';
import { standIn } from '../compile.ts';
import { type FileServer, serveFiles } from '../file-server.ts';
import type { Scenario, WorldOptions } from '../scenario.ts';
import { KindWorld } from './kind.ts';

const programs = fileURLToPath(new URL('../../helpers/programs/ginkgo', import.meta.url));
const VERSION = 'v1.36.1';
const JUNIT =
  '<testsuites><testsuite name="Kubernetes e2e suite"><testcase name="[It] one" time="1.5"/></testsuite></testsuites>';

/** A kind cluster whose tests are fetched: a package of them and kubectl, with their checksums. */
class GinkgoWorld extends KindWorld {
  readonly #server: FileServer;
  readonly #results = join(this.sandbox.dir, 'ginkgo');

  private constructor(options: WorldOptions, server: FileServer, url: string) {
    super(options, () => [
      {
        args: [
          ...['kind', '--up', '--down', '--wait=0', '--run-id=r1', '--test=ginkgo', '--'],
          ...[`--test-package-url=${url}`, '--test-package-dir=release', '--test-package-marker=latest.txt'],
        ],
        code: 0,
      },
    ]);
    this.#server = server;
    mkdirSync(this.#results);
    writeFileSync(join(this.#results, 'junit_01.xml'), JUNIT);
    Object.assign(this.sandbox.env, { FAKE: this.#results, FAULTS_PROGRAMS: programs, FAKE_E2E_VERSION: VERSION });
  }

  static async open(options: WorldOptions): Promise<GinkgoWorld> {
    const server = await serveFiles(release());
    return new GinkgoWorld(options, server, await options.answers.before(server.url));
  }

  override tests(): 'passed' | undefined {
    return existsSync(join(this.#results, 'ginkgo.argv')) ? 'passed' : undefined;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}

function release(): Record<string, Buffer> {
  const binary = readFileSync(standIn());
  const cpu = process.arch === 'x64' ? 'amd64' : process.arch;
  const tests = packageOf({ path: E2E, bytes: binary }, { path: GINKGO, bytes: binary });
  return {
    '/release/latest.txt': Buffer.from(`${VERSION}\n`),
    [`/release/${VERSION}/kubernetes-test-linux-${cpu}.tar.gz`]: tests,
    [`/release/${VERSION}/bin/linux/${cpu}/kubectl`]: binary,
  };
}

/** Up, tests that are fetched and pass, Down. */
export const ginkgo: Scenario = {
  name: 'ginkgo',
  about: 'a kind cluster up, a test package fetched, ginkgo, the cluster down',
  asksServers: true,
  open: (options) => GinkgoWorld.open(options),
};
