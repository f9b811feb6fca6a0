import { defineTester } from '../../src/api/tester.ts';
import { clusterloader2Flags } from './flags.ts';

/** Scale tests of kubernetes/perf-tests. */
export const clusterloader2 = defineTester({
  name: 'clusterloader2',
  summary: "Run clusterloader2's scale tests and report missed objectives",
  examples: ['kubetest2-ts noop --test=clusterloader2 -- --repo-root=. --suites=load'],
  flags: clusterloader2Flags,
  create: async ({ flags: values, run, verbosity }) => {
    const { Clusterloader2Tester } = await import('./tester.ts');
    return new Clusterloader2Tester(values, run, verbosity);
  },
});
