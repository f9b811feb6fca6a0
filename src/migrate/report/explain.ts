import type { MigratedJob } from '../migrate-file.ts';
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

function rowsOf(migrated: MigratedJob, presets: PresetView): Row[] {
  const { job, report } = migrated;
  const legacy = legacyValues(migrated);
  const argv = report.argv;
  const now = (flag: string) => lastValue(argv, flag);
  const why = (...flags: string[]) =>
    report.flags.find(({ flag, why: reason }) => flags.includes(flag) && reason !== '')?.why ?? '';
  const row = (what: string, before: string, after: string, reason = ''): Row => ({
    what,
    legacy: before,
    now: after,
    why: reason,
  });
  const e2e = !['execute', 'build'].includes(report.class);
  const testArgs = splitTestArgs(legacy.get('--test_args') ?? '');
  const limit = textAt(nodeAt(job.node, 'decoration_config'), 'timeout');
  const added = report.edits.find(({ path }) => path === 'decoration_config.timeout')?.to;
  return [
    row('program', programOf(migrated), ['kubetest2-ts', ...argv.slice(0, 1)].join(' '), ''),
    row('tester', legacyTester(report.class), now('--test') ?? 'none'),
    ...(e2e
      ? [
          row(
            'version of the cluster',
            legacy.get('--extract') ?? built(legacy),
            now('--kubernetes-version') ?? newBuilt(argv),
            why('--extract', '--build'),
          ),
        ]
      : []),
    row('zone', legacy.get('--gcp-zone') ?? '', now('--gcp-zone') ?? ''),
    row(
      'project',
      legacy.get('--gcp-project') ?? legacy.get('--gcp-project-type') ?? '',
      now('--gcp-project') ?? now('--boskos-resource-type') ?? now('--gcp-project-type') ?? '',
    ),
    row('nodes', legacy.get('--gcp-nodes') ?? '', now('--num-nodes') ?? ''),
    ...variableRows(migrated, presets),
    row('focus', testArgs.get('ginkgo.focus') ?? testArgs.get('focus') ?? '', now('--focus-regex') ?? ''),
    row('skip', testArgs.get('ginkgo.skip') ?? testArgs.get('skip') ?? '', now('--skip-regex') ?? ''),
    row(
      'label filter',
      testArgs.get('label-filter') ?? testArgs.get('ginkgo.label-filter') ?? '',
      now('--label-filter') ?? '',
    ),
    row(
      'processes',
      testArgs.get('nodes') ?? (legacy.has('--ginkgo-parallel') ? legacy.get('--ginkgo-parallel') || '25' : '1'),
      now('--parallel') ?? now('--parallelism') ?? '1',
    ),
    row('limit of the run', legacy.get('--timeout') ?? 'none', now('--timeout') ?? 'none', why('--timeout')),
    row(
      'limit of the job',
      legacy.get('bootstrap --timeout') ?? limit ?? '2h',
      added ?? limit ?? '2h',
      added === undefined ? '' : 'bootstrap counted minutes',
    ),
    row(
      'leak check',
      legacy.has('--check-leaked-resources') ? 'fails' : 'none',
      now('--leaked-resources') === 'fail' ? 'fails' : e2e ? 'warns' : 'none',
      '',
    ),
    row(
      'uploaded',
      migrated.recognised.style === 'bootstrap' ? '$WORKSPACE/_artifacts' : '$ARTIFACTS',
      '$ARTIFACTS',
      'pod utilities upload it',
    ),
  ].filter(({ legacy: before, now: after }) => before !== '' || after !== '');
}

function legacyValues({ translation }: MigratedJob): Map<string, string> {
  const values = new Map<string, string>();
  const flags = translation?.flags ?? [];
  for (const given of flags) {
    const boot =
      given.name === 'timeout' &&
      flags.filter(({ name }) => name === 'timeout').length > 1 &&
      given === flags.find(({ name }) => name === 'timeout');
    values.set(boot ? 'bootstrap --timeout' : given.flag, given.value ?? '');
  }
  return values;
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
