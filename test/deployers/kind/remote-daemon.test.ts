import { expect, test } from 'vitest';
import { unreachableServer } from '../../../deployers/kind/remote-daemon.ts';

const at = (DOCKER_HOST: string, networking: object = {}, provider = 'docker') =>
  unreachableServer(provider, { DOCKER_HOST }, { networking });

test.each(['tcp://builder:2376', 'tcp://10.0.0.7:2375', 'ssh://me@builder'])('warns of a daemon at %s', (host) => {
  expect(at(host)).toMatch(
    /^The Docker daemon is on (?:builder|10\.0\.0\.7) .*listen on 127\.0\.0\.1.*apiServerAddress/,
  );
  expect(at(host, { apiServerAddress: '127.0.0.1' })).toContain('listen on 127.0.0.1');
});

test.each([
  ['no variable', '', {}, 'docker'],
  ['a socket', 'unix:///run/user/1/docker.sock', {}, 'docker'],
  ['this host', 'tcp://127.0.0.1:2375', {}, 'docker'],
  ['this host by name', 'tcp://localhost:2375', {}, 'docker'],
  ['this host by IPv6', 'tcp://[::1]:2375', {}, 'docker'],
  ['an address in the configuration', 'tcp://builder:2376', { apiServerAddress: '10.0.0.7' }, 'docker'],
  ['another provider', 'tcp://builder:2376', {}, 'podman'],
  ['no URL', 'builder', {}, 'docker'],
])('says nothing for %s', (_title, host, networking, provider) => {
  expect(at(host, networking, provider)).toBeUndefined();
});
