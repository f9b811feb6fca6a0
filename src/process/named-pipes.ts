import { closeSync, constants, openSync } from 'node:fs';
import { PipeSource, removeIfThere, type Source } from './pipe.ts';

/** A pipe of the system's own kind: one end for a child to write to, the other one for us. */
export interface Pipe {
  readonly source: Source;
  /** The end to give away: a file descriptor. */
  readonly writeEnd: number;
  /** Closes our copy of the end that was given away; without it the other end never sees the end of the output. */
  given(): void;
  /** Gives up a pipe that nobody writes to. */
  discard(): void;
}

/**
 * Pipes for children, made from named ones that are gone from their folder at once. Node connects children by sockets, and
 * a script that opens /dev/stderr, or `tee /dev/stdout`, fails on a socket. To make named pipes takes a process of its
 * own, so a pipe whose writers have all closed it serves the next child too, where the system can open it without a name.
 */
export class Fifos {
  /** A read end each of pipes that are not in use, which keeps them. */
  readonly #idle: number[] = [];

  /** `make` creates the named pipes in `folder`. None when they cannot be made or opened there. */
  async open(count: number, folder: string, make: (paths: readonly string[]) => Promise<void>): Promise<Pipe[]> {
    if (count === 0) return [];
    const pipes = this.#again(count);
    const mark = Math.random().toString(36).slice(2);
    const paths = Array.from({ length: count - pipes.length }, (_, at) => `${folder}/kubetest2-ts-${mark}-${at}`);
    try {
      if (paths.length > 0) await make(paths);
      for (const path of paths) pipes.push(this.#pipe(path, openSync(path, READ)));
      return pipes;
    } catch {
      for (const pipe of pipes) pipe.discard();
      return [];
    } finally {
      for (const path of paths) removeIfThere(path);
    }
  }

  #again(count: number): Pipe[] {
    const pipes: Pipe[] = [];
    for (let keeper = this.#idle.pop(); keeper !== undefined; keeper = this.#idle.pop()) {
      try {
        pipes.push(this.#pipe(`/proc/self/fd/${keeper}`, keeper));
      } catch {
        // Where the system does not open it again, a new one is made.
      }
      if (pipes.length === count) break;
    }
    return pipes;
  }

  /** Takes over the keeper, also when the pipe cannot be opened. */
  #pipe(path: string, keeper: number): Pipe {
    let writeEnd: number;
    let readEnd: number | undefined;
    try {
      // In this order neither call waits for the other end.
      readEnd = openSync(path, READ);
      writeEnd = openSync(path, constants.O_WRONLY);
    } catch (error) {
      closeSync(keeper);
      if (readEnd !== undefined) closeSync(readEnd);
      throw error;
    }
    const source = new PipeSource(readEnd);
    const given = (): void => closeSync(writeEnd);
    let kept = true;
    const cut = (): void => {
      // A reader that does not read would block those who write on.
      if (kept) closeSync(keeper);
      kept = false;
      source.cut();
    };
    void source.ended.then(() => {
      if (kept) this.#idle.push(keeper);
      kept = false;
    });
    return {
      source: {
        start: (take) => source.start(take),
        resume: () => source.resume(),
        catchUp: () => source.catchUp(),
        cut,
        ended: source.ended,
      },
      writeEnd,
      given,
      discard: () => {
        given();
        cut();
      },
    };
  }
}

const READ = constants.O_RDONLY | constants.O_NONBLOCK;
