import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RunError } from '../../api/errors.ts';
import { reasonOf } from '../../system/system-error.ts';

interface Draft {
  readonly file: string;
  readonly draft: string;
}

/**
 * Replaces files, each in one step and with its mode. All new contents are on the disk before the first file is
 * replaced, so a disk that fills leaves every file as it was. Throws RunError naming the file.
 */
export function writeFiles(files: readonly { readonly path: string; readonly text: string }[]): void {
  const drafts: Draft[] = [];
  try {
    for (const { path, text } of files) drafts.push(writeDraft(path, text, drafts));
    for (const { file, draft } of drafts) rename(draft, file);
  } finally {
    for (const { draft } of drafts) rmSync(draft, { force: true });
  }
}

/** The new content beside the file, under a name that no reader of job files takes. */
function writeDraft(path: string, text: string, drafts: Draft[]): Draft {
  try {
    const file = realpathSync(path);
    const draft = join(dirname(file), `.${basename(file)}.${Math.random().toString(36).slice(2)}.tmp`);
    const fd = openSync(draft, 'wx');
    drafts.push({ file: draft, draft });
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    chmodSync(draft, statSync(file).mode & 0o7777);
    drafts.pop();
    return { file, draft };
  } catch (error) {
    throw new RunError(`cannot write ${path}: ${reasonOf(error)}; no file was changed`, { cause: error });
  }
}

function rename(draft: string, file: string): void {
  try {
    renameSync(draft, file);
  } catch (error) {
    throw new RunError(`cannot replace ${file}: ${reasonOf(error)}`, { cause: error });
  }
}
