import type { DeployerKind } from './deployer.ts';
import type { TesterKind } from './tester.ts';

/** A deployer or tester of this program, loaded only when it is used. */
export interface Listed<K> {
  readonly name: string;
  /** One line for `--help` and `list`, the same as the kind's own. */
  readonly summary: string;
  readonly load: () => Promise<K>;
}

/** What is built into the program. Names found here go before programs on PATH. */
export interface Registry {
  readonly deployers: readonly Listed<DeployerKind>[];
  readonly testers: readonly Listed<TesterKind>[];
}
