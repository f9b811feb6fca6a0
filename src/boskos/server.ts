import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { messageOf, RunError, UsageError } from '../api/errors.ts';

/** A Boskos server, and the credentials for it. Holds no secret except one that was in the URL itself. */
export interface BoskosServer {
  /** The URL without user and password; fit for logs and records. */
  readonly location: string;
  /** The owner of its leases. */
  readonly owner: string;
  /** Empty when the server requires none. */
  readonly user: string;
  /** Absolute; read again for each request, so that a renewed password is seen. Empty like the user. */
  readonly passwordFile: string;
  /** The password of the URL; it never leaves the memory of this process. */
  readonly typedPassword?: string;
}

/** Checks a location and its credentials. Throws UsageError when they cannot be used. */
export function boskosServer(
  typed: { location: string; user: string; passwordFile: string; cwd: string },
  owner: string,
): BoskosServer {
  if ((typed.user === '') !== (typed.passwordFile === '')) {
    throw new UsageError('--boskos-user and --boskos-password-file only work together');
  }
  const url = URL.parse(typed.location);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`invalid --boskos-location: expected a URL with http:// or https://`);
  }
  const typedPassword = decodeURIComponent(url.password);
  const user = typed.user || decodeURIComponent(url.username);
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  const { passwordFile } = typed;
  return {
    location: url.href.replace(/\/$/, ''),
    owner,
    user,
    passwordFile: passwordFile === '' || isAbsolute(passwordFile) ? passwordFile : join(typed.cwd, passwordFile),
    ...(typedPassword === '' || passwordFile !== '' ? {} : { typedPassword }),
  };
}

/** The URL of one call: the location's path stays in front, all parameters are in the query. */
export function callUrl(server: BoskosServer, call: string, query: Readonly<Record<string, string>>): URL {
  const url = new URL(server.location);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${call}`;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** The headers with the credentials. Throws RunError when the password file cannot be read. */
export async function credentials(server: BoskosServer): Promise<Record<string, string>> {
  if (server.user === '') return {};
  const password = server.typedPassword ?? (await readPassword(server.passwordFile));
  return { authorization: `Basic ${Buffer.from(`${server.user}:${password}`).toString('base64')}` };
}

async function readPassword(file: string): Promise<string> {
  if (file === '') return '';
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new RunError(`cannot read the password for Boskos: ${messageOf(error)}`, { cause: error });
  }
}
