import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RunError } from '../../src/api/errors.ts';
import { makeRunDirectories, runPaths } from '../../src/records/paths.ts';
import { outcomeOf, remount, tempDirectory, tempMount } from '../helpers/records-directory.ts';

const pathsIn = (cwd: string, more: object = {}) =>
  runPaths({ runId: 'abc', rundir: '', rundirInArtifacts: false, artifacts: '', env: {}, cwd, ...more });

describe('the directories of a run', () => {
  test('are created where they are missing, with a .gitignore', async () => {
    const cwd = tempDirectory();
    makeRunDirectories(pathsIn(cwd));
    expect(readdirSync(cwd).sort()).toEqual(['_artifacts', '_rundir']);
    expect(readdirSync(join(cwd, '_rundir')).sort()).toEqual(['.gitignore', 'abc']);
    expect(readFileSync(join(cwd, '_rundir/.gitignore'), 'utf8')).toBe('*\n');
    expect(readdirSync(join(cwd, '_rundir/abc'))).toEqual([]);
    expect(readdirSync(join(cwd, '_artifacts'))).toEqual([]);
  });

  test('are open to their owner only, where the run keeps its secrets', async () => {
    const cwd = tempDirectory();
    mkdirSync(join(cwd, '_rundir/abc'), { recursive: true, mode: 0o777 });
    makeRunDirectories(pathsIn(cwd));
    expect(statSync(join(cwd, '_rundir/abc')).mode & 0o777).toBe(0o700);
  });

  test('are made again by a later call without a change', async () => {
    const cwd = tempDirectory();
    makeRunDirectories(pathsIn(cwd));
    writeFileSync(join(cwd, '_rundir/.gitignore'), 'mine\n');
    writeFileSync(join(cwd, '_rundir/abc/state.json'), '{}');
    makeRunDirectories(pathsIn(cwd));
    expect(readFileSync(join(cwd, '_rundir/.gitignore'), 'utf8')).toBe('mine\n');
    expect(readdirSync(join(cwd, '_rundir/abc'))).toEqual(['state.json']);
  });

  test('do not hide what else is in a folder of the user', async () => {
    const cwd = tempDirectory();
    writeFileSync(join(cwd, 'mine.txt'), '');
    makeRunDirectories(pathsIn(cwd, { rundir: '.' }));
    expect(existsSync(join(cwd, '.gitignore'))).toBe(false);
    expect(existsSync(join(cwd, 'abc'))).toBe(true);
  });

  test.each([
    ['the base', '_rundir', '--rundir'],
    ['the run dir', '_rundir/abc', '--rundir'],
    ['the artifacts', '_artifacts', '--artifacts'],
  ])('cannot be created where a file has the name of %s', async (_what, path, flag) => {
    const cwd = tempDirectory();
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), '');
    const refusal = outcomeOf(() => makeRunDirectories(pathsIn(cwd)));
    expect(refusal).toBeInstanceOf(RunError);
    expect(refusal).toHaveProperty(
      'message',
      expect.stringContaining(`cannot write to directory ${join(cwd, path)}: `),
    );
    expect(refusal).toHaveProperty('message', expect.stringContaining('a file with that name exists'));
    expect(refusal).toHaveProperty('message', expect.stringMatching(new RegExp(`set another with ${flag}$`)));
  });

  test('cannot be created below a file', async () => {
    const cwd = tempDirectory();
    writeFileSync(join(cwd, 'file'), '');
    expect(() => makeRunDirectories(pathsIn(cwd, { artifacts: 'file/below' }))).toThrow(
      /cannot write to directory .*\/file\/below: a file with that name exists .*; set another with --artifacts$/,
    );
  });

  test('name both flags when the run dir is below the artifacts', async () => {
    const cwd = tempDirectory();
    mkdirSync(join(cwd, '_artifacts'));
    writeFileSync(join(cwd, '_artifacts/_rundir'), '');
    expect(() => makeRunDirectories(pathsIn(cwd, { rundirInArtifacts: true }))).toThrow(
      'set another with --artifacts or --rundir',
    );
  });

  test('must not be on a read-only file system, whoever asks', async ({ skip }) => {
    const mounted = tempMount('size=64k');
    if (mounted === undefined) return skip('mounting a file system in memory is refused');
    mkdirSync(join(mounted, 'out'));
    remount(mounted, 'ro');
    expect(() => makeRunDirectories(pathsIn(tempDirectory(), { artifacts: join(mounted, 'out') }))).toThrow(
      `cannot write to directory ${mounted}/out: read-only file system; set another with --artifacts`,
    );
    expect(() => makeRunDirectories(pathsIn(tempDirectory(), { rundir: mounted }))).toThrow('--rundir');
  });

  test('must have room', async ({ skip }) => {
    const mounted = tempMount('size=64k');
    if (mounted === undefined) return skip('mounting a file system in memory is refused');
    mkdirSync(join(mounted, 'out'));
    expect(() => writeFileSync(join(mounted, 'fill'), 'x'.repeat(200_000))).toThrow('ENOSPC');
    expect(() => makeRunDirectories(pathsIn(tempDirectory(), { artifacts: join(mounted, 'out') }))).toThrow(
      'no space left on device; set another with --artifacts',
    );
    expect(readdirSync(join(mounted, 'out'))).toEqual([]);
  });
});
