/** A child that runs in a process group of its own. */
export interface RunningChild {
  /** The leader of the group, which gives it its number. */
  readonly leader: { readonly pid: number; readonly started: string; readonly place: string };
  /** Quoted for a shell, shortened, secrets masked. */
  readonly command: string;
  /** When it was started, by `monotonic()`. */
  readonly since: number;
  /** Whether it can create or destroy something. */
  readonly tracked: boolean;
}

/** Hears of every child: for the state of the run, and for the report of what it waits for. */
export interface ChildWatch {
  started(child: RunningChild): void;
  ended(child: RunningChild): void;
}
