import type { Deployer, DeployerKind } from '../api/deployer.ts';
import { formatDuration } from '../api/duration.ts';
import type { Tester } from '../api/tester.ts';
import type { Plan } from '../lifecycle/plan.ts';
import type { RecordedRun } from '../lifecycle/recorded-run.ts';
import { plannedContext } from '../lifecycle/test-context.ts';
import { shellQuote } from '../text/shell-quote.ts';

/** What `--dry-run` prints: the phases in order with their limits, the folders, and the commands as far as they are known. */
export async function describePlan({
  plan,
  kind,
  deployer,
  tester,
  testerName,
  run,
}: {
  readonly plan: Plan;
  readonly kind: DeployerKind;
  readonly deployer: Deployer;
  readonly tester: Tester | undefined;
  readonly testerName: string;
  readonly run: RecordedRun;
}): Promise<string> {
  const { limits } = plan;
  const context = await plannedContext(run, deployer);
  const commands = (step: 'build' | 'up' | 'down') =>
    (deployer.plan?.(step) ?? []).map((argv) => `      ${shellQuote(argv)}`);
  const lines = [
    `deployer   ${kind.name}: ${kind.summary}`,
    `tester     ${testerName || 'none'}`,
    `run        ${run.id}${run.state.owesTeardown ? ' (continues a call that was killed)' : ''}`,
    `run dir    ${run.dir}`,
    `artifacts  ${run.artifacts}`,
    '',
    `phases${limits.timeout > 0 ? `, all work within ${formatDuration(limits.timeout)}` : ''}:`,
  ];
  const phase = (wanted: boolean, name: string, limit: number, words: readonly string[] = []) => {
    if (wanted) lines.push(`  ${name}${limit > 0 ? ` (at most ${formatDuration(limit)})` : ''}`, ...words);
  };
  phase(plan.owed && plan.up, 'Down, owed by an earlier call', limits.cleanup, commands('down'));
  phase(plan.build, 'Build', limits.build, commands('build'));
  phase(plan.up, 'Up', limits.up, commands('up'));
  phase(plan.preTestCmd.length > 0, 'PreTestCmd', 0, [`      ${shellQuote(plan.preTestCmd)}`]);
  phase(
    tester !== undefined,
    'Test',
    limits.test,
    (tester?.plan?.(context) ?? []).map((argv) => `      ${shellQuote(argv)}`),
  );
  phase(plan.postTestCmd.length > 0, 'PostTestCmd', 0, [`      ${shellQuote(plan.postTestCmd)}`]);
  const downName = plan.down === 'on-success' ? 'Down, if everything passed' : 'Down';
  phase(plan.down !== 'never' || (plan.owed && !plan.up), downName, limits.down || limits.cleanup, commands('down'));
  if (tester || plan.preTestCmd.length + plan.postTestCmd.length > 0) {
    lines.push('', 'added to the environment of the tests and hooks:');
    for (const [name, value] of Object.entries(context.added)) lines.push(`  ${name}=${value}`);
  }
  return `${lines.join('\n')}\n`;
}
