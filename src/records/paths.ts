import { basename, join, resolve } from 'node:path';
import type { Env } from '../api/env.ts';
import { UsageError } from '../api/errors.ts';

export { makeRunDirectories } from './run-directories.ts';

/** Where a run's files are. All absolute. */
export interface RunPaths {
  /** `--rundir`: the directory of all run directories. */
  readonly base: string;
  /** This run's own directory. */
  readonly runDir: string;
  readonly artifacts: string;
  /** `junit_runner.xml`, `metadata.json` and `events.jsonl`, in the artifacts. */
  readonly junit: string;
  readonly metadata: string;
  readonly events: string;
  /** What only this run and its later calls read, in the run dir. */
  readonly state: string;
  readonly kubeconfig: string;
  readonly lock: string;
}

export interface PathSettings {
  readonly runId: string;
  /** `--rundir`, or empty. */
  readonly rundir: string;
  /** `--rundir-in-artifacts`. */
  readonly rundirInArtifacts: boolean;
  /** `--artifacts`, or empty. */
  readonly artifacts: string;
  readonly env: Env;
  readonly cwd: string;
}

/**
 * Decides where a run's files go; touches nothing. An empty flag or variable counts as unset.
 * Throws UsageError for a run ID that cannot be the name of a directory.
 */
export function runPaths({ runId, rundir, rundirInArtifacts, artifacts, env, cwd }: PathSettings): RunPaths {
  checkRunId(runId);
  const records = artifactsDir({ artifacts, env, cwd });
  const base = baseDir({ rundir, rundirInArtifacts, artifacts, env, cwd });
  const runDir = join(base, runId);
  return {
    base,
    runDir,
    artifacts: records,
    junit: join(records, 'junit_runner.xml'),
    metadata: join(records, 'metadata.json'),
    events: join(records, 'events.jsonl'),
    state: join(runDir, 'state.json'),
    kubeconfig: join(runDir, 'kubeconfig'),
    lock: join(runDir, 'lock'),
  };
}

const artifactsDir = ({ artifacts, env, cwd }: Pick<PathSettings, 'artifacts' | 'env' | 'cwd'>): string =>
  resolve(cwd, artifacts || env['ARTIFACTS'] || '_artifacts');

/** The directory of all run directories. Absolute; touches nothing. */
export function baseDir({ rundir, rundirInArtifacts, artifacts, env, cwd }: Omit<PathSettings, 'runId'>): string {
  const asked = rundir || env['KUBETEST2_RUN_DIR'] || '_rundir';
  if (!rundirInArtifacts) return resolve(cwd, asked);
  const records = artifactsDir({ artifacts, env, cwd });
  // An absolute one cannot be below the artifacts: it goes by its last name.
  return join(records, asked.startsWith('/') ? basename(asked) || '_rundir' : asked);
}

/**
 * Throws UsageError where a directory of the run contains a colon: PATH and KUBECONFIG, which the run sets for tests and
 * tools, are lists with colons between. Call it before anything is created.
 */
export function checkColons({ runDir }: Pick<RunPaths, 'runDir'>, runId: string): void {
  if (!runDir.includes(':')) return;
  if (runId.includes(':')) {
    throw new UsageError(
      `invalid run ID ${JSON.stringify(runId)}: it contains a colon, which separates the directories of PATH and the files of KUBECONFIG; set another with --run-id, of letters, digits, dots and dashes`,
    );
  }
  throw new UsageError(
    `invalid run directory ${runDir}: it contains a colon, which separates the directories of PATH and the files of KUBECONFIG; set another with --rundir`,
  );
}

/** Bytes; a file system takes 255 for one name. */
const LONGEST_RUN_ID = 200;

function checkRunId(runId: string): void {
  const fault = runIdFault(runId);
  if (fault === undefined) return;
  const shown = JSON.stringify(runId.length > 100 ? `${runId.slice(0, 100)}…` : runId);
  throw new UsageError(
    `invalid run ID ${shown}: it ${fault}; set another with --run-id, of letters, digits, dots and dashes`,
  );
}

function runIdFault(runId: string): string | undefined {
  if (runId.trim() === '') return 'is empty';
  if (/[/\\]/.test(runId)) return 'contains a slash';
  if (runId.includes('..')) return 'contains ".."';
  if (!/^[ -~]*$/.test(runId) && /\p{Cc}/u.test(runId)) return 'contains a control character';
  if (!runId.isWellFormed()) return 'is not valid Unicode';
  if (/^[-.]/.test(runId)) return `begins with "${runId.charAt(0)}"`;
  if (Buffer.byteLength(runId) > LONGEST_RUN_ID) return `is longer than ${LONGEST_RUN_ID} bytes`;
  return undefined;
}
