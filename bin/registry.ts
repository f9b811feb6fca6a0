import type { Registry } from '../src/api/registry.ts';

/** The deployers and testers of this program. The summaries stand here too, so that listing them loads none. */
export const registry: Registry = {
  deployers: [
    {
      name: 'noop',
      summary: 'uses a cluster that exists already, or none',
      load: async () => (await import('../deployers/noop/index.ts')).noop,
    },
    {
      name: 'kind',
      summary: 'makes a cluster of containers on this machine, with kind',
      load: async () => (await import('../deployers/kind/index.ts')).kind,
    },
    {
      name: 'node',
      summary: 'prepares a Google Cloud project for node tests; brings up no cluster',
      load: async () => (await import('../deployers/node/index.ts')).node,
    },
    {
      name: 'gce',
      summary: "makes a cluster on Google Compute Engine, with Kubernetes' own kube-up.sh",
      load: async () => (await import('../deployers/gce/index.ts')).gce,
    },
  ],
  testers: [
    {
      name: 'ginkgo',
      summary: "runs Kubernetes' e2e.test with ginkgo",
      load: async () => (await import('../testers/ginkgo/index.ts')).ginkgo,
    },
    {
      name: 'exec',
      summary: 'runs any command as the tests',
      load: async () => (await import('../testers/exec/index.ts')).exec,
    },
    {
      name: 'node',
      summary: "runs Kubernetes' node e2e tests on machines made for them, or on this host",
      load: async () => (await import('../testers/node/index.ts')).node,
    },
    {
      name: 'clusterloader2',
      summary: "runs clusterloader2's scale tests and tells which objectives were missed",
      load: async () => (await import('../testers/clusterloader2/index.ts')).clusterloader2,
    },
  ],
};
