import type { Values } from '../../src/api/flags.ts';
import type { clusterloader2Flags } from './flags.ts';

export type Clusterloader2Values = Values<typeof clusterloader2Flags>;

/** The values that depend on the run. */
export interface RunValues {
  /** `-v` of the tester; passed to clusterloader2 even when it was not specified. */
  readonly verbosity: number;
  readonly provider: string;
  readonly kubeconfig: string;
  /** Absolute. */
  readonly reportDir: string;
  readonly configs: readonly string[];
  readonly overrides: readonly string[];
  readonly extraArgs: readonly string[];
}

/** The arguments of clusterloader2, in kubetest2's order; with `--nodes`, if above zero, before the configs. */
export function clusterloaderArguments(values: Clusterloader2Values, run: RunValues): string[] {
  return [
    `--provider=${run.provider}`,
    `--kubeconfig=${run.kubeconfig}`,
    `--report-dir=${run.reportDir}`,
    `--v=${run.verbosity}`,
    ...(values.nodes > 0 ? [`--nodes=${values.nodes}`] : []),
    ...run.configs.map((config) => `--testconfig=${config}`),
    ...run.overrides.map((override) => `--testoverrides=${override}`),
    ...(values.enablePrometheusServer ? ['--enable-prometheus-server'] : []),
    ...(values.prometheusPvcStorageClass === ''
      ? []
      : [`--prometheus-pvc-storage-class=${values.prometheusPvcStorageClass}`]),
    ...run.extraArgs,
  ];
}

/** True when the last `--dry-run` is true: clusterloader2 then only compiles the configs and exits with 1. */
export function isDryRun(extraArgs: readonly string[]): boolean {
  const last = extraArgs.findLast((arg) => /^--dry-run(=|$)/.test(arg));
  return last !== undefined && !/=(0|f|F|false|FALSE|False)$/.test(last);
}

/** True when the extra arguments contain configs. */
export function hasConfigs(extraArgs: readonly string[]): boolean {
  return extraArgs.some((arg) => /^--(testconfig|testsuite)(=|$)/.test(arg));
}
