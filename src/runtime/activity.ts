import type { ChildWatch, RunningChild } from '../api/child-watch.ts';
import { monotonic } from '../system/clock.ts';

/** What this process waits for: its step, its children, its open requests. */
export class Activity implements ChildWatch {
  readonly #children = new Set<RunningChild>();
  readonly #sources: (() => readonly string[])[] = [];

  started(child: RunningChild): void {
    this.#children.add(child);
  }

  ended(child: RunningChild): void {
    this.#children.delete(child);
  }

  /** Adds something that can say, in lines, what is waited for. */
  addSource(lines: () => readonly string[]): void {
    this.#sources.push(lines);
  }

  /** A few lines, the first one a heading. */
  report(): string {
    const children = Array.from(
      this.#children,
      ({ leader, command, since }) => `process ${leader.pid}, ${seconds(since)}: ${command}`,
    );
    const lines = [...this.#sources.flatMap((source) => source()), ...children];
    return ['Waiting for:', ...(lines.length === 0 ? ['nothing'] : lines).map((line) => `  ${line}`)].join('\n');
  }
}

/** How long something runs that began at a time of `monotonic()`. */
export const seconds = (since: number): string => `running for ${((monotonic() - since) / 1000).toFixed(0)}s`;
