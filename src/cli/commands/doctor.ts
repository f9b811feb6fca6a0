import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Env } from '../../api/env.ts';
import { CommandError, causeOf, messageOf } from '../../api/errors.ts';
import type { Exec } from '../../api/exec.ts';
import { acquireFlags, acquireSettings } from '../../download/flags.ts';
import { findPlugins } from '../../plugins/find-plugins.ts';
import { runPaths } from '../../records/paths.ts';
import { programVersion } from '../../runtime/build-info.ts';
import { findProgram } from '../../system/find-program.ts';
import { withDeadline } from '../../system/wait.ts';
import { type CommandWorld, defineCommand } from './command.ts';

/** A finding, and for a problem what to do about it. */
interface Finding {
  readonly level: 'ok' | 'note' | 'problem';
  readonly what: string;
  readonly remedy?: string;
}

interface Tool {
  readonly name: string;
  /** The arguments that make it print its version and do nothing else. */
  readonly version: readonly string[];
  readonly neededFor: string;
}

const TOOLS: readonly Tool[] = [
  {
    name: 'kubectl',
    version: ['version', '--client'],
    neededFor: 'the ginkgo tester with binaries from PATH, and gce',
  },
  {
    name: 'docker',
    version: ['version', '--format', 'client {{.Client.Version}}, server {{.Server.Version}}'],
    neededFor: 'the kind deployer',
  },
  { name: 'kind', version: ['version'], neededFor: 'the kind deployer (which can download it: --kind-version)' },
  { name: 'make', version: ['--version'], neededFor: '--build and the node tester' },
  { name: 'go', version: ['version'], neededFor: '--build and the node tester' },
  { name: 'git', version: ['--version'], neededFor: '--build' },
  {
    name: 'gcloud',
    version: ['version', '--format=value("Google Cloud SDK")'],
    neededFor: 'the gce deployer and node tests on GCE',
  },
  { name: 'ssh', version: ['-V'], neededFor: 'node tests and cluster logs on GCE' },
];

export const doctor = defineCommand({
  usage: ['doctor [flags]'],
  about:
    'Checks programs, credentials, directories and plugins, and prints how to fix each problem. Exits 1 if there is one.',
  flags: acquireFlags,
  args: [0, 0],
  run: async ({ flags }, world) => await examine(acquireSettings(flags, world).cacheDir, world),
});

async function examine(cacheDir: string, world: CommandWorld): Promise<number> {
  using session = await world.openSession();
  const exec = session.openExec({ env: () => world.env, grace: 1000 });
  const findings: Finding[] = [
    { level: 'ok', what: `kubetest2-ts ${programVersion()}, run by ${world.runtime}` },
    ...(await Promise.all(TOOLS.map((tool) => toolFinding(tool, world, exec, session.signals.work)))),
    ...(await credentials(world.env)),
    ...(await directories(cacheDir, world)),
    ...pluginFindings(world),
  ];
  const marks = { ok: 'ok      ', note: 'note    ', problem: 'PROBLEM ' };
  for (const { level, what, remedy } of findings) {
    world.stdout.write(`${marks[level]}${what}\n${remedy === undefined ? '' : `          -> ${remedy}\n`}`);
  }
  return findings.some(({ level }) => level === 'problem') ? 1 : 0;
}

async function toolFinding(
  { name, version, neededFor }: Tool,
  world: CommandWorld,
  exec: Exec,
  signal: AbortSignal,
): Promise<Finding> {
  const path = findProgram(name, world.env, world.cwd);
  if (path === undefined) {
    return { level: 'note', what: `${name} is not on PATH`, remedy: `install it if you need ${neededFor}` };
  }
  const answer = await ask([path, ...version], exec, signal);
  if (answer.ok) return { level: 'ok', what: `${name}: ${answer.line} (${path})` };
  return {
    level: 'problem',
    what: `${name} (${path}) failed: ${answer.line}`,
    remedy:
      name === 'docker'
        ? 'start the Docker daemon, or add your user to the docker group'
        : `fix or remove it; it is needed for ${neededFor}`,
  };
}

async function ask(argv: readonly string[], exec: Exec, signal: AbortSignal): Promise<{ ok: boolean; line: string }> {
  using limit = withDeadline(signal, 15_000, () => new Error('no answer within 15s'));
  try {
    const { stdout, stderr } = await exec(argv, { signal: limit.signal, output: 'capture' });
    return { ok: true, line: firstLine(stdout) || firstLine(stderr) };
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, line: lastLine(causeOf(error, CommandError)?.output ?? '') || messageOf(error) };
  }
}

async function credentials(env: Env): Promise<Finding[]> {
  const home = env['HOME'] ?? '';
  const places = [
    [
      'kubeconfig',
      env['KUBECONFIG'] || join(home, '.kube', 'config'),
      'export KUBECONFIG, or let a deployer create a cluster',
    ],
    [
      'Google application credentials',
      env['GOOGLE_APPLICATION_CREDENTIALS'] || join(home, '.config', 'gcloud', 'application_default_credentials.json'),
      'gcloud auth application-default login, if you need private buckets or staging',
    ],
    ['SSH key for GCE', join(home, '.ssh', 'google_compute_engine'), 'gcloud compute config-ssh, if you need GCE'],
  ] as const;
  return await Promise.all(
    places.map(async ([name, path, remedy]): Promise<Finding> => {
      const exists = await stat(path).then(
        () => true,
        () => false,
      );
      return exists
        ? { level: 'ok', what: `${name}: ${path}` }
        : { level: 'note', what: `no ${name} (${path})`, remedy };
    }),
  );
}

async function directories(cacheDir: string, { env, cwd }: CommandWorld): Promise<Finding[]> {
  const { base, artifacts } = runPaths({ runId: 'any', rundir: '', rundirInArtifacts: false, artifacts: '', env, cwd });
  const checked = [
    ['run directories', base, '--rundir or $KUBETEST2_RUN_DIR'],
    ['artifacts', artifacts, '--artifacts or $ARTIFACTS'],
    ['cache', cacheDir, '--cache-dir or $KUBETEST2_CACHE_DIR'],
  ] as const;
  return await Promise.all(
    checked.map(async ([name, path, flag]): Promise<Finding> => {
      const writable = await isWritable(path);
      if (writable) return { level: 'ok', what: `${name}: ${path} is writable` };
      return {
        level: 'problem',
        what: `${name}: ${path} is not writable`,
        remedy: `set another directory with ${flag}`,
      };
    }),
  );
}

/** Whether a directory, or its nearest existing parent, is writable. */
async function isWritable(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return path !== dirname(path) && (await isWritable(dirname(path)));
  if (!found.isDirectory()) return false;
  return await access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

function pluginFindings({ env, cwd, registry }: CommandWorld): Finding[] {
  const own = { deployer: registry.deployers, tester: registry.testers };
  return findPlugins(env, cwd).map(({ kind, name, path, shadows }): Finding => {
    if (own[kind].some((listed) => listed.name === name)) {
      return { level: 'note', what: `${kind} ${name} on PATH (${path}) is ignored: the built-in one takes precedence` };
    }
    if (shadows.length === 0) return { level: 'ok', what: `${kind} ${name}: ${path}` };
    return {
      level: 'note',
      what: `${kind} ${name}: ${path} hides ${shadows.join(', ')}`,
      remedy: 'remove the ones you do not need',
    };
  });
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
