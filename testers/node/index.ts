import { defineTester } from '../../src/api/tester.ts';
import { nodeFlags } from './flags.ts';

/** The node e2e tests of Kubernetes. */
export const node = defineTester({
  name: 'node',
  summary: "Run Kubernetes' node e2e tests on new instances, or on this host",
  examples: [
    'kubetest2-ts node --gcp-zone=us-west1-b --up --test=node -- --repo-root=.',
    'kubetest2-ts noop --test=node -- --repo-root=. --remote=false',
  ],
  flags: nodeFlags,
  create: async ({ flags: values, run, specified }) => {
    const { NodeTester } = await import('./tester.ts');
    return new NodeTester(values, run, specified);
  },
});
