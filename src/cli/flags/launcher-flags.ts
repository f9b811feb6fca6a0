import { count, csv, duration, each, type FlagExtras, oneOf, text, toggle } from '../../api/flags.ts';

const phases: FlagExtras = { group: 'What to do', brief: true };
const places: FlagExtras = { group: 'Where files go' };
const limits: FlagExtras = { group: 'Time limits' };
const output: FlagExtras = { group: 'Output' };

/** The flags of the launcher itself, for every deployer. Names and defaults of kubetest2's own flags are kept. */
export const launcherFlags = {
  help: toggle('Show this help.', false, { ...phases, short: 'h' }),
  build: toggle('Build Kubernetes before anything else.', false, phases),
  up: toggle('Bring the test cluster up.', false, phases),
  test: text('The tester to run. Its own arguments follow a --. Empty: no tests.', '', phases),
  down: oneOf(
    'Take the cluster down at the end, whatever happened before; with on-success only when everything passed; with never it stays.',
    ['never', 'always', 'on-success'],
    'never',
    {
      ...phases,
      bare: 'always',
      also: Object.fromEntries([
        ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, 'always'] as const),
        ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, 'never'] as const),
      ]),
    },
  ),
  preTestCmd: csv(
    'A command to run after Up and before the tests, its words separated by commas: kubectl,apply,-f,foo.yaml. $VARIABLES are those of the tester.',
    phases,
  ),
  postTestCmd: csv(
    'A command to run after the tests, pass or fail, and before Down. Written as for --pre-test-cmd.',
    phases,
  ),
  dryRun: toggle('Print the plan (phases, limits, folders, commands) and do nothing.', false, phases),

  runId: text(
    'What names this run. Default: $PROW_JOB_ID, else the one live run of this deployer when neither --build nor --up is asked, else a new UUID.',
    '',
    places,
  ),
  artifacts: text('The folder for the records. Default: $ARTIFACTS, else ./_artifacts.', '', places),
  rundir: text(
    'The folder that holds one folder for each run. Default: $KUBETEST2_RUN_DIR, else ./_rundir.',
    '',
    places,
  ),
  rundirInArtifacts: toggle('Put the run dir below the artifacts.', false, places),

  timeout: duration(
    'Limit for all work before the cleanup; 0 is none. Give it less than the job has, so that the cleanup fits.',
    0,
    limits,
  ),
  buildTimeout: duration('Limit for Build; 0 is none.', 0, limits),
  upTimeout: duration('Limit for Up; 0 is none.', 0, limits),
  testTimeout: duration('Limit for the tests; 0 is none.', 0, limits),
  downTimeout: duration('Limit for Down; 0 means --cleanup-timeout.', 0, limits),
  cleanupTimeout: duration(
    'Limit for each step of the cleanup: saving logs, Down, giving back leases.',
    15 * 60e3,
    limits,
  ),
  interruptGrace: duration(
    'Time a running program has after SIGINT before it gets SIGTERM, and again before SIGKILL.',
    30e3,
    limits,
  ),

  skipTestJunitReport: toggle(
    "Leave the tests' own case out of junit_runner.xml, for testers that write junit themselves.",
    false,
    output,
  ),
  metadata: each('A key=value for metadata.json.', output),
  logFormat: oneOf(
    'How the program writes its own lines: auto is text on a terminal and klog lines elsewhere.',
    ['auto', 'text', 'json'],
    'auto',
    output,
  ),
} as const;

const klog: FlagExtras = { hidden: true };

/** klog's flags, which kubetest2's programs accept and jobs pass; only -v means something here. */
export const klogFlags = {
  v: count('How much to say: 1 to 9 say more.', 0, { short: 'v', group: 'Output', brief: true }),
  addDirHeader: toggle('Accepted for klog.', false, { ...klog, name: 'add_dir_header', aliases: ['add-dir-header'] }),
  alsologtostderr: toggle('Accepted for klog.', false, klog),
  legacyStderrThresholdBehavior: toggle('Accepted for klog.', true, {
    ...klog,
    name: 'legacy_stderr_threshold_behavior',
    aliases: ['legacy-stderr-threshold-behavior'],
  }),
  logBacktraceAt: text('Accepted for klog.', '', { ...klog, name: 'log_backtrace_at', aliases: ['log-backtrace-at'] }),
  logDir: text('Accepted for klog.', '', { ...klog, name: 'log_dir', aliases: ['log-dir'] }),
  logFile: text('Accepted for klog.', '', { ...klog, name: 'log_file', aliases: ['log-file'] }),
  logFileMaxSize: count('Accepted for klog.', 1800, {
    ...klog,
    name: 'log_file_max_size',
    aliases: ['log-file-max-size'],
  }),
  logtostderr: toggle('Accepted for klog.', true, klog),
  oneOutput: toggle('Accepted for klog.', false, { ...klog, name: 'one_output', aliases: ['one-output'] }),
  skipHeaders: toggle('Accepted for klog.', false, { ...klog, name: 'skip_headers', aliases: ['skip-headers'] }),
  skipLogHeaders: toggle('Accepted for klog.', false, {
    ...klog,
    name: 'skip_log_headers',
    aliases: ['skip-log-headers'],
  }),
  stderrthreshold: text('Accepted for klog.', '2', klog),
  vmodule: text('Accepted for klog.', '', klog),
} as const;
