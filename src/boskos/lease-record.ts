import type { Run } from '../api/run.ts';
import type { BoskosServer } from './server.ts';

/**
 * What a run records about its lease, before and after it has one, so that a later call can renew or release it. It holds
 * no password.
 */
export interface LeaseFacts {
  readonly location: string;
  readonly owner: string;
  readonly user: string;
  readonly passwordFile: string;
  readonly type: string;
  /** Empty while the resource is being acquired, and when the call was killed in that moment. */
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

/** What the run's state calls a leased resource. */
export const leaseResource = (type: string): string => `a ${type} from Boskos`;

/**
 * Records all facts of a lease in one write, with those that its user has besides (`more`). It is on disk before this
 * returns. Throws RunError when it cannot be written.
 */
export async function recordLease(
  run: Pick<Run, 'state'>,
  server: BoskosServer,
  type: string,
  name: string,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { location, owner, user, passwordFile } = server;
  const facts: LeaseFacts = { location, owner, user, passwordFile, type, name };
  const named = Object.entries(NAMES).map(([key, fact]) => [fact, facts[key as keyof LeaseFacts]]);
  await run.state.holding(leaseResource(type), { ...Object.fromEntries(named), ...more });
}

/**
 * The facts of the lease this run has, or was acquiring; undefined when it has none. Earlier versions recorded some of
 * them later than others: `fallback` has what may be missing.
 */
export function recallLease(
  run: Pick<Run, 'state'>,
  fallback: { readonly server: BoskosServer; readonly type: string },
): LeaseFacts | undefined {
  const fact = (key: keyof LeaseFacts): string => run.state.recall(NAMES[key]) ?? '';
  const name = fact('name');
  if (fact('location') === '' && name === '') return undefined;
  const { server, type } = fallback;
  return {
    location: fact('location') || server.location,
    owner: fact('owner') || server.owner,
    user: fact('user') || server.user,
    passwordFile: fact('passwordFile') || server.passwordFile,
    type: fact('type') || type,
    name,
  };
}

/** Records that there is no lease any more. */
export async function forgetLease(run: Pick<Run, 'state'>, type: string): Promise<void> {
  await run.state.remember(Object.fromEntries(Object.values(NAMES).map((fact) => [fact, undefined])));
  await run.state.released(leaseResource(type));
}
