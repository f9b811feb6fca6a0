import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { AnswerFault } from './modes.ts';

/** One answer that was given. */
export interface Answered {
  /** From 1 on, over all servers. */
  readonly number: number;
  readonly hit: boolean;
  /** `METHOD /path?query`. */
  readonly request: string;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Stands before the servers of a run, counts their answers and spoils one of them. */
export class Answers implements AsyncDisposable {
  readonly given: Answered[] = [];
  readonly #servers: Server[] = [];
  readonly #spoiled: { readonly fault: AnswerFault; readonly at: number } | undefined;

  /** @param spoiled which answer, from 1 on, and how; undefined lets all of them through */
  constructor(spoiled?: { readonly fault: AnswerFault; readonly at: number }) {
    this.#spoiled = spoiled;
  }

  /** The URL at which a server is to be asked instead of at its own. */
  async before(url: string): Promise<string> {
    const server = createServer((question, response) => {
      // A client that is gone, on purpose or killed, is no error.
      this.#answer(url, question, response).catch(() => response.destroy());
    });
    this.#servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }

  async #answer(url: string, question: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(question);
    const number = this.given.length + 1;
    const hit = this.#spoiled?.at === number;
    this.given.push({ number, hit, request: `${question.method} ${question.url}` });
    const fault = hit ? this.#spoiled?.fault : undefined;
    if (fault === 'hang') return;
    if (fault === 'reset') return void question.socket.resetAndDestroy();
    if (fault === '500' || fault === '503' || fault === '429') {
      response.writeHead(Number(fault), { 'content-type': 'text/plain' }).end('spoiled by the test\n');
      return;
    }
    const reply = await ask(url, question, body);
    if (fault === 'lost') return void question.socket.resetAndDestroy();
    response.writeHead(reply.status, { ...reply.headers, 'content-length': reply.body.length });
    if (fault !== 'cut') return void response.end(reply.body);
    // The head and half of the body; a body of nothing is cut within the head's wake.
    response.write(reply.body.subarray(0, reply.body.length / 2), () => question.socket.destroy());
    response.flushHeaders();
    if (reply.body.length < 2) question.socket.destroy();
  }
}

async function ask(url: string, question: IncomingMessage, body: Buffer): Promise<Reply> {
  const { host: _, connection: __, ...headers } = question.headers;
  const asked = request(new URL(question.url ?? '/', url), { method: question.method ?? 'GET', headers, agent: false });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const { 'transfer-encoding': ___, connection: ____, 'keep-alive': _____, ...rest } = answer.headers;
  return { status: answer.statusCode ?? 502, headers: rest, body: await buffer(answer) };
}
