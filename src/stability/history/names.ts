/** Names as small numbers, so that thousands of runs of thousands of tests fit into memory. */
export class NameTable {
  readonly #ids = new Map<string, number>();
  readonly #names: string[] = [];

  idOf(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    this.#ids.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }

  nameOf(id: number): string {
    return this.#names[id] ?? '';
  }
}
