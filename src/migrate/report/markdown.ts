import type { JobReport } from './report.ts';

/** Who a job belongs to, for the tracking issue. */
export interface Ownership {
  /** `sig-node`, or `other`. */
  readonly sig: string;
  /** The approvers of the nearest OWNERS file; none when there is none. */
  readonly owners: readonly string[];
}

/** The body of a tracking issue: one section for each SIG. */
export function markdownReport(jobs: readonly JobReport[], ownerOf: (job: JobReport) => Ownership): string {
  const legacy = jobs.filter(({ verdict }) => verdict !== 'untouched');
  const owned = legacy.map((job) => ({ job, ...ownerOf(job) }));
  const bySig = [...Map.groupBy(owned, ({ sig }) => sig)].sort(([one], [other]) => one.localeCompare(other));
  const lines = [
    '# Legacy jobs on their way to kubetest2-ts',
    '',
    '| SIG | jobs | translated | refused |',
    '| --- | --- | --- | --- |',
    ...bySig.map(
      ([sig, own]) => `| ${sig} | ${own.length} | ${countOf(own, 'translated')} | ${countOf(own, 'refused')} |`,
    ),
    ...bySig.flatMap(([sig, own]) => section(sig, own)),
  ];
  return `${lines.join('\n')}\n`;
}

type Owned = Ownership & { readonly job: JobReport };

const countOf = (own: readonly Owned[], verdict: string): number =>
  own.filter(({ job }) => job.verdict === verdict).length;

function section(sig: string, own: readonly Owned[]): string[] {
  const owners = [...new Set(own.flatMap((each) => each.owners))].sort((one, other) => one.localeCompare(other));
  return [
    '',
    `## ${sig}`,
    '',
    ...(owners.length === 0 ? [] : [`Owners: ${owners.map((name) => `@${name}`).join(', ')}`, '']),
    '| job | file | class | verdict | what to do |',
    '| --- | --- | --- | --- | --- |',
    ...own.map(
      ({ job }) =>
        `| ${[`\`${job.name}\``, `\`${job.file}:${job.line}\``, job.class, job.verdict, cell(whatToDo(job))].join(' | ')} |`,
    ),
  ];
}

function whatToDo({ verdict, reason, advice, todo, canaryOf }: JobReport): string {
  if (verdict === 'refused') return `${reason}. ${advice}`;
  if (verdict === 'added') return `canary of ${canaryOf}`;
  return todo.join('; ');
}

/** A text that stays in its cell of a table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
}
