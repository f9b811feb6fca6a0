import { join } from 'node:path';
import type { Run } from '../../src/api/run.ts';
import { kubeconfigPath, type Tools } from './exec-kind.ts';
import { builtImageOf } from './names.ts';

type Whose = Pick<Tools, 'run' | 'values'>;

/** What kind is told to create. `config` is a path or undefined; an empty `image` leaves kind's own. */
export function createWords(whose: Whose, name: string, image: string, config: string | undefined): string[] {
  return [
    ...['create', 'cluster', '--name', name],
    ...(image === '' ? [] : ['--image', image]),
    ...(config === undefined ? [] : ['--config', config]),
    ...['--kubeconfig', kubeconfigPath(whose)],
    // Always, so that a create that fails leaves nodes to take the logs of.
    '--retain',
  ];
}

export function deleteWords(whose: Whose, name: string): string[] {
  return ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfigPath(whose)];
}

/** Where the configuration that kind is given is kept. */
export const keptConfigPath = ({ artifacts }: Pick<Run, 'artifacts'>): string => join(artifacts, 'kind-config.yaml');

/** Where kubetest2 puts the logs: `logs` in the artifacts. */
export function exportWords({ run }: Whose, name: string): string[] {
  return ['export', 'logs', '--name', name, join(run.artifacts, 'logs')];
}

export function buildWords({ run, values }: Whose): string[] {
  return [
    ...['build', 'node-image'],
    ...(values.kubeRoot === '' ? [] : [values.kubeRoot]),
    ...(values.buildType === '' ? [] : ['--type', values.buildType]),
    ...(values.baseImage === '' ? [] : ['--base-image', values.baseImage]),
    ...['--image', values.imageName || builtImageOf(run.id)],
    ...(values.arch === '' ? [] : ['--arch', values.arch]),
  ];
}

/** The image that --up takes: the one that is named, or that --build made in this call or an earlier one of the run. */
export function nodeImage({ run, values }: Whose): string {
  if (values.imageName !== '') return values.imageName;
  return run.state.recall('built-image') ?? (run.asked.build ? builtImageOf(run.id) : '');
}
