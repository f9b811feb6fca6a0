import { randomUUID } from 'node:crypto';
import type { Env } from '../api/env.ts';
import { messageOf, UsageError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { baseDir, type RunPaths, runPaths } from '../records/paths.ts';
import { isLive, listRuns, readState } from '../records/state.ts';
import type { RunState } from '../records/state-schema.ts';
import { checkTrust, isAtHome } from '../records/trust.ts';

export interface IdentityWish {
  readonly deployer: string;
  /** `--run-id`, or empty. */
  readonly runId: string;
  /** True when this call begins something new (`--build` or `--up`). */
  readonly begins: boolean;
  readonly rundir: string;
  readonly rundirInArtifacts: boolean;
  readonly artifacts: string;
  readonly env: Env;
  readonly cwd: string;
  readonly log: Log;
}

export interface Identity {
  readonly id: string;
  /** True for an ID that was just generated. */
  readonly isNew: boolean;
  readonly paths: RunPaths;
  /** What earlier calls of the same run left. */
  readonly earlier: RunState | undefined;
}

/**
 * Which run this call belongs to: the one named, Prow's, or, for a call that begins nothing, the one live run of the
 * deployer. Throws UsageError when several are live and hold something, since guessing could tear down the wrong one.
 */
export function identify(wish: IdentityWish): Identity {
  const named = wish.runId || wish.env['PROW_JOB_ID'];
  if (named) return { ...identityOf(named, wish, true), isNew: false };
  const continued = wish.begins ? undefined : liveRun(wish);
  return { ...identityOf(continued ?? randomUUID(), wish, false), isNew: continued === undefined };
}

function identityOf(id: string, wish: IdentityWish, isNamed: boolean): Omit<Identity, 'isNew'> {
  const { rundir, rundirInArtifacts, artifacts, env, cwd } = wish;
  const paths = runPaths({ runId: id, rundir, rundirInArtifacts, artifacts, env, cwd });
  checkTrust(paths, { env, isNamed, log: wish.log });
  const earlier = readState(paths.state);
  if (earlier && earlier.deployer !== wish.deployer) {
    throw new UsageError(
      `run ${id} was made by the deployer ${earlier.deployer}; continue it with that one, or choose another --run-id`,
    );
  }
  return { id, paths, earlier };
}

function liveRun(wish: IdentityWish): string | undefined {
  const { rundir, rundirInArtifacts, artifacts, env, cwd, log } = wish;
  const base = baseDir({ rundir, rundirInArtifacts, artifacts, env, cwd });
  const live: RunState[] = [];
  for (const found of listRuns(base)) {
    if ('problem' in found) log.detail(1, `${found.dir} is passed over: ${messageOf(found.problem)}`);
    else if (found.state.deployer !== wish.deployer || !isLive(found.state)) continue;
    else if (isAtHome(found.state, found.dir)) live.push(found.state);
    else
      log.warn(
        `Ignoring run ${found.state.runId} in ${found.dir}: it was written elsewhere; to continue it, set --run-id`,
      );
  }
  const [only, ...others] = live;
  if (only === undefined) return undefined;
  if (others.length === 0) {
    log.info(`Continuing run ${only.runId}, begun ${only.createdAt}.`);
    return only.runId;
  }
  // Runs that created nothing only use existing clusters, so a new run cannot lose any.
  if (live.every(({ taken }) => taken.length === 0)) return undefined;
  const names = live.map(({ runId, createdAt, phase }) => `  ${runId}  begun ${createdAt}, last at ${phase}`);
  throw new UsageError(
    `several runs of ${wish.deployer} are live below ${base}; say which with --run-id:\n${names.join('\n')}`,
  );
}
