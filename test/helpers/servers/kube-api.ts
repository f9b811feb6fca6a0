import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';

/** What the server answers at a path: a status and a body; undefined for a 404. */
export type Answers = (path: string, request: IncomingMessage) => { status?: number; body: unknown } | undefined;

/** A directory with a certificate authority, a server and a client certificate. */
export class Pki implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'kt2-pki-'));

  constructor() {
    this.#openssl(
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt',
    );
    writeFileSync(join(this.dir, 'san'), 'subjectAltName=IP:127.0.0.1,DNS:cluster.test\n');
    for (const name of ['server', 'client']) {
      this.#openssl(
        `req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`,
      );
      this.#openssl(
        `x509 -req -days 2 -in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile san -out ${name}.crt`,
      );
    }
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  read(name: string): Buffer {
    return readFileSync(this.path(name));
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #openssl(args: string): void {
    execFileSync('openssl', args.split(' '), { cwd: this.dir, stdio: 'pipe' });
  }
}

/** Serves `answers` over TLS on the loopback, asking for (not insisting on) a client certificate. */
export async function serveApi(pki: Pki, answers: Answers) {
  const seen: { call: string; path: string; authorization: string | undefined; client: string | undefined }[] = [];
  const server = createServer(
    {
      key: pki.read('server.key'),
      cert: pki.read('server.crt'),
      ca: pki.read('ca.crt'),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      const client = socket.authorized ? socket.getPeerCertificate().subject.CN : undefined;
      const call = `${request.method} ${request.headers['content-type'] ?? ''}`.trim();
      const { authorization } = request.headers;
      seen.push({ call, path: request.url ?? '', authorization, client: client?.toString() });
      const answer = answers(request.url ?? '', request) ?? { status: 404, body: { message: 'not found' } };
      response.writeHead(answer.status ?? 200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    },
  );
  const handshakes = { count: 0 };
  server.on('secureConnection', () => {
    handshakes.count += 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    handshakes,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
