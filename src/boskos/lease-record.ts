import type { Run } from '../api/run.ts';
import type { BoskosServer } from './server.ts';

/**
 * What a run writes down about its lease, before and after it has one, so that a later call can hold it or give it
 * back. No password is among it.
 */
export interface LeaseFacts {
  readonly location: string;
  readonly owner: string;
  readonly user: string;
  readonly passwordFile: string;
  readonly type: string;
  /** Empty while the resource is being asked for, and when the call died in that moment. */
  readonly name: string;
}

const NAMES = {
  location: 'boskosLocation',
  owner: 'boskosOwner',
  user: 'boskosUser',
  passwordFile: 'boskosPasswordFile',
  type: 'boskosType',
  name: 'boskosResource',
} as const satisfies Record<keyof LeaseFacts, string>;

/** Writes the facts down. */
export async function rememberLease(
  run: Pick<Run, 'state'>,
  server: BoskosServer,
  type: string,
  name: string,
): Promise<void> {
  const { location, owner, user, passwordFile } = server;
  const facts: LeaseFacts = { location, owner, user, passwordFile, type, name };
  await run.state.remember(
    Object.fromEntries(Object.entries(NAMES).map(([key, fact]) => [fact, facts[key as keyof LeaseFacts]])),
  );
}

/** The facts of the lease this run has, or was asking for; undefined when it has none. */
export function recallLease(run: Pick<Run, 'state'>): LeaseFacts | undefined {
  const fact = (key: keyof LeaseFacts): string => run.state.recall(NAMES[key]) ?? '';
  if (fact('location') === '') return undefined;
  return {
    location: fact('location'),
    owner: fact('owner'),
    user: fact('user'),
    passwordFile: fact('passwordFile'),
    type: fact('type'),
    name: fact('name'),
  };
}

/** There is no lease any more. */
export async function forgetLease(run: Pick<Run, 'state'>): Promise<void> {
  await run.state.remember(Object.fromEntries(Object.values(NAMES).map((fact) => [fact, undefined])));
}
