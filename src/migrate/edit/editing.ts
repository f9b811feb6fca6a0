import type { Container, Job } from '../read/job.ts';
import type { Target } from './comments.ts';
import type { Editable } from './editable.ts';
import type { TextEdit } from './text-edits.ts';

/** One change of a job, for the report. */
export interface Change {
  /** Where in the job: `spec.containers[0].args`, `decoration_config.timeout`. */
  readonly path: string;
  readonly change: 'added' | 'replaced' | 'removed';
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/** Everything a text edit of a job needs. */
export interface JobEditing {
  readonly job: Job;
  readonly container: Container;
  readonly editable: Editable;
  readonly lineBreak: string;
  /** The comments of the words a thing was made from, when they go to it. */
  readonly remarksFor: (target: Target) => readonly string[];
  readonly edits: TextEdit[];
  readonly changes: Change[];
}
