/** What the runner prints before gcloud creates an instance, up to its name. */
const CREATING =
  /Running gcloud with parameters : \[\]string\{"compute", "instances", "create", "([a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)"/g;
/** Longer than any match, in characters. */
const OVERLAP = 200;

/** Parses the names of created instances from the output of Kubernetes' runner, chunk by chunk. */
export class CreatedInstances {
  readonly #decoder = new TextDecoder();
  readonly #names = new Set<string>();
  /** The end of the output so far, which may contain a part of a name. */
  #rest = '';

  /** Parses the next chunk of output. */
  onOutput(chunk: Uint8Array): void {
    const text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    for (const [, name = ''] of text.matchAll(CREATING)) this.#names.add(name);
    this.#rest = text.slice(-OVERLAP);
  }

  /**
   * The prefixes of the names of this run's instances, and no others. The runner's own names have a random part, which is
   * at the end in benchmarks.
   * @param instancePrefix the $INSTANCE_PREFIX of the runner; used only if `ours`, since other runs may have the same
   */
  prefixes(instancePrefix: string | undefined, ours: boolean): string[] {
    const others = [...this.#names].filter((name) => !instancePrefix || !name.startsWith(`${instancePrefix}-`));
    const random = others.map((name) => /^tmp-node-e2e-[0-9a-f]{8}(?=-)/.exec(name)?.[0] ?? name);
    return [...new Set([...(instancePrefix && ours ? [instancePrefix] : []), ...random])];
  }
}
