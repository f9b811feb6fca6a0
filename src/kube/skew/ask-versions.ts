import { existsSync } from 'node:fs';
import type { Env } from '../../api/env.ts';
import { CommandError, causeOf, messageOf } from '../../api/errors.ts';
import type { Exec } from '../../api/exec.ts';
import { delay } from '../../system/wait.ts';
import { parseVersion } from '../version.ts';
import type { Seen, SeenVersions, ServerVersion, VersionInfo } from './rules.ts';

/** How to reach the cluster, and what is known of the programs without it; all paths absolute. */
export interface SkewTools extends Pick<SeenVersions, 'e2eTest' | 'ginkgo'> {
  readonly exec: Exec;
  readonly env: Env;
  readonly kubectl: string;
  readonly kubeconfig: string;
  /** Milliseconds before the API server is asked again. Default: 10 s. */
  readonly retryPause?: number;
}

const ATTEMPTS = 5;
const LIMIT = 30_000;
const ANY_CODE = Array.from({ length: 256 }, (_, code) => code);

/**
 * Asks kubectl, the API server and (`withKubelets`) the nodes for their versions. What cannot be asked is unknown and
 * says why. An API server that does not answer is asked five times. Throws the signal's reason.
 */
export async function askVersions(tools: SkewTools, withKubelets: boolean, signal: AbortSignal): Promise<SeenVersions> {
  const { e2eTest, ginkgo } = tools;
  const { kubectl, server: plain } = await askServer(tools, signal);
  const [server, kubelets] = await Promise.all([
    withEmulation(plain, tools, signal),
    withKubelets && 'value' in plain ? askKubelets(tools, signal) : { value: [] },
  ]);
  return { kubectl, server, e2eTest, ginkgo, kubelets };
}

/** What `e2e.test --version` says: the last line that is a version, since logs may come before it. */
export async function askE2eTest(path: string, exec: Exec, env: Env, signal: AbortSignal): Promise<Seen<string>> {
  const answer = await ask([path, '--version'], exec, env, signal);
  if ('unknown' in answer) return answer;
  const lines = answer.value.stdout.split('\n').map((line) => line.trim());
  const version =
    lines.findLast((line) => parseVersion(line) !== undefined) ?? lines.findLast((line) => /^v\d/.test(line));
  return version === undefined
    ? { unknown: lastLine(answer.value.stderr) || 'it did not say one' }
    : { value: version };
}

/**
 * The versions of kubectl and of the server, from one call: `version --client` would show the own version of gcloud's
 * kubectl, which hands over to the client that fits the server. Without a server kubectl still tells its own.
 */
async function askServer(
  tools: SkewTools,
  signal: AbortSignal,
): Promise<{ kubectl: Seen<VersionInfo>; server: Seen<ServerVersion> }> {
  // Without a kubeconfig there is no server that could come up.
  const attempts = existsSync(tools.kubeconfig) ? ATTEMPTS : 1;
  for (let attempt = 1; ; attempt += 1) {
    const seen = await askServerOnce(tools, signal);
    if ('value' in seen.server || !seen.started || attempt === attempts) return seen;
    await delay(tools.retryPause ?? 10_000, signal);
  }
}

async function askServerOnce(tools: SkewTools, signal: AbortSignal) {
  const words = ['version', '-o', 'json', '--request-timeout=30s'];
  const answer = await askKubectl(tools, words, signal, 2 * LIMIT);
  if ('unknown' in answer) return { started: false, kubectl: answer, server: answer };
  const { stdout, stderr } = answer.value;
  const said = (parseJson(stdout) ?? {}) as { clientVersion?: unknown; serverVersion?: unknown };
  const why = { unknown: lastLine(stderr) || 'kubectl did not say one' };
  return {
    started: true,
    kubectl: isVersion(said.clientVersion) ? { value: said.clientVersion } : why,
    server: isVersion(said.serverVersion) ? { value: said.serverVersion } : why,
  };
}

/** kubectl's own struct drops the emulation fields from `version -o json`; the raw answer has them. */
async function withEmulation(
  server: Seen<ServerVersion>,
  tools: SkewTools,
  signal: AbortSignal,
): Promise<Seen<ServerVersion>> {
  if ('unknown' in server) return server;
  const answer = await askKubectl(tools, ['get', '--raw', '/version'], signal);
  const raw = 'value' in answer ? parseJson(answer.value.stdout) : undefined;
  return isVersion(raw) ? { value: { ...server.value, ...emulationOf(raw) } } : server;
}

function emulationOf(raw: ServerVersion): Partial<ServerVersion> {
  const keys = ['emulationMajor', 'emulationMinor', 'minCompatibilityMajor', 'minCompatibilityMinor'] as const;
  return Object.fromEntries(keys.filter((key) => typeof raw[key] === 'string').map((key) => [key, raw[key]]));
}

async function askKubelets(tools: SkewTools, signal: AbortSignal): Promise<SeenVersions['kubelets']> {
  const answer = await askKubectl(tools, ['get', 'nodes', '-o', 'json', '--request-timeout=30s'], signal, 2 * LIMIT);
  if ('unknown' in answer) return answer;
  const said = parseJson(answer.value.stdout) as NodeList | undefined;
  if (!Array.isArray(said?.items))
    return { unknown: lastLine(answer.value.stderr) || 'kubectl did not list the nodes' };
  const kubelets = said.items.map(({ metadata, status }) => ({
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

/** What `ginkgo version` says. */
export async function askGinkgo(path: string, exec: Exec, env: Env, signal: AbortSignal): Promise<Seen<string>> {
  const answer = await ask([path, 'version'], exec, env, signal);
  if ('unknown' in answer) return answer;
  const [, version] = /Ginkgo Version (\d+\.\d+\.\d+)/.exec(answer.value.stdout) ?? [];
  return version === undefined
    ? { unknown: lastLine(answer.value.stderr) || 'it did not say one' }
    : { value: version };
}

/** kubectl's own version, without a cluster. gcloud's kubectl may be another one for some cluster. */
export async function askKubectlClient(
  path: string,
  exec: Exec,
  env: Env,
  signal: AbortSignal,
): Promise<Seen<VersionInfo>> {
  const answer = await ask([path, 'version', '--client', '-o', 'json'], exec, env, signal);
  if ('unknown' in answer) return answer;
  const said = (parseJson(answer.value.stdout) ?? {}) as { clientVersion?: unknown };
  if (isVersion(said.clientVersion)) return { value: said.clientVersion };
  return { unknown: lastLine(answer.value.stderr) || 'it did not say one' };
}

function askKubectl(tools: SkewTools, words: readonly string[], signal: AbortSignal, limit?: number) {
  return ask([tools.kubectl, `--kubeconfig=${tools.kubeconfig}`, ...words], tools.exec, tools.env, signal, limit);
}

/** What a program printed, whatever its exit code. */
async function ask(
  argv: readonly string[],
  exec: Exec,
  env: Env,
  signal: AbortSignal,
  limit = LIMIT,
): Promise<Seen<{ readonly stdout: string; readonly stderr: string }>> {
  const timeout = AbortSignal.timeout(limit);
  try {
    const bounded = AbortSignal.any([signal, timeout]);
    return { value: await exec(argv, { signal: bounded, env, output: 'capture', okCodes: ANY_CODE }) };
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) return { unknown: `${argv[0]} did not answer within ${limit / 1000} s` };
    return { unknown: causeOf(error, CommandError)?.message ?? messageOf(error) };
  }
}

function isVersion(said: unknown): said is VersionInfo {
  return typeof said === 'object' && said !== null && 'gitVersion' in said && typeof said.gitVersion === 'string';
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
