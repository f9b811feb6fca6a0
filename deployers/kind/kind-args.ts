import { join } from 'node:path';
import type { Run } from '../../src/api/run.ts';
import { kubeconfigPath, type Tools } from './exec-kind.ts';
import { builtImageOf } from './names.ts';

type RunValues = Pick<Tools, 'run' | 'values'>;

/** The arguments of `kind create cluster`. `config` is a path or undefined; an empty `image` means kind's default. */
export function createArgs(tools: RunValues, name: string, image: string, config: string | undefined): string[] {
  return [
    ...['create', 'cluster', '--name', name],
    ...(image === '' ? [] : ['--image', image]),
    ...(config === undefined ? [] : ['--config', config]),
    ...['--kubeconfig', kubeconfigPath(tools)],
    // Always, so that the nodes of a create that fails are kept for their logs.
    '--retain',
  ];
}

export function deleteArgs(tools: RunValues, name: string): string[] {
  return ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfigPath(tools)];
}

/** Where the configuration for kind is saved. */
export const savedConfigPath = ({ artifacts }: Pick<Run, 'artifacts'>): string => join(artifacts, 'kind-config.yaml');

/** The arguments of `kind export logs`, into `logs` of the artifacts, as kubetest2 does. */
export function exportArgs({ run }: RunValues, name: string): string[] {
  return ['export', 'logs', '--name', name, join(run.artifacts, 'logs')];
}

export function buildArgs({ run, values }: RunValues): string[] {
  return [
    ...['build', 'node-image'],
    ...(values.kubeRoot === '' ? [] : [values.kubeRoot]),
    ...(values.buildType === '' ? [] : ['--type', values.buildType]),
    ...(values.baseImage === '' ? [] : ['--base-image', values.baseImage]),
    ...['--image', values.imageName || builtImageOf(run.id)],
    ...(values.arch === '' ? [] : ['--arch', values.arch]),
  ];
}

/** The node image of --up: that of --image-name, or the one that --build of this run has built; else empty. */
export function nodeImage({ run, values }: RunValues): string {
  if (values.imageName !== '') return values.imageName;
  return run.state.recall('built-image') ?? (run.asked.build ? builtImageOf(run.id) : '');
}
