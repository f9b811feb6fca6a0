import { messageOf } from '../../api/errors.ts';
import { text } from '../../api/flags.ts';
import { baseDir } from '../../records/paths.ts';
import { isLive, listRuns } from '../../records/state.ts';
import type { RunState } from '../../records/state-schema.ts';
import { isAlive } from '../../system/process-identity.ts';
import { type CommandWorld, defineCommand } from './command.ts';

const flags = {
  rundir: text('Directory that holds a directory for each run. Default: $KUBETEST2_RUN_DIR, else ./_rundir.'),
} as const;

export const status = defineCommand({
  usage: ['status [flags]'],
  about: 'Lists runs, newest first: state, last step, age, cluster, and whether it was torn down.',
  flags,
  args: [0, 0],
  run: async ({ flags: { rundir } }, world) => listStates(rundir, world),
});

function listStates(rundir: string, { env, cwd, stdout, stderr }: CommandWorld): number {
  const base = baseDir({ rundir, rundirInArtifacts: false, artifacts: '', env, cwd });
  const rows: string[][] = [];
  const now = Date.now();
  const runs = listRuns(base);
  const states = runs.flatMap((found) => ('state' in found ? [found.state] : []));
  for (const state of states.sort((a, b) => b.createdAt.localeCompare(a.createdAt))) rows.push(rowOf(state, now));
  for (const found of runs) if ('problem' in found) stderr.write(`${found.dir}: ${messageOf(found.problem)}\n`);
  if (rows.length === 0) {
    stdout.write(`No runs in ${base}\n`);
    return 0;
  }
  const table = [['RUN', 'DEPLOYER', 'STATE', 'LAST STEP', 'AGE', 'CLUSTER', 'TORN DOWN'], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => (row[column] ?? '').length))) ?? [];
  for (const row of table)
    stdout.write(
      `${row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  return 0;
}

function rowOf(state: RunState, now: number): string[] {
  const last = state.steps.at(-1);
  return [
    state.runId,
    state.deployer,
    conditionOf(state),
    last === undefined ? '-' : `${last.name} ${last.result}`,
    age(now - Date.parse(state.createdAt)),
    state.facts['clusterName'] ?? state.facts['project'] ?? '-',
    state.tornDown ? 'yes' : isLive(state) ? 'no' : '-',
  ];
}

function conditionOf({ owner, exitCode }: RunState): string {
  if (owner) return isAlive(owner) ? `running (pid ${owner.pid})` : 'killed';
  return exitCode === undefined ? '-' : exitCode === 0 ? 'passed' : `failed (${exitCode})`;
}

/** `12s`, `3m`, `2h05m`, `4d`. */
function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60e3));
  if (minutes === 0) return `${Math.max(0, Math.floor(ms / 1000))}s`;
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h${String(minutes % 60).padStart(2, '0')}m` : `${Math.floor(hours / 24)}d`;
}
