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

/** A home with no keys, and a pair of keys as a secret mount shows them: links to files with odd modes. */
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
  return { root, env, ssh, secret: join(root, 'private'), shown: join(root, 'public') };
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test.each([
  ['GCE_SSH_PRIVATE_KEY_FILE', 'GCE_SSH_PUBLIC_KEY_FILE'],
  ['JENKINS_GCE_SSH_PRIVATE_KEY_FILE', 'JENKINS_GCE_SSH_PUBLIC_KEY_FILE'],
])('the keys that %s and its twin name are copied with the modes ssh wants', async (secret, shown) => {
  const at = home();
  const keys = await placeSshKeys({ ...at.env, [secret]: at.secret, [shown]: at.shown });
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

test('the plain variables win over their JENKINS_ twins', async () => {
  const at = home();
  const keys = await placeSshKeys({
    ...at.env,
    GCE_SSH_PRIVATE_KEY_FILE: at.secret,
    GCE_SSH_PUBLIC_KEY_FILE: at.shown,
    JENKINS_GCE_SSH_PRIVATE_KEY_FILE: '/nowhere',
    JENKINS_GCE_SSH_PUBLIC_KEY_FILE: '/nowhere',
  });
  expect(keys.state).toBe('copied');
});

test.each(['google_compute_engine', 'google_compute_engine.pub'])('an existing %s is left alone', async (name) => {
  const at = home();
  mkdirSync(at.ssh, { mode: 0o755 });
  writeFileSync(join(at.ssh, name), 'mine');
  const keys = await placeSshKeys({
    ...at.env,
    GCE_SSH_PRIVATE_KEY_FILE: at.secret,
    GCE_SSH_PUBLIC_KEY_FILE: at.shown,
  });
  expect(keys.state).toBe('found');
  expect(readFileSync(join(at.ssh, name), 'utf8')).toBe('mine');
  expect(readdirSync(at.ssh)).toEqual([name]);
});

test('without both variables nothing is made', async () => {
  const at = home();
  expect((await placeSshKeys({ ...at.env, GCE_SSH_PRIVATE_KEY_FILE: at.secret })).state).toBe('absent');
  expect(readdirSync(at.env.HOME)).toEqual([]);
});

describe('nothing is written through a link', () => {
  test('a key that is a link to nowhere is refused', async () => {
    const at = home();
    mkdirSync(at.ssh);
    symlinkSync(join(at.root, 'elsewhere'), join(at.ssh, 'google_compute_engine'));
    const placed = placeSshKeys({ ...at.env, GCE_SSH_PRIVATE_KEY_FILE: at.secret, GCE_SSH_PUBLIC_KEY_FILE: at.shown });
    await expect(placed).rejects.toThrow('leads nowhere');
    expect(readdirSync(at.root)).not.toContain('elsewhere');
  });

  test('a .ssh that is a link is refused', async () => {
    const at = home();
    mkdirSync(join(at.root, 'elsewhere'));
    symlinkSync(join(at.root, 'elsewhere'), at.ssh);
    const placed = placeSshKeys({ ...at.env, GCE_SSH_PRIVATE_KEY_FILE: at.secret, GCE_SSH_PUBLIC_KEY_FILE: at.shown });
    await expect(placed).rejects.toThrow('not a folder');
    expect(readdirSync(join(at.root, 'elsewhere'))).toEqual([]);
  });
});

test('a key that cannot be read is an error that names it, and leaves nothing behind', async () => {
  const at = home();
  const missing = join(at.root, 'missing');
  const placed = placeSshKeys({ ...at.env, GCE_SSH_PRIVATE_KEY_FILE: at.secret, GCE_SSH_PUBLIC_KEY_FILE: missing });
  await expect(placed).rejects.toThrow(`cannot read the SSH key ${missing}`);
  expect(readdirSync(at.env.HOME)).toEqual([]);
});
