import type { buildConnector } from 'undici';

/** The most that is read at once, and the memory of one connection. Bytes. */
const WINDOW = 64 << 10;
const RING = 8 * WINDOW;

/**
 * Connections that read into one piece of memory each, round and round. Else each read is a buffer of its own: a fast
 * download spends a tenth of its time on memory that is new, and on what collects it.
 *
 * What was read stays good while a connection reads on and 320 KiB have not been taken from it: the sockets hold two
 * windows, the bodies of answers two more, and one is in the hands of the reader. So whoever wants to keep a chunk beyond
 * the next one has to copy it.
 */
export function roundSockets(
  build: typeof buildConnector,
  options: buildConnector.BuildOptions,
): buildConnector.connector {
  return (target, connected) => {
    const ring = Buffer.allocUnsafeSlow(RING);
    let at = 0;
    let push: (chunk: Uint8Array) => boolean = () => true;
    const connect = build({
      ...options,
      onread: {
        buffer: () => {
          if (at + WINDOW > RING) at = 0;
          return ring.subarray(at, at + WINDOW);
        },
        callback: (length: number, window: Uint8Array) => {
          at += length;
          return push(window.subarray(0, length));
        },
      },
    });
    connect(target, (...result) => {
      const [, socket] = result;
      if (socket !== null) push = (chunk) => socket.push(chunk);
      connected(...result);
    });
  };
}
