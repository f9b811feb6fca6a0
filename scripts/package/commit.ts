import { execFileSync } from 'node:child_process';

/** The commit that a checkout is at, marked when files differ from it; empty outside a checkout. */
export function commitOf(root: string): string {
  return git(root, ['describe', '--always', '--abbrev=40', '--exclude=*', '--dirty']);
}

/** The time things made of a checkout say they were made at, in seconds: SOURCE_DATE_EPOCH, else the commit's. */
export function sourceDate(root: string, env: Readonly<Record<string, string | undefined>>): number {
  return Number(env['SOURCE_DATE_EPOCH'] || git(root, ['log', '-1', '--format=%ct']) || 0);
}

function git(root: string, words: readonly string[]): string {
  try {
    return execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
