import { count, type FlagExtras, list, optional, text, toggle } from '../../src/api/flags.ts';

const what: FlagExtras = { group: 'What runs' };
const program: FlagExtras = { group: 'The program' };
const cluster: FlagExtras = { group: 'The cluster' };

/** The flags of the clusterloader2 tester: kubetest2's own by their names and defaults, and `--binary`. */
export const clusterloader2Flags = {
  suites: list('Standard suites: load, density, node-throughput.', what),
  testConfigs: list('Test config files, relative to the clusterloader2 folder of the repository or to here.', what),
  testOverrides: list('Override files; a later one wins. Found as the configs are.', what),
  extraArgs: text('Further arguments for clusterloader2, split as a shell splits.', '', what),
  repoRoot: text(
    'A checkout of kubernetes/perf-tests: where configs are found and clusterloader2 is built from.',
    '',
    program,
  ),
  binary: text(
    'A clusterloader2 that is already built: a path or a URL. Without it one is built from --repo-root.',
    '',
    program,
  ),
  reportDir: text('The folder for summaries. Default: $ARTIFACTS.', '', program),
  provider: optional(text("The provider. Default: the deployer's, else skeleton.", '', cluster)),
  kubeConfig: text("The kubeconfig. Default: the deployer's.", '', cluster),
  nodes: count('The number of nodes; 0 lets clusterloader2 count the schedulable ones.', 0, cluster),
  enablePrometheusServer: toggle('Set up a Prometheus server in the cluster.', false, cluster),
  prometheusPvcStorageClass: text("The storage class of Prometheus' persistent volume claim.", '', cluster),
} as const;
