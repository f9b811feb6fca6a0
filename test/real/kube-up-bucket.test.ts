import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stagedTars } from '../../deployers/gce/staged-tars.ts';
import { pinned } from '../../scripts/package/pinned.ts';

const modules = process.env['GOMODCACHE'] || join(process.env['GOPATH'] || join(homedir(), 'go'), 'pkg', 'mod');
const util = join(modules, `k8s.io/kubernetes@${pinned.get('kubectl')?.version}`, 'cluster', 'gce', 'util.sh');
const exists = existsSync(util);

/** Where the real kube-up.sh copies its tars to: the functions of the script that do it, with a gsutil that prints. */
function copiedTo(variables: Readonly<Record<string, string>>): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'kube-up-'));
  try {
    writeFileSync(join(directory, 'server.tar.gz'), 'server');
    const script = `
      set -eu
      for name in set-preferred-region upload-tars copy-to-staging gsutil_get_tar_md5 join_csv; do
        eval "$(sed -n "/^function $name/,/^}/p" "$0")"
      done
      sha512sum-file() { echo digest; }
      gsutil() { for last; do :; done; case " $* " in *' cp '*) echo "to $last" ;; esac; }
      upload-tars`;
    const printed = execFileSync('bash', ['--norc', '-c', script, util], {
      cwd: directory,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        SERVER_BINARY_TAR: join(directory, 'server.tar.gz'),
        RELEASE_REGION_FALLBACK: 'false',
        ...variables,
      },
    });
    return printed.split('\n').flatMap((line) => /^to (.*)$/.exec(line)?.[1] ?? []);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe.skipIf(!exists)(
  `the bucket of the real kube-up.sh${exists ? '' : " (skipped: no module k8s.io/kubernetes in Go's cache)"}`,
  () => {
    test.each([
      ['us-central1-b', 'false'],
      ['us-west1-a', 'false'],
      ['europe-west1-b', 'false'],
      ['asia-east1-c', 'false'],
      ['asia-east1-c', 'true'],
    ])('is the one that Down empties, for %s (RELEASE_REGION_FALLBACK=%s)', (zone, fallback) => {
      const names = {
        PROJECT: 'p-1',
        KUBE_GCE_INSTANCE_PREFIX: 'kt2-x',
        KUBE_GCE_NETWORK: 'kt2-x',
        RELEASE_REGION_FALLBACK: fallback,
      };
      const cluster = { repoRoot: '', zone, before: [], variables: names };
      const real = copiedTo({
        PROJECT: 'p-1',
        INSTANCE_PREFIX: 'kt2-x',
        ZONE: zone,
        RELEASE_REGION_FALLBACK: fallback,
      });
      expect(new Set(stagedTars(cluster))).toEqual(new Set(real));
      expect(real).toHaveLength(fallback === 'true' ? 3 : 1);
    });
  },
);
