import type { Registry } from '../src/api/registry.ts';

/** The deployers and testers of this program. The summaries stand here too, so that listing them loads none. */
export const registry: Registry = {
  deployers: [
    {
      name: 'noop',
      summary: 'Use an existing cluster, or none',
      load: async () => (await import('../deployers/noop/index.ts')).noop,
    },
    {
      name: 'kind',
      summary: 'Create a local cluster in containers, with kind',
      load: async () => (await import('../deployers/kind/index.ts')).kind,
    },
    {
      name: 'node',
      summary: 'Prepare a Google Cloud project for node tests, without a cluster',
      load: async () => (await import('../deployers/node/index.ts')).node,
    },
    {
      name: 'gce',
      summary: "Create a cluster on Google Compute Engine, with Kubernetes' kube-up.sh",
      load: async () => (await import('../deployers/gce/index.ts')).gce,
    },
  ],
  testers: [
    {
      name: 'ginkgo',
      summary: "Run Kubernetes' e2e.test with ginkgo",
      load: async () => (await import('../testers/ginkgo/index.ts')).ginkgo,
    },
    {
      name: 'exec',
      summary: 'Run any command as the test',
      load: async () => (await import('../testers/exec/index.ts')).exec,
    },
    {
      name: 'node',
      summary: "Run Kubernetes' node e2e tests on new instances, or on this host",
      load: async () => (await import('../testers/node/index.ts')).node,
    },
    {
      name: 'clusterloader2',
      summary: "Run clusterloader2's scale tests and report missed objectives",
      load: async () => (await import('../testers/clusterloader2/index.ts')).clusterloader2,
    },
  ],
};
