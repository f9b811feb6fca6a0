import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RunError } from '../../src/api/errors.ts';
import { makeRunFolders, runPaths } from '../../src/records/paths.ts';
import { outcomeOf, remount, tempDirectory, tempMount } from '../helpers/records-directory.ts';

const pathsIn = (cwd: string, more: object = {}) =>
  runPaths({ runId: 'abc', rundir: '', rundirInArtifacts: false, artifacts: '', env: {}, cwd, ...more });

describe('the folders of a run', () => {
  test('are made where they are missing, with git told to leave the run dirs alone', async () => {
    const cwd = tempDirectory();
    makeRunFolders(pathsIn(cwd));
    expect(readdirSync(cwd).sort()).toEqual(['_artifacts', '_rundir']);
    expect(readdirSync(join(cwd, '_rundir')).sort()).toEqual(['.gitignore', 'abc']);
    expect(readFileSync(join(cwd, '_rundir/.gitignore'), 'utf8')).toBe('*\n');
    expect(readdirSync(join(cwd, '_rundir/abc'))).toEqual([]);
    expect(readdirSync(join(cwd, '_artifacts'))).toEqual([]);
  });

  test('are open to their owner only, where the run keeps its secrets', async () => {
    const cwd = tempDirectory();
    mkdirSync(join(cwd, '_rundir/abc'), { recursive: true, mode: 0o777 });
    makeRunFolders(pathsIn(cwd));
    expect(statSync(join(cwd, '_rundir/abc')).mode & 0o777).toBe(0o700);
  });

  test('are made again by a later call without a change', async () => {
    const cwd = tempDirectory();
    makeRunFolders(pathsIn(cwd));
    writeFileSync(join(cwd, '_rundir/.gitignore'), 'mine\n');
    writeFileSync(join(cwd, '_rundir/abc/state.json'), '{}');
    makeRunFolders(pathsIn(cwd));
    expect(readFileSync(join(cwd, '_rundir/.gitignore'), 'utf8')).toBe('mine\n');
    expect(readdirSync(join(cwd, '_rundir/abc'))).toEqual(['state.json']);
  });

  test('do not hide what else is in a folder of the user', async () => {
    const cwd = tempDirectory();
    writeFileSync(join(cwd, 'mine.txt'), '');
    makeRunFolders(pathsIn(cwd, { rundir: '.' }));
    expect(existsSync(join(cwd, '.gitignore'))).toBe(false);
    expect(existsSync(join(cwd, 'abc'))).toBe(true);
  });

  test.each([
    ['the base', '_rundir', '--rundir'],
    ['the run dir', '_rundir/abc', '--rundir'],
    ['the artifacts', '_artifacts', '--artifacts'],
  ])('cannot be made where a file has the name of %s', async (_what, path, flag) => {
    const cwd = tempDirectory();
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), '');
    const refusal = outcomeOf(() => makeRunFolders(pathsIn(cwd)));
    expect(refusal).toBeInstanceOf(RunError);
    expect(refusal).toHaveProperty('message', expect.stringContaining(`the folder ${join(cwd, path)} `));
    expect(refusal).toHaveProperty('message', expect.stringContaining('a file is in the way'));
    expect(refusal).toHaveProperty('message', expect.stringMatching(new RegExp(`choose another with ${flag}$`)));
  });

  test('cannot be made below a file', async () => {
    const cwd = tempDirectory();
    writeFileSync(join(cwd, 'file'), '');
    expect(() => makeRunFolders(pathsIn(cwd, { artifacts: 'file/below' }))).toThrow(
      /the folder .*\/file\/below cannot be made or written: a file is in the way .*; choose another with --artifacts$/,
    );
  });

  test('name both flags when the run dir is below the artifacts', async () => {
    const cwd = tempDirectory();
    mkdirSync(join(cwd, '_artifacts'));
    writeFileSync(join(cwd, '_artifacts/_rundir'), '');
    expect(() => makeRunFolders(pathsIn(cwd, { rundirInArtifacts: true }))).toThrow(
      'choose another with --artifacts or --rundir',
    );
  });

  test('must not be on a read-only file system, whoever asks', async ({ skip }) => {
    const mounted = tempMount('size=64k');
    if (mounted === undefined) return skip('mounting a file system in memory is refused');
    mkdirSync(join(mounted, 'out'));
    remount(mounted, 'ro');
    expect(() => makeRunFolders(pathsIn(tempDirectory(), { artifacts: join(mounted, 'out') }))).toThrow(
      `the folder ${mounted}/out cannot be made or written: read-only file system; choose another with --artifacts`,
    );
    expect(() => makeRunFolders(pathsIn(tempDirectory(), { rundir: mounted }))).toThrow('--rundir');
  });

  test('must have room', async ({ skip }) => {
    const mounted = tempMount('size=64k');
    if (mounted === undefined) return skip('mounting a file system in memory is refused');
    mkdirSync(join(mounted, 'out'));
    expect(() => writeFileSync(join(mounted, 'fill'), 'x'.repeat(200_000))).toThrow('ENOSPC');
    expect(() => makeRunFolders(pathsIn(tempDirectory(), { artifacts: join(mounted, 'out') }))).toThrow(
      'no space left on device; choose another with --artifacts',
    );
    expect(readdirSync(join(mounted, 'out'))).toEqual([]);
  });
});
