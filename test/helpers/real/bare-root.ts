import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { componentsFolder } from '../../../scripts/package/pinned.ts';
import { type Ended, type Launched, Sandbox } from '../sandbox.ts';

const base = join(componentsFolder(process.env), 'bare-debian');

const works = (file: string, ...args: string[]): boolean => spawnSync(file, args).status === 0;

/** What is missing for a bare root on this machine; empty when nothing is. */
export const noBareRoot = !works('unshare', '--mount', 'true')
  ? 'root'
  : existsSync(base) || works('mmdebstrap', '--version')
    ? ''
    : 'mmdebstrap';

export interface Entry {
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as this user instead of root. */
  readonly user?: number;
  /** As a line of a Dockerfile: everything can be written and stays. Else nothing can but 16 MiB below /tmp and the records. */
  readonly writable?: boolean;
  /** A directory of this machine that is seen at /opt. */
  readonly opt?: string;
}

/**
 * Debian's essential packages and libstdc++6, with no node, no npm and no compiler; and what lines of a Dockerfile have
 * changed in it. A line starts in /tmp, where HOME is too; /mnt are the records.
 */
export class BareRoot implements Disposable {
  readonly #sandbox = new Sandbox({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin' });
  readonly #layer = join(this.#sandbox.dir, 'layer');

  constructor() {
    makeBase();
    for (const name of ['layer', 'work', 'root', 'artifacts', 'opt']) mkdirSync(join(this.#sandbox.dir, name));
    for (const directory of [this.#sandbox.dir, this.#layer]) chmodSync(directory, 0o755);
    chmodSync(this.#sandbox.artifacts, 0o777);
  }

  /** Where a path of the root that was made by a line is on this machine. */
  path(inside: string): string {
    return join(this.#layer, inside);
  }

  /** Starts a shell line; with `exec` at its beginning, signals reach the program itself. */
  start(line: string, { env = {}, user = 0, writable = false, opt }: Entry = {}): Launched {
    const at = (name: string) => join(this.#sandbox.dir, name);
    const inside = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt',
      HOME: '/tmp',
      ARTIFACTS: '/mnt',
      KUBETEST2_TEST_SANDBOX: this.#sandbox.dir,
      ...env,
    };
    const args = Object.entries(inside).map(([name, value]) => `${name}=${value}`);
    const layers = writable
      ? `lowerdir=${base},upperdir=${this.#layer},workdir=${at('work')}`
      : `lowerdir=${this.#layer}:${base}`;
    const settings = [at('root'), layers, writable ? '' : 'small', at('artifacts'), opt ?? at('opt'), String(user)];
    return this.#sandbox.start(['unshare', '--mount', 'sh', '-c', ENTER, 'enter', ...settings, line, ...args]);
  }

  async run(line: string, entry: Entry = {}): Promise<Ended> {
    return await this.start(line, entry).ended;
  }

  /** A record that a run left. */
  read(name: string): string {
    return this.#sandbox.read(join('artifacts', name));
  }

  forgetRecords(): void {
    const directory = this.#sandbox.artifacts;
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
  }

  /** What still runs of what was started here. */
  processes(): string[] {
    return this.#sandbox.processes().map(({ command }) => command);
  }

  async until<T>(check: () => T | undefined | false, what: string): Promise<T> {
    return await this.#sandbox.until(check, what);
  }

  [Symbol.dispose](): void {
    this.#sandbox[Symbol.dispose]();
  }
}

const ENTER = `set -e
root=$1 layers=$2 small=$3 artifacts=$4 opt=$5 user=$6 line=$7
shift 7
mount -t overlay overlay -o "$layers" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$artifacts" "$root/mnt"
mount --bind "$opt" "$root/opt"
mount -o remount,bind,ro "$root/opt"
[ -z "$small" ] || mount -t tmpfs -o size=16m,mode=1777 tmpfs "$root/tmp"
exec chroot --userspec="$user:$user" --groups="$user" "$root" /usr/bin/env -i --chdir=/tmp "$@" sh -c "$line"`;

function makeBase(): void {
  if (existsSync(base)) return;
  mkdirSync(join(base, '..'), { recursive: true });
  const draft = mkdtempSync(`${base}.`);
  const args = ['--variant=essential', '--include=libstdc++6', 'bookworm', draft];
  const { status, stderr } = spawnSync('mmdebstrap', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  chmodSync(draft, 0o755);
  renameSync(draft, base);
}
