import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RunError } from '../errors.ts';
import { newUuid } from '../uuid.ts';
import { isCode, reasonOf } from './reason.ts';

/** The folders of a run, absolute; see `RunPaths`. */
export interface Folders {
  readonly base: string;
  readonly runDir: string;
  readonly artifacts: string;
}

/**
 * Makes the run's folders and makes sure that they can be written: the base, which git is told to ignore when it is
 * ours, the run dir, for its owner only, and the artifacts.
 * Throws RunError naming the folder, what the system said, and the flag that chooses another.
 */
export async function makeRunFolders({ base, runDir, artifacts }: Folders): Promise<void> {
  const flag = base.startsWith(`${artifacts}/`) ? '--artifacts or --rundir' : '--rundir';
  await making(base, flag, () => makeBase(base));
  await making(runDir, flag, () => makeRunDir(runDir));
  await making(artifacts, '--artifacts', async () => {
    await mkdir(artifacts, { recursive: true });
    await tryWriting(artifacts);
  });
}

async function making(folder: string, flag: string, make: () => Promise<void>): Promise<void> {
  try {
    await make();
  } catch (error) {
    throw new RunError(
      `the folder ${folder} cannot be made or written: ${inTheWay(error)}; choose another with ${flag}`,
      {
        cause: error,
      },
    );
  }
}

async function makeBase(base: string): Promise<void> {
  const made = await mkdir(base, { recursive: true });
  const ours = made !== undefined || basename(base) === '_rundir' || (await readdir(base)).length === 0;
  if (ours) await writeFile(join(base, '.gitignore'), '*\n', { flag: 'wx' }).catch(ignoreExisting);
}

async function makeRunDir(runDir: string): Promise<void> {
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  // One that was there before may be another user's; then writing decides.
  await chmod(runDir, 0o700).catch(() => undefined);
  await tryWriting(runDir);
}

/** Permission bits say little to root and nothing about a full disk, so a page is written and removed. */
async function tryWriting(folder: string): Promise<void> {
  const probe = join(folder, `.probe.${newUuid()}.tmp`);
  try {
    await writeFile(probe, new Uint8Array(4096), { flag: 'wx' });
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

function inTheWay(error: unknown): string {
  const path = error instanceof Error && 'path' in error ? ` (${String(error.path)})` : '';
  if (isCode(error, 'EEXIST', 'ENOTDIR')) return `a file is in the way${path}`;
  return reasonOf(error);
}

function ignoreExisting(error: unknown): void {
  if (!isCode(error, 'EEXIST')) throw error;
}
