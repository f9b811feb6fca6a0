import type { MapNode, Node, ScalarNode, SeqNode } from './syntax.ts';

export type JobType = 'periodic' | 'presubmit' | 'postsubmit';

/** A job file: its name as it was given, its whole text and what is in it. */
export interface JobFile {
  readonly path: string;
  readonly text: string;
  readonly documents: readonly Node[];
  readonly jobs: readonly Job[];
  readonly presets: readonly Preset[];
}

/** A Prow job where it stands. */
export interface Job {
  readonly file: string;
  readonly text: string;
  readonly type: JobType;
  /** `org/repo` of a presubmit or postsubmit. */
  readonly repo: string | undefined;
  readonly name: string;
  /** Counted from 1. */
  readonly line: number;
  readonly node: MapNode;
  /** What its `branches` say. */
  readonly branches: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly containers: readonly Container[];
}

export interface Container {
  readonly node: MapNode;
  readonly image: string;
  readonly command: SeqNode | undefined;
  readonly args: SeqNode | undefined;
  /** The words of command and args, in their order. */
  readonly words: readonly Word[];
  readonly env: readonly Variable[];
}

/** One item of `command` or `args`. */
export interface Word {
  readonly text: string;
  readonly list: 'command' | 'args';
  /** Its index in the list. */
  readonly index: number;
  readonly node: Node;
}

/** One item of `env`. */
export interface Variable {
  readonly name: string;
  /** Undefined when it comes from somewhere else (`valueFrom`). */
  readonly value: string | undefined;
  readonly node: MapNode;
  readonly scalar: ScalarNode | undefined;
}

/** What Prow adds to jobs that carry all its labels. */
export interface Preset {
  readonly labels: ReadonlyMap<string, string>;
  readonly env: ReadonlyMap<string, string>;
  /** The variables whose value is not in the file. */
  readonly elsewhere: readonly string[];
}
