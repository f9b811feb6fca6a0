import type { Log } from '../api/log.ts';
import { isHere, ownIdentity, type ProcessIdentity } from '../system/process-identity.ts';
import { CALL_VARIABLE } from './exec.ts';
import { ProcessGroup, type StopTimeouts, stopGroup } from './process-group.ts';
import { hasVariable, type Process, readProcesses } from './processes.ts';

/** A process group that a call recorded when it started it. */
export interface RecordedGroup {
  readonly leader: ProcessIdentity;
  readonly command: string;
}

/** What killed calls may have left running. */
export interface Remains {
  /** The IDs of those calls. */
  readonly calls: readonly string[];
  readonly groups: readonly RecordedGroup[];
}

/** A process group of a killed call. */
export interface Orphan {
  readonly group: number;
  readonly command: string;
}

/**
 * The process groups of killed calls that are still running on this host: recorded ones with the recorded start time, and
 * those whose processes have the ID of a call in their environment, since a call may be killed between the start of a
 * child and its record. A reused process ID is never mistaken for an orphan.
 */
export function findOrphans({ calls, groups }: Remains): Orphan[] {
  const processes = readProcesses()?.filter(({ running }) => running) ?? [];
  const found = new Map<number, string>();
  for (const { leader, command } of groups) {
    const isLeader = (each: Process) => each.id === leader.pid && each.started === leader.started;
    if (isHere(leader) && processes.some(isLeader)) found.set(leader.pid, command);
  }
  const own = ownGroups(processes);
  for (const { id, group } of processes) {
    if (found.has(group) || own.has(group) || !calls.some((call) => hasVariable(id, CALL_VARIABLE, call))) continue;
    found.set(group, groups.find(({ leader }) => leader.pid === group)?.command ?? `process ${id}`);
  }
  return Array.from(found, ([group, command]) => ({ group, command }));
}

/** The groups of this process and its ancestors: a hook of the killed call may have started this one. */
function ownGroups(processes: readonly Process[]): Set<number> {
  const byId = new Map(processes.map((each) => [each.id, each]));
  const groups = new Set<number>();
  for (let each = byId.get(ownIdentity().pid); each !== undefined; each = byId.get(each.parent)) groups.add(each.group);
  return groups;
}

/** Stops what killed calls left running, in parallel: SIGTERM, after the grace SIGKILL. */
export async function stopOrphans(remains: Remains, timeouts: StopTimeouts, log: Pick<Log, 'warn'>): Promise<void> {
  const elsewhere = remains.groups.filter(({ leader }) => !isHere(leader));
  for (const { command } of elsewhere)
    log.warn(`An earlier call of this run was killed on another host and may have left running there: ${command}`);
  await Promise.all(
    findOrphans(remains).map(async ({ group, command }) => {
      log.warn(`Stopping what an earlier call of this run left running (process group ${group}): ${command}`);
      const orphans = new ProcessGroup(group);
      // Its leader is not a child of this process.
      orphans.leaderExited = true;
      if (await stopGroup(orphans, timeouts, true)) return;
      log.warn(`Process group ${group} did not exit after SIGKILL; leaving it running: ${command}`);
    }),
  );
}
