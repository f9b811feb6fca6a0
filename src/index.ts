export { type Deployer, type DeployerKind, defineDeployer } from './api/deployer.ts';
export { CommandError, InterruptedError, RunError, TestsFailedError, TimedOutError, UsageError } from './api/errors.ts';
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
} from './api/flags.ts';
export type { Run } from './api/run.ts';
export { defineTester, type TestContext, type Tester, type TesterKind, type TestSummary } from './api/tester.ts';
export { main } from './cli/main.ts';
