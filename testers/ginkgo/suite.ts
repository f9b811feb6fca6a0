import { stripVTControlCharacters } from 'node:util';
import type { Env } from '../../src/api/env.ts';
import { messageOf } from '../../src/api/errors.ts';
import type { Exec } from '../../src/api/exec.ts';
import { getE2eTestVersion } from '../../src/kube/skew/get-versions.ts';
import type { Seen } from '../../src/kube/skew/rules.ts';
import { parseVersion } from '../../src/kube/version.ts';
import { flagsInUsage } from '../../src/text/usage-flags.ts';
import { type Binary, cachedProbe } from './test-binary.ts';

/** What a compiled suite supports, as far as it reports that. */
export interface Suite {
  readonly version: Seen<string>;
  /** The major version of its Ginkgo: 1 up to Kubernetes 1.24. */
  readonly ginkgo: 1 | 2;
  /** Whether it has a flag (name without dashes). True for all flags when the suite does not list them. */
  readonly knows: (flag: string) => boolean;
}

/** Gets the version and the flags of a compiled suite. Throws the signal's reason. */
export async function inspectSuite(suite: Binary, exec: Exec, env: Env, signal: AbortSignal): Promise<Suite> {
  const [version, listed] = await Promise.all([
    cachedProbe(suite, 'e2e-test-version', () => getE2eTestVersion(suite.path, exec, env, signal)),
    cachedProbe(suite, 'e2e-test-flags', () => getFlags(suite.path, exec, env, signal)),
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

/** The flags in its usage text, on stdout or stderr, with any exit code. */
async function getFlags(path: string, exec: Exec, env: Env, signal: AbortSignal): Promise<Seen<readonly string[]>> {
  try {
    const either = AbortSignal.any([signal, AbortSignal.timeout(30_000)]);
    const { stdout, stderr } = await exec([path, '--help'], {
      signal: either,
      env,
      output: 'capture',
      okCodes: [0, 1, 2],
    });
    // Ginkgo colours its usage even when it is not written to a terminal.
    const flags = [...flagsInUsage(stripVTControlCharacters(`${stdout}\n${stderr}`))];
    return flags.length > 0 ? { value: flags } : { unknown: 'it lists no flags' };
  } catch (error) {
    signal.throwIfAborted();
    return { unknown: messageOf(error) };
  }
}
