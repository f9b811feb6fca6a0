import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { componentsBin } from '../real/components.ts';

const program = fileURLToPath(new URL('../../../dist/kubetest2-ts.cjs', import.meta.url));

/** What docker prints, line by line. */
export function docker(...args: string[]): string[] {
  const output = execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return output.split('\n').filter((line) => line !== '');
}

/** The kind node image on this machine, the newest if there are several; undefined without Docker or image. */
export function findNodeImage(): string | undefined {
  try {
    return docker('image', 'ls', '--filter', 'reference=*/node:v1.*', '--format', '{{.Repository}}:{{.Tag}}')[0];
  } catch {
    return undefined;
  }
}

/** The names of the containers that are nodes of a cluster, or of any. */
export function nodesOf(cluster?: string): string[] {
  const label = `label=io.x-k8s.kind.cluster${cluster === undefined ? '' : `=${cluster}`}`;
  return docker('ps', '-a', '--filter', label, '--format', '{{.Names}}').toSorted((one, other) =>
    one.localeCompare(other),
  );
}

/** A directory for the runs of one test, with the real programs on PATH. What they leave behind is removed with it. */
export class Machine implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'kt2-cluster-'));
  readonly #children: ChildProcess[] = [];
  readonly #clusters = new Set<string>();

  /** Starts `kubetest2-ts kind --run-id=ID …`. */
  start(id: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#clusters.add(`kind-${id}`);
    const child = spawn(process.execPath, [program, 'kind', `--run-id=${id}`, ...args], {
      cwd: this.directory,
      env: {
        PATH: [componentsBin, process.env['PATH']].join(delimiter),
        HOME: this.directory,
        ARTIFACTS: join(this.directory, `artifacts-${id}`),
        KUBETEST2_RUN_DIR: join(this.directory, 'rundir'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    const printed = { text: '' };
    const listeners = new Set<() => void>();
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        printed.text += chunk;
        for (const listener of listeners) listener();
      });
    }
    const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
      child.on('close', (code) => resolve({ code, output: printed.text }));
    });
    /** Resolves once this was printed, or the program has ended. */
    const prints = async (sign: RegExp): Promise<void> => {
      const seen = new Promise<void>((resolve) => {
        const look = () => sign.test(printed.text) && resolve();
        listeners.add(look);
        look();
      });
      await Promise.race([seen, ended]);
    };
    return { child, ended, prints };
  }

  async run(id: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return await this.start(id, args, env).ended;
  }

  read(path: string): string {
    return readFileSync(join(this.directory, path), 'utf8');
  }

  list(path: string): string[] {
    return existsSync(join(this.directory, path)) ? readdirSync(join(this.directory, path)) : [];
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const cluster of this.#clusters) {
      const left = nodesOf(cluster);
      if (left.length > 0) docker('rm', '-f', '-v', ...left);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A way to the Docker daemon that can be cut, which is what a daemon that stops looks like from outside. */
export async function cuttableDocker(directory: string) {
  const path = join(directory, 'docker.sock');
  const server = createServer({ allowHalfOpen: true }, (client) => {
    // docker exec ends its own half first, and reads on.
    const real = createConnection({ path: '/var/run/docker.sock', allowHalfOpen: true });
    client.pipe(real).pipe(client);
    for (const end of [client, real]) {
      end.on('error', () => {
        client.destroy();
        real.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  return {
    host: `unix://${path}`,
    cut: () => {
      server.close();
      rmSync(path, { force: true });
    },
  };
}
