import type { Env } from './env.ts';
import type { Exec } from './exec.ts';
import type { Log } from './log.ts';

/** What the command line asked for. */
export interface Asked {
  readonly build: boolean;
  readonly up: boolean;
  /** The tester's name, or empty. */
  readonly test: string;
  /** `--down`: always, only when everything passed, or not at all. */
  readonly down: 'always' | 'on-success' | 'never';
  /** `--down=never` was typed, so what did not come up stays too. */
  readonly keep?: boolean;
}

/** The settings for fetching, from the launcher's common flags; read by src/download. */
export interface AcquireSettings {
  /** Absolute; `--cache-dir`. */
  readonly cacheDir: string;
  /** Use the cache alone; `--offline`. */
  readonly offline: boolean;
  /** A pins file, or empty; `--pins`. */
  readonly pins: string;
  /** Accept files without a published checksum; `--allow-unverified`. */
  readonly allowUnverified: boolean;
  /** Ranged connections at once for large files; `--download-connections`. */
  readonly downloadConnections: number;
  /** Where gs:// goes instead of storage.googleapis.com, or empty; `--gcs-endpoint`. */
  readonly gcsEndpoint: string;
}

/**
 * One run as its deployer and tester see it: who it is, where its files go, and the doors to the world.
 * Nothing in src, deployers or testers reaches the process, its environment or its streams in another way.
 */
export interface Run {
  /** `--run-id`, else `$PROW_JOB_ID`, else a new UUID. */
  readonly id: string;
  /** True for an id that was just generated, under which no earlier call can have created anything. */
  readonly isNew?: boolean;
  /** Absolute; this run's own directory, first on the PATH of what it starts. */
  readonly dir: string;
  /** Absolute; where the records go. */
  readonly artifacts: string;
  /** The working directory that relative paths of flags are meant from. */
  readonly cwd: string;
  /**
   * The environment that child processes inherit. Live: what a deployer sets during Up (project, state store …)
   * is what the tester and the hooks get after it.
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
  /** As `--version` prints it. */
  readonly version: string;
  /** The arguments that start this program again: node and the script, or the executable alone. */
  readonly self: readonly string[];
}

/** What a run keeps for its later calls, in `state.json` of the run directory. */
export interface StateAccess {
  /**
   * Records that the run is about to create or lease something that must be torn down or released, and arms the
   * teardown; in the same write, facts about it. It is on disk before this returns, so a later call finds it even when
   * this process is killed. Throws RunError when it cannot be written: then nothing may be created.
   */
  holding(what: string, facts?: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** Records that what `holding` got under the same name is gone, so that nothing of it is left for a teardown. */
  released(what: string): Promise<void>;
  /** A fact that this call or an earlier one of this run recorded with `remember`. */
  recall(name: string): string | undefined;
  /**
   * Records facts (cluster name, project, lease owner …) in one write; undefined forgets one. Never fails: what cannot
   * be written now is tried again with each step.
   */
  remember(facts: Readonly<Record<string, string | undefined>>): Promise<void>;
}

/** What a run leaves in its artifacts. */
export interface RecordsAccess {
  /** Adds or replaces keys of `metadata.json`. */
  metadata(entries: Readonly<Record<string, string>>): Promise<void>;
  /** Adds a case of its own to `junit_runner.xml`, for instance one attempt of Up, or a leak check. */
  junitCase(entry: JunitEntry): Promise<void>;
  /** One line of `events.jsonl`; `event` names the kind (download, command, lease …). Secrets are masked. */
  event(event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** A junit case that a deployer or tester adds beside the engine's own. */
export interface JunitEntry {
  readonly name: string;
  readonly seconds: number;
  /** The cause, one sentence first; absent when it passed. */
  readonly failure?: string;
  readonly skipped?: string;
  /** Output worth keeping; bounded by the writer. */
  readonly output?: string;
}
