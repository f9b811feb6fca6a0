import type { Job } from '../read/job.ts';
import { textAt } from '../read/syntax.ts';

/** Why a job blocks: the dashboard it is on, or that every change has to pass it; undefined when it does not. */
export function blocks(job: Job): string | undefined {
  const boards = (job.annotations.get('testgrid-dashboards') ?? '').split(',').map((name) => name.trim());
  const board = boards.find((name) => name.endsWith('-blocking'));
  if (board !== undefined) return `on ${board}`;
  if (job.type !== 'presubmit' || textAt(job.node, 'optional') === 'true') return undefined;
  return textAt(job.node, 'always_run') === 'true' ? 'always runs and is not optional' : undefined;
}
