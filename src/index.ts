export { type Deployer, type DeployerKind, defineDeployer } from './deployer.ts';
export { CommandError, InterruptedError, RunError, TestsFailedError, TimedOutError, UsageError } from './errors.ts';
export {
  count,
  csv,
  duration,
  each,
  type Flag,
  type Flags,
  list,
  oneOf,
  optional,
  text,
  toggle,
  type Values,
} from './flags.ts';
export { main } from './main.ts';
export type { Run } from './run.ts';
export { defineTester, type TestContext, type Tester, type TesterKind, type TestSummary } from './tester.ts';
