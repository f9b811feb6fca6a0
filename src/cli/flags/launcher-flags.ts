import { count, csv, duration, each, type FlagExtras, oneOf, text, toggle } from '../../api/flags.ts';

const steps: FlagExtras = { group: 'Steps', brief: true };
const directories: FlagExtras = { group: 'Run and directories' };
const timeouts: FlagExtras = { group: 'Timeouts' };
const output: FlagExtras = { group: 'Output' };

/** The flags of the launcher, for every deployer. Names and defaults of kubetest2's own flags are kept. */
export const launcherFlags = {
  help: toggle('Print help.', false, { ...steps, short: 'h' }),
  build: toggle('Build Kubernetes first.', false, steps),
  up: toggle('Create the cluster.', false, steps),
  test: text('Tester to run; its arguments follow --. Default: run no tests.', '', steps),
  down: oneOf(
    'Tear down the cluster at the end, even if the run failed, timed out or was interrupted; with on-success only if ' +
      'everything passed.',
    ['never', 'always', 'on-success'],
    'never',
    {
      ...steps,
      bare: 'always',
      also: Object.fromEntries([
        ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((value) => [value, 'always'] as const),
        ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((value) => [value, 'never'] as const),
      ]),
    },
  ),
  preTestCmd: csv(
    'Command to run before the tests, its arguments separated by commas: kubectl,apply,-f,foo.yaml. $VARIABLES are ' +
      'expanded from the environment of the tests.',
    steps,
  ),
  postTestCmd: csv('Command to run after the tests, even if they failed. Same form as --pre-test-cmd.', steps),
  dryRun: toggle('Print the plan (steps, timeouts, directories, commands) and do nothing.', false, steps),

  runId: text(
    'Unique ID of the run. Default: $PROW_JOB_ID, else, without --build and --up, the one active run of this deployer, ' +
      'else a new UUID.',
    '',
    directories,
  ),
  artifacts: text('Directory for artifacts. Default: $ARTIFACTS, else ./_artifacts.', '', directories),
  rundir: text(
    'Directory that holds a directory for each run. Default: $KUBETEST2_RUN_DIR, else ./_rundir.',
    '',
    directories,
  ),
  rundirInArtifacts: toggle('Create the run directory in the artifacts directory.', false, directories),

  timeout: duration(
    'Timeout for everything before the cleanup; 0 means none. Set it below the timeout of the job, so that there is ' +
      'time for the cleanup.',
    0,
    timeouts,
  ),
  buildTimeout: duration('Timeout for Build; 0 means none.', 0, timeouts),
  upTimeout: duration('Timeout for Up; 0 means none.', 0, timeouts),
  testTimeout: duration('Timeout for the tests; 0 means none.', 0, timeouts),
  downTimeout: duration('Timeout for Down; 0 means the value of --cleanup-timeout.', 0, timeouts),
  cleanupTimeout: duration(
    'Timeout for each step of the cleanup: saving logs, Down, releasing leases.',
    15 * 60e3,
    timeouts,
  ),
  interruptGrace: duration(
    'Time from SIGINT to SIGTERM, and from there to SIGKILL, when a program has to stop.',
    30e3,
    timeouts,
  ),

  skipTestJunitReport: toggle(
    'Leave the Test case out of junit_runner.xml, for testers that write their own junit files.',
    false,
    output,
  ),
  metadata: each('KEY=VALUE to add to metadata.json.', output),
  logFormat: oneOf(
    'Format of the log: auto means text on a terminal and klog lines elsewhere.',
    ['auto', 'text', 'json'],
    'auto',
    output,
  ),
} as const;

const klog: FlagExtras = { hidden: true };

/** klog's flags, which kubetest2's programs accept and jobs set. Only -v has an effect. */
export const klogFlags = {
  v: count('Log verbosity (0 to 9).', 0, { short: 'v', group: 'Output', brief: true }),
  addDirHeader: toggle('Ignored; a flag of klog.', false, {
    ...klog,
    name: 'add_dir_header',
    aliases: ['add-dir-header'],
  }),
  alsologtostderr: toggle('Ignored; a flag of klog.', false, klog),
  legacyStderrThresholdBehavior: toggle('Ignored; a flag of klog.', true, {
    ...klog,
    name: 'legacy_stderr_threshold_behavior',
    aliases: ['legacy-stderr-threshold-behavior'],
  }),
  logBacktraceAt: text('Ignored; a flag of klog.', '', {
    ...klog,
    name: 'log_backtrace_at',
    aliases: ['log-backtrace-at'],
  }),
  logDir: text('Ignored; a flag of klog.', '', { ...klog, name: 'log_dir', aliases: ['log-dir'] }),
  logFile: text('Ignored; a flag of klog.', '', { ...klog, name: 'log_file', aliases: ['log-file'] }),
  logFileMaxSize: count('Ignored; a flag of klog.', 1800, {
    ...klog,
    name: 'log_file_max_size',
    aliases: ['log-file-max-size'],
  }),
  logtostderr: toggle('Ignored; a flag of klog.', true, klog),
  oneOutput: toggle('Ignored; a flag of klog.', false, { ...klog, name: 'one_output', aliases: ['one-output'] }),
  skipHeaders: toggle('Ignored; a flag of klog.', false, { ...klog, name: 'skip_headers', aliases: ['skip-headers'] }),
  skipLogHeaders: toggle('Ignored; a flag of klog.', false, {
    ...klog,
    name: 'skip_log_headers',
    aliases: ['skip-log-headers'],
  }),
  stderrthreshold: text('Ignored; a flag of klog.', '2', klog),
  vmodule: text('Ignored; a flag of klog.', '', klog),
} as const;
