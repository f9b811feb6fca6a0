/** Environment variables of a child process, by name. An undefined value means not set. */
export type Env = Record<string, string | undefined>;
