/** What commands leave running on purpose, for the tests to use: a server that a hook has started, for instance. */
export class Leftovers {
  readonly #ends: (() => Promise<void>)[] = [];

  /** `end` ends one of them, tells of it where that fails, and settles when nothing of it runs any more. */
  add(end: () => Promise<void>): void {
    this.#ends.push(end);
  }

  /** Ends all of them, the last one first. */
  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).toReversed()) await end();
  }
}
