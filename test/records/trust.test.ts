import { chmodSync, chownSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { checkTrust, homeOf, isAtHome } from '../../src/records/trust.ts';
import { outcomeOf, tempDirectory } from '../helpers/records-directory.ts';

function run(mode = 0o700) {
  const runDir = join(tempDirectory(), 'run');
  mkdirSync(runDir);
  const [state, lock] = [join(runDir, 'state.json'), join(runDir, 'lock')];
  writeFileSync(state, '{}', { mode: 0o600 });
  chmodSync(runDir, mode);
  const warnings: string[] = [];
  const check = (isNamed = false, env = {}) =>
    outcomeOf(() =>
      checkTrust({ runDir, state, lock }, { env, isNamed, log: { warn: (text) => void warnings.push(text) } }),
    );
  return { runDir, state, warnings, check };
}

const isRoot = userInfo().uid === 0;

describe('a run directory', () => {
  test('of this user that no one else can write is followed', () => {
    const { check, warnings } = run();
    expect(check(false)).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  test('that does not exist is no reason to refuse', () => {
    const runDir = join(tempDirectory(), 'none');
    const paths = { runDir, state: join(runDir, 'state.json'), lock: join(runDir, 'lock') };
    expect(
      outcomeOf(() => checkTrust(paths, { env: {}, isNamed: false, log: { warn: () => undefined } })),
    ).toBeUndefined();
  });

  test('that others can write is refused, with the command that fixes it', () => {
    const { check, runDir } = run(0o707);
    expect(check(true)).toBeInstanceOf(UsageError);
    expect(check(true)).toHaveProperty(
      'message',
      `refusing to follow ${runDir}: other users can write it; run: chmod go-w ${runDir}`,
    );
  });

  test('that its group can write is refused, but only warned of when the run is named', () => {
    const { check, runDir, warnings } = run(0o770);
    expect(check(false)).toHaveProperty('message', expect.stringContaining(`chmod go-w ${runDir}`));
    expect(check(true)).toBeUndefined();
    expect(warnings).toEqual([`The group of ${runDir} can write it; run: chmod go-w ${runDir}`]);
  });

  test.runIf(isRoot)('of another user is refused, but for the one who called sudo', () => {
    const { check, runDir, state } = run();
    for (const path of [runDir, state]) chownSync(path, 1234, 1234);
    expect(check(true)).toHaveProperty('message', expect.stringContaining(`run: chown 0 ${runDir}`));
    expect(check(true, { SUDO_UID: '1234' })).toBeUndefined();
    expect(check(true, { SUDO_UID: '4321' })).toBeInstanceOf(UsageError);
  });

  test('with a link for a state is refused', () => {
    const runDir = join(tempDirectory(), 'run');
    mkdirSync(runDir, { mode: 0o700 });
    symlinkSync('/dev/null', join(runDir, 'state.json'));
    const paths = { runDir, state: join(runDir, 'state.json'), lock: join(runDir, 'lock') };
    const refusal = outcomeOf(() => checkTrust(paths, { env: {}, isNamed: true, log: { warn: () => undefined } }));
    expect(refusal).toHaveProperty('message', expect.stringContaining('it is a symbolic link'));
  });
});

test('a copy of a run directory is somewhere else', () => {
  const { runDir } = run();
  const home = homeOf(runDir);
  const copy = join(tempDirectory(), 'run');
  cpSync(runDir, copy, { recursive: true });
  expect(isAtHome({ home }, runDir)).toBe(true);
  expect(isAtHome({ home }, copy)).toBe(false);
  expect(isAtHome({ home: home && { ...home, host: 'another' } }, runDir)).toBe(false);
  expect(isAtHome({ home: undefined }, copy)).toBe(true);
});
