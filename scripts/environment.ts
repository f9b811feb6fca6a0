/** The environment variables that are no flag's twin, for the reference. */
export const environment: Readonly<Record<'read' | 'given', Readonly<Record<string, string>>>> = {
  read: {
    ARTIFACTS: 'The default of `--artifacts`.',
    KUBETEST2_RUN_DIR: 'The default of `--rundir`.',
    PROW_JOB_ID: 'The run id where `--run-id` is not given.',
    KUBECONFIG: 'noop: the existing cluster, where `--kubeconfig` is not given.',
    KUBETEST2_VERSION: "`metadata.json`'s kubetest-version, where a wrapper has a better one.",
    KUBETEST2_EXEC_EXPAND: 'exec: `off` leaves `$VARIABLES` in the command alone.',
    XDG_CACHE_HOME: 'Where caches are kept, else `~/.cache`.',
    NO_COLOR: 'Not empty: no colours on a terminal.',
    COLUMNS: 'The width of `--help` where stdout is no terminal.',
    NODE_DISABLE_COMPILE_CACHE: '`1`: no compiled code is kept between calls.',
  },
  given: {
    ARTIFACTS: 'The folder for the records, absolute.',
    KUBETEST2_RUN_DIR: "This run's own folder, absolute; it is first on `PATH`.",
    KUBETEST2_RUN_ID: 'The run id.',
    KUBECONFIG: "The cluster's kubeconfig, absolute, where the deployer has one.",
    PATH: 'With the run dir first.',
  },
};
