import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pinned } from '../../scripts/package/pinned.ts';
import { CLIENT, Cloud, releases } from '../helpers/gce-project.ts';

const modules = process.env['GOMODCACHE'] || join(process.env['GOPATH'] || join(homedir(), 'go'), 'pkg', 'mod');
const scripts = join(modules, `k8s.io/kubernetes@${pinned.get('kubectl')?.version}`, 'cluster');
const exists = existsSync(join(scripts, 'get-kube.sh'));
const suite = exists ? describe : describe.skip;

suite(`the real get-kube.sh${exists ? '' : " (skipped: no module k8s.io/kubernetes in Go's cache)"}`, () => {
  /** A package with these files, executable. */
  function tarOf(cloud: Cloud, files: Readonly<Record<string, string>>): Buffer {
    const directory = join(cloud.sandbox.dir, 'packed');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(directory, path, '..'), { recursive: true });
      writeFileSync(join(directory, path), text, { mode: 0o755 });
    }
    return execFileSync('tar', ['-czf', '-', '-C', directory, ...Object.keys(files)]);
  }

  test.each(['v1.36.0-alpha.1.2+abcdef0123456', 'v1.36.1', 'v1.36.0+09a2-run'])(
    'gets %s from a local directory, verified, and puts it where kube-up.sh looks',
    async (version) => {
      const server = await releases();
      using cloud = new Cloud({ KUBETEST2_ALLOW_UNVERIFIED: 'false' });
      // Go modules do not keep file modes.
      writeFileSync(join(cloud.tree, 'cluster', 'get-kube.sh'), readFileSync(join(scripts, 'get-kube.sh')), {
        mode: 0o755,
      });
      const packages = {
        kubernetes: tarOf(cloud, {
          'kubernetes/version': version,
          'kubernetes/cluster/get-kube-binaries.sh': readFileSync(join(scripts, 'get-kube-binaries.sh'), 'utf8'),
        }),
        'kubernetes-server-linux-amd64': Buffer.from('the server'),
        [`kubernetes-${CLIENT}`]: tarOf(cloud, { 'kubernetes/client/bin/kubectl': '#!/bin/sh\n' }),
      };
      server.answers['/r/marker.txt'] = version;
      for (const [name, bytes] of Object.entries(packages)) {
        server.answers[`/r/${version}/${name}.tar.gz`] = bytes;
        server.answers[`/r/${version}/${name}.tar.gz.sha512`] = createHash('sha512').update(bytes).digest('hex');
      }
      const args = [
        '--up',
        `--kubernetes-version=${server.url}/r/marker.txt`,
        '--gcp-project=p-1',
        '--ready-timeout=0',
      ];
      const { code, stderr } = await cloud.run(...args, '--repo-root=kubernetes-tree');
      server.close();
      expect(code, stderr).toBe(0);
      const got = (path: string) => readFileSync(join(cloud.tree, 'kubernetes', path), 'utf8');
      expect(got('server/kubernetes-server-linux-amd64.tar.gz')).toBe('the server');
      expect(got('client/bin/kubectl')).toBe('#!/bin/sh\n');
      expect(got('version')).toBe(version);
      const requested = server.requested.filter((path) => path.endsWith('.tar.gz'));
      expect(requested).toHaveLength(3);
      expect(new Set(requested)).toEqual(new Set(Object.keys(packages).map((name) => `/r/${version}/${name}.tar.gz`)));
      expect(cloud.envOf('kube-up')).toMatchObject({
        KUBERNETES_RELEASE: version,
        KUBERNETES_RELEASE_URL: `${server.url}/r`,
      });
    },
  );
});
