import { readFile, stat } from 'node:fs/promises';
import { UsageError } from '../../src/api/errors.ts';
import { isCode, reasonOf } from '../../src/system/system-error.ts';
import { type ComponentSettings, componentPatches } from './component-patches.ts';
import type { KindValues } from './flags.ts';
import { parseFeatureGates, parseRuntimeConfig } from './flow-map.ts';

/** A kind configuration, `kind.x-k8s.io/v1alpha4`. kind itself validates its fields. */
export type KindConfig = Readonly<Record<string, unknown>>;

/** A configuration file, read once: what is not a regular file, such as a pipe, can be read no second time. */
export interface ConfigFile {
  readonly text: string;
  readonly config: KindConfig;
  readonly isRegular: boolean;
}

/** Reads a configuration file; kind uses its first document. Throws UsageError. */
export async function readConfig(path: string): Promise<ConfigFile> {
  const { parseAllDocuments } = await import('yaml');
  try {
    const isRegular = (await stat(path)).isFile();
    const text = await readFile(path, 'utf8');
    const documents = parseAllDocuments(text, { merge: true });
    const [first] = Array.isArray(documents) ? documents : [];
    if (first?.errors[0]) throw first.errors[0];
    const value: unknown = first?.toJS();
    if (isMap(value)) return { text, config: value, isRegular };
    throw new Error('expected a YAML map');
  } catch (error) {
    const reason = isCode(error, 'ENOENT') ? 'file does not exist' : reasonOf(error);
    throw new UsageError(`invalid --config ${path}: ${reason}`, { cause: error });
  }
}

/** The configuration that the flags and their environment variables describe; undefined for kind's defaults. Throws UsageError. */
export async function configOfFlags(values: KindValues): Promise<KindConfig | undefined> {
  const networking = {
    ...(values.ipFamily !== '' && { ipFamily: values.ipFamily }),
    ...(values.kubeProxyMode !== '' && { kubeProxyMode: values.kubeProxyMode }),
    ...(values.e2eK8s && { dnsSearch: [] }),
  };
  const nodes = nodeCounts(values);
  const featureGates = values.featureGates === '' ? {} : await parseFeatureGates(values.featureGates);
  const runtimeConfig = values.runtimeConfig === '' ? {} : await parseRuntimeConfig(values.runtimeConfig);
  const kubeadmConfigPatches = await componentPatches(componentSettings(values));
  const config = {
    ...(!isEmpty(networking) && { networking }),
    ...(nodes && { nodes: nodeList(nodes) }),
    ...(!isEmpty(featureGates) && { featureGates }),
    ...(!isEmpty(runtimeConfig) && { runtimeConfig }),
    ...(kubeadmConfigPatches.length > 0 && { kubeadmConfigPatches }),
  };
  return isEmpty(config) ? undefined : { kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', ...config };
}

/** Whether `configOfFlags` returns a configuration. */
export function hasConfigFlags(values: KindValues): boolean {
  const { ipFamily, kubeProxyMode, featureGates, runtimeConfig } = values;
  const texts = [ipFamily, kubeProxyMode, featureGates, runtimeConfig];
  const counts = [values.nodes, values.workers, values.controlPlanes, values.clusterLogLevel];
  return values.e2eK8s || texts.some((text) => text !== '') || counts.some((count) => count !== undefined);
}

/** The settings of the components in the flags. */
export function componentSettings(values: KindValues): ComponentSettings {
  return { logLevel: values.clusterLogLevel ?? (values.e2eK8s ? 4 : undefined), largeContainerLogs: values.e2eK8s };
}

/**
 * Merges the configuration of the flags and that of the file. Maps are merged key by key and the file's keys win; lists
 * of patches are joined with the file's last, since later patches win; other lists of the file, such as the nodes, replace
 * those of the flags.
 */
export function mergeConfigs(flags: KindConfig, file: KindConfig): KindConfig {
  const merged: Record<string, unknown> = { ...flags };
  for (const [key, ofFile] of Object.entries(file)) {
    const ofFlags = flags[key];
    if (isMap(ofFlags) && isMap(ofFile)) merged[key] = mergeConfigs(ofFlags, ofFile);
    else if (/Patches/.test(key) && Array.isArray(ofFlags) && Array.isArray(ofFile))
      merged[key] = [...ofFlags, ...ofFile];
    else merged[key] = ofFile;
  }
  return merged;
}

/** True when kind installs no network, so the nodes stay NotReady until the user installs one. */
export function lacksNetwork(config: KindConfig | undefined): boolean {
  const networking = config?.['networking'];
  return isMap(networking) && networking['disableDefaultCNI'] === true;
}

/** The number of nodes of each role in the flags; undefined for kind's default. Throws UsageError. */
export function nodeCounts(values: KindValues): { controlPlanes: number; workers: number } | undefined {
  const { nodes, e2eK8s } = values;
  if (!e2eK8s && (nodes ?? values.workers ?? values.controlPlanes) === undefined) return undefined;
  const controlPlanes = values.controlPlanes ?? 1;
  const workers = values.workers ?? (nodes === undefined ? (e2eK8s ? 2 : 0) : nodes - controlPlanes);
  if (controlPlanes < 1) throw new UsageError(`invalid --control-planes ${controlPlanes}: must be at least 1`);
  if (values.workers !== undefined && values.workers < 0)
    throw new UsageError(`invalid --workers ${values.workers}: must not be negative`);
  if (nodes !== undefined && nodes !== controlPlanes + workers) throw nodesMismatch(nodes, controlPlanes, workers);
  if (workers < 0)
    throw new UsageError(`invalid --nodes ${nodes}: less than the number of control planes (${controlPlanes})`);
  return { controlPlanes, workers };
}

function nodeList({ controlPlanes, workers }: { controlPlanes: number; workers: number }): object[] {
  return [
    ...Array.from({ length: controlPlanes }, () => ({ role: 'control-plane' })),
    ...Array.from({ length: workers }, () => ({ role: 'worker' })),
  ];
}

function nodesMismatch(nodes: number, controlPlanes: number, workers: number): UsageError {
  return new UsageError(
    `invalid --nodes ${nodes}: not the sum of ${controlPlanes} control planes and ${workers} workers; set two of the three flags`,
  );
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isEmpty = (map: object): boolean => Object.keys(map).length === 0;
