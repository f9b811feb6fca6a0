/** An environment for child processes: names to values. A name without a value is not passed on. */
export type Env = Record<string, string | undefined>;
