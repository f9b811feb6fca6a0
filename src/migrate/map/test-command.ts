import { lastOf, type Work } from '../draft/context.ts';
import { newWord } from '../draft/draft.ts';
import { mapArgument, mapPaths } from '../draft/paths.ts';
import { splitVariable } from '../draft/variables.ts';
import type { Given } from '../recognise/read-flags.ts';

/** A job whose test is a command: clusterloader2 where its script only passes arguments on, else the exec tester. */
export function mapTestCommand(work: Work): void {
  const { draft, flags } = work;
  const commands = flags.filter(({ name }) => name === 'test-cmd');
  const command = commands.at(-1);
  if (!command) return;
  for (const earlier of commands.slice(0, -1)) draft.drop(earlier, 'a later --test-cmd wins');
  const args = flags.filter(({ name }) => name === 'test-cmd-args');
  const loader = readClusterloader(work, command, args);
  if (loader) mapClusterloader(work, command, loader);
  else mapExec(work, command, args);
}

function mapExec(work: Work, command: Given, args: readonly Given[]): void {
  const { draft } = work;
  draft.tester = 'exec';
  const path = mapPaths(command.value ?? '', work).replace(/^\.\.\//, './');
  draft.testerArgs.push(newWord(path, command.words));
  draft.fate(command, 'mapped', [path], '--test=exec runs it in the working directory');
  if (/^(?:\.\/)?(?:hack|cluster|test)\//.test(path)) {
    draft.note(`${path}: kubetest ran it in the Kubernetes tree; the exec tester runs it where the job starts`);
  }
  for (const given of args) {
    const value = mapPaths(given.value ?? '', work);
    // bootstrap filled variables in, kubetest did not; the exec tester does.
    const text = work.recognised.style === 'bootstrap' ? value : value.replaceAll(/\$(?!\()/g, '\\$');
    draft.testerArgs.push(newWord(text, given.words));
    draft.fate(given, 'mapped', [text], 'an argument of the command');
  }
}

/** The arguments of clusterloader2 by what its tester calls them. */
interface Loader {
  readonly configs: readonly Given[];
  readonly overrides: readonly Given[];
  readonly nodes: Given | undefined;
  readonly provider: Given | undefined;
  readonly reportDir: Given | undefined;
  readonly first: Given;
  readonly rest: readonly Given[];
}

/** Variables that change what perf-tests' run-e2e.sh does before it starts clusterloader2. */
const FOR_SCRIPT = /^(?:DEPLOY_GCI_DRIVER|DEPLOY_[A-Z_]*DRIVER|PROVIDER_PREPARE|CLUSTERLOADER2_.*|USE_EXISTING_.*)$/;

function readClusterloader(work: Work, command: Given, args: readonly Given[]): Loader | undefined {
  if (!/perf-tests\/run-e2e\.sh$/.test(command.value ?? '')) return undefined;
  const [first, ...others] = args;
  if (first?.value !== 'cluster-loader2') return undefined;
  if (variablesOf(work).some((name) => FOR_SCRIPT.test(name))) return undefined;
  const named = (name: string) => others.filter(({ value }) => value?.startsWith(`--${name}=`));
  if (!others.every(({ value }) => /^--[\w-]+(?:=|$)/.test(value ?? ''))) return undefined;
  const taken = ['testconfig', 'testoverrides', 'nodes', 'provider', 'report-dir'].flatMap(named);
  const loader = {
    configs: named('testconfig'),
    overrides: named('testoverrides'),
    nodes: named('nodes').at(-1),
    provider: named('provider').at(-1),
    reportDir: named('report-dir').at(-1),
    first,
    rest: others.filter((given) => !taken.includes(given)),
  };
  return loader.configs.length === 0 ? undefined : loader;
}

function variablesOf(work: Work): string[] {
  const own = (work.recognised.container?.env ?? []).map(({ name }) => name);
  const given = work.flags.flatMap(({ name, value }) => (name === 'env' ? [splitVariable(value ?? '').name] : []));
  return [...own, ...given, ...work.presets.names];
}

function mapClusterloader(work: Work, command: Given, loader: Loader): void {
  const { draft } = work;
  draft.tester = 'clusterloader2';
  const words = (given: Given | undefined) => given?.words ?? [];
  const put = (text: string, ...from: (Given | undefined)[]) => {
    draft.testerArgs.push(newWord(text, from.flatMap(words)));
    return text;
  };
  const root = put(`--repo-root=${loaderRoot(command.value ?? '', work)}`, command, loader.first);
  draft.fate(
    command,
    'mapped',
    ['--test=clusterloader2', root],
    'the tester builds and starts what the script started',
  );
  draft.drop(loader.first, '--test=clusterloader2 says it');
  const provider = put(`--provider=${argumentOf(loader.provider) ?? 'gce'}`, loader.provider);
  if (loader.provider) draft.fate(loader.provider, 'kept', [provider], '');
  const nodes = argumentOf(loader.nodes) ?? lastOf(work, 'gcp-nodes');
  if (nodes !== undefined) {
    const text = put(`--nodes=${nodes}`, loader.nodes);
    if (loader.nodes) draft.fate(loader.nodes, 'kept', [text], '');
  }
  joined(work, loader.configs, '--test-configs');
  joined(work, loader.overrides, '--test-overrides');
  const report = put(
    `--report-dir=${mapArgument(argumentOf(loader.reportDir) ?? '$(ARTIFACTS)', work)}`,
    loader.reportDir,
  );
  if (loader.reportDir) draft.fate(loader.reportDir, 'mapped', [report], '');
  if (loader.rest.length === 0) return;
  const extra = loader.rest.map(({ value }) => shellWord(mapArgument(value ?? '', work))).join(' ');
  const text = put(`--extra-args=${extra}`, ...loader.rest);
  for (const given of loader.rest) draft.fate(given, 'mapped', [text], 'clusterloader2 reads it');
}

function loaderRoot(script: string, work: Work): string {
  const path = mapArgument(script, work).replace(/\/run-e2e\.sh$/, '');
  return path.startsWith('/workspace/') || path.startsWith('/go/') ? '$(GOPATH)/src/k8s.io/perf-tests' : path;
}

function joined(work: Work, givens: readonly Given[], flag: string): void {
  if (givens.length === 0) return;
  const values = givens.map((given) => mapArgument(argumentOf(given) ?? '', work));
  const text = `${flag}=${values.join(',')}`;
  work.draft.testerArgs.push(
    newWord(
      text,
      givens.flatMap(({ words }) => words),
    ),
  );
  for (const given of givens) work.draft.fate(given, 'mapped', [text], '');
}

/** The value of `--test-cmd-args=--name=VALUE`. */
function argumentOf(given: Given | undefined): string | undefined {
  const value = given?.value;
  return value?.includes('=') ? value.slice(value.indexOf('=') + 1) : undefined;
}

function shellWord(word: string): string {
  return /[\\'"|\s]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : word;
}
