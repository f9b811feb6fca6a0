import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers a request with the kubeconfig of the one control plane of a run. */
    readonly controlPlane: string;
  }
}

/** Keeps the one control plane of a run: started when a suite first asks for it, ended when the run ends. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let plane: Promise<ControlPlane> | undefined;
  const server = createServer(async (_request, response) => {
    plane ??= startControlPlane();
    try {
      response.end((await plane).kubeconfig);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  project.provide('controlPlane', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close().closeAllConnections();
    await (await plane?.catch(() => undefined))?.[Symbol.asyncDispose]();
  };
}
