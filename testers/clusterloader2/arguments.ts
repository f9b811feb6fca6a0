import type { Values } from '../../src/api/flags.ts';
import type { clusterloader2Flags } from './flags.ts';

export type Clusterloader2Values = Values<typeof clusterloader2Flags>;

/** What the flags leave to the run. */
export interface Cluster {
  /** `-v` among the tester's words; clusterloader2 gets it even when it was not typed. */
  readonly verbosity: number;
  readonly provider: string;
  readonly kubeconfig: string;
  /** Absolute. */
  readonly reportDir: string;
  readonly configs: readonly string[];
  readonly overrides: readonly string[];
  readonly extraArgs: readonly string[];
}

/** The words of clusterloader2, in kubetest2's order; `--nodes` stands before the configs when it is above zero. */
export function clusterloaderArguments(values: Clusterloader2Values, cluster: Cluster): string[] {
  return [
    `--provider=${cluster.provider}`,
    `--kubeconfig=${cluster.kubeconfig}`,
    `--report-dir=${cluster.reportDir}`,
    `--v=${cluster.verbosity}`,
    ...(values.nodes > 0 ? [`--nodes=${values.nodes}`] : []),
    ...cluster.configs.map((config) => `--testconfig=${config}`),
    ...cluster.overrides.map((override) => `--testoverrides=${override}`),
    ...(values.enablePrometheusServer ? ['--enable-prometheus-server'] : []),
    ...(values.prometheusPvcStorageClass === ''
      ? []
      : [`--prometheus-pvc-storage-class=${values.prometheusPvcStorageClass}`]),
    ...cluster.extraArgs,
  ];
}

/** True when the last word about it asks clusterloader2 to compile the configs only; it then ends with exit code 1. */
export function isDryRun(extraArgs: readonly string[]): boolean {
  const last = extraArgs.findLast((word) => /^--dry-run(=|$)/.test(word));
  return last !== undefined && !/=(0|f|F|false|FALSE|False)$/.test(last);
}

/** True when the extra words bring configs of their own. */
export function bringsConfigs(extraArgs: readonly string[]): boolean {
  return extraArgs.some((word) => /^--(testconfig|testsuite)(=|$)/.test(word));
}
