/** Real files have some twenty names and a few dozen references. */
const SLOTS = 1024;

/** A name, and what it means. */
export interface Name<T> {
  readonly text: string;
  readonly meaning: T;
}

/** Names as they stand in a document: the same bytes mostly give the same string without making it again. */
export class Names<T> {
  readonly #slots: (Name<T> & { readonly bytes: Uint8Array })[] = [];
  readonly #meaningOf: (text: string) => T;

  constructor(meaningOf: (text: string) => T) {
    this.#meaningOf = meaningOf;
    const empty = { bytes: new Uint8Array(0), text: '', meaning: meaningOf('') };
    for (let slot = 0; slot < SLOTS; slot++) this.#slots.push(empty);
  }

  /** The name that the bytes `from` to `to` are. */
  find(bytes: Uint8Array, from: number, to: number): Name<T> {
    const slot = slotOf(bytes, from, to);
    const known = this.#slots[slot];
    return known !== undefined && isSame(known.bytes, bytes, from, to)
      ? known
      : this.#learn(slot, bytes.slice(from, to));
  }

  #learn(slot: number, bytes: Uint8Array): Name<T> {
    const text = Buffer.from(bytes).toString();
    const name = { bytes: Uint8Array.from(bytes), text, meaning: this.#meaningOf(text) };
    this.#slots[slot] = name;
    return name;
  }
}

function slotOf(bytes: Uint8Array, from: number, to: number): number {
  const first = bytes[from] ?? 0;
  const middle = bytes[(from + to) >> 1] ?? 0;
  const last = bytes[to - 1] ?? 0;
  return ((to - from) * 31 + first * 7 + middle * 67 + last * 131) & (SLOTS - 1);
}

function isSame(known: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (known.length !== to - from) return false;
  for (let at = 0; at < known.length; at++) if (known[at] !== bytes[from + at]) return false;
  return true;
}
