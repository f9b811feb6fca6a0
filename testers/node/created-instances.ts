/** What the runner prints before gcloud makes a machine, up to the machine's name. */
const MAKING =
  /Running gcloud with parameters : \[\]string\{"compute", "instances", "create", "([a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)"/g;
/** More characters than that has. */
const LONGEST = 200;

/** Reads from the output of Kubernetes' runner, chunk by chunk as it comes, which machines it makes. */
export class MadeMachines {
  readonly #decoder = new TextDecoder();
  readonly #names = new Set<string>();
  /** The end of what came, where a name may have begun. */
  #rest = '';

  /** Takes the next chunk of output. */
  take(chunk: Uint8Array): void {
    const text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    for (const [, name = ''] of text.matchAll(MAKING)) this.#names.add(name);
    this.#rest = text.slice(-LONGEST);
  }

  /**
   * What the names of this run's machines begin with, and nobody else's. The runner's own names have a random part; in
   * those of a benchmark it stands at the end.
   * @param given the $INSTANCE_PREFIX the runner got; names with it count only when `ours`, as others may use it too
   */
  prefixes(given: string | undefined, ours: boolean): string[] {
    const others = [...this.#names].filter((name) => !given || !name.startsWith(`${given}-`));
    const random = others.map((name) => /^tmp-node-e2e-[0-9a-f]{8}(?=-)/.exec(name)?.[0] ?? name);
    return [...new Set([...(given && ours ? [given] : []), ...random])];
  }
}
