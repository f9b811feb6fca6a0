/** How a legacy flag takes its value: `=` or the next word; alone or `=`; or `=` and alone with a meaning of its own. */
type Shape = 'value' | 'boolean' | 'optional';

export type FlagTable = ReadonlyMap<string, Shape>;

const table = (values: string, booleans = '', optionals = ''): FlagTable =>
  new Map([
    ...names(values).map((name) => [name, 'value'] as const),
    ...names(booleans).map((name) => [name, 'boolean'] as const),
    ...names(optionals).map((name) => [name, 'optional'] as const),
  ]);

const names = (list: string): string[] => list.split(/\s+/).filter((name) => name !== '');

/** The flags of jenkins/bootstrap.py. */
export const bootstrapFlags = table(
  'root timeout repo job upload service-account ssh git-cache scenario config-uri',
  'compress bare clean',
);

/** The flags of scenarios/kubernetes_e2e.py; everything else it hands to kubetest. */
export const scenarioFlags = table(
  'env-file env gce-ssh gce-pub service-account gcs-shared cluster stage test down up logexporter-gcs-path ' +
    'kubetest_args provider deployment mode tag hostname job-name inject-bazelrc multiple-federations ' +
    'aws-ssh aws-pub aws-profile aws-role-arn aws-cred-file kops-cluster kops-state kops-state-gce kops-nodes kops-zones ' +
    'kops-args kops-image kops-templates kops-template-path kops-ssh-key kops-ssh-user kops-kubernetes-version ' +
    'kops-priority-path kops-multiple-zones kops-build kops-version kops-feature-flags image-family-project',
  'tear-down-previous use-logexporter dump-before-and-after aws aws-cluster-domain build-federation save-federation',
  'build use-shared-build',
);

/** The flags of kubetest, those of its deployers' included. */
export const kubetestFlags = table(
  'boskos-wait-duration cluster cluster-ip-range deployment dump dump-pre-test-logs extract extract-ci-bucket ' +
    'extract-release-bucket gcp-cloud-sdk gcp-project gcp-project-type gcp-service-account gcp-zone gcp-region gcp-network ' +
    'gcp-master-image gcp-master-size gcp-node-image image-family image-project gcp-nodes gcp-node-size ' +
    'gcp-ssh-proxy-instance-name kubeconfig ginkgo-focus ginkgo-skip kubemark-master-size kubemark-nodes ' +
    'logexporter-gcs-path metadata-sources node-args node-test-args pre-test-cmd post-test-cmd provider publish ' +
    'runtime-config registry save soak-duration stage stage-suffix storage-testdriver-repo-path test_args test-cmd ' +
    'test-cmd-name test-cmd-args timeout upgrade_args local-up-timeout multiple-federations federations-domain-map ' +
    'kops kops-cluster kops-state kops-ssh-user kops-ssh-key kops-ssh-public-key kops-kubernetes-version kops-zones ' +
    'kops-nodes kops-up-timeout kops-admin-access kops-image kops-args kops-priority-path kops-base-url kops-version ' +
    'kops-disk-size kops-publish kops-master-size kops-master-count kops-dns-provider kops-etcd-version ' +
    'kops-network-mode kops-overrides kops-feature-flags kind-config-path kind-kubeconfig-path kind-base-image ' +
    'kind-binary-version kind-cluster-name kind-node-image ' +
    'gke-additional-zones gke-node-locations gke-environment gke-shape gke-create-args gke-command-group ' +
    'gke-gcloud-command gke-gcloud-args gke-create-command gke-custom-subnet gke-subnet-mode gke-release-channel ' +
    'gke-instance-group-prefix gke-node-ports gke-nat-min-ports-per-vm gke-down-timeout gke-dump-configmaps ' +
    'gke-dump-additional-logs-cmd gke-subnet-region gke-image-type gke-node-port ' +
    'kubernetes-anywhere-path kubernetes-anywhere-phase1-provider kubernetes-anywhere-phase2-provider ' +
    'kubernetes-anywhere-phase3-cni kubernetes-anywhere-cluster kubernetes-anywhere-up-timeout ' +
    'kubernetes-anywhere-num-nodes kubernetes-anywhere-upgrade-method kubernetes-anywhere-kubernetes-version ' +
    'kubernetes-anywhere-kubelet-version kubernetes-anywhere-kubelet-ci-version kubernetes-anywhere-cni ' +
    'kubernetes-anywhere-kubeproxy-mode kubernetes-anywhere-os-image kubernetes-anywhere-dump-cluster-logs ' +
    'kubernetes-anywhere-proxy-mode kubernetes-anywhere-kubeadm-version ' +
    'eks-config-path aks-custom-headers kubemark-build-script-url kubemark-cluster-template-url ' +
    'external-cluster-template-url hollow-nodes-deployment-url clusterloader2-bin-url kubemark-location kubemark-size',
  'charts check-version-skew check-leaked-resources down extract-source flush-mem-after-build kubemark no-allow-dup ' +
    'node-tests skew skip-dump-cluster-logs soak test up version verbose-commands bash-node-logging perf-tests ' +
    'federation save-federation deploy-federation kops-multiple-zones gke-single-zone-node-instance-group ' +
    'gke-create-nat gke-create-nat-before-cluster gke-node-tag-from-firewall-rules gke-remove-network ' +
    'run-external-e2e-ginkgo-test test-ccm test-azure-file-csi-driver test-azure-disk-csi-driver ' +
    'test-blob-csi-driver test-secrets-store-csi-driver test-csi-driver-smb test-csi-driver-nfs build-with-kubemark',
  'build ginkgo-parallel',
);

/** The flags of scenarios/kubernetes_build.py. */
export const buildFlags = table(
  'release suffix registry push-build-script extra-version-markers extra-publish-file hyperkube docker-registry',
  'fast allow-dup skip-update-latest register-gcloud-helper federation bazel ',
);

/** The flags of scenarios/execute.py. */
export const executeFlags = table('env');
