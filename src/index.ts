export { type Deployer, type DeployerKind, type DeployerOrder, defineDeployer } from './api/deployer.ts';
export type { Duration } from './api/duration.ts';
export type { Env } from './api/env.ts';
export {
  CommandError,
  InterruptedError,
  LostError,
  RunError,
  TestsFailedError,
  TimedOutError,
  UsageError,
} from './api/errors.ts';
export type { Exec, ExecOptions, Finished } from './api/exec.ts';
export {
  count,
  csv,
  duration,
  each,
  type Flag,
  type FlagExtras,
  type Flags,
  list,
  oneOf,
  optional,
  text,
  toggle,
  type Values,
} from './api/flags.ts';
export type { Log } from './api/log.ts';
export type { Listed, Registry } from './api/registry.ts';
export type {
  AcquireSettings,
  Asked,
  JunitEntry,
  Program,
  RecordsAccess,
  Run,
  StateAccess,
} from './api/run.ts';
export {
  defineTester,
  type TestContext,
  type Tester,
  type TesterKind,
  type TesterOrder,
  type TestSummary,
} from './api/tester.ts';
export { main } from './cli/main.ts';
