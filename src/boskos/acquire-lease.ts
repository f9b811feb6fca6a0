import { formatDuration } from '../api/duration.ts';
import { messageOf } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { always } from '../system/cleanup.ts';
import { monotonic } from '../system/clock.ts';
import { Boskos } from './client.ts';
import type { LeaseSettings } from './flags.ts';
import { stopKeeper } from './keeper.ts';
import { Lease } from './lease.ts';
import { forgetLease, recallLease, rememberLease } from './lease-record.ts';
import type { Pace } from './request.ts';

/** How long one question beside the main work may take, in milliseconds. */
const ASIDE = 10_000;

/**
 * Borrows a resource for this run and holds it. A run that already has one, because an earlier call of it died or left
 * it to a keeper, goes on with that. Throws RunError when there is none to be had in time.
 */
export async function takeLease(run: Run, settings: LeaseSettings, signal: AbortSignal, pace?: Pace): Promise<Lease> {
  const held = await resumeLease(run, settings, signal, pace);
  if (held !== undefined && !held.gone) return held;
  await held?.release(signal);

  const boskos = new Boskos(settings.server, pace);
  await run.state.holding(leaseOf(settings.type));
  await rememberLease(run, settings.server, settings.type, '');
  const name = await acquire(run, boskos, settings, signal);
  const lease = hold(run, boskos, settings.type, name, settings);
  run.records.event('lease', { did: 'acquired', ...factsOf(lease, boskos) });
  try {
    await rememberLease(run, settings.server, settings.type, name);
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
 * The lease that an earlier call of this run has, taken over from its keeper and held from now on; undefined when
 * there is none. When Boskos gave it to somebody else meanwhile, the lease is `gone`.
 */
export async function resumeLease(
  run: Run,
  settings: LeaseSettings,
  signal: AbortSignal,
  pace?: Pace,
): Promise<Lease | undefined> {
  const facts = recallLease(run);
  if (facts === undefined) return undefined;
  await stopKeeper(run.dir, signal);
  const boskos = new Boskos({ ...settings.server, ...facts }, pace);
  if (facts.name === '') {
    await warnOfNameless(run, boskos, facts.type, 0, signal);
    await forgetLease(run);
    return undefined;
  }
  const lease = hold(run, boskos, facts.type, facts.name, settings);
  try {
    await lease.confirm(ASIDE, signal);
    run.log.info(`goes on with ${facts.name} from Boskos`);
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
      run.records.event('lease', {
        did: how,
        type,
        name,
        owner: boskos.server.owner,
        location: boskos.server.location,
      });
      await forgetLease(run);
      await run.state.released(leaseOf(type));
    },
  });
}

/** The name of what Boskos lends us. */
async function acquire(run: Run, boskos: Boskos, settings: LeaseSettings, signal: AbortSignal): Promise<string> {
  const { type, patience } = settings;
  const started = monotonic();
  let unanswered = 0;
  let got = 0;
  run.log.info(`asks Boskos at ${boskos.server.location} for a ${type}`);
  try {
    const { name } = await boskos.acquire({
      type,
      // The run's own id: a call that asks again within half a minute does not stand behind its own earlier request.
      requestId: run.id,
      patience,
      signal,
      onWait: () =>
        run.log.progress(`waiting for a ${type} to become free (${since(started)} of ${formatDuration(patience)})`),
      onLostAnswer: (error) => {
        unanswered += 1;
        run.log.warn(`${messageOf(error)}; trying again`);
      },
    });
    got = 1;
    run.log.info(`Boskos lends ${name} after ${since(started)}`);
    return name;
  } finally {
    run.log.progress(undefined);
    if (unanswered > 0) await warnOfNameless(run, boskos, type, got, AbortSignal.timeout(ASIDE));
    if (got === 0) {
      await forgetLease(run);
      await run.state.released(leaseOf(type));
    }
  }
}

/**
 * An answer that was lost may have named a resource which is ours now. Nobody can learn its name, so it can only be
 * said that it waits for the reaper.
 */
async function warnOfNameless(
  run: Run,
  boskos: Boskos,
  type: string,
  known: number,
  signal: AbortSignal,
): Promise<void> {
  const { owner, location } = boskos.server;
  const metric = await boskos.metric(type, { patience: 0, signal }).catch(() => undefined);
  const nameless = (metric?.owner[owner] ?? 0) - known;
  if (nameless <= 0) return;
  run.log.warn(
    `Boskos at ${location} lends ${nameless} ${type} to ${owner} whose name was lost with an answer; its reaper will take it back`,
  );
  run.records.event('lease', { did: 'nameless', type, count: nameless, owner, location });
}

/** What the run is told it takes and gives back. */
const leaseOf = (type: string): string => `a ${type} from Boskos`;

const since = (started: number): string => formatDuration(Math.round((monotonic() - started) / 1000) * 1000);

const factsOf = ({ type, name }: Lease, { server }: Boskos) => ({
  type,
  name,
  owner: server.owner,
  location: server.location,
});
