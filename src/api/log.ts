/** Where the program's own lines go: stderr, never stdout. Formats are in log-format.ts. */
export interface Log {
  /** What a reader of the log wants to know anyway. */
  info(message: string): void;
  /** Something is off, and the run goes on. */
  warn(message: string): void;
  error(message: string): void;
  /** Shown from `-v=LEVEL` on. */
  detail(level: number, message: string): void;
  /**
   * What is going on now, replaced by the next call; undefined ends it. A line updated in place on a terminal;
   * otherwise a plain line at most every few seconds.
   */
  progress(message: string | undefined): void;
  /** True when a person is watching: stderr is a terminal and the format is text. */
  readonly interactive: boolean;
}
