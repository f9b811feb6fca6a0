import { readFile } from 'node:fs/promises';
import { delimiter, dirname, resolve } from 'node:path';
import { messageOf, RunError } from '../api/errors.ts';
import { reasonOf } from '../system/system-error.ts';

/** How to connect to one cluster: what `kubectl` reads from a kubeconfig for one context. */
export interface ClusterAccess {
  readonly context: string;
  /** The API server's URL without credentials. */
  readonly server: string;
  readonly tls: {
    readonly ca?: Buffer;
    readonly cert?: Buffer;
    readonly key?: Buffer;
    readonly servername?: string;
    readonly rejectUnauthorized: boolean;
  };
  /** The Authorization header's value, if the user has one. */
  readonly authorization?: string;
  /** What only `kubectl` can do for this context (a credential plugin, a proxy), or undefined. */
  readonly needsKubectl?: string;
  /** The credential plugin that `kubectl` starts for the user, if there is one. */
  readonly plugin?: CredentialPlugin;
}

/** A program that prints credentials. */
export interface CredentialPlugin {
  /** A name to find on PATH, or an absolute path. */
  readonly command: string;
  /** How to install it, as the kubeconfig says; may be empty. */
  readonly installHint: string;
}

/**
 * Reads one context of a kubeconfig, by default the current one. `path` may be a list as in `$KUBECONFIG`; as with
 * `kubectl` the first file that defines a name wins, and missing files are ignored.
 * Throws RunError that names the file and what is missing in it.
 */
export async function readKubeconfig(path: string, context = ''): Promise<ClusterAccess> {
  const files = await readAll(path);
  const name =
    context || files.map(({ content }) => text(content['current-context'])).find((current) => current !== '');
  if (!name) throw new RunError(`kubeconfig ${path} has no current context`);
  const entry = find(files, 'contexts', name);
  if (!entry) throw new RunError(`kubeconfig ${path} has no context ${JSON.stringify(name)}`);
  const wanted = record(entry.value['context']);
  const cluster = find(files, 'clusters', text(wanted['cluster']));
  const server = cluster && text(record(cluster.value['cluster'])['server']);
  if (!cluster || !server) throw new RunError(`kubeconfig ${path}: context ${JSON.stringify(name)} has no server`);
  return access(name, server, cluster, find(files, 'users', text(wanted['user'])));
}

interface ConfigFile {
  readonly directory: string;
  readonly content: Readonly<Record<string, unknown>>;
}

interface Entry {
  /** Relative paths in the entry start here. */
  readonly directory: string;
  readonly value: Readonly<Record<string, unknown>>;
}

async function readAll(path: string): Promise<ConfigFile[]> {
  const { parse } = await import('yaml');
  const files: ConfigFile[] = [];
  for (const file of path.split(delimiter).filter((each) => each !== '')) {
    try {
      files.push({ directory: dirname(resolve(file)), content: record(parse(await readFile(file, 'utf8'))) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw new RunError(`cannot read kubeconfig ${file}: ${firstLine(messageOf(error))}`, { cause: error });
    }
  }
  if (files.length === 0) throw new RunError(`kubeconfig ${path || '""'} does not exist`);
  return files;
}

function find(files: readonly ConfigFile[], kind: string, name: string): Entry | undefined {
  for (const { directory, content } of files)
    for (const value of entries(content[kind])) if (text(value['name']) === name) return { directory, value };
  return undefined;
}

async function access(context: string, server: string, cluster: Entry, user: Entry | undefined) {
  const settings = record(cluster.value['cluster']);
  const credentials = record(user?.value['user']);
  const ca = await bytes(cluster.directory, settings, 'certificate-authority');
  const cert = await bytes(user?.directory ?? '', credentials, 'client-certificate');
  const key = await bytes(user?.directory ?? '', credentials, 'client-key');
  const servername = text(settings['tls-server-name']);
  const authorization = await authorizationOf(user?.directory ?? '', credentials);
  const needsKubectl =
    ['exec', 'auth-provider'].find((each) => credentials[each] !== undefined) ?? text(settings['proxy-url']);
  return {
    context,
    server: withoutCredentials(server),
    tls: {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(servername && { servername }),
      rejectUnauthorized: settings['insecure-skip-tls-verify'] !== true,
    },
    ...(authorization && { authorization }),
    ...(needsKubectl && { needsKubectl }),
    ...pluginOf(user?.directory ?? '', record(credentials['exec'])),
  };
}

/** As in `kubectl`, a command with a slash is a path from the directory of the kubeconfig. */
function pluginOf(directory: string, exec: Readonly<Record<string, unknown>>): { plugin?: CredentialPlugin } {
  const command = text(exec['command']);
  if (command === '') return {};
  const installHint = text(exec['installHint']).trim().replace(/\s+/g, ' ');
  return { plugin: { command: command.includes('/') ? resolve(directory, command) : command, installHint } };
}

/** A field set inline in base64 (`NAME-data`), which wins, or as a path. */
async function bytes(directory: string, fields: Readonly<Record<string, unknown>>, name: string) {
  const inline = text(fields[`${name}-data`]);
  if (inline !== '') return Buffer.from(inline, 'base64');
  const path = text(fields[name]);
  return path === '' ? undefined : readCredential(resolve(directory, path));
}

async function authorizationOf(
  directory: string,
  user: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  const file = text(user['tokenFile']);
  const token = file === '' ? text(user['token']) : (await readCredential(resolve(directory, file))).toString().trim();
  if (token !== '') return `Bearer ${token}`;
  const name = text(user['username']);
  const basic = Buffer.from(`${name}:${text(user['password'])}`).toString('base64');
  return name === '' ? undefined : `Basic ${basic}`;
}

async function readCredential(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new RunError(`cannot read ${path}, which the kubeconfig refers to: ${reasonOf(error)}`, { cause: error });
  }
}

function withoutCredentials(server: string): string {
  const url = URL.parse(server);
  if (url === null) throw new RunError('invalid kubeconfig: the server is not a URL');
  url.username = '';
  url.password = '';
  return url.href.replace(/\/$/, '');
}

function entries(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** YAML errors quote the lines around the mistake, which may hold a token. */
function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}
