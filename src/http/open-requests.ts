import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { monotonic } from '../system/clock.ts';

/** The requests under way, as undici reports them. Disposed, it no longer listens. */
export interface OpenRequests extends Disposable {
  /** A line for each: method, host, path without its query, and for how long. */
  readonly lines: () => string[];
}

interface RequestMessage {
  readonly request: { readonly method?: string; readonly origin?: unknown; readonly path?: string };
}

const ENDS = ['undici:request:trailers', 'undici:request:error'];

/** Watches the requests of this process, those of Node's own `fetch` included. */
export function watchRequests(): OpenRequests {
  const open = new Map<object, { readonly text: string; readonly since: number }>();
  const begin = (message: unknown): void => {
    const { request } = message as RequestMessage;
    const [path = ''] = (request.path ?? '').split('?', 1);
    open.set(request, { text: `${request.method} ${request.origin}${path}`, since: monotonic() });
  };
  const end = (message: unknown): void => void open.delete((message as RequestMessage).request);
  subscribe('undici:request:create', begin);
  for (const name of ENDS) subscribe(name, end);
  return {
    lines: () =>
      Array.from(
        open.values(),
        ({ text, since }) => `request ${text}, open for ${Math.round((monotonic() - since) / 1000)}s`,
      ),
    [Symbol.dispose]: () => {
      unsubscribe('undici:request:create', begin);
      for (const name of ENDS) unsubscribe(name, end);
    },
  };
}
