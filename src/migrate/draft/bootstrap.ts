import type { Word } from '../read/job.ts';
import { nodeAt, textAt } from '../read/syntax.ts';
import type { Given } from '../recognise/read-flags.ts';
import { hasRepository, KUBERNETES, type Work } from './context.ts';
import { bootstrapTimeout } from './duration.ts';
import { Refused } from './refused.ts';

const BY_POD_UTILITIES = 'Prow’s pod utilities do it';

/** Turns bootstrap's flags into keys of the job: its limit, its repositories, its place on disk. */
export function mapBootstrap(work: Work, needsRelease: boolean): void {
  const { bootstrap, draft } = work;
  const timeout = bootstrap.findLast(({ name }) => name === 'timeout');
  const repos = bootstrap.filter(({ name }) => name === 'repo');
  for (const given of bootstrap) {
    if (given.name === 'scenario') draft.drop(given, 'the program takes its place');
    else if (given.name === 'timeout') mapTimeout(work, given, given === timeout);
    else if (given.name === 'repo') mapRepo(work, given, given === repos[0], needsRelease);
    else if (given.name === 'ssh') {
      throw new Refused(
        '--ssh: bootstrap cloned with a key',
        'set decoration_config.ssh_key_secrets and clone_uri, take --ssh out, then migrate',
        '--ssh',
      );
    } else if (given.known) draft.drop(given, BY_POD_UTILITIES);
    else throw unknownFlag(given, 'bootstrap.py');
  }
}

/** The refusal of a flag that a legacy program does not know. */
export function unknownFlag(given: Given, program: string): Refused {
  const near = given.near === undefined ? '' : `; did the job mean ${given.near}?`;
  return new Refused(
    `${given.flag}: ${program} has no such flag${near}`,
    given.near === undefined
      ? `take ${given.flag} out, then migrate`
      : `write ${given.near} or take it out, then migrate`,
    given.flag,
  );
}

function mapTimeout({ job, draft }: Work, given: Given, last: boolean): void {
  const value = bootstrapTimeout(given.value ?? '');
  const there = textAt(nodeAt(job.node, 'decoration_config'), 'timeout');
  if (!last) draft.drop(given, 'a later --timeout wins');
  else if (value === undefined) draft.drop(given, 'it set no limit; Prow’s default of 2h holds');
  else if (there !== undefined) draft.drop(given, `decoration_config.timeout is ${there} already`);
  else {
    draft.timeout = { value, from: given.words };
    draft.fate(given, 'moved', [`decoration_config.timeout: ${value}`], 'bootstrap counted minutes');
  }
}

const HOSTS: readonly (readonly [prefix: string, org: string])[] = [
  ['k8s.io/', 'kubernetes'],
  ['sigs.k8s.io/', 'kubernetes-sigs'],
  ['istio.io/', 'istio'],
];

interface Repository {
  readonly org: string;
  readonly repo: string;
  readonly pathAlias: string | undefined;
}

function mapRepo(work: Work, given: Given, first: boolean, needsRelease: boolean): void {
  const { job, draft } = work;
  const [place = '', ref] = split(given.value ?? '', '=');
  if (isTested(work, place, ref)) return mapTested(work, given, place);
  const repository = repositoryAt(place);
  if (!repository) {
    throw new Refused(
      `--repo=${given.value}: not a repository of k8s.io, sigs.k8s.io, istio.io or github.com`,
      'add it to extra_refs by hand, take --repo out, then migrate',
      '--repo',
    );
  }
  const { org, repo, pathAlias } = repository;
  if (place === 'k8s.io/release' && !needsRelease) {
    return draft.drop(given, 'it only served push-build.sh, and nothing is staged');
  }
  if (hasRepository(work, `${org}/${repo}`)) return draft.drop(given, `${org}/${repo} is checked out already`);
  const baseRef = refName(ref);
  const workdir = first && job.type !== 'periodic' && `${org}/${repo}` !== job.repo;
  draft.refs.push({ org, repo, baseRef, pathAlias, workdir, from: given.words });
  draft.fate(given, 'moved', [`extra_refs: ${org}/${repo}@${baseRef}`], 'Prow checks it out');
}

/** The tested repository is checked out by Prow; where bootstrap put it becomes `path_alias`. */
function mapTested({ job, draft }: Work, given: Given, place: string): void {
  const why = 'the tested repository, which Prow checks out';
  const alias = place.replace('$(REPO_NAME)', job.repo?.split('/')[1] ?? '');
  if (alias.startsWith('github.com/') || textAt(job.node, 'path_alias') !== undefined) return draft.drop(given, why);
  draft.pathAlias = alias;
  draft.fate(given, 'moved', [`path_alias: ${alias}`], why);
}

/** `X=$(PULL_REFS)`, `X=$(PULL_BASE_REF)` and a repository named `$(REPO_NAME)` are the tested one. */
function isTested({ job }: Work, place: string, ref: string | undefined): boolean {
  if (place.includes('$(REPO_NAME)') || /\$\(?PULL_/.test(ref ?? '')) return job.type !== 'periodic';
  const found = repositoryAt(place);
  return job.repo !== undefined && found !== undefined && `${found.org}/${found.repo}` === job.repo;
}

function repositoryAt(place: string): Repository | undefined {
  for (const [prefix, org] of HOSTS) {
    if (place.startsWith(prefix)) return { org, repo: place.slice(prefix.length), pathAlias: place };
  }
  const [, org, repo] = /^github\.com\/([\w.-]+)\/([\w.-]+)$/.exec(place) ?? [];
  return org === undefined || repo === undefined ? undefined : { org, repo, pathAlias: undefined };
}

/** `master:SHA,123:SHA` names its base first. */
function refName(ref: string | undefined): string {
  const [base = ''] = (ref ?? '').split(/[,:]/);
  return base === '' || base.includes('$') ? 'master' : base;
}

function split(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** Adds kubernetes/kubernetes to what the job checks out, and returns where its tree is: empty for the working directory. */
export function addKubernetes(work: Work, baseRef: () => string, from: readonly Word[] = []): void {
  if (hasRepository(work, KUBERNETES)) return;
  const ref = baseRef();
  work.draft.refs.push({
    org: 'kubernetes',
    repo: 'kubernetes',
    baseRef: ref,
    pathAlias: 'k8s.io/kubernetes',
    workdir: false,
    from,
  });
  work.draft.added(`extra_refs: kubernetes/kubernetes@${ref}`, 'the scripts and tests come from its tree');
}
