import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { placeSshKeys } from '../../src/gcp/ssh-keys.ts';

/** A home without keys, and a key pair as in a mounted secret: links to files with unusual modes. */
function home() {
  const root = mkdtempSync(join(tmpdir(), 'ssh-keys-'));
  const env = { HOME: join(root, 'home') };
  mkdirSync(env.HOME);
  for (const [name, text] of [
    ['private', 'PRIVATE KEY'],
    ['public', 'ssh-rsa AAAA prow'],
  ] as const) {
    writeFileSync(join(root, `${name}.data`), text);
    chmodSync(join(root, `${name}.data`), 0o444);
    symlinkSync(join(root, `${name}.data`), join(root, name));
  }
  const ssh = join(env.HOME, '.ssh');
  return { root, env, ssh, secret: join(root, 'private'), publicKey: join(root, 'public') };
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test.each([
  ['GCE_SSH_PRIVATE_KEY_FILE', 'GCE_SSH_PUBLIC_KEY_FILE'],
  ['JENKINS_GCE_SSH_PRIVATE_KEY_FILE', 'JENKINS_GCE_SSH_PUBLIC_KEY_FILE'],
])('copies the keys of %s and %s with the modes that ssh needs', async (secret, publicKey) => {
  const at = home();
  const keys = await placeSshKeys({ ...at.env, [secret]: at.secret, [publicKey]: at.publicKey });
  expect(keys).toEqual({
    privateKey: join(at.ssh, 'google_compute_engine'),
    publicKey: join(at.ssh, 'google_compute_engine.pub'),
    state: 'copied',
  });
  expect(readFileSync(keys.privateKey, 'utf8')).toBe('PRIVATE KEY');
  expect(readFileSync(keys.publicKey, 'utf8')).toBe('ssh-rsa AAAA prow');
  expect([mode(at.ssh), mode(keys.privateKey), mode(keys.publicKey)]).toEqual(['700', '600', '644']);
  expect(readdirSync(at.ssh)).toHaveLength(2);
});

test('the plain variables win over those with JENKINS_', async () => {
  const at = home();
  const keys = await placeSshKeys({
    ...at.env,
    GCE_SSH_PRIVATE_KEY_FILE: at.secret,
    GCE_SSH_PUBLIC_KEY_FILE: at.publicKey,
    JENKINS_GCE_SSH_PRIVATE_KEY_FILE: '/nowhere',
    JENKINS_GCE_SSH_PUBLIC_KEY_FILE: '/nowhere',
  });
  expect(keys.state).toBe('copied');
});

test.each(['google_compute_engine', 'google_compute_engine.pub'])('keeps an existing %s', async (name) => {
  const at = home();
  mkdirSync(at.ssh, { mode: 0o755 });
  writeFileSync(join(at.ssh, name), 'mine');
  const keys = await placeSshKeys({
    ...at.env,
    GCE_SSH_PRIVATE_KEY_FILE: at.secret,
    GCE_SSH_PUBLIC_KEY_FILE: at.publicKey,
  });
  expect(keys.state).toBe('found');
  expect(readFileSync(join(at.ssh, name), 'utf8')).toBe('mine');
  expect(readdirSync(at.ssh)).toEqual([name]);
});

test('writes nothing unless both variables are set', async () => {
  const at = home();
  expect((await placeSshKeys({ ...at.env, GCE_SSH_PRIVATE_KEY_FILE: at.secret })).state).toBe('absent');
  expect(readdirSync(at.env.HOME)).toEqual([]);
});

describe('writes nothing through a link', () => {
  test('rejects a key that is a dangling link', async () => {
    const at = home();
    mkdirSync(at.ssh);
    symlinkSync(join(at.root, 'elsewhere'), join(at.ssh, 'google_compute_engine'));
    const placed = placeSshKeys({
      ...at.env,
      GCE_SSH_PRIVATE_KEY_FILE: at.secret,
      GCE_SSH_PUBLIC_KEY_FILE: at.publicKey,
    });
    await expect(placed).rejects.toThrow('dangling symbolic link');
    expect(readdirSync(at.root)).not.toContain('elsewhere');
  });

  test('rejects a .ssh that is a link', async () => {
    const at = home();
    mkdirSync(join(at.root, 'elsewhere'));
    symlinkSync(join(at.root, 'elsewhere'), at.ssh);
    const placed = placeSshKeys({
      ...at.env,
      GCE_SSH_PRIVATE_KEY_FILE: at.secret,
      GCE_SSH_PUBLIC_KEY_FILE: at.publicKey,
    });
    await expect(placed).rejects.toThrow('is not a directory');
    expect(readdirSync(join(at.root, 'elsewhere'))).toEqual([]);
  });
});

test('names a key that cannot be read, and leaves nothing behind', async () => {
  const at = home();
  const missing = join(at.root, 'missing');
  const placed = placeSshKeys({ ...at.env, GCE_SSH_PRIVATE_KEY_FILE: at.secret, GCE_SSH_PUBLIC_KEY_FILE: missing });
  await expect(placed).rejects.toThrow(`cannot read the SSH key ${missing}`);
  expect(readdirSync(at.env.HOME)).toEqual([]);
});
