import { stripVTControlCharacters } from 'node:util';
import type { Env } from '../../src/api/env.ts';
import { messageOf } from '../../src/api/errors.ts';
import type { Exec } from '../../src/api/exec.ts';
import { askE2eTest } from '../../src/kube/skew/ask-versions.ts';
import type { Seen } from '../../src/kube/skew/rules.ts';
import { parseVersion } from '../../src/kube/version.ts';
import { askOnce, type Binary } from './test-binary.ts';

/** What a compiled suite is able to do, as far as it can tell. */
export interface Suite {
  readonly version: Seen<string>;
  /** The major version of the Ginkgo it is written with: Kubernetes up to 1.24 has 1. */
  readonly ginkgo: 1 | 2;
  /** Whether it has a flag (name without dashes). A suite that does not list its flags is taken to have it. */
  readonly knows: (flag: string) => boolean;
}

/** Asks a compiled suite for its version and its flags. Throws the signal's reason. */
export async function inspectSuite(suite: Binary, exec: Exec, env: Env, signal: AbortSignal): Promise<Suite> {
  const [version, listed] = await Promise.all([
    askOnce(suite, 'e2e-test-version', () => askE2eTest(suite.path, exec, env, signal)),
    askOnce(suite, 'e2e-test-flags', () => askFlags(suite.path, exec, env, signal)),
  ]);
  const flags = new Set('value' in listed ? listed.value : []);
  const knows = (flag: string) => flags.size === 0 || flags.has(flag);
  return { version, ginkgo: ginkgoOf(version, flags), knows };
}

function ginkgoOf(version: Seen<string>, flags: ReadonlySet<string>): 1 | 2 {
  if (flags.has('ginkgo.label-filter')) return 2;
  if (flags.has('ginkgo.focus')) return 1;
  const release = 'value' in version ? parseVersion(version.value) : undefined;
  return release && release.major === 1 && release.minor < 25 ? 1 : 2;
}

/** The flags of its usage, wherever that is printed and whatever the exit code. */
async function askFlags(path: string, exec: Exec, env: Env, signal: AbortSignal): Promise<Seen<readonly string[]>> {
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
    const { stdout, stderr } = await exec([path, '--help'], {
      signal: bounded,
      env,
      output: 'capture',
      okCodes: [0, 1, 2],
    });
    // Ginkgo colours its usage whatever it is written to.
    const usage = stripVTControlCharacters(`${stdout}\n${stderr}`);
    const flags = Array.from(usage.matchAll(/^\s*(?:-\w, )?--?([A-Za-z][\w.-]*)/gm), ([, name = '']) => name);
    return flags.length > 0 ? { value: flags } : { unknown: 'it lists none' };
  } catch (error) {
    signal.throwIfAborted();
    return { unknown: messageOf(error) };
  }
}
