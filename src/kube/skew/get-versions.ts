import { existsSync } from 'node:fs';
import type { Env } from '../../api/env.ts';
import { CommandError, causeOf, messageOf } from '../../api/errors.ts';
import type { Exec } from '../../api/exec.ts';
import { delay } from '../../system/wait.ts';
import { parseVersion } from '../version.ts';
import type { Seen, SeenVersions, ServerVersion, VersionInfo } from './rules.ts';

/** How to connect to the cluster, and the versions known without it; all paths absolute. */
export interface VersionSources extends Pick<SeenVersions, 'e2eTest' | 'ginkgo'> {
  readonly exec: Exec;
  readonly env: Env;
  readonly kubectl: string;
  readonly kubeconfig: string;
  /** Milliseconds before the API server is queried again. Default: 10 s. */
  readonly retryPause?: number;
}

const ATTEMPTS = 5;
const TIMEOUT = 30_000;
const ANY_CODE = Array.from({ length: 256 }, (_, code) => code);

/**
 * Gets the versions of kubectl, the API server and (`withKubelets`) the nodes. A version that cannot be read is unknown,
 * with the reason. An API server that does not respond is queried five times. Throws the signal's reason.
 */
export async function getVersions(
  sources: VersionSources,
  withKubelets: boolean,
  signal: AbortSignal,
): Promise<SeenVersions> {
  const { e2eTest, ginkgo } = sources;
  const { kubectl, server: plain } = await queryServer(sources, signal);
  const [server, kubelets] = await Promise.all([
    withEmulation(plain, sources, signal),
    withKubelets && 'value' in plain ? queryKubelets(sources, signal) : { value: [] },
  ]);
  return { kubectl, server, e2eTest, ginkgo, kubelets };
}

/** The version that `e2e.test --version` prints: the last line that is one, since logs may come before it. */
export async function getE2eTestVersion(
  path: string,
  exec: Exec,
  env: Env,
  signal: AbortSignal,
): Promise<Seen<string>> {
  const result = await runProbe([path, '--version'], exec, env, signal);
  if ('unknown' in result) return result;
  const lines = result.value.stdout.split('\n').map((line) => line.trim());
  const version =
    lines.findLast((line) => parseVersion(line) !== undefined) ?? lines.findLast((line) => /^v\d/.test(line));
  return version === undefined
    ? { unknown: lastLine(result.value.stderr) || 'it printed no version' }
    : { value: version };
}

/**
 * The versions of kubectl and of the server, from one call: with `version --client` gcloud's kubectl would print its own
 * version, and not that of the client it dispatches to. Without a server kubectl still prints its own.
 */
async function queryServer(
  sources: VersionSources,
  signal: AbortSignal,
): Promise<{ kubectl: Seen<VersionInfo>; server: Seen<ServerVersion> }> {
  // Without a kubeconfig there is no server to wait for.
  const attempts = existsSync(sources.kubeconfig) ? ATTEMPTS : 1;
  for (let attempt = 1; ; attempt += 1) {
    const seen = await queryServerOnce(sources, signal);
    if ('value' in seen.server || !seen.started || attempt === attempts) return seen;
    await delay(sources.retryPause ?? 10_000, signal);
  }
}

async function queryServerOnce(sources: VersionSources, signal: AbortSignal) {
  const args = ['version', '-o', 'json', '--request-timeout=30s'];
  const result = await runKubectl(sources, args, signal, 2 * TIMEOUT);
  if ('unknown' in result) return { started: false, kubectl: result, server: result };
  const { stdout, stderr } = result.value;
  const printed = (parseJson(stdout) ?? {}) as { clientVersion?: unknown; serverVersion?: unknown };
  const unknown = { unknown: lastLine(stderr) || 'kubectl printed no version' };
  return {
    started: true,
    kubectl: isVersion(printed.clientVersion) ? { value: printed.clientVersion } : unknown,
    server: isVersion(printed.serverVersion) ? { value: printed.serverVersion } : unknown,
  };
}

/** kubectl drops the emulation fields from `version -o json`; the raw response has them. */
async function withEmulation(
  server: Seen<ServerVersion>,
  sources: VersionSources,
  signal: AbortSignal,
): Promise<Seen<ServerVersion>> {
  if ('unknown' in server) return server;
  const result = await runKubectl(sources, ['get', '--raw', '/version'], signal);
  const raw = 'value' in result ? parseJson(result.value.stdout) : undefined;
  return isVersion(raw) ? { value: { ...server.value, ...emulationOf(raw) } } : server;
}

function emulationOf(raw: ServerVersion): Partial<ServerVersion> {
  const keys = ['emulationMajor', 'emulationMinor', 'minCompatibilityMajor', 'minCompatibilityMinor'] as const;
  return Object.fromEntries(keys.filter((key) => typeof raw[key] === 'string').map((key) => [key, raw[key]]));
}

async function queryKubelets(sources: VersionSources, signal: AbortSignal): Promise<SeenVersions['kubelets']> {
  const result = await runKubectl(
    sources,
    ['get', 'nodes', '-o', 'json', '--request-timeout=30s'],
    signal,
    2 * TIMEOUT,
  );
  if ('unknown' in result) return result;
  const nodes = parseJson(result.value.stdout) as NodeList | undefined;
  if (!Array.isArray(nodes?.items))
    return { unknown: lastLine(result.value.stderr) || 'kubectl printed no list of nodes' };
  const kubelets = nodes.items.map(({ metadata, status }) => ({
    node: metadata?.name ?? '',
    version: status?.nodeInfo?.kubeletVersion ?? '',
  }));
  return { value: kubelets };
}

interface NodeList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly status?: { readonly nodeInfo?: { readonly kubeletVersion?: string } };
  }[];
}

/** The version that `ginkgo version` prints. */
export async function getGinkgoVersion(path: string, exec: Exec, env: Env, signal: AbortSignal): Promise<Seen<string>> {
  const result = await runProbe([path, 'version'], exec, env, signal);
  if ('unknown' in result) return result;
  const [, version] = /Ginkgo Version (\d+\.\d+\.\d+)/.exec(result.value.stdout) ?? [];
  return version === undefined
    ? { unknown: lastLine(result.value.stderr) || 'it printed no version' }
    : { value: version };
}

/** kubectl's own version, without a cluster. gcloud's kubectl may use another version for a cluster. */
export async function getKubectlVersion(
  path: string,
  exec: Exec,
  env: Env,
  signal: AbortSignal,
): Promise<Seen<VersionInfo>> {
  const result = await runProbe([path, 'version', '--client', '-o', 'json'], exec, env, signal);
  if ('unknown' in result) return result;
  const printed = (parseJson(result.value.stdout) ?? {}) as { clientVersion?: unknown };
  if (isVersion(printed.clientVersion)) return { value: printed.clientVersion };
  return { unknown: lastLine(result.value.stderr) || 'it printed no version' };
}

function runKubectl(sources: VersionSources, args: readonly string[], signal: AbortSignal, timeout?: number) {
  return runProbe(
    [sources.kubectl, `--kubeconfig=${sources.kubeconfig}`, ...args],
    sources.exec,
    sources.env,
    signal,
    timeout,
  );
}

/** What a program printed, with any exit code. */
async function runProbe(
  argv: readonly string[],
  exec: Exec,
  env: Env,
  signal: AbortSignal,
  timeout = TIMEOUT,
): Promise<Seen<{ readonly stdout: string; readonly stderr: string }>> {
  const deadline = AbortSignal.timeout(timeout);
  try {
    const either = AbortSignal.any([signal, deadline]);
    return { value: await exec(argv, { signal: either, env, output: 'capture', okCodes: ANY_CODE }) };
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) return { unknown: `${argv[0]} did not respond within ${timeout / 1000}s` };
    return { unknown: causeOf(error, CommandError)?.message ?? messageOf(error) };
  }
}

function isVersion(value: unknown): value is VersionInfo {
  return typeof value === 'object' && value !== null && 'gitVersion' in value && typeof value.gitVersion === 'string';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
