import type { DeployerKind } from './deployer.ts';
import type { TesterKind } from './tester.ts';

/** A built-in deployer or tester; its module is loaded when it is used. */
export interface Listed<K> {
  readonly name: string;
  /** One line for `--help` and `list`, equal to the summary of the kind. */
  readonly summary: string;
  readonly load: () => Promise<K>;
}

/** The built-in deployers and testers. They take precedence over programs on PATH of the same name. */
export interface Registry {
  readonly deployers: readonly Listed<DeployerKind>[];
  readonly testers: readonly Listed<TesterKind>[];
}
