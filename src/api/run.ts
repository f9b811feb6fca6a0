import type { Env } from './env.ts';
import type { Exec } from './exec.ts';
import type { Log } from './log.ts';

/** The steps that the command line asks for. */
export interface Asked {
  readonly build: boolean;
  readonly up: boolean;
  /** The tester's name, or empty. */
  readonly test: string;
  /** `--down`: always, only if everything passed, or not at all. */
  readonly down: 'always' | 'on-success' | 'never';
  /** `--down=never` was specified, so a cluster that failed to come up is kept as well. */
  readonly keep?: boolean;
}

/** The settings for downloads, from the common flags; used by src/download. */
export interface AcquireSettings {
  /** Absolute; `--cache-dir`. */
  readonly cacheDir: string;
  /** Use only the cache; `--offline`. */
  readonly offline: boolean;
  /** Absolute path of a pins file, or empty; `--pins`. */
  readonly pins: string;
  /** Reads the pins file once for the whole run, since it may be a pipe. */
  readonly readPins?: () => Promise<string>;
  /** Accept files without a published checksum; `--allow-unverified`. */
  readonly allowUnverified: boolean;
  /** Concurrent connections for one large file; `--download-connections`. */
  readonly downloadConnections: number;
  /** URL that replaces https://storage.googleapis.com for gs://, or empty; `--gcs-endpoint`. */
  readonly gcsEndpoint: string;
}

/**
 * One run as its deployer and tester see it: identity, directories, and access to processes, log and records.
 * Deployers and testers reach the process, its environment and its streams in no other way.
 */
export interface Run {
  /** `--run-id`, else `$PROW_JOB_ID`, else a new UUID. */
  readonly id: string;
  /** True for an ID that was just generated, so that no earlier call can have created anything with it. */
  readonly isNew?: boolean;
  /** True when an earlier call of this run recorded its state. */
  readonly isContinued?: boolean;
  /** Absolute; this run's own directory, first on the PATH of what it starts. */
  readonly dir: string;
  /** Absolute; the artifacts directory. */
  readonly artifacts: string;
  /** The working directory, to which relative paths in flags are resolved. */
  readonly cwd: string;
  /**
   * The environment that child processes inherit. Live: what a deployer sets during Up (project, state store …)
   * reaches the tester and the hooks after it.
   */
  readonly env: Env;
  readonly asked: Asked;
  readonly acquire: AcquireSettings;
  readonly log: Log;
  readonly exec: Exec;
  readonly program: Program;
  readonly state: StateAccess;
  readonly records: RecordsAccess;
}

/** This program itself. */
export interface Program {
  /** The version as `--version` prints it. */
  readonly version: string;
  /** The arguments that start this program again: node and the script, or the executable alone. */
  readonly self: readonly string[];
}

/** The state that a run keeps for its later calls, in `state.json` of the run directory. */
export interface StateAccess {
  /**
   * Records that the run is about to create or lease something that must be torn down or released, and arms the
   * teardown; in the same write, facts about it. Written to disk before this resolves, so that a later call finds it even
   * if this process is killed. Throws RunError when it cannot be written: then nothing may be created.
   */
  holding(what: string, facts?: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** Records that what was passed to `holding` is gone, so that the teardown skips it. */
  released(what: string): Promise<void>;
  /** A fact recorded with `remember`, by this call or an earlier one of the run. */
  recall(name: string): string | undefined;
  /**
   * Records facts (cluster name, project, lease owner …) in one write; undefined forgets one. Never fails: what cannot
   * be written now is retried with each step.
   */
  remember(facts: Readonly<Record<string, string | undefined>>): Promise<void>;
}

/** The records of a run in its artifacts directory. */
export interface RecordsAccess {
  /** Adds or replaces keys of `metadata.json`. */
  metadata(entries: Readonly<Record<string, string>>): Promise<void>;
  /** Adds a case to `junit_runner.xml`, for instance for one attempt of Up or a leak check. */
  junitCase(entry: JunitEntry): Promise<void>;
  /** One line of `events.jsonl`; `event` names the kind (download, command, lease …). Secrets are masked. */
  event(event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** A junit case that a deployer or tester adds to those of the steps. */
export interface JunitEntry {
  readonly name: string;
  readonly seconds: number;
  /** The cause, one sentence first; absent when it passed. */
  readonly failure?: string;
  readonly skipped?: string;
  /** Output for system-out; truncated when it is written. */
  readonly output?: string;
}
