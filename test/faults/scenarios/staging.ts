import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Sandbox } from '../../helpers/sandbox.ts';
import { FakeGcs } from '../../helpers/servers/gcs.ts';
import { prepare } from '../launch.ts';
import type { Call, Ending, Finding, Scenario, World, WorldOptions } from '../scenario.ts';

const programs = fileURLToPath(new URL('../../helpers/programs/build', import.meta.url));
const VERSION = 'v1.36.0-alpha.1.123+abcdef0123456';
/** How many objects such a build is, the marker left out. */
const OBJECTS = 21;

/** A source tree that is built and brought to a bucket. */
export class StagingWorld implements World {
  readonly sandbox = new Sandbox();
  readonly calls: readonly Call[];
  readonly next: Call;
  readonly gcs: FakeGcs;
  readonly #called = join(this.sandbox.dir, 'called');

  private constructor(gcs: FakeGcs, url: string) {
    this.gcs = gcs;
    prepare(this.sandbox);
    const { env, dir } = this.sandbox;
    Object.assign(env, { PATH: [programs, env['PATH']].join(delimiter), CALLS: this.#called });
    const script = join(dir, 'kubernetes', 'hack', 'print-workspace-status.sh');
    mkdirSync(join(script, '..'), { recursive: true });
    writeFileSync(script, `#!/bin/sh\necho 'gitVersion ${VERSION}'\n`);
    chmodSync(script, 0o755);
    const stage = ['--stage=gs://b/ci', '--update-latest', `--gcs-endpoint=${url}`];
    this.next = { args: ['noop', '--build', '--repo-root=kubernetes', '--run-id=r1', ...stage], code: 0 };
    this.calls = [this.next];
  }

  static async open({ answers }: WorldOptions): Promise<StagingWorld> {
    const gcs = await FakeGcs.start();
    return new StagingWorld(gcs, await answers.before(gcs.url));
  }

  tests(): undefined {
    return undefined;
  }

  begun(): boolean {
    return existsSync(this.#called) && /^make /m.test(readFileSync(this.#called, 'utf8'));
  }

  rows(): readonly string[] {
    return this.begun() ? ['Build'] : [];
  }

  /** The marker leads to a whole build, and a call that passed has set it. */
  leftovers({ code }: Ending): Finding[] {
    const marked = this.gcs.text('ci/latest.txt') === VERSION;
    if (code === 0 && !marked)
      return [{ kind: 'verdict false', text: 'exit code 0, and latest.txt does not name the build' }];
    if (!marked) return [];
    const staged = [...this.gcs.objects.keys()].filter((name) => name.startsWith(`ci/${VERSION}/`));
    const wrong = staged.filter((name) => !this.#isRight(name));
    if (staged.length === OBJECTS && wrong.length === 0) return [];
    return [
      { kind: 'verdict false', text: `latest.txt names a build of ${staged.length} objects, not right: ${wrong}` },
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sandbox[Symbol.dispose]();
    await this.gcs[Symbol.asyncDispose]();
  }

  /** Whether the bytes of an object match the checksum beside it. */
  #isRight(name: string): boolean {
    const { objects } = this.gcs;
    const bytes = objects.get(name)?.bytes ?? Buffer.of();
    const sum = objects.get(`${name}.sha256`)?.bytes.toString().trim().split(/\s/)[0];
    return sum === undefined || createHash('sha256').update(bytes).digest('hex') === sum;
  }
}

/** A build, staged. */
export const staging: Scenario = {
  name: 'staging',
  about: 'Kubernetes built and staged in a bucket, with the marker that names it',
  asksServers: true,
  open: (options) => StagingWorld.open(options),
};
