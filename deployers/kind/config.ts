import { readFile } from 'node:fs/promises';
import { messageOf, UsageError } from '../../src/api/errors.ts';
import { type ComponentSettings, componentPatches } from './component-patches.ts';
import type { KindValues } from './flags.ts';
import { parseFeatureGates, parseRuntimeConfig } from './flow-map.ts';

/** A kind configuration, `kind.x-k8s.io/v1alpha4`. kind itself is the judge of its fields. */
export type KindConfig = Readonly<Record<string, unknown>>;

/** Reads a configuration file; kind takes its first document. Throws UsageError. */
export async function readConfig(path: string): Promise<KindConfig> {
  const { parseAllDocuments } = await import('yaml');
  try {
    const documents = parseAllDocuments(await readFile(path, 'utf8'), { merge: true });
    const [first] = Array.isArray(documents) ? documents : [];
    if (first?.errors[0]) throw first.errors[0];
    const value: unknown = first?.toJS();
    if (isMap(value)) return value;
    throw new Error('it is not a map');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new UsageError(`--config: there is no file ${path}; name a kind configuration, or leave the flag out`);
    throw new UsageError(`--config: ${path} is not a kind configuration: ${messageOf(error)}`, { cause: error });
  }
}

/** What the flags and their environment twins ask for, or undefined when kind's own defaults will do. Throws UsageError. */
export async function wantedConfig(values: KindValues): Promise<KindConfig | undefined> {
  const networking = {
    ...(values.ipFamily !== '' && { ipFamily: values.ipFamily }),
    ...(values.kubeProxyMode !== '' && { kubeProxyMode: values.kubeProxyMode }),
    ...(values.e2eK8s && { dnsSearch: [] }),
  };
  const nodes = wantedNodes(values);
  const featureGates = values.featureGates === '' ? {} : await parseFeatureGates(values.featureGates);
  const runtimeConfig = values.runtimeConfig === '' ? {} : await parseRuntimeConfig(values.runtimeConfig);
  const kubeadmConfigPatches = await componentPatches(componentSettings(values));
  const wanted = {
    ...(!isEmpty(networking) && { networking }),
    ...(nodes && { nodes: nodeList(nodes) }),
    ...(!isEmpty(featureGates) && { featureGates }),
    ...(!isEmpty(runtimeConfig) && { runtimeConfig }),
    ...(kubeadmConfigPatches.length > 0 && { kubeadmConfigPatches }),
  };
  return isEmpty(wanted) ? undefined : { kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', ...wanted };
}

/** Whether the flags say anything about the cluster, of which a configuration is then made. */
export function saysSomething(values: KindValues): boolean {
  const { ipFamily, kubeProxyMode, featureGates, runtimeConfig } = values;
  const words = [ipFamily, kubeProxyMode, featureGates, runtimeConfig];
  const counts = [values.nodes, values.workers, values.controlPlanes, values.clusterLogLevel];
  return values.e2eK8s || words.some((word) => word !== '') || counts.some((count) => count !== undefined);
}

/** The -v of the components, if one was asked for. */
export function componentSettings(values: KindValues): ComponentSettings {
  return { logLevel: values.clusterLogLevel ?? (values.e2eK8s ? 4 : undefined), largeContainerLogs: values.e2eK8s };
}

/**
 * A configuration with what the flags ask for added to it. Maps are merged key by key and the file's keys win; lists
 * of patches are joined with the file's last, since later patches win; the file's other lists, the nodes among them,
 * replace the wanted ones.
 */
export function mergeConfigs(wanted: KindConfig, file: KindConfig): KindConfig {
  const merged: Record<string, unknown> = { ...wanted };
  for (const [key, theirs] of Object.entries(file)) {
    const ours = wanted[key];
    if (isMap(ours) && isMap(theirs)) merged[key] = mergeConfigs(ours, theirs);
    else if (/Patches/.test(key) && Array.isArray(ours) && Array.isArray(theirs)) merged[key] = [...ours, ...theirs];
    else merged[key] = theirs;
  }
  return merged;
}

/** True when the nodes stay NotReady until somebody installs a network, which is then not ours to wait for. */
export function lacksNetwork(config: KindConfig | undefined): boolean {
  const networking = config?.['networking'];
  return isMap(networking) && networking['disableDefaultCNI'] === true;
}

/** How many nodes of each role the flags ask for, or undefined when that is left to kind. Throws UsageError. */
export function wantedNodes(values: KindValues): { controlPlanes: number; workers: number } | undefined {
  const { nodes, e2eK8s } = values;
  if (!e2eK8s && (nodes ?? values.workers ?? values.controlPlanes) === undefined) return undefined;
  const controlPlanes = values.controlPlanes ?? 1;
  const workers = values.workers ?? (nodes === undefined ? (e2eK8s ? 2 : 0) : nodes - controlPlanes);
  if (controlPlanes < 1) throw new UsageError('--control-planes: a cluster has at least one');
  if (values.workers !== undefined && values.workers < 0) throw new UsageError('--workers cannot be negative');
  if (nodes !== undefined && nodes !== controlPlanes + workers) throw wrongSum(nodes, controlPlanes, workers);
  if (workers < 0) throw new UsageError(`--nodes=${nodes}: there are ${controlPlanes} control planes already`);
  return { controlPlanes, workers };
}

function nodeList({ controlPlanes, workers }: { controlPlanes: number; workers: number }): object[] {
  return [
    ...Array.from({ length: controlPlanes }, () => ({ role: 'control-plane' })),
    ...Array.from({ length: workers }, () => ({ role: 'worker' })),
  ];
}

function wrongSum(nodes: number, controlPlanes: number, workers: number): UsageError {
  return new UsageError(
    `--nodes=${nodes} is not ${controlPlanes} control planes and ${workers} workers; give two of the three flags`,
  );
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isEmpty = (map: object): boolean => Object.keys(map).length === 0;
