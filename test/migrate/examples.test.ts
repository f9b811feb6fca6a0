import { expect, test } from 'vitest';
import { migrateText, onlyReport } from '../helpers/legacy-jobs.ts';

test('a node job keeps its comments, and its skip is written out', () => {
  const before = `periodics:
- name: ci-node
  interval: 4h
  cluster: c
  decorate: true
  decoration_config:
    timeout: 300m
  labels:
    preset-k8s-ssh: "true"
  extra_refs:
  - org: kubernetes
    repo: kubernetes
    base_ref: master
    path_alias: k8s.io/kubernetes
  spec:
    containers:
    - image: kubekins-e2e:v1-master
      command:
      - runner.sh
      - /workspace/scenarios/kubernetes_e2e.py
      args:
      - --deployment=node
      - --env=KUBE_SSH_USER=core
      - --gcp-zone=us-central1-b
      - --node-tests=true
      - --provider=gce
      # managers have lanes of their own
      - --test_args=--nodes=1 --timeout=4h --focus="\\[Serial\\]"
      - --timeout=270m
      - --node-args=--image-config-file=/home/prow/serial.yaml
      resources: {} # none
`;
  const { text } = migrateText(before);
  expect(text).toBe(
    before.replace(
      / {6}- \/workspace[\s\S]*?(?= {6}resources)/,
      `      args:
      - kubetest2-ts
      - noop
      - --test=node
      - --
      - --repo-root=.
      - --gcp-zone=us-central1-b
      - --parallelism=1
      - --focus-regex=\\[Serial\\]
      # managers have lanes of their own
      - --skip-regex=
      - --test-args=--ginkgo.timeout=4h
      - --image-config-file=/home/prow/serial.yaml
      - --timeout=270m
      env:
      - name: KUBE_SSH_USER
        value: core
`,
    ),
  );
});

test('a bootstrap job on GCE becomes decorated, with its repository, its limit and the variables of its presets', () => {
  const presets = `presets:
- labels:
    preset-big-nodes: "true"
  env:
  - name: NODE_SIZE
    value: e2-standard-8
`;
  const before = `periodics:
- name: ci-x
  interval: 2h
  annotations:
    fork-per-release-replacements:
      "--extract=ci/latest -> --extract=ci/latest-{{.Version}}"
  labels:
    preset-big-nodes: "true"
    preset-k8s-ssh: "true"
  spec:
    containers:
    - args:
      - --timeout=220
      - --bare
      - --scenario=kubernetes_e2e
      - --
      - --check-leaked-resources
      - --env=KUBE_ADMISSION_CONTROL=A,B
      - --extract=ci/latest
      - --gcp-node-image=gci
      - --gcp-nodes=4
      - --gcp-zone=us-west1-b
      - --ginkgo-parallel
      - --provider=gce
      - --test_args=--ginkgo.skip=\\[Slow\\] --minStartupPods=8
      - --timeout=200m
      image: kubekins-e2e:v1-master
`;
  const { text } = migrateText(before, {}, presets);
  expect(text).toBe(`periodics:
- name: ci-x
  decorate: true
  decoration_config:
    timeout: 220m
  extra_refs:
  - org: kubernetes
    repo: kubernetes
    base_ref: master
    path_alias: k8s.io/kubernetes
  interval: 2h
  annotations:
    fork-per-release-replacements: "latest.txt -> latest-{{.Version}}.txt"
  labels:
    preset-big-nodes: "true"
    preset-k8s-ssh: "true"
  spec:
    containers:
    - args:
      - kubetest2-ts
      - gce
      - --legacy-mode
      - --up
      - --down
      - --leaked-resources=fail
      - '--env="KUBE_ADMISSION_CONTROL=A,B"'
      - --kubernetes-version=https://dl.k8s.io/ci/latest.txt
      - --env=KUBE_NODE_OS_DISTRIBUTION=gci
      - --num-nodes=4
      - --gcp-zone=us-west1-b
      - --timeout=200m
      - --env=NODE_SIZE
      - --test=ginkgo
      - --
      - --test-package-dir=ci
      - --test-package-marker=latest.txt
      - --parallel=25
      - --skip-regex=\\[Slow\\]
      - --test-args=--minStartupPods=8 --node-os-distro=gci
      command:
      - runner.sh
      image: kubekins-e2e:v1-master
`);
});

test('an execute job keeps its command, its alias and the comment of its limit', () => {
  const before = `presubmits:
  kubernetes-sigs/kube-batch:
  - name: pull-x
    always_run: true
    spec:
      containers:
      - image: kubekins-e2e:v1-master
        args:
        - --repo=sigs.k8s.io/$(REPO_NAME)=$(PULL_REFS)
        - "--timeout=30" # Minutes, not hours
        - --scenario=execute
        - --
        - --env=Z=us
        - bash
        - --
        - -c
        - cd x && ./run.sh
`;
  const migrated = migrateText(before);
  expect(migrated.text).toBe(`presubmits:
  kubernetes-sigs/kube-batch:
  - name: pull-x
    decorate: true
    decoration_config:
      timeout: 30m # Minutes, not hours
    path_alias: sigs.k8s.io/kube-batch
    always_run: true
    spec:
      containers:
      - image: kubekins-e2e:v1-master
        command:
        - runner.sh
        args:
        - kubetest2-ts
        - noop
        - --test=exec
        - --
        - bash
        - -c
        - cd x && ./run.sh
        env:
        - name: Z
          value: us
`);
  expect(onlyReport(migrated)).toMatchObject({ class: 'execute', style: 'bootstrap', verdict: 'translated' });
});
