import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../src/api/duration.ts';
import { shellSplit } from '../../src/text/shell-split.ts';
import { jobBefore, type MovedJob, migrateText, movedJobs, onlyReport } from '../helpers/legacy-jobs.ts';

/** Why a maintainer's line differs from ours, by the name the job had before and the one it has after. */
const explained = JSON.parse(
  readFileSync(new URL('../corpus/migrations-explained.json', import.meta.url), 'utf8'),
) as Readonly<
  Record<string, { readonly reason: string; readonly lacks: readonly string[]; readonly has: readonly string[] }>
>;

const inScope = movedJobs.filter(({ deployer }) => deployer === 'noop' || deployer === 'gce');
const outOfScope = movedJobs.filter(({ args_before }) => args_before.includes('--deployment=kops'));
const keyOf = ({ job_before, job_after, argv_after }: MovedJob) =>
  `${job_before} → ${job_after} (${argv_after.length})`;

describe('the line of a job that a maintainer moved', () => {
  test.each(inScope.map((moved) => [keyOf(moved), moved] as const))('is the maintainer’s: %s', (key, moved) => {
    const report = onlyReport(migrateText(jobBefore(moved)));
    expect(report.verdict, report.reason).toBe('translated');
    const ours = normalised(report.argv);
    const theirs = normalised(moved.argv_after);
    const difference = {
      lacks: theirs.filter((word) => !ours.includes(word)).filter((word) => !isNoise(word)),
      has: ours.filter((word) => !theirs.includes(word)).filter((word) => !isLost(word)),
    };
    const { lacks, has } = explained[key] ?? { lacks: [], has: [] };
    expect(difference).toEqual({ lacks, has });
    for (const [name, value] of Object.entries(moved.env_after)) {
      if (moved.job_after === moved.job_before && !/^KUBE_/.test(name)) continue;
      const ourEnv = [
        ...report.edits.map(({ path, to }) => `${path} ${to}`),
        ...Object.entries(moved.env_before).map(([n, v]) => `spec.containers[0].env[${n}] ${v}`),
      ];
      if (!explained[key]) expect(ourEnv).toContain(`spec.containers[0].env[${name}] ${value}`);
    }
  });

  test('is explained wherever it differs', () => {
    for (const { reason } of Object.values(explained)) expect(reason).toMatch(/^[A-Z].{20,}$/);
    const keys = new Set(inScope.map(keyOf));
    expect(Object.keys(explained).filter((key) => !keys.has(key))).toEqual([]);
  });

  test.each(outOfScope.map((moved) => [moved.job_before, moved] as const))(
    'is refused by name for kops: %s',
    (_, moved) => {
      const report = onlyReport(migrateText(jobBefore(moved)));
      expect(report).toMatchObject({ verdict: 'refused', class: 'kops' });
      expect(report.reason).toContain('deployer kops');
      expect(report.advice).toContain('kops');
    },
  );
});

/** What maintainers lost, and was put back later or should have been. */
function isLost(word: string): boolean {
  return (
    word === '--skip-regex=' ||
    /^--timeout=/.test(word) ||
    word.startsWith('test-arg --ginkgo.timeout=') ||
    /^test-arg --(?:node|master)-os-distro=/.test(word) ||
    /^--env=KUBE_(?:NODE|MASTER)_OS_DISTRIBUTION=/.test(word) ||
    word === '--gcp-zone=us-west1-b' ||
    word === '--gcp-zone=us-central1-b'
  );
}

/** What says nothing of the run: verbosity, the directory it starts in, a limit that another one covers. */
function isNoise(word: string): boolean {
  return (
    /^-+v(?:=\d+)?$|^2$|^--repo-root|^--test-package-url=https:\/\/dl\.k8s\.io$/.test(word) || word === '--skip-regex='
  );
}

/** Arguments in an order of their own: no stray characters, no quotes inside, durations and test arguments apart. */
function normalised(argv: readonly string[]): string[] {
  const words = argv
    .filter((word) => word !== ';' && word !== 'true')
    .map((word) => word.replace(/ \\$/, ''))
    .map((word) => word.replace(/^(--[\w-]+=)(["'])(.*)\2$/s, '$1$3'));
  return words.flatMap(apart).sort();
}

function apart(word: string): string[] {
  const [, args] = /^--test-args=(.*)$/s.exec(word) ?? [];
  if (args !== undefined) return shellSplit(args).map((each) => `test-arg ${sameDuration(each)}`);
  return [sameDuration(word)];
}

function sameDuration(word: string): string {
  const [, flag, value = ''] = /^(--(?:ginkgo\.)?timeout)=(.*)$/.exec(word) ?? [];
  return flag === undefined ? word : `${flag}=${(parseDuration(value) ?? 0) / 60e3}m`;
}
