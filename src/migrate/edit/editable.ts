import { Refused } from '../draft/refused.ts';
import type { Job, JobFile } from '../read/job.ts';
import { hasAliases } from '../read/resolve-aliases.ts';
import { type Node, nodesBelow } from '../read/syntax.ts';

/** Tells which nodes of a job can be edited without changing another job. */
export interface Editable {
  /** Throws Refused when the node is shared by an anchor, or comes from another place. */
  readonly check: (node: Node | undefined, what: string) => void;
}

export function editableIn(job: Job, file: Pick<JobFile, 'documents' | 'jobs'>): Editable {
  const users = hasAliases(job.text) ? aliasUsers(file) : new Map<string, string[]>();
  return {
    check: (node, what) => {
      if (!node) return;
      const foreign = node.start < job.node.start || node.end > job.node.end;
      const names = node.anchor === undefined ? [] : (users.get(node.anchor) ?? []);
      if (!foreign && names.length === 0 && node.kind !== 'alias') return;
      const other = foreign ? owner(file.jobs, node) : names.find((name) => name !== job.name);
      throw new Refused(
        `${what} is shared by an anchor with ${other === undefined ? 'another place' : `job ${other}`}`,
        `write ${what} out in this job, then migrate`,
      );
    },
  };
}

/** For each anchor the names of the jobs with an alias of it. */
function aliasUsers({ documents, jobs }: Pick<JobFile, 'documents' | 'jobs'>): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const root of documents) {
    for (const node of nodesBelow(root)) {
      if (node.kind !== 'alias') continue;
      users.set(node.source, [...(users.get(node.source) ?? []), owner(jobs, node) ?? 'another place']);
    }
  }
  return users;
}

function owner(jobs: readonly Job[], node: Node): string | undefined {
  return jobs.find((job) => job.node.start <= node.start && node.end <= job.node.end)?.name;
}
