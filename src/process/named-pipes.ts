import { closeSync, constants, openSync } from 'node:fs';
import { type OutputSource, PipeSource, removeIfThere } from './pipe.ts';

/** A pipe: one end for a child to write to, the other one for us. */
export interface Pipe {
  readonly source: OutputSource;
  /** The file descriptor for the child. */
  readonly writeEnd: number;
  /** Closes our copy of the child's end; otherwise the source never ends. */
  given(): void;
  /** Closes a pipe that no child uses. */
  discard(): void;
}

/**
 * Opens pipes for a child, from named ones that are removed from their directory at once. Node.js connects children by
 * sockets, and a script that opens /dev/stderr, or `tee /dev/stdout`, fails on a socket. `make` creates the named pipes
 * in `directory`. Returns none when they cannot be created or opened there.
 */
export async function openPipes(
  count: number,
  directory: string,
  make: (paths: readonly string[]) => Promise<void>,
): Promise<Pipe[]> {
  if (count === 0) return [];
  const mark = Math.random().toString(36).slice(2);
  const paths = Array.from({ length: count }, (_, at) => `${directory}/kubetest2-ts-${mark}-${at}`);
  const pipes: Pipe[] = [];
  try {
    await make(paths);
    for (const path of paths) pipes.push(openPipe(path));
    return pipes;
  } catch {
    for (const pipe of pipes) pipe.discard();
    return [];
  } finally {
    for (const path of paths) removeIfThere(path);
  }
}

function openPipe(path: string): Pipe {
  // In this order neither call waits for the other end.
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let writeEnd: number;
  try {
    writeEnd = openSync(path, constants.O_WRONLY);
  } catch (error) {
    closeSync(readEnd);
    throw error;
  }
  const source = new PipeSource(readEnd);
  const given = (): void => closeSync(writeEnd);
  return {
    source,
    writeEnd,
    given,
    discard: () => {
      given();
      source.cut();
    },
  };
}
