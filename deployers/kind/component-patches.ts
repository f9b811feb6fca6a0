/** The settings of the kubeadm patches. */
export interface ComponentSettings {
  /** The -v of the components; undefined for the default. */
  readonly logLevel: number | undefined;
  /** Kubelets keep ten files of 100 MiB of each container's log, so that the tests' own logs are not rotated away. */
  readonly largeContainerLogs: boolean;
}

/**
 * The settings as patches of kubeadm's configuration, one in each of its two current forms: kind applies those whose
 * apiVersion is that of the node's kubeadm. v1beta4 (Kubernetes 1.31 on) lists arguments, v1beta3 maps them.
 */
export async function componentPatches(settings: ComponentSettings): Promise<readonly string[]> {
  const level = settings.logLevel === undefined ? {} : { v: String(settings.logLevel) };
  const logs = settings.largeContainerLogs
    ? { 'container-log-max-files': '10', 'container-log-max-size': '100Mi' }
    : {};
  const kubelet = { ...level, ...logs };
  if (Object.keys(kubelet).length === 0) return [];
  const { stringify } = await import('yaml');
  return [listed, mapped].map(({ apiVersion, args }) =>
    documents(apiVersion, args(level), args(kubelet))
      .map((document) => stringify(document))
      .join('---\n'),
  );
}

type ComponentArgs = Readonly<Record<string, string>>;

const listed = {
  apiVersion: 'kubeadm.k8s.io/v1beta4',
  args: (args: ComponentArgs): unknown => Object.entries(args).map(([name, value]) => ({ name, value })),
};

const mapped = { apiVersion: 'kubeadm.k8s.io/v1beta3', args: (args: ComponentArgs): unknown => args };

function documents(apiVersion: string, component: unknown, kubelet: unknown): object[] {
  const extraArgs = { extraArgs: component };
  const nodeRegistration = { kubeletExtraArgs: kubelet };
  return [
    {
      kind: 'ClusterConfiguration',
      apiVersion,
      apiServer: extraArgs,
      controllerManager: extraArgs,
      scheduler: extraArgs,
    },
    { kind: 'InitConfiguration', apiVersion, nodeRegistration },
    { kind: 'JoinConfiguration', apiVersion, nodeRegistration },
  ];
}
