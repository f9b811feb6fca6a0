import type { Deployer, DeployerKind } from '../api/deployer.ts';
import { formatDuration } from '../api/duration.ts';
import { causeOf, messageOf, RunError } from '../api/errors.ts';
import type { Tester } from '../api/tester.ts';
import type { Plan } from '../lifecycle/plan.ts';
import type { RecordedRun } from '../lifecycle/recorded-run.ts';
import { plannedContext } from '../lifecycle/test-context.ts';
import { isSecretName, MASKED } from '../logging/secrets.ts';
import { shellQuote } from '../text/shell-quote.ts';

/** What `--dry-run` prints: the steps in order with their timeouts, the directories, and the commands as far as they are known. */
export async function describePlan({
  plan,
  kind,
  deployer,
  tester,
  testerName,
  run,
  mask,
}: {
  readonly plan: Plan;
  readonly kind: DeployerKind;
  readonly deployer: Deployer;
  readonly tester: Tester | undefined;
  readonly testerName: string;
  readonly run: RecordedRun;
  /** Takes secrets out of a text. */
  readonly mask: (text: string) => string;
}): Promise<string> {
  const { limits } = plan;
  const { context, notReady } = await contextOf(run, deployer);
  const commands = (name: 'build' | 'up' | 'down') =>
    (deployer.plan?.(name) ?? []).map((argv) => `      ${shellQuote(argv)}`);
  const lines = [
    `deployer       ${kind.name}: ${kind.summary}`,
    `tester         ${testerName || 'none'}`,
    `run            ${run.id}${run.state.owesTeardown ? ' (an earlier call of it was killed)' : ''}`,
    `run directory  ${run.dir}`,
    `artifacts      ${run.artifacts}`,
    '',
    `steps${limits.timeout > 0 ? ` (timeout ${formatDuration(limits.timeout)} before the cleanup)` : ''}:`,
  ];
  const step = (planned: boolean, name: string, timeout: number, shown: readonly string[] = []) => {
    if (planned) lines.push(`  ${name}${timeout > 0 ? ` (timeout ${formatDuration(timeout)})` : ''}`, ...shown);
  };
  step(plan.owed && plan.up, 'Down, for the call that was killed', limits.cleanup, commands('down'));
  step(plan.build, 'Build', limits.build, commands('build'));
  step(plan.up, 'Up', limits.up, commands('up'));
  step(plan.preTestCmd.length > 0, 'PreTestCmd', 0, [`      ${shellQuote(plan.preTestCmd)}`]);
  step(
    tester !== undefined,
    'Test',
    limits.test,
    (tester?.plan?.(context) ?? []).map((argv) => `      ${shellQuote(argv)}`),
  );
  step(plan.postTestCmd.length > 0, 'PostTestCmd', 0, [`      ${shellQuote(plan.postTestCmd)}`]);
  const downName = plan.down === 'on-success' ? 'Down, if everything passed' : 'Down';
  step(plan.down !== 'never' || (plan.owed && !plan.up), downName, limits.down || limits.cleanup, commands('down'));
  if (tester || plan.preTestCmd.length + plan.postTestCmd.length > 0) {
    lines.push('', 'environment of tests and hooks, added to the inherited one:');
    for (const [name, value] of Object.entries(context.added)) lines.push(`  ${name}=${value}`);
  }
  if (plan.up || plan.down !== 'never') lines.push(...variableLines(deployer, mask));
  if (notReady !== undefined) lines.push('', 'not ready here:', `  ${notReady}`);
  return `${lines.join('\n')}\n`;
}

/** What this host lacks is no fault of the command line: a missing kubeconfig is reported, and the plan shown without it. */
async function contextOf(run: RecordedRun, deployer: Deployer) {
  try {
    return { context: await plannedContext(run, deployer), notReady: undefined };
  } catch (error) {
    if (!causeOf(error, RunError)) throw error;
    const { up, down, provider } = deployer;
    const withoutCluster = { up, down, ...(provider !== undefined && { provider }) };
    return { context: await plannedContext(run, withoutCluster), notReady: messageOf(error) };
  }
}

/** The variables of the commands of Up and Down, as far as they can be known. */
function variableLines(deployer: Deployer, mask: (text: string) => string): string[] {
  const variables = Object.entries(deployer.planVariables?.() ?? {}).sort(([one], [other]) => one.localeCompare(other));
  const rows = variables.map(([name, value]) => `  ${name}=${isSecretName(name) ? MASKED : mask(value)}`);
  return rows.length === 0 ? [] : ['', 'variables of the commands of Up and Down:', ...rows];
}
