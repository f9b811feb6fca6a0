import { readFileSync } from 'node:fs';
import { registry } from '../../bin/registry.ts';
import { namedFlags } from '../../src/api/flags.ts';
import { openLineCheck } from '../../src/cli/flags/check-line.ts';
import { addCanaries, takenNames } from '../../src/migrate/canary/add-canaries.ts';
import type { ShadowSettings } from '../../src/migrate/canary/shadow.ts';
import { applyEdits } from '../../src/migrate/edit/text-edits.ts';
import { editsOf, type MigrateChoices, migrateFile } from '../../src/migrate/job/migrate-file.ts';
import type { JobFile } from '../../src/migrate/read/job.ts';
import { openYamlParser } from '../../src/migrate/read/parse-yaml.ts';
import { readJobFile } from '../../src/migrate/read/read-jobs.ts';
import { recognise } from '../../src/migrate/recognise/recognise.ts';
import type { JobReport } from '../../src/migrate/report/report.ts';
import { nodeFlags } from '../../testers/node/flags.ts';

const parse = await openYamlParser();
export const checkLine = await openLineCheck(registry);

export const choices: MigrateChoices = {
  program: 'kubetest2-ts',
  image: '',
  execute: 'exec',
  build: 'refuse',
  markers: new Map(),
  nodeFlags: new Set(Array.from(namedFlags(nodeFlags), ({ name }) => name)),
  only: undefined,
  generated: () => undefined,
  check: checkLine,
};

export interface Migrated {
  readonly text: string;
  readonly reports: readonly JobReport[];
}

export const readJobs = (text: string, file = 'jobs.yaml'): JobFile => readJobFile(file, text, parse);

/** Migrates the text of a job file; its own presets, and those of another file, are known. */
export function migrateText(text: string, more: Partial<MigrateChoices> = {}, presets = ''): Migrated {
  const file = readJobs(text);
  const jobs = migrateFile(file, [...file.presets, ...readJobs(presets).presets], { ...choices, ...more });
  return { text: applyEdits(text, editsOf(jobs)), reports: jobs.map(({ report }) => report) };
}

/** Adds canaries to the text of a job file. */
export function addCanariesTo(text: string, more: Partial<ShadowSettings> = {}): Migrated {
  const file = readJobs(text);
  const jobs = migrateFile(file, file.presets, choices);
  const settings = { suffix: '-canary', interval: 6 * 3600e3, dashboard: 'sig-testing-canaries', ...more };
  const taken = takenNames([file], (job) => recognise(job).style === 'kubetest2');
  const { edits, reports } = addCanaries(file, jobs, choices, settings, taken);
  return { text: applyEdits(text, edits), reports };
}

/** A periodic in decorated style with these arguments of kubernetes_e2e.py. */
export function periodic(
  args: readonly string[],
  more: { readonly job?: string; readonly container?: string } = {},
): string {
  return `periodics:
- name: ci-x
  interval: 2h
  cluster: k8s-infra-prow-build
  decorate: true
  labels:
    preset-k8s-ssh: "true"
${more.job ?? ''}  spec:
    containers:
    - image: kubekins-e2e:v1-master
      command:
      - runner.sh
      - /workspace/scenarios/kubernetes_e2e.py
      args:
${args.map((arg) => `      - ${JSON.stringify(arg)}\n`).join('')}${more.container ?? ''}`;
}

/** The report of the only job. */
export function onlyReport({ reports }: Migrated): JobReport {
  const [report] = reports;
  if (!report || reports.length > 1) throw new Error(`${reports.length} jobs`);
  return report;
}

/** A job before and after a maintainer moved it. */
export interface MovedJob {
  readonly job_before: string;
  readonly job_after: string;
  readonly style_before: 'bootstrap' | 'decorated' | 'kubetest';
  readonly args_before: readonly string[];
  readonly env_before: Readonly<Record<string, string>>;
  readonly env_after: Readonly<Record<string, string>>;
  readonly labels_before: Readonly<Record<string, string>>;
  readonly job_timeout_before: string | null;
  readonly argv_after: readonly string[];
  readonly deployer: string;
}

const corpus = new URL('../corpus/', import.meta.url);

export const movedJobs: readonly MovedJob[] = readFileSync(new URL('migrations.jsonl', corpus), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as MovedJob);

/** The job before, as a presubmit of kubernetes/kubernetes. */
export function jobBefore(moved: MovedJob): string {
  const { style_before: style, args_before: args, env_before: env, labels_before: labels } = moved;
  const at = style === 'bootstrap' ? 0 : 2;
  const lines = (words: readonly string[]) => words.map((word) => `      - ${JSON.stringify(word)}\n`).join('');
  const variables = Object.entries(env).map(
    ([name, value]) => `      - name: ${name}\n        value: ${JSON.stringify(value)}\n`,
  );
  const labelLines = Object.entries(labels).map(([name, value]) => `      ${name}: ${JSON.stringify(value)}\n`);
  return `presets:
${Object.keys(labels)
  .map((name) => `- labels:\n    ${name}: "true"\n`)
  .join('')}presubmits:
  kubernetes/kubernetes:
  - name: ${moved.job_before}
    always_run: false
${style === 'bootstrap' ? '' : '    decorate: true\n    path_alias: k8s.io/kubernetes\n'}${
  moved.job_timeout_before === null ? '' : `    decoration_config:\n      timeout: ${moved.job_timeout_before}\n`
}${labelLines.length === 0 ? '' : `    labels:\n${labelLines.join('')}`}    spec:
      containers:
      - image: kubekins-e2e:v1-master
${at === 0 ? '' : `        command:\n${lines(args.slice(0, at)).replaceAll('      -', '        -')}`}        args:
${lines(args.slice(at)).replaceAll('      -', '        -')}${
  variables.length === 0 ? '' : `        env:\n${variables.join('').replaceAll(/^ {6}/gm, '        ')}`
}`;
}
