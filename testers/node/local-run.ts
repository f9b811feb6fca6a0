import { hostname, userInfo } from 'node:os';
import { shellSplit } from '../../src/text/shell-split.ts';
import type { NodeValues } from './binary-source.ts';
import type { Binaries } from './test-binary.ts';

/**
 * The command that runs the tests on this host: ginkgo, which starts e2e_node.test, which starts the kubelet beside it.
 * With sudo unless the user is root, which the kubelet needs.
 */
export function localCommand(values: NodeValues, binaries: Binaries, artifacts: string): string[] {
  const selection = {
    '--focus': values.focusRegex,
    '--skip': values.skipRegex,
    '--label-filter': values.labelFilter,
  };
  return [
    ...(userInfo().uid === 0 ? [] : ['sudo', '--preserve-env']),
    binaries.ginkgo,
    '--timeout=24h',
    ...(values.parallelism > 1 ? [`--nodes=${values.parallelism}`] : []),
    ...Object.entries(selection).flatMap(([flag, value]) => (value === '' ? [] : [`${flag}=${value}`])),
    binaries.e2eNodeTest,
    '--',
    '--v=4',
    `--report-dir=${artifacts}`,
    `--node-name=${hostname()}`,
    ...shellSplit(values.testArgs),
    ...(values.runtimeConfig === '' ? [] : [`--runtime-config=${values.runtimeConfig}`]),
  ];
}
