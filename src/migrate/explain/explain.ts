import type { MigratedJob } from '../job/migrate-file.ts';
import type { PresetView } from '../read/presets.ts';
import { nodeAt, textAt } from '../read/syntax.ts';

/** One thing a job does, on both sides. */
interface Row {
  readonly what: string;
  readonly legacy: string;
  readonly now: string;
  /** Why the two differ, or why they are written differently. */
  readonly why: string;
}

/** Both sides of a job in two columns; what differs is marked and has its sentence. */
export function explain(migrated: MigratedJob, presets: PresetView): string {
  const { job, report } = migrated;
  const head = `${job.name} (${report.file}:${report.line}): ${report.class}, ${report.style}, ${report.verdict}`;
  if (report.verdict === 'refused') return `${head}\n  reason: ${report.reason}\n  advice: ${report.advice}\n`;
  if (report.verdict === 'untouched') return `${head}\n  not a legacy job\n`;
  return `${[head, '', ...table(rowsOf(migrated, presets)), '', ...report.todo.map((todo) => `todo: ${todo}`)].join('\n').trimEnd()}\n`;
}

/** What both sides are read from. */
interface Sides {
  readonly migrated: MigratedJob;
  readonly legacy: ReadonlyMap<string, string>;
  /** Of `--test_args`. */
  readonly tests: ReadonlyMap<string, string>;
}

function rowsOf(migrated: MigratedJob, presets: PresetView): Row[] {
  const legacy = legacyValues(migrated);
  const sides = { migrated, legacy, tests: splitTestArgs(legacy.get('--test_args') ?? '') };
  const rows = [
    ...programRows(sides),
    ...clusterRows(sides),
    ...variableRows(migrated, presets),
    ...testRows(sides),
    ...limitRows(sides),
    uploadRow(migrated),
  ];
  return rows.filter(({ legacy: before, now }) => before !== '' || now !== '');
}

const row = (what: string, legacy: string, now: string, why = ''): Row => ({ what, legacy, now, why });

/** The value of the first flag of the new line that is there. */
function newValue({ migrated }: Sides, ...flags: readonly string[]): string | undefined {
  return flags.map((flag) => lastValue(migrated.report.argv, flag)).find((value) => value !== undefined);
}

function reasonOf({ migrated }: Sides, ...flags: readonly string[]): string {
  return migrated.report.flags.find(({ flag, why }) => flags.includes(flag) && why !== '')?.why ?? '';
}

/** The first of the legacy values that is set. */
const oldValue = (values: ReadonlyMap<string, string>, ...names: readonly string[]): string | undefined =>
  names.map((name) => values.get(name)).find((value) => value !== undefined && value !== '');

function programRows(sides: Sides): Row[] {
  const { report } = sides.migrated;
  return [
    row('program', programOf(sides.migrated), ['kubetest2-ts', ...report.argv.slice(0, 1)].join(' ')),
    row('tester', legacyTester(report.class), newValue(sides, '--test') ?? 'none'),
  ];
}

function clusterRows(sides: Sides): Row[] {
  const { legacy, migrated } = sides;
  const { argv } = migrated.report;
  const version = newValue(sides, '--kubernetes-version') ?? newBuilt(argv);
  const project = newValue(sides, '--gcp-project', '--boskos-resource-type', '--gcp-project-type');
  return [
    row(
      'version of the cluster',
      oldValue(legacy, '--extract') ?? built(legacy),
      version,
      reasonOf(sides, '--extract', '--build'),
    ),
    row('zone', oldValue(legacy, '--gcp-zone') ?? '', newValue(sides, '--gcp-zone') ?? ''),
    row('project', oldValue(legacy, '--gcp-project', '--gcp-project-type') ?? '', project ?? ''),
    row('nodes', oldValue(legacy, '--gcp-nodes') ?? '', newValue(sides, '--num-nodes') ?? ''),
    row(
      'leak check',
      legacy.has('--check-leaked-resources') ? 'fails' : '',
      newValue(sides, '--leaked-resources') ? 'fails' : '',
    ),
  ];
}

function testRows(sides: Sides): Row[] {
  const { legacy, tests } = sides;
  const parallel = legacy.has('--ginkgo-parallel') ? legacy.get('--ginkgo-parallel') || '25' : '1';
  const labels = oldValue(tests, 'label-filter', 'ginkgo.label-filter');
  return [
    row('focus', oldValue(tests, 'ginkgo.focus', 'focus') ?? '', newValue(sides, '--focus-regex') ?? ''),
    row('skip', oldValue(tests, 'ginkgo.skip', 'skip') ?? '', newValue(sides, '--skip-regex') ?? ''),
    row('label filter', labels ?? '', newValue(sides, '--label-filter') ?? ''),
    row('processes', oldValue(tests, 'nodes') ?? parallel, newValue(sides, '--parallel', '--parallelism') ?? '1'),
  ];
}

function limitRows(sides: Sides): Row[] {
  const { legacy, migrated } = sides;
  const { job, report } = migrated;
  const own = textAt(nodeAt(job.node, 'decoration_config'), 'timeout') ?? '2h';
  const added = report.edits.find(({ path }) => path === 'decoration_config.timeout')?.to;
  return [
    row('limit of the run', oldValue(legacy, '--timeout') ?? 'none', newValue(sides, '--timeout') ?? 'none'),
    row(
      'limit of the job',
      legacy.get('bootstrap --timeout') ?? own,
      added ?? own,
      added === undefined ? '' : 'bootstrap counted minutes',
    ),
  ];
}

function uploadRow({ recognised }: MigratedJob): Row {
  const legacy = recognised.style === 'bootstrap' ? '$WORKSPACE/_artifacts' : '$ARTIFACTS';
  return row('uploaded', legacy, '$ARTIFACTS', 'pod utilities upload it');
}

function legacyValues({ translation }: MigratedJob): Map<string, string> {
  const bootstrap = (translation?.bootstrap ?? []).map(({ flag, value = '' }) => [`bootstrap ${flag}`, value] as const);
  const own = (translation?.flags ?? []).map(({ flag, value = '' }) => [flag, value] as const);
  return new Map([...bootstrap, ...own]);
}

function programOf({ recognised }: MigratedJob): string {
  return recognised.scenario === 'kubetest' ? 'kubetest' : `${recognised.scenario}.py`;
}

function legacyTester(name: string): string {
  const testers: Readonly<Record<string, string>> = {
    'gce-ginkgo': 'ginkgo',
    kind: 'ginkgo',
    node: 'node',
    'gce-clusterloader2': 'clusterloader2',
    'gce-exec': 'exec',
    execute: 'exec',
  };
  return testers[name] ?? 'none';
}

const built = (legacy: ReadonlyMap<string, string>): string => (legacy.has('--build') ? 'what is built' : '');
const newBuilt = (argv: readonly string[]): string => (argv.includes('--build') ? 'what is built' : '');

/** Each variable that kube-up.sh or the test sees. */
function variableRows({ job, report, recognised, translation }: MigratedJob, presets: PresetView): Row[] {
  const before = new Map<string, string>();
  for (const [name, value] of presets.env) before.set(name, value);
  for (const { name, value } of recognised.container?.env ?? []) before.set(name, value ?? '(from elsewhere)');
  for (const { name, value = '' } of translation?.flags ?? []) {
    if (name === 'env') before.set(value.split('=')[0] ?? '', value.slice(value.indexOf('=') + 1));
  }
  const after = newVariables(report.argv);
  const rows = [...new Set([...before.keys(), ...after.keys()])].map((name): Row => {
    const legacy = before.get(name) ?? '';
    const now = after.get(name) === null ? legacy : (after.get(name) ?? valueInEnvironment(name, report, before, job));
    return { what: `$${name}`, legacy, now, why: whyOf(name, report) };
  });
  return rows.sort((one, other) => one.what.localeCompare(other.what));
}

/** Null for a variable whose value comes from the environment. */
function newVariables(argv: readonly string[]): Map<string, string | null> {
  const variables = new Map<string, string | null>();
  for (const word of argv) {
    const [, item] = /^--env=(.*)$/s.exec(word) ?? [];
    if (item === undefined) continue;
    const text = item.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"');
    const at = text.indexOf('=');
    variables.set(at === -1 ? text : text.slice(0, at), at === -1 ? null : text.slice(at + 1));
  }
  return variables;
}

function valueInEnvironment(
  name: string,
  report: MigratedJob['report'],
  before: ReadonlyMap<string, string>,
  job: MigratedJob['job'],
): string {
  const flag = report.flags.find(({ flag: given, value }) => given === '--env' && value?.startsWith(`${name}=`));
  const [to = ''] = flag?.to ?? [];
  if (flag && to.startsWith('--')) return to.includes('=') ? to.slice(to.indexOf('=') + 1) : 'true';
  if (flag)
    return flag.fate === 'dropped' && !flag.why.includes('same value') ? '' : (flag.value ?? '').slice(name.length + 1);
  return job.containers.length === 0 ? '' : (before.get(name) ?? '');
}

function whyOf(name: string, report: MigratedJob['report']): string {
  const row = report.flags.find(
    ({ flag, value }) => flag === '--env' && (value === name || value?.startsWith(`${name}=`)),
  );
  if (row?.why) return row.why;
  return report.flags.find(({ to }) => to.some((each) => each.startsWith(`--env=${name}=`)))?.flag ?? '';
}

function lastValue(argv: readonly string[], flag: string): string | undefined {
  const word = argv.findLast((each) => each === flag || each.startsWith(`${flag}=`));
  if (word === undefined) return undefined;
  return word === flag ? 'true' : word.slice(flag.length + 1);
}

function splitTestArgs(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', quoted, bare] of text.matchAll(/--?([\w.-]+)=(?:"([^"]*)"|(\S*))/g))
    found.set(name, quoted ?? bare ?? '');
  return found;
}

const WIDEST = 60;

function table(rows: readonly Row[]): string[] {
  const cells = rows.map(({ what, legacy, now, why }) => ({
    what,
    legacy: cut(legacy),
    now: cut(now),
    why,
    same: legacy === now,
  }));
  const width = (column: 'what' | 'legacy') => Math.max(8, ...cells.map((cell) => cell[column].length));
  const [first, second] = [width('what'), width('legacy')];
  const line = (mark: string, a: string, b: string, c: string, why: string) =>
    `${mark} ${a.padEnd(first)}  ${b.padEnd(second)}  ${c}${why === '' ? '' : `  (${why})`}`;
  return [
    line(' ', 'what', 'legacy', 'new', ''),
    ...cells.map(({ what, legacy, now, why, same }) => line(same ? ' ' : '≠', what, legacy, now, same ? '' : why)),
  ];
}

function cut(text: string): string {
  const flat = text.replaceAll('\n', '⏎');
  return flat.length > WIDEST ? `${flat.slice(0, WIDEST - 1)}…` : flat;
}
