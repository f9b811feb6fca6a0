import { count, type FlagExtras, list, optional, text, toggle } from '../../src/api/flags.ts';

const tests: FlagExtras = { group: 'Tests' };
const program: FlagExtras = { group: 'Binary and output' };
const cluster: FlagExtras = { group: 'Cluster' };

/** The flags of the clusterloader2 tester: kubetest2's own with their names and defaults, and `--binary`. */
export const clusterloader2Flags = {
  suites: list('Standard suites: load, density, node-throughput.', tests),
  testConfigs: list(
    'Test config files, relative to the clusterloader2 directory of the repository or to the working directory.',
    tests,
  ),
  testOverrides: list('Override files, searched as --test-configs are; later ones take precedence.', tests),
  extraArgs: text('Additional arguments for clusterloader2, split as a shell would.', '', tests),
  repoRoot: text('Checkout of kubernetes/perf-tests, with the configs and the source of clusterloader2.', '', program),
  binary: text('Path or URL of a built clusterloader2 (default: one built from --repo-root).', '', program),
  reportDir: text('Directory for summaries (default: $ARTIFACTS).', '', program),
  provider: optional(text("Cluster provider (default: the deployer's, else skeleton).", '', cluster)),
  kubeConfig: text("Kubeconfig of the cluster (default: the deployer's).", '', cluster),
  nodes: count('Number of nodes; 0 lets clusterloader2 count the schedulable ones.', 0, cluster),
  enablePrometheusServer: toggle('Set up a Prometheus server in the cluster.', false, cluster),
  prometheusPvcStorageClass: text("Storage class of Prometheus' persistent volume claim.", '', cluster),
} as const;
