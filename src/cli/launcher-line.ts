import type { DeployerKind } from '../api/deployer.ts';
import type { acquireFlags } from '../download/flags.ts';
import type { klogFlags, launcherFlags } from './flags/launcher-flags.ts';
import type { Parsed } from './flags/parse.ts';

/** The parsed command line of a deployer. */
export type LauncherLine = Parsed<{
  readonly launcher: typeof launcherFlags;
  readonly klog: typeof klogFlags;
  readonly acquire: typeof acquireFlags;
  readonly deployer: DeployerKind['flags'];
}>;
