import { formatDuration } from '../api/duration.ts';
import { messageOf } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { always } from '../system/cleanup.ts';
import { monotonic } from '../system/clock.ts';
import { Boskos } from './client.ts';
import type { LeaseSettings } from './flags.ts';
import { stopKeeper } from './keeper.ts';
import { Lease } from './lease.ts';
import { forgetLease, recallLease, recordLease } from './lease-record.ts';
import type { Pace } from './request.ts';

/** How long one request beside the main work may take, in milliseconds. */
const ASIDE = 10_000;

export interface AcquireLeaseOptions {
  readonly pace?: Pace;
  /** Whether the name of a resource can be used; another one is refused. Default: any. */
  readonly isName?: (name: string) => boolean;
  /** Facts that go into the run's state in the same write as the lease's. Default: none. */
  readonly facts?: (name: string) => Readonly<Record<string, string>>;
}

/**
 * Acquires a resource for this run and renews the lease. A run that has one already, because an earlier call of it was
 * killed or left it to a keeper, resumes that. Throws RunError when none becomes free in time.
 */
export async function acquireLease(
  run: Run,
  settings: LeaseSettings,
  signal: AbortSignal,
  options: AcquireLeaseOptions = {},
): Promise<Lease> {
  const { pace, facts = () => ({}) } = options;
  const held = await resumeLease(run, settings, signal, pace);
  if (held !== undefined && !held.gone) return held;
  await held?.release(signal);

  const boskos = new Boskos(settings.server, pace);
  const { type } = settings;
  await recordLease(run, settings.server, type, '');
  const name = await acquire(run, boskos, settings, signal, options);
  const lease = hold(run, boskos, type, name, settings);
  try {
    await recordLease(run, settings.server, type, name, facts(name));
    run.records.event('lease', { did: 'acquired', ...factsOf(lease, boskos) });
    signal.throwIfAborted();
  } catch (error) {
    await always(
      () => Promise.reject(error),
      () => lease[Symbol.asyncDispose](),
    );
  }
  return lease;
}

/**
 * The lease that an earlier call of this run has, taken over from its keeper and renewed from now on; undefined when
 * there is none. When Boskos leased it to another owner meanwhile, it is `gone`.
 */
export async function resumeLease(
  run: Run,
  settings: LeaseSettings,
  signal: AbortSignal,
  pace?: Pace,
): Promise<Lease | undefined> {
  const facts = recallLease(run, settings);
  if (facts === undefined) return undefined;
  await stopKeeper(run.dir, signal);
  const boskos = new Boskos({ ...settings.server, ...facts }, pace);
  if (facts.name === '') {
    await warnOfNameless(run, boskos, facts.type, 0, signal);
    await forgetLease(run, facts.type);
    return undefined;
  }
  const lease = hold(run, boskos, facts.type, facts.name, settings);
  try {
    await lease.confirm(ASIDE, signal);
    run.log.info(`Resuming the Boskos lease of ${facts.name}`);
  } catch (error) {
    if (signal.aborted) await lease.stop();
    signal.throwIfAborted();
    run.log.warn(messageOf(error));
  }
  return lease;
}

function hold(run: Run, boskos: Boskos, type: string, name: string, settings: LeaseSettings): Lease {
  return new Lease({
    boskos,
    type,
    name,
    interval: settings.interval,
    onLost: settings.onLost,
    log: run.log,
    ended: async (how) => {
      const { owner, location } = boskos.server;
      run.records.event('lease', { did: how, type, name, owner, location });
      await forgetLease(run, type);
    },
  });
}

/** The name of the resource that Boskos leases. */
async function acquire(
  run: Run,
  boskos: Boskos,
  settings: LeaseSettings,
  signal: AbortSignal,
  { isName }: AcquireLeaseOptions,
): Promise<string> {
  const { type, patience } = settings;
  const started = monotonic();
  let unanswered = 0;
  let acquired = 0;
  run.log.info(`Acquiring a ${type} from Boskos at ${boskos.server.location}`);
  try {
    const { name } = await boskos.acquire({
      type,
      // The run's own id: a call that asks again within half a minute keeps its place in the queue.
      requestId: run.id,
      patience,
      signal,
      ...(isName && { isName }),
      onWait: () => run.log.progress(`Waiting for a free ${type} (${since(started)} of ${formatDuration(patience)})`),
      onLostAnswer: (error) => {
        unanswered += 1;
        run.log.warn(`Retrying: ${messageOf(error)}`);
      },
    });
    acquired = 1;
    run.log.info(`Acquired ${name} from Boskos in ${since(started)}`);
    return name;
  } finally {
    run.log.progress(undefined);
    if (unanswered > 0) await warnOfNameless(run, boskos, type, acquired, AbortSignal.timeout(ASIDE));
    if (acquired === 0) await forgetLease(run, type);
  }
}

/** A resource whose name was lost, with an answer or a killed call, can only be released by its reaper or by hand. */
async function warnOfNameless(
  run: Run,
  boskos: Boskos,
  type: string,
  known: number,
  signal: AbortSignal,
): Promise<void> {
  const { owner, location } = boskos.server;
  const metric = await boskos.metric(type, { patience: 0, signal }).catch(() => undefined);
  const nameless = metric === undefined ? undefined : (metric.owner[owner] ?? 0) - known;
  if (nameless !== undefined && nameless <= 0) return;
  const leases = nameless === undefined ? `may lease a ${type}` : `leases ${nameless} ${type}`;
  run.log.warn(
    `Boskos at ${location} ${leases} to owner "${owner}" whose name was never recorded; its reaper takes it back, or ` +
      `find it by that owner (kubectl get resources.boskos.k8s.io) and release it: curl -X POST ` +
      `"${location}/release?name=NAME&dest=dirty&owner=${encodeURIComponent(owner)}"`,
  );
  run.records.event('lease', { did: 'nameless', type, count: nameless ?? 'unknown', owner, location });
}

const since = (started: number): string => formatDuration(Math.round((monotonic() - started) / 1000) * 1000);

const factsOf = ({ type, name }: Lease, { server }: Boskos) => ({
  type,
  name,
  owner: server.owner,
  location: server.location,
});
