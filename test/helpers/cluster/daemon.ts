// Gives the suites a Docker daemon that may start privileged containers: the one that answers, else one of their own,
// whose images are kept in the components directory, and which ends with them.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { componentsFolder } from '../../../scripts/package/pinned.ts';

let daemon: ChildProcess | undefined;

export async function setup(): Promise<void> {
  const directory = componentsFolder(process.env);
  const images = join(directory, 'docker');
  if (answers() || !existsSync(images)) return;
  mkdirSync(directory, { recursive: true });
  const log = openSync(join(directory, 'dockerd.log'), 'a');
  const args = ['--data-root', images, ...runtime(directory)];
  daemon = spawn('dockerd', args, { stdio: ['ignore', log, log], detached: true });
  daemon.on('error', () => {});
  for (let tries = 0; tries < 60 && daemon.exitCode === null && !answers(); tries += 1) await delay(500);
  if (!answers()) console.error(`The Docker daemon did not start; ${join(directory, 'dockerd.log')} has the reason.`);
}

export async function teardown(): Promise<void> {
  if (daemon?.pid === undefined || daemon.exitCode !== null) return;
  const ended = new Promise((resolve) => {
    daemon?.once('exit', resolve);
  });
  daemon.kill('SIGTERM');
  await ended;
}

function answers(): boolean {
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const SYS_RESOURCE = 24n;

/**
 * A privileged container asks for every capability there is. Where this machine's own set lacks CAP_SYS_RESOURCE that
 * fails, so there a wrapper around runc leaves it out of what is asked for.
 */
function runtime(directory: string): string[] {
  const [, bounding = 'ffffffffffffffff'] =
    /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  if ((BigInt(`0x${bounding}`) >> SYS_RESOURCE) & 1n) return [];
  const wrapper = join(directory, 'runc-without-sys-resource');
  writeFileSync(wrapper, WRAPPER, { mode: 0o755 });
  return ['--add-runtime', `modest=${wrapper}`, '--default-runtime', 'modest'];
}

const WRAPPER = `#!/bin/sh
# runc, without CAP_SYS_RESOURCE: in a bundle's config.json, or in the description of a process to execute.
before=
for arg; do
  case $before in
  --bundle) file=$arg/config.json ;;
  --process) file=$arg ;;
  *) file= ;;
  esac
  [ -z "$file" ] || sed -i 's/"CAP_SYS_RESOURCE",//g; s/,"CAP_SYS_RESOURCE"//g' "$file"
  before=$arg
done
exec runc "$@"
`;
