/** The log of the program itself: stderr, never stdout. Formats are in src/logging. */
export interface Log {
  /** An event of interest at every verbosity. */
  info(message: string): void;
  /** A problem that does not stop the run. */
  warn(message: string): void;
  error(message: string): void;
  /** Logged from `-v=LEVEL` on. */
  detail(level: number, message: string): void;
  /**
   * The current progress, replaced by the next call; undefined clears it. On a terminal a line updated in place,
   * elsewhere a plain line at most every few seconds.
   */
  progress(message: string | undefined): void;
  /** True when stderr is a terminal and the format is text. */
  readonly interactive: boolean;
}
