import type { KindConfig } from './config.ts';

/** The cluster to create, as Init has planned it. */
export interface ClusterPlan {
  readonly name: string;
  /** The node image; empty for kind's default. */
  readonly image: string;
  /** The configuration of the flags. */
  readonly flagConfig: KindConfig | undefined;
  /** The configuration of --config. */
  readonly fileConfig: KindConfig | undefined;
}

/** The name of a cluster among the run's resources to tear down. */
export const clusterResource = (name: string): string => `kind cluster ${name}`;
