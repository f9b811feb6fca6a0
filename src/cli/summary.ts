import { styleText } from 'node:util';
import { causeOf, causes, messageOf, StepError, TestsFailedError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import type { Plan } from '../lifecycle/plan.ts';
import type { RecordedRun } from '../lifecycle/recorded-run.ts';
import type { StepRecord } from '../lifecycle/step-recorder.ts';
import type { World } from '../runtime/world.ts';

const MARKS = { passed: '✓', failed: '✗', skipped: '-' } as const;
const COLOURS = { passed: 'green', failed: 'red', skipped: 'yellow' } as const;

/**
 * Reports the end of a run: steps, cause, artifacts and what to do next. On a terminal it is one screen, elsewhere one
 * log line for each.
 */
export function summarise(end: {
  readonly run: RecordedRun;
  readonly plan: Plan;
  readonly failure: unknown;
  readonly exitCode: number;
  readonly seconds: number;
  readonly log: Log;
  readonly world: World;
}): void {
  const { run, failure, exitCode, seconds, log, world } = end;
  const verdict = failure === undefined ? 'passed' : `failed: ${firstCause(failure)}`;
  if (!log.interactive) {
    const steps = run.steps.ended
      .map((step) => `${step.name} ${step.result} (${step.seconds.toFixed(1)} s)`)
      .join(', ');
    if (steps !== '') log.info(`Steps: ${steps}`);
    if (failure === undefined) log.info(`The run ${verdict} in ${seconds.toFixed(1)} s; exit code 0`);
    else log.error(`The run ${verdict}; exit code ${exitCode}`);
    for (const line of nextSteps(end)) log.info(line);
    return;
  }
  const colour = !world.env['NO_COLOR'];
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const lines = [
    '',
    ...repeatedReport(run.steps.ended, failure),
    ...run.steps.ended.map((step) => stepLine(step, paint)),
    paint(['bold', failure === undefined ? 'green' : 'red'], `The run ${verdict}`) +
      ` (${seconds.toFixed(1)} s, exit code ${exitCode})`,
    ...otherCauses(failure).map((message) => `  also: ${message}`),
    ...nextSteps(end),
  ];
  world.stderr.write(`${lines.join('\n')}\n`);
}

function stepLine(step: StepRecord, paint: (style: 'green' | 'red' | 'yellow', text: string) => string): string {
  const time = `${step.seconds.toFixed(1)} s`.padStart(10);
  return `${paint(COLOURS[step.result], MARKS[step.result])} ${step.name.padEnd(12)}${time}`;
}

/** The report of failed tests, repeated when the output of the teardown came after it. */
function repeatedReport(steps: readonly StepRecord[], failure: unknown): string[] {
  const report = causeOf(failure, TestsFailedError)?.report;
  return report === undefined || steps.at(-1)?.name === 'Test' ? [] : [report, ''];
}

function firstCause(failure: unknown): string {
  return messageOf(failure instanceof AggregateError ? failure.errors[0] : failure);
}

function otherCauses(failure: unknown): string[] {
  return failure instanceof AggregateError ? failure.errors.slice(1).map(messageOf) : [];
}

function nextSteps({
  run,
  plan,
  failure,
}: Pick<Parameters<typeof summarise>[0], 'run' | 'plan' | 'failure'>): string[] {
  const lines = [`Artifacts: ${run.artifacts} (junit_runner.xml, metadata.json, events.jsonl)`];
  const summary = run.steps.description('Test');
  if (summary !== undefined) lines.unshift(summary);
  const rerun = causeOf(failure, TestsFailedError)?.rerun;
  if (rerun !== undefined) lines.unshift(`To run only the failed specs, in place of a focus: -- ${rerun}`);
  const failedStep = [...causes(failure)].find((cause) => cause instanceof StepError);
  if (run.state.isUp) {
    if (run.state.kubeconfig !== undefined)
      lines.push(`The cluster is still up: export KUBECONFIG=${run.state.kubeconfig}`);
    lines.push(`To tear it down: ${downCommand(run)}`);
  } else if (run.state.armed && (plan.down !== 'never' || failedStep !== undefined)) {
    lines.push(`Resources may be left behind; to retry the teardown: ${downCommand(run)}`);
  }
  return lines;
}

const downCommand = (run: RecordedRun): string =>
  `kubetest2-ts ${run.deployer} --down --run-id=${run.id} --rundir=${run.paths.base}`;
