import type { JobReport } from './report.ts';

/** What a person sees on a terminal: one screen. */
export function overview(jobs: readonly JobReport[], next: readonly string[]): string {
  const legacy = jobs.filter(({ verdict }) => verdict !== 'untouched');
  const lines = [
    `${jobs.length} jobs: ${counted(jobs)}`,
    ...classes(legacy),
    ...refusals(legacy.filter(({ verdict }) => verdict === 'refused')),
    ...todos(legacy),
    ...(next.length === 0 ? [] : ['', 'Next:', ...next.map((each) => `  ${each}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

const VERDICTS = ['translated', 'added', 'refused', 'untouched'] as const;

function counted(jobs: readonly JobReport[]): string {
  const counts = VERDICTS.map((verdict) => [verdict, jobs.filter((job) => job.verdict === verdict).length] as const);
  return counts
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${count} ${verdict}`)
    .join(', ');
}

function classes(jobs: readonly JobReport[]): string[] {
  const byClass = Map.groupBy(jobs, (job) => job.class);
  return [...byClass]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, own]) => `  ${name.padEnd(20)} ${counted(own)}`);
}

const SHOWN = 12;

/** Reasons that are the same are listed once. */
function refusals(jobs: readonly JobReport[]): string[] {
  if (jobs.length === 0) return [];
  const byReason = Map.groupBy(jobs, ({ reason, advice }) => `${reason}\n    Advice: ${advice}`);
  const rows = [...byReason].flatMap(([reason, own]) => [`  ${names(own)}: ${reason}`]);
  return ['', 'Refused:', ...shortened(rows)];
}

function todos(jobs: readonly JobReport[]): string[] {
  const all = jobs.flatMap((job) => job.todo.map((text) => ({ text, job })));
  if (all.length === 0) return [];
  const rows = [...Map.groupBy(all, ({ text }) => text)].map(
    ([text, own]) => `  ${names(own.map(({ job }) => job))}: ${text}`,
  );
  return ['', 'To check by hand:', ...shortened(rows)];
}

function shortened(rows: readonly string[]): string[] {
  if (rows.length <= SHOWN) return [...rows];
  return [...rows.slice(0, SHOWN - 1), `  and ${rows.length - SHOWN + 1} more; --format=report and --report list all`];
}

function names(jobs: readonly JobReport[]): string {
  const [first] = jobs;
  return jobs.length > 1 ? `${first?.name} and ${jobs.length - 1} more` : (first?.name ?? '');
}

/** `--format=report`: every legacy job, one after the other, with what became of each flag. */
export function fullReport(jobs: readonly JobReport[]): string {
  const legacy = jobs.filter(({ verdict }) => verdict !== 'untouched');
  return legacy.length === 0 ? 'No legacy jobs\n' : `${legacy.map(describeJob).join('\n')}\n`;
}

function describeJob(job: JobReport): string {
  const head = `${job.file}:${job.line}: ${job.name} (${job.type}${job.repo === '' ? '' : ` of ${job.repo}`}): ${job.class}, ${job.style}: ${job.verdict}`;
  const why = job.verdict === 'refused' ? [`  reason: ${job.reason}`, `  advice: ${job.advice}`] : [];
  const shadow = job.canaryOf === '' ? [] : [`  canary of ${job.canaryOf}`];
  const line = job.argv.length === 0 ? [] : [`  new: ${job.argv.join(' ')}`];
  const flags = job.flags.map(({ flag, value, fate, to, why: reason }) => {
    const given = value === null ? flag : `${flag}=${value}`;
    const became = to.length === 0 ? '' : ` → ${to.join(' ')}`;
    return `  ${fate.padEnd(8)} ${given}${became}${reason === '' ? '' : ` (${reason})`}`;
  });
  return [head, ...shadow, ...why, ...line, ...flags, ...job.todo.map((todo) => `  todo: ${todo}`), ''].join('\n');
}
