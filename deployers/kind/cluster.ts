import type { ConfigFile, KindConfig } from './config.ts';

/** The cluster to create, as Init has planned it. */
export interface ClusterPlan {
  readonly name: string;
  /** The node image; empty for kind's default. */
  readonly image: string;
  /** The configuration of the flags. */
  readonly flagConfig: KindConfig | undefined;
  /** The file of --config. */
  readonly file: ConfigFile | undefined;
}

/** The name of a cluster among the run's resources to tear down. */
export const clusterResource = (name: string): string => `kind cluster ${name}`;
