import type { Job } from '../read/job.ts';
import type { PresetView } from '../read/presets.ts';
import { itemsAt, type Node, textAt } from '../read/syntax.ts';
import type { Given } from '../recognise/read-flags.ts';
import type { Recognised } from '../recognise/recognise.ts';
import type { Draft } from './draft.ts';

/** What the caller of `migrate` decides for every job. */
export interface Choices {
  /** The program's name in the new jobs. */
  readonly program: string;
  /** What a job of execute.py becomes. */
  readonly execute: 'exec' | 'plain';
  /** What a job of kubernetes_build.py becomes. */
  readonly build: 'refuse' | 'noop';
  /** The minor version behind a moving marker: `k8s-stable1` → `1.36`. */
  readonly markers: ReadonlyMap<string, string>;
  /** The flags of the node tester, which some legacy jobs carry by mistake. */
  readonly nodeFlags: ReadonlySet<string>;
}

/** A legacy job on its way: what it says, and the draft of what it becomes. */
export interface Work {
  readonly job: Job;
  readonly recognised: Recognised;
  readonly presets: PresetView;
  readonly choices: Choices;
  readonly draft: Draft;
  /** bootstrap's own flags; none in other styles. */
  readonly bootstrap: readonly Given[];
  /** The scenario's or kubetest's flags. */
  readonly flags: readonly Given[];
}

/** What a job on GCE runs. */
export type GceTests = 'ginkgo' | 'command' | 'none';

/** The value of the last occurrence of a flag. */
export function lastOf({ flags }: Pick<Work, 'flags'>, name: string): string | undefined {
  return flags.findLast((given) => given.name === name)?.value;
}

/** Whether a boolean of kubetest is set: the scenario gives `--up --down --test` the default true, kubetest false. */
export function isOn(work: Work, name: string): boolean {
  const given = work.flags.findLast((each) => each.name === name);
  if (!given) return DEFAULT_TRUE.has(name) && work.recognised.scenario === 'kubernetes_e2e';
  return given.value === undefined || /^(?:1|t|true)$/i.test(given.value);
}

const DEFAULT_TRUE = new Set(['up', 'down', 'test']);

/** A repository a job checks out beside the tested one. */
export interface Ref {
  readonly org: string;
  readonly repo: string;
  readonly workdir: boolean;
  readonly node: Node;
}

export function refsOf(job: Job): Ref[] {
  return itemsAt(job.node, 'extra_refs').map((node) => ({
    org: textAt(node, 'org') ?? '',
    repo: textAt(node, 'repo') ?? '',
    workdir: textAt(node, 'workdir') === 'true',
    node,
  }));
}

/** `org/repo` of the checkout a job starts in, once the draft's refs are added; undefined for none. */
export function workingRepository({ job, draft }: Pick<Work, 'job' | 'draft'>): string | undefined {
  const refs = refsOf(job);
  const chosen = refs.find(({ workdir }) => workdir) ?? draft.refs.find(({ workdir }) => workdir);
  const first = chosen ?? (job.repo === undefined ? (refs[0] ?? draft.refs[0]) : undefined);
  return first ? `${first.org}/${first.repo}` : job.repo;
}

export const KUBERNETES = 'kubernetes/kubernetes';

/** The release a job belongs to by its image's variant: `…-1.36`. */
export function imageRelease(image: string): string | undefined {
  return /-(\d+\.\d+)$/.exec(image)?.[1];
}

/** Whether the job checks a repository out already. */
export function hasRepository({ job, draft }: Pick<Work, 'job' | 'draft'>, repository: string): boolean {
  const refs = [...refsOf(job), ...draft.refs].map(({ org, repo }) => `${org}/${repo}`);
  return job.repo === repository || refs.includes(repository);
}
