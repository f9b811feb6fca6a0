import { resolve } from 'node:path';
import { UsageError } from '../../api/errors.ts';
import { exitCodes } from '../../api/exit-codes.ts';
import { count, each, type Flag, fallbacks, oneOf, text, type Values } from '../../api/flags.ts';
import { acquireFlags, acquireSettings } from '../../download/flags.ts';
import { compareJobs } from '../../stability/compare-jobs.ts';
import { jsonOutput } from '../../stability/output/json-output.ts';
import { textOutput } from '../../stability/output/text-output.ts';
import { jobAddress } from '../../stability/question/job-address.ts';
import { type Settings, STEPS } from '../../stability/question/settings.ts';
import type { Report } from '../../stability/verdict/report.ts';
import type { Verdict } from '../../stability/verdict/verdict.ts';
import { writeAtomic } from '../../system/atomic-write.ts';
import { type CommandWorld, defineCommand } from './command.ts';

/** A share of 1, typed as a percentage: `5%`. */
const share = (help: string, fallback: number): Flag<number> => ({
  hint: 'percent',
  help,
  fallback,
  parse: (typed) => {
    const [, number] = /^(\d+(?:\.\d+)?)%?$/.exec(typed) ?? [];
    const value = Number(number) / 100;
    if (number === undefined || value <= 0 || value > 1) throw new Error('a percentage such as 5%');
    return value;
  },
  shown: `${fallback * 100}%`,
  more: {},
});

/** A moment, in milliseconds since 1970. */
const moment = (help: string): Flag<number | undefined> => ({
  hint: 'time',
  help,
  fallback: undefined,
  parse: (typed) => {
    const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(typed);
    const value = Date.parse(typed);
    if (!isTime || Number.isNaN(value)) throw new Error('a time such as 2026-11-23T10:00:00Z');
    return value;
  },
  shown: '',
  more: {},
});

const flags = {
  for: oneOf('The step of the migration that is asked about.', STEPS, 'non-optional'),
  margin: share('How much the pass rate may drop, in percentage points.', 0.05),
  slower: share('How much longer the canary may take.', 0.1),
  days: count('How many days to look back.', 28),
  runs: count('How many of the newest builds of each job to read, at most.', 500),
  minRuns: count('The fewest runs of each job to compare.', 30),
  minDays: count('The fewest days with runs of the canary.', 7),
  since: moment('Ignore builds that started before this time: when the canary was fixed, or made blocking.'),
  allowLost: each('Tests that may be lost: those with this text in their name.'),
  json: text('Write the report as JSON to this file; - is stdout, instead of the text.'),
  html: text('Write the report as a page to this file; - is stdout, instead of the text.'),
  now: moment('The time that counts as now. Default: the clock.'),
  cacheDir: {
    ...acquireFlags.cacheDir,
    help: 'Where downloads are kept; condensed builds are in its stability directory.',
  },
  gcsEndpoint: acquireFlags.gcsEndpoint,
} as const;

type StabilityValues = Values<typeof flags>;

const EXIT: Readonly<Record<Verdict, number>> = {
  stable: exitCodes.passed.code,
  'not-stable': exitCodes.testsFailed.code,
  'not-yet': exitCodes.notYet.code,
};

export const stability = defineCommand({
  usage: ['stability ORIGINAL CANARY [flags]'],
  about:
    'Compares a canary job with the job it is to replace, by the results of both in their bucket: STABLE, NOT YET (how ' +
    'many more runs) or NOT STABLE (why). ORIGINAL and CANARY are gs://BUCKET/logs/JOB, gs://BUCKET/pr-logs/directory/JOB ' +
    'or a directory of the same layout. It takes about 52 runs of each job and two more days if none fails, 110 at a ' +
    'pass rate of 97 %, 170 at 95 % (60 with --margin=10%). Exits 0 if stable, 1 if not stable, 5 if not yet, 2 for a ' +
    'usage error, 3 if a job cannot be read.',
  examples: [
    'kubetest2-ts stability gs://kubernetes-ci-logs/logs/ci-foo gs://kubernetes-ci-logs/logs/ci-foo-canary --html=report.html',
  ],
  flags,
  args: [2, 2],
  run: async ({ flags: values, args: [original = '', canary = ''] }, world) => {
    const settings = settingsOf(values);
    const { cwd, env } = world;
    using session = await world.openSession();
    const jobs = [jobAddress(original, cwd), jobAddress(canary, cwd)] as const;
    const { cacheDir, gcsEndpoint } = acquireSettings(
      { ...fallbacks(acquireFlags), cacheDir: values.cacheDir, gcsEndpoint: values.gcsEndpoint },
      world,
    );
    const report = await compareJobs(...jobs, {
      ...{ settings, gcsEndpoint, cacheDir, env },
      onProgress: (progress) => session.log.progress(progress),
      signal: session.signals.work,
    });
    session.log.progress(undefined);
    await write(report, values, world);
    return EXIT[report.judgement.verdict];
  },
});

function settingsOf(values: StabilityValues): Settings {
  for (const name of ['days', 'runs', 'minRuns', 'minDays'] as const) {
    if (values[name] < 1) throw new UsageError(`invalid --${NAMES[name]} ${values[name]}: expected at least 1`);
  }
  if (values.json === '-' && values.html === '-') {
    throw new UsageError('--json=- and --html=- both write to stdout; set a file for one of them');
  }
  const { for: step, now = Date.now(), ...others } = values;
  return { ...others, step, now };
}

const NAMES = { days: 'days', runs: 'runs', minRuns: 'min-runs', minDays: 'min-days' } as const;

async function write(report: Report, { json, html }: StabilityValues, { cwd, stdout }: CommandWorld): Promise<void> {
  if (json !== '') put(json, jsonOutput(report), cwd, stdout);
  if (html !== '') {
    const { pageOutput } = await import('../../stability/page/page.ts');
    put(html, await pageOutput(report), cwd, stdout);
  }
  if (json !== '-' && html !== '-') stdout.write(textOutput(report));
}

function put(file: string, content: string, cwd: string, stdout: CommandWorld['stdout']): void {
  if (file === '-') stdout.write(content);
  else writeAtomic(resolve(cwd, file), content);
}
