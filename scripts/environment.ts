type Rows = Readonly<Record<string, string>>;

/** The environment variables that are no flag's twin, for the reference. */
export const environment: Readonly<Record<'everywhere' | 'parts' | 'given', Rows>> = {
  everywhere: {
    ARTIFACTS: 'The default of `--artifacts`.',
    KUBETEST2_RUN_DIR: 'The default of `--rundir`.',
    PROW_JOB_ID: 'The run id where `--run-id` is not given.',
    KUBETEST2_VERSION: "`metadata.json`'s kubetest-version, where a wrapper has a better one.",
    JOB_NAME: 'With `BUILD_ID`, a part of the owner of what is borrowed from Boskos.',
    GOOGLE_APPLICATION_CREDENTIALS: 'Credentials for `gs://`, as Google Cloud has them.',
    XDG_CACHE_HOME: 'Where caches are kept, else `~/.cache`.',
    TMPDIR: 'Where short-lived files go, else `/tmp`.',
    NO_COLOR: 'Not empty: no colours on a terminal.',
    COLUMNS: 'The width of `--help` where stdout is no terminal.',
    NODE_DISABLE_COMPILE_CACHE: '`1`: no compiled code is kept between calls.',
  },
  parts: {
    KUBECONFIG: 'Deployer noop: the cluster that is there, where `--kubeconfig` is not given.',
    KUBETEST2_EXEC_EXPAND: 'Tester exec: `off` leaves `$VARIABLES` in the command alone.',
    FOCUS: 'Deployer kind: the default of `--focus-regex` of the ginkgo tester.',
    SKIP: 'Deployer kind: the default of `--skip-regex`.',
    LABEL_FILTER: 'Deployer kind: the default of `--label-filter`.',
    PARALLEL: 'Deployer kind: `true` runs 25 specs at once and skips the serial ones.',
    GINKGO_PARALLEL: 'Deployer kind: `y` runs 25 specs at once.',
    GINKGO_PARALLEL_NODES: 'Deployer kind: the default of `--parallel`.',
    GINKGO_TIMEOUT: 'Deployer kind: the default of `--timeout` of the ginkgo tester.',
    GINKGO_TOLERATE_FLAKES: 'Deployer kind: `y` tries a failed spec a second time.',
    KIND_EXPERIMENTAL_PROVIDER: 'Deployer kind: the default of `--provider`, as for kind itself.',
    KUBE_SSH_USER: 'Deployer and tester node: the user for SSH, else `USER`.',
    GCE_SSH_PRIVATE_KEY_FILE: 'Deployer node: the private key, where it has made none; with `GCE_SSH_PUBLIC_KEY_FILE`.',
    INSTANCE_PREFIX: 'Tester node: what the names of the machines begin with.',
    PROVIDER: 'Tester clusterloader2: the provider, where neither a flag nor the deployer says it.',
  },
  given: {
    ARTIFACTS: 'The folder for the records, absolute.',
    KUBETEST2_RUN_DIR: "This run's own folder, absolute; it is first on `PATH`.",
    KUBETEST2_RUN_ID: 'The run id.',
    KUBECONFIG: "The cluster's kubeconfig, absolute, where the deployer has one.",
    PATH: 'With the run dir first.',
  },
};
