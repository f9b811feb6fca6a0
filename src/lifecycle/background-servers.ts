/** Processes that hooks leave running on purpose, for the tests to use: a registry or a proxy, for instance. */
export class BackgroundServers {
  readonly #stops: (() => Promise<void>)[] = [];

  /** `stop` stops one of them, warns where that fails, and settles when none of it runs any more. */
  readonly add = (stop: () => Promise<void>): void => {
    this.#stops.push(stop);
  };

  /** Stops all of them, the last one first. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).toReversed()) await stop();
  }
}
