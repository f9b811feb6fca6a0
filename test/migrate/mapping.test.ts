import { describe, expect, test } from 'vitest';
import type { JobReport } from '../../src/migrate/report/report.ts';
import { checkLine, migrateText, onlyReport, periodic } from '../helpers/legacy-jobs.ts';

const NODE = ['--deployment=node', '--node-tests=true', '--provider=gce', '--gcp-zone=z'];
const GCE = ['--provider=gce', '--gcp-zone=z', '--extract=ci/latest'];
const COMMAND = [...GCE, '--test=false', '--test-cmd=$GOPATH/src/k8s.io/perf-tests/run-e2e.sh'];

function migrated(args: readonly string[], container = '', job = ''): JobReport {
  const report = onlyReport(migrateText(periodic(args, { container, job })));
  expect(report.verdict, report.reason).toBe('translated');
  expect(checkLine(report.argv)).toEqual([]);
  return report;
}

const variables = ({ edits }: JobReport) =>
  edits.filter(({ path }) => path.includes('env[')).map(({ path, to }) => `${/env\[(.*)\]/.exec(path)?.[1]}=${to}`);

/** Legacy flags and the arguments they become. */
type Row = readonly [given: readonly string[], expected: readonly string[]];

describe('a node job', () => {
  const rows: readonly Row[] = [
    [[], ['noop', '--test=node', '--', '--repo-root=.', '--gcp-zone=z', '--parallelism=1', '--skip-regex=']],
    [['--test_args=--nodes=8'], ['--parallelism=8', '--skip-regex=']],
    [['--test_args=--focus="\\[Serial\\]" --skip="a|b"'], ['--focus-regex=\\[Serial\\]', '--skip-regex=a|b']],
    [['--test_args=--label-filter="A && !B"'], ['--label-filter=A && !B', '--skip-regex=']],
    [
      ['--test_args=--timeout=1h', '--timeout=65m'],
      ['--test-args=--ginkgo.timeout=1h', '--timeout=65m'],
    ],
    [['--test_args=--flakeAttempts=2'], ['--test-args=--ginkgo.flake-attempts=2']],
    [['--node-test-args=--a="b c" --d'], ['--test-args=--a="b c" --d']],
    [
      ['--node-args=--image-config-file=f --instance-type=t -images=i'],
      ['--image-config-file=f', '--instance-type=t', '--images=i'],
    ],
    [
      ['--node-args=--image-config-dir=d --image-project=p --instance-metadata=a=b --node-env=E=1'],
      ['--image-config-dir=d', '--image-project=p', '--instance-metadata=a=b', '--node-env=E=1'],
    ],
    [
      ['--gcp-project=p', '--gcp-project-type=t', '--runtime-config=api/all=true'],
      ['--gcp-project=p', '--gcp-project-type=t', '--runtime-config=api/all=true'],
    ],
    [['--kubetest_args=--timeout=9m'], ['--timeout=9m']],
    [['--parallelism=3'], ['--parallelism=3']],
    [
      ['--node-args=--image-config-file=/workspace/test-infra/jobs/e2e_node/x.yaml'],
      ['--image-config-file=/home/prow/go/src/k8s.io/test-infra/jobs/e2e_node/x.yaml'],
    ],
  ];
  test.each(rows)('%j becomes %j', (given, expected) => {
    const { argv } = migrated([...NODE, ...given]);
    expect(argv).toEqual(expect.arrayContaining([...expected]));
  });

  test('drops a limit of ginkgo that is not below that of the run, and says so', () => {
    const report = migrated([...NODE, '--test_args=--timeout=3h', '--timeout=180m']);
    expect(report.argv.join(' ')).not.toContain('ginkgo.timeout');
    expect(report.flags.find(({ flag }) => flag === '--test_args')?.why).toContain('--timeout=3h');
  });

  test('gives the container the variables of --env and of the make target', () => {
    const report = migrated([
      ...NODE,
      '--env=KUBE_SSH_USER=core',
      '--node-args=--system-spec-name=s --extra-envs=A=b --test-suite=t --preemptible-instances',
    ]);
    expect(variables(report)).toEqual([
      'KUBE_SSH_USER=core',
      'SYSTEM_SPEC_NAME=s',
      'EXTRA_ENVS=A=b',
      'TEST_SUITE=t',
      'PREEMPTIBLE_INSTANCES=true',
    ]);
  });

  test('replaces a variable that env: has already, and quotes what YAML 1.1 reads as another type', () => {
    const { text } = migrateText(
      periodic([...NODE, '--env=A=y'], { container: '      env:\n      - name: A\n        value: "1"\n' }),
    );
    expect(text).toContain("      env:\n      - name: A\n        value: 'y'\n");
  });

  test('adds test-infra to its checkouts when an argument names a file in it', () => {
    const { text } = migrateText(
      periodic([...NODE, '--node-args=--image-config-file=/workspace/test-infra/jobs/x.yaml']),
    );
    expect(text).toContain('repo: test-infra');
  });
});

describe('a job on GCE', () => {
  const rows: readonly Row[] = [
    [[], ['gce', '--legacy-mode', '--up', '--down', '--test=ginkgo', '--']],
    [
      ['--gcp-nodes=4', '--gcp-node-size=s', '--gcp-master-size=m'],
      ['--num-nodes=4', '--node-size=s', '--master-size=m'],
    ],
    [
      ['--gcp-project=p', '--gcp-project-type=t'],
      ['--gcp-project=p', '--boskos-resource-type=t'],
    ],
    [
      ['--gcp-node-image=gci', '--gcp-master-image=u', '--gcp-region=r'],
      [
        '--env=KUBE_NODE_OS_DISTRIBUTION=gci',
        '--env=KUBE_MASTER_OS_DISTRIBUTION=u',
        '--env=REGION=r',
        '--test-args=--node-os-distro=gci --master-os-distro=u',
      ],
    ],
    [
      ['--image-family=f', '--image-project=p'],
      ['--env=KUBE_GCE_NODE_IMAGE_FAMILY=f', '--env=KUBE_GCE_NODE_PROJECT=p'],
    ],
    [
      ['--runtime-config=api/all=true', '--env=KUBE_FEATURE_GATES=A=true,B=false'],
      ['--runtime-config=api/all=true', '--feature-gates=A=true,B=false'],
    ],
    [
      ['--env=ENABLE_CACHE_MUTATION_DETECTOR=true', '--env=CREATE_CUSTOM_NETWORK=true'],
      ['--enable-cache-mutation-detector', '--create-custom-network'],
    ],
    [
      ['--env=NODE_ACCELERATORS=type=x,count=2', '--env=GCE_GLBC_IMAGE=i', '--env=NUM_NODES=7'],
      ['--node-accelerators=type=x,count=2', '--ingress-gce-image=i', '--num-nodes=7'],
    ],
    [
      ['--env=KUBE_A=x,y', '--env=KUBE_B=q"r,s'],
      ['--env="KUBE_A=x,y"', '--env="KUBE_B=q""r,s"'],
    ],
    [
      ['--check-leaked-resources', '--timeout=65m'],
      ['--leaked-resources=fail', '--timeout=65m'],
    ],
    [['--ginkgo-parallel'], ['--parallel=25']],
    [
      ['--ginkgo-parallel=30', '--check-version-skew=false'],
      ['--parallel=30', '--check-version-skew=off'],
    ],
    [
      ['--test_args=--ginkgo.focus=\\[A\\sB\\] --ginkgo.skip=C|D --x=\\d --y'],
      ['--focus-regex=\\[A\\sB\\]', '--skip-regex=C|D', "--test-args='--x=\\d' --y"],
    ],
    [
      ['--pre-test-cmd=make it', '--post-test-cmd=a b,c'],
      ['--pre-test-cmd=make,it', '--post-test-cmd=a,"b,c"'],
    ],
    [['--kubetest_args=--gcp-nodes=9'], ['--num-nodes=9']],
    [['--gcp-nodes=1', '--gcp-nodes=2'], ['--num-nodes=2']],
  ];
  test.each(rows)('%j becomes %j', (given, expected) => {
    const { argv } = migrated([...GCE, ...given]);
    expect(argv).toEqual(expect.arrayContaining([...expected]));
  });

  const versions: readonly Row[] = [
    [
      ['--extract=ci/latest'],
      [
        '--kubernetes-version=https://dl.k8s.io/ci/latest.txt',
        '--test-package-dir=ci',
        '--test-package-marker=latest.txt',
      ],
    ],
    [
      ['--extract=ci/latest-fast'],
      [
        '--kubernetes-version=https://dl.k8s.io/ci/fast/latest-fast.txt',
        '--test-package-dir=ci/fast',
        '--test-package-marker=latest-fast.txt',
      ],
    ],
    [
      ['--extract=ci/fast/latest-fast'],
      ['--kubernetes-version=https://dl.k8s.io/ci/fast/latest-fast.txt', '--test-package-dir=ci/fast'],
    ],
    [
      ['--extract=release/stable-1.36'],
      [
        '--kubernetes-version=https://dl.k8s.io/release/stable-1.36.txt',
        '--test-package-dir=release',
        '--test-package-marker=stable-1.36.txt',
      ],
    ],
    [['--extract=v1.36.1'], ['--kubernetes-version=v1.36.1', '--test-package-version=v1.36.1']],
    [['--extract=v1.37.0-alpha.1.5+abc'], ['--test-package-dir=ci', '--test-package-version=v1.37.0-alpha.1.5+abc']],
    [
      ['--extract=gs://b/d/e/m.txt'],
      [
        '--kubernetes-version=https://storage.googleapis.com/b/d/e/m.txt',
        '--test-package-url=https://storage.googleapis.com/b',
        '--test-package-dir=d/e',
        '--test-package-marker=m.txt',
      ],
    ],
    [
      ['--build', '--extract=local', '--stage=gs://b/ci/x'],
      ['--build', '--use-built-binaries'],
    ],
    [['--build=bazel'], ['--build', '--use-built-binaries']],
  ];
  test.each(versions)('%j becomes %j', (given, expected) => {
    const { argv } = migrated(['--provider=gce', ...given]);
    expect(argv).toEqual(expect.arrayContaining([...expected]));
  });

  test('leaves out what is false, and what is the default', () => {
    const { argv } = migrated([...GCE, '--up=false', '--down=false', '--test=false', '--ginkgo-parallel=1']);
    expect(argv.slice(0, 3)).toEqual(['gce', '--legacy-mode', '--gcp-zone=z']);
    expect(argv.join(' ')).not.toMatch(/--up|--down|--test=|--parallel/);
  });

  test('takes the release of the marker for the checkout of Kubernetes', () => {
    const { text } = migrateText(periodic(['--provider=gce', '--extract=ci/latest-1.36']));
    expect(text).toContain('base_ref: release-1.36');
    const marked = migrateText(periodic(['--provider=gce', '--extract=ci/k8s-stable1']), {
      markers: new Map([['k8s-stable1', '1.35']]),
    });
    expect(marked.text).toContain('base_ref: release-1.35');
  });

  test('hands kube-up.sh the variables of env: and of presets by name, and none that a flag decides', () => {
    const job = periodic([...GCE, '--gcp-node-size=s'], {
      container: '      env:\n      - name: KUBE_X\n        value: "1"\n      - name: CL2_Y\n        value: "1"\n',
    }).replace('preset-k8s-ssh: "true"', 'preset-k8s-ssh: "true"\n    preset-a: "true"');
    const presets =
      'presets:\n- labels:\n    preset-a: "true"\n  env:\n  - name: NODE_SIZE\n    value: x\n  - name: YAML\n    value: "a,\\nb"\n- env:\n  - name: GOPROXY\n    value: p\n';
    const { argv } = onlyReport(migrateText(job, {}, presets));
    expect(argv.filter((word) => word.startsWith('--env='))).toEqual(['--env=KUBE_X', '--env=YAML']);
  });

  test('does not set a variable twice that a preset sets: Prow refuses such a configuration', () => {
    const job = periodic([...COMMAND, '--test-cmd-args=x', '--env=KUBE_A=2']).replace(
      'preset-k8s-ssh: "true"',
      'preset-k8s-ssh: "true"\n    preset-a: "true"',
    );
    const presets = 'presets:\n- labels:\n    preset-a: "true"\n  env:\n  - name: KUBE_A\n    value: "1"\n';
    const { text } = migrateText(job, {}, presets);
    expect(text).toContain('- env\n      - KUBE_A=2\n      - kubetest2-ts\n');
    expect(text).not.toMatch(/name: KUBE_A/);
  });

  test('reports a label without a preset, and is refused where no presets are known', () => {
    const job = periodic(GCE).replace('preset-k8s-ssh: "true"', 'preset-k8s-ssh: "true"\n    preset-gone: "true"');
    expect(onlyReport(migrateText(job)).reason).toContain('preset-gone');
    const known = onlyReport(migrateText(job, {}, 'presets:\n- labels:\n    preset-b: "true"\n'));
    expect(known.todo).toContain('the label preset-gone names no preset: it has no effect');
  });
});

describe('a test command', () => {
  test('becomes the exec tester’s, its variables in the container too', () => {
    const report = migrated([
      ...GCE,
      '--test=false',
      '--test-cmd=../x/run.sh',
      '--test-cmd-args=a',
      '--test-cmd-args=$HOME/b',
      '--env=KUBE_A=1',
      '--ginkgo-parallel=3',
    ]);
    expect(report.argv.slice(report.argv.indexOf('--test=exec'))).toEqual([
      '--test=exec',
      '--',
      './x/run.sh',
      'a',
      '\\$HOME/b',
    ]);
    expect(report.argv).toContain('--env=KUBE_A=1');
    expect(variables(report)).toEqual(['KUBE_A=1', 'GINKGO_PARALLEL=y', 'GINKGO_PARALLEL_NODES=3']);
  });

  test('becomes clusterloader2’s when its script only passes arguments on', () => {
    const args = [
      'cluster-loader2',
      '--nodes=100',
      '--provider=gce',
      '--testconfig=a',
      '--testconfig=b',
      '--testoverrides=o',
      '--report-dir=/workspace/_artifacts',
      '--prometheus',
    ];
    const report = migrated([...COMMAND, ...args.map((each) => `--test-cmd-args=${each}`), '--env=CL2_X=1']);
    expect(report.class).toBe('gce-clusterloader2');
    expect(report.argv.slice(report.argv.indexOf('--test=clusterloader2'))).toEqual([
      '--test=clusterloader2',
      '--',
      '--repo-root=$(GOPATH)/src/k8s.io/perf-tests',
      '--provider=gce',
      '--nodes=100',
      '--test-configs=a,b',
      '--test-overrides=o',
      '--report-dir=$(ARTIFACTS)',
      '--extra-args=--prometheus',
    ]);
    expect(report.argv.join(' ')).not.toContain('CL2_X');
    expect(variables(report)).toEqual(['CL2_X=1']);
  });

  test('stays its script’s when a variable steers the script', () => {
    const report = migrated([
      ...COMMAND,
      '--test-cmd-args=cluster-loader2',
      '--test-cmd-args=--testconfig=a',
      '--env=DEPLOY_GCI_DRIVER=true',
    ]);
    expect(report.argv).toContain('--test=exec');
  });
});

describe('a job of execute.py', () => {
  const execute = (args: readonly string[]) => periodic(args).replace('kubernetes_e2e', 'execute');

  test('leaves dollars to the command, where nothing filled them in', () => {
    const { argv } = onlyReport(migrateText(execute(['bash', '--', '-c', 'echo $HOME $(JOB_NAME)'])));
    expect(argv).toEqual(['noop', '--test=exec', '--', 'bash', '-c', 'echo \\$HOME $(JOB_NAME)']);
  });

  test('becomes the plain command on request', () => {
    const { text, reports } = migrateText(execute(['--env=A=b', 'make', 'x']), { execute: 'plain' });
    expect(text).toContain('command:\n      - runner.sh\n      args:\n      - "make"\n      - "x"\n');
    expect(reports[0]?.argv).toEqual(['make', 'x']);
  });
});

test('a kind job builds, and tests what was built', () => {
  const { argv } = migrated([
    '--deployment=kind',
    '--build',
    '--kind-config-path=c.yaml',
    '--kind-binary-version=v0.30.0',
    '--test_args=--ginkgo.focus=A',
  ]);
  expect(argv).toEqual([
    'kind',
    '--build',
    '--up',
    '--down',
    '--config=c.yaml',
    '--kind-version=v0.30.0',
    '--test=ginkgo',
    '--',
    '--use-built-binaries',
    '--focus-regex=A',
  ]);
});

test('a build job becomes noop on request, with a todo of what that lacks', () => {
  const job = periodic(['--release=b', '--suffix=/s', '--registry=r', '--allow-dup']).replace(
    'kubernetes_e2e',
    'kubernetes_build',
  );
  const report = onlyReport(migrateText(job, { build: 'noop' }));
  expect(report.argv).toEqual(['noop', '--build', '--stage=gs://b/ci/s', '--image-location=r', '--update-latest']);
  expect(report.todo.join()).toContain('other platforms');
  expect(onlyReport(migrateText(job)).advice).toContain('krel ci-build --bucket=b --allow-dup --registry=r');
});

describe('a job is refused by name', () => {
  const rows: readonly (readonly [args: readonly string[], names: string, advice: string])[] = [
    [['--deployment=kops'], 'deployer kops', 'kops'],
    [['--provider=gke', '--deployment=gke'], 'deployer gke', 'PATH'],
    [['--deployment=local'], 'deployer local', 'local-up-cluster.sh'],
    [['--extract=ci/latest', '--extract=ci/k8s-stable1'], 'two --extract', 'one version'],
    [[...GCE, '--skew'], '--skew', 'one version'],
    [[...GCE, '--upgrade_args=x'], '--upgrade_args', 'one version'],
    [[...GCE, '--test_args=--kubectl-path=../../kubernetes_skew/x'], 'kubernetes_skew', '--check-version-skew=warn'],
    [[...GCE, '--kubemark'], '--kubemark', 'exec'],
    [[...GCE, '--save=gs://x'], '--save', 'exec'],
    [[...GCE, '--charts'], '--charts', 'exec'],
    [[...GCE, '--env-file=f'], '--env-file', '--env'],
    [[...GCE, '--dump-before-and-after'], '--dump-before-and-after', '--pre-test-cmd'],
    [[...GCE, '--extract-source'], '--extract-source', 'extra_refs'],
    [['--extract=gke'], '--extract=gke', 'marker'],
    [['--extract=ci/gke-latest'], '--extract=ci/gke-latest', 'marker'],
    [['--extract=gci/f'], '--extract=gci/f', 'marker'],
    [['--extract=gs://b/d/v1.2.3'], 'without a marker', 'gs://BUCKET'],
    [['--extract=ci/k8s-stable1'], '--extract=ci/k8s-stable1', '--marker=k8s-stable1'],
    [['--build=gce-windows-bazel'], '--build=gce-windows-bazel', 'step of its own'],
    [[...GCE, '--timeout=90'], '--timeout=90', '90m'],
    [
      [...GCE, '--ginkgo-paralel=3'],
      '--ginkgo-paralel: kubetest has no such flag; did the job mean --ginkgo-parallel?',
      '--ginkgo-parallel',
    ],
    [[...GCE, '--gcp-nodes=many'], '--num-nodes', 'correct'],
    [[...NODE, '--image-family=f'], '--image-family', 'image config file'],
    [[...NODE, '--test_args=--randomizeAllSpecs'], '--randomizeAllSpecs', '--node-test-args'],
    [[...NODE, '--node-args=--hosts=h'], '--hosts=h', 'image config file'],
    [
      ['--deployment=kind', '--build', '--kind-binary-version=build'],
      '--kind-binary-version=build',
      '--kind-version=path',
    ],
  ];
  test.each(rows)('%j', (args, names, advice) => {
    const before = periodic(args);
    const { text, reports } = migrateText(before);
    const [report] = reports;
    expect(report?.verdict).toBe('refused');
    expect(report?.reason).toContain(names);
    expect(report?.advice).toContain(advice);
    expect(report?.flags.every(({ fate, why }) => fate === 'refused' && why !== '')).toBe(true);
    expect(text).toBe(before);
  });

  test.each(['kubernetes_bazel', 'kubernetes_verify', 'kubernetes_janitor', 'canarypush', 'kubernetes_execute_bazel'])(
    'scenario %s',
    (name) => {
      const report = onlyReport(migrateText(periodic([]).replace('kubernetes_e2e', name).replace('args:\n', '')));
      expect(report).toMatchObject({ verdict: 'refused', reason: `--scenario=${name}: it has no counterpart` });
    },
  );

  test('a script that calls the scenario among other commands', () => {
    const job = periodic(['-c', 'make x && /workspace/scenarios/kubernetes_e2e.py --provider=gce']).replace(
      '/workspace/scenarios/kubernetes_e2e.py\n',
      'bash\n',
    );
    expect(onlyReport(migrateText(job)).reason).toBe('shell: a script calls /workspace/scenarios/kubernetes_e2e.py');
  });
});

describe('what is no legacy job stays as it is', () => {
  const rows: readonly (readonly [what: string, command: string, style: string])[] = [
    ['a job of kubetest2', '["runner.sh", "kubetest2", "kops"]', 'kubetest2'],
    ['a job of ours', '["runner.sh", "kubetest2-ts", "gce"]', 'kubetest2'],
    [
      'a comment in a script that mentions a scenario',
      '["bash", "-c", "# once scenarios/kubernetes_e2e.py\\nmake"]',
      'none',
    ],
    ['a make target', '["make", "kubetest"]', 'none'],
  ];
  test.each(rows.slice(0, 3))('%s', (_, command, style) => {
    const text = `periodics:\n- name: a\n  interval: 1h\n  spec:\n    containers:\n    - image: i\n      command: ${command}\n`;
    const migration = migrateText(text);
    expect(migration.text).toBe(text);
    expect(onlyReport(migration)).toMatchObject({ verdict: 'untouched', style });
  });
});

describe('bootstrap', () => {
  const boot = (flags: readonly string[], type = 'presubmits:\n  kubernetes/kubernetes:\n') => `${type}  - name: a
    always_run: true
    labels:
      preset-k8s-ssh: "true"
    spec:
      containers:
      - image: i:v1-master
        args:
${[...flags, '--scenario=kubernetes_e2e', '--', ...NODE].map((flag) => `        - ${JSON.stringify(flag)}\n`).join('')}`;

  const keys = ({ edits }: JobReport) => edits.map(({ path, to }) => `${path}: ${to}`);

  test.each([
    ['--timeout=90', 'decoration_config.timeout: 90m'],
    ['--timeout=1.5', 'decoration_config.timeout: 90s'],
    ['--timeout=60m', 'decoration_config.timeout: 60m'],
    ['--repo=sigs.k8s.io/x', 'extra_refs: kubernetes-sigs/x@master'],
    ['--repo=k8s.io/test-infra=main', 'extra_refs: kubernetes/test-infra@main'],
    ['--repo=github.com/o/r', 'extra_refs: o/r@master'],
    ['--repo=istio.io/istio', 'extra_refs: istio/istio@master'],
    ['--repo=k8s.io/$(REPO_NAME)=$(PULL_REFS)', 'path_alias: k8s.io/kubernetes'],
  ])('%s becomes %s', (flag, expected) => {
    const report = onlyReport(migrateText(boot([flag])));
    expect(keys(report)).toContain(expected);
    expect(keys(report)).toContain('decorate: true');
  });

  test.each([
    '--timeout=0',
    '--repo=k8s.io/release',
    '--root=/go/src',
    '--bare',
    '--upload=gs://x',
    '--job=a',
    '--service-account=/x',
    '--clean',
  ])('%s goes, with its reason', (flag) => {
    const report = onlyReport(migrateText(boot([flag])));
    const row = report.flags.find((each) => each.flag === flag.split('=')[0]);
    expect(row?.fate).toBe('dropped');
    expect(row?.why).not.toBe('');
  });

  test('a key for cloning is refused, with advice', () => {
    expect(onlyReport(migrateText(boot(['--ssh=/k']))).advice).toContain('ssh_key_secrets');
  });

  test('the labels of refs go when extra_refs says the same', () => {
    const { text } = migrateText(
      boot(['--repo=k8s.io/kubernetes'], 'periodics:\n')
        .replaceAll(/^ {2}/gm, '')
        .replace('always_run: true', 'interval: 1h')
        .replace('labels:\n', 'labels:\n    prow.k8s.io/refs.org: kubernetes\n    prow.k8s.io/refs.repo: test-infra\n')
        .replace('periodics:', 'periodics:'),
    );
    expect(text).toContain('extra_refs:');
    expect(text).not.toContain('prow.k8s.io/refs');
  });
});
