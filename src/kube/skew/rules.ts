import { type MinorVersion, parseVersion } from '../version.ts';

/** How strictly versions are compared; `warn` applies the rules of `policy` and never fails. */
export const SKEW_LEVELS = ['off', 'warn', 'policy', 'minor', 'exact'] as const;
export type SkewLevel = (typeof SKEW_LEVELS)[number];

/** What the comparison can ignore; not the API server. */
export const SKEW_COMPONENTS = ['kubectl', 'e2e.test', 'ginkgo', 'kubelet'] as const;
export type SkewComponent = (typeof SKEW_COMPONENTS)[number];

/** A value that was read from elsewhere, or why it is unknown. */
export type Seen<T> = { readonly value: T } | { readonly unknown: string };

/** The fields of Kubernetes' `version.Info` that matter here. */
export interface VersionInfo {
  readonly gitVersion: string;
  readonly gitCommit?: string;
  readonly gitTreeState?: string;
  readonly major?: string;
  readonly minor?: string;
}

/** What an API server returns at `/version`; with emulation fields since 1.31, which are empty without emulation. */
export interface ServerVersion extends VersionInfo {
  readonly emulationMajor?: string;
  readonly emulationMinor?: string;
  readonly minCompatibilityMajor?: string;
  readonly minCompatibilityMinor?: string;
}

/** The versions of one cluster and of the programs that test it. */
export interface SeenVersions {
  readonly server: Seen<ServerVersion>;
  readonly kubectl: Seen<VersionInfo>;
  readonly e2eTest: Seen<string>;
  readonly ginkgo: Seen<{ readonly version: string; readonly path: string }>;
  readonly kubelets: Seen<readonly { readonly node: string; readonly version: string }[]>;
}

/** How versions are compared, and what is ignored. */
export interface SkewRules {
  readonly level: SkewLevel;
  readonly ignored: readonly SkewComponent[];
}

/** One violation or unknown version, in a sentence. */
export interface SkewFinding {
  readonly component: 'server' | SkewComponent;
  readonly kind: 'violation' | 'unknown';
  readonly message: string;
}

/** The API server as the rules see it: the version it behaves as, and the oldest minor version it is compatible with. */
interface Server {
  readonly info: ServerVersion;
  readonly shown: string;
  readonly release: MinorVersion;
  readonly oldest: number;
}

/**
 * Returns violations of the rules of a level, and what could not be compared. The rules are those of Kubernetes' version
 * skew policy for kubectl and kubelets, emulated versions included; for e2e.test, which the policy does not mention, the
 * server's minor version or the one before it (newer tests assert newer features).
 */
export function findSkew(seen: SeenVersions, { level, ignored }: SkewRules): SkewFinding[] {
  if (level === 'off') return [];
  const server = readServer(seen.server);
  const findings: (SkewFinding | undefined)[] = [
    'unknown' in server ? unknown('server', 'the API server', server.unknown) : undefined,
    checkKubectl(seen.kubectl, server, level),
    checkE2eTest(seen.e2eTest, server, level),
    checkGinkgo(seen.ginkgo, seen.e2eTest),
    ...(level === 'warn' || level === 'policy' ? checkKubelets(seen.kubelets, server) : []),
  ];
  return findings.filter((finding): finding is SkewFinding => {
    return finding !== undefined && (finding.component === 'server' || !ignored.includes(finding.component));
  });
}

/** Whether a finding fails the run: violations, and versions that must be known, at every level but `warn`. */
export function isFatal(finding: SkewFinding, level: SkewLevel): boolean {
  if (level === 'off' || level === 'warn') return false;
  return finding.kind === 'violation' || (finding.component !== 'ginkgo' && finding.component !== 'kubelet');
}

/** All versions in one line. */
export function describeVersions(seen: SeenVersions): string {
  const parts = [
    `server ${'value' in seen.server ? seen.server.value.gitVersion : 'unknown'}`,
    `kubectl ${'value' in seen.kubectl ? seen.kubectl.value.gitVersion : 'unknown'}`,
    `e2e.test ${'value' in seen.e2eTest ? seen.e2eTest.value : 'unknown'}`,
    `ginkgo ${'value' in seen.ginkgo ? seen.ginkgo.value.version : 'unknown'}`,
  ];
  if ('value' in seen.kubelets && seen.kubelets.value.length > 0) {
    const groups = [...byVersion(seen.kubelets.value)].map(([version, nodes]) => `${version} (x${nodes.length})`);
    parts.push(`kubelets ${groups.join(', ')}`);
  }
  return parts.join(', ');
}

/** From gitVersion, else from `major` and `minor` (which may be `37+`). */
function releaseOf(info: VersionInfo): MinorVersion | undefined {
  return parseVersion(info.gitVersion) ?? releaseOfDigits(info.major, info.minor);
}

function releaseOfDigits(major: string | undefined, minor: string | undefined): MinorVersion | undefined {
  const [, x] = /^(\d+)/.exec(major ?? '') ?? [];
  const [, y] = /^(\d+)/.exec(minor ?? '') ?? [];
  return x === undefined || y === undefined ? undefined : { major: Number(x), minor: Number(y) };
}

function readServer(seen: Seen<ServerVersion>): Server | { readonly unknown: string } {
  if ('unknown' in seen) return seen;
  const info = seen.value;
  const own = releaseOf(info);
  if (!own) return { unknown: `it reports ${JSON.stringify(info.gitVersion)}` };
  const emulated = releaseOfDigits(info.emulationMajor, info.emulationMinor);
  const release = emulated ?? own;
  const oldest = releaseOfDigits(info.minCompatibilityMajor, info.minCompatibilityMinor)?.minor ?? release.minor - 1;
  const differs = emulated && (emulated.major !== own.major || emulated.minor !== own.minor);
  const shown = `the API server ${info.gitVersion}${differs ? ` (emulating ${emulated.major}.${emulated.minor})` : ''}`;
  return { info, shown, release, oldest };
}

function checkKubectl(
  seen: Seen<VersionInfo>,
  server: ReturnType<typeof readServer>,
  level: SkewLevel,
): SkewFinding | undefined {
  if ('unknown' in seen) return unknown('kubectl', 'kubectl', seen.unknown);
  const info = seen.value;
  // gcloud's kubectl uses the client for the server's version; it shows its own version only when it could not.
  const dispatcher = info.gitVersion.endsWith('-dispatcher') ? ' (the version of the dispatcher)' : '';
  const subject = `kubectl ${info.gitVersion}${dispatcher}`;
  if (level === 'exact') {
    if ('unknown' in server) return undefined;
    const same = (['gitVersion', 'gitCommit', 'gitTreeState'] as const).every((key) => info[key] === server.info[key]);
    return same
      ? undefined
      : violation('kubectl', `${subject}${build(info)} is not the build of ${server.shown}${build(server.info)}`);
  }
  const release = releaseOf(info);
  if (!release) return unknown('kubectl', 'kubectl', `it reports ${JSON.stringify(info.gitVersion)}`);
  if ('unknown' in server) return undefined;
  const { minor } = server.release;
  const range = level === 'minor' ? ([minor, minor] as const) : ([server.oldest, minor + 1] as const);
  return checkRange('kubectl', subject, release, server, range);
}

function checkE2eTest(
  seen: Seen<string>,
  server: ReturnType<typeof readServer>,
  level: SkewLevel,
): SkewFinding | undefined {
  if ('unknown' in seen) return unknown('e2e.test', 'e2e.test', seen.unknown);
  const release = parseVersion(seen.value);
  if (level === 'exact') {
    if ('unknown' in server || seen.value === server.info.gitVersion) return undefined;
    return violation('e2e.test', `e2e.test ${seen.value} is not the version of ${server.shown}`);
  }
  if (!release) return unknown('e2e.test', 'e2e.test', `it reports ${JSON.stringify(seen.value)}`);
  if ('unknown' in server) return undefined;
  const { minor } = server.release;
  return checkRange('e2e.test', `e2e.test ${seen.value}`, release, server, [
    level === 'minor' ? minor : minor - 1,
    minor,
  ]);
}

/** Kubernetes' suites use Ginkgo 2 since 1.25; no other check finds a mismatch with the ginkgo binary. */
function checkGinkgo(seen: SeenVersions['ginkgo'], e2eTest: Seen<string>): SkewFinding | undefined {
  if ('unknown' in seen) return unknown('ginkgo', 'ginkgo', seen.unknown);
  const suite = 'value' in e2eTest ? parseVersion(e2eTest.value) : undefined;
  if (!suite || 'unknown' in e2eTest) return undefined;
  const needed = suite.major > 1 || suite.minor >= 25 ? 2 : 1;
  const { version, path } = seen.value;
  if (Number.parseInt(version, 10) === needed) return undefined;
  return violation('ginkgo', `e2e.test ${e2eTest.value} needs Ginkgo ${needed} but ${path} is Ginkgo ${version}`);
}

function checkKubelets(
  seen: SeenVersions['kubelets'],
  server: ReturnType<typeof readServer>,
): (SkewFinding | undefined)[] {
  if ('unknown' in seen) return [unknown('kubelet', 'the kubelets', seen.unknown)];
  return [...byVersion(seen.value)].map(([version, [first = '', ...more]]) => {
    const subject = `kubelet ${version} on node ${first}${more.length > 0 ? ` (and ${more.length} more)` : ''}`;
    const release = parseVersion(version);
    if (!release) return unknown('kubelet', `the kubelet on node ${first}`, `it reports ${JSON.stringify(version)}`);
    if ('unknown' in server) return undefined;
    const oldest = release.major === 1 && release.minor < 25 ? server.oldest - 1 : server.oldest - 2;
    return checkRange('kubelet', subject, release, server, [oldest, server.release.minor]);
  });
}

function checkRange(
  component: SkewComponent,
  subject: string,
  found: MinorVersion,
  server: Server,
  [low, high]: readonly [number, number],
): SkewFinding | undefined {
  const { major, minor } = server.release;
  const allowed = low === high ? `${major}.${low}` : `${major}.${low} to ${major}.${high}`;
  if (found.major !== major) {
    return violation(component, `${subject} has a different major version than ${server.shown} (allowed: ${allowed})`);
  }
  if (found.minor >= low && found.minor <= high) return undefined;
  const steps = Math.abs(found.minor - minor);
  const direction = found.minor > minor ? 'newer' : 'older';
  const distance = steps > 1 ? `${steps} minor versions ${direction}` : direction;
  return violation(component, `${subject} is ${distance} than ${server.shown} (allowed: ${allowed})`);
}

function byVersion(kubelets: readonly { node: string; version: string }[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { node, version } of kubelets) groups.set(version, [...(groups.get(version) ?? []), node]);
  return groups;
}

function build(info: VersionInfo): string {
  const facts = [info.gitCommit === undefined ? '' : `commit ${info.gitCommit}`, info.gitTreeState ?? ''];
  const shown = facts.filter((fact) => fact !== '').join(', ');
  return shown === '' ? '' : ` (${shown})`;
}

function violation(component: SkewComponent, message: string): SkewFinding {
  return { component, kind: 'violation', message };
}

function unknown(component: SkewFinding['component'], what: string, why: string): SkewFinding {
  return { component, kind: 'unknown', message: `the version of ${what} is unknown: ${why}` };
}
