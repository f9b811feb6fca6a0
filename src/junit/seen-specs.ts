const FIRST_SLOTS = 1 << 14;

/** How a spec ended, in bits. */
export const SEEN = {
  passed: 1,
  failed: 2,
  skipped: 4,
  flaky: 8,
  passedInFile: 16,
  failedInFile: 32,
  interrupted: 64,
} as const;
const IN_FILE = SEEN.passedInFile | SEEN.failedInFile;

/**
 * How the specs of a run ended, by suite and name, in nine bytes for each: names are compared by 64 bits of hash, so
 * that a file of millions of cases fits into memory.
 */
export class SeenSpecs {
  #low = new Int32Array(FIRST_SLOTS);
  #high = new Int32Array(FIRST_SLOTS);
  #bits = new Uint8Array(FIRST_SLOTS);
  #used = 0;
  #suite: string | undefined;
  #suiteHash = 0;

  /** Adds to what is known of a spec, and returns all that is. */
  add(suite: string, name: string, bits: number): number {
    if (this.#used * 2 > this.#bits.length) this.#grow();
    if (suite !== this.#suite) this.#enter(suite);
    let low = this.#suiteHash;
    let high = ~low;
    for (let at = 0; at < name.length; at++) {
      const unit = name.charCodeAt(at);
      low = Math.imul(low ^ unit, 0x0100_0193);
      high = Math.imul(high ^ unit, 0x85eb_ca6b) + low;
    }
    low = mixed(low);
    high = mixed(high);
    const slot = this.#slotOf(low, high);
    if (this.#bits[slot] === 0) this.#used++;
    this.#low[slot] = low;
    this.#high[slot] = high;
    const all = (this.#bits[slot] ?? 0) | bits;
    this.#bits[slot] = all;
    return all;
  }

  /** What is added from now on is of another file. */
  beginFile(): void {
    for (let slot = 0; slot < this.#bits.length; slot++) this.#bits[slot] = (this.#bits[slot] ?? 0) & ~IN_FILE;
  }

  /** How many specs have any of the wanted bits and none of the others. */
  count(wanted: number, without = 0): number {
    let count = 0;
    const all = this.#bits;
    for (let slot = 0; slot < all.length; slot++) {
      const bits = all[slot] ?? 0;
      if ((bits & wanted) !== 0 && (bits & without) === 0) count++;
    }
    return count;
  }

  #enter(suite: string): void {
    this.#suite = suite;
    this.#suiteHash = 0x811c_9dc5 | 0;
    for (const unit of Buffer.from(`${suite}\0`)) this.#suiteHash = Math.imul(this.#suiteHash ^ unit, 0x0100_0193);
  }

  #slotOf(low: number, high: number): number {
    const mask = this.#bits.length - 1;
    let slot = (low ^ (high >>> 7)) & mask;
    while (this.#bits[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [low, high, bits] = [this.#low, this.#high, this.#bits];
    this.#low = new Int32Array(low.length * 2);
    this.#high = new Int32Array(low.length * 2);
    this.#bits = new Uint8Array(low.length * 2);
    for (let at = 0; at < bits.length; at++) {
      const each = bits[at] ?? 0;
      if (each === 0) continue;
      const slot = this.#slotOf(low[at] ?? 0, high[at] ?? 0);
      this.#low[slot] = low[at] ?? 0;
      this.#high[slot] = high[at] ?? 0;
      this.#bits[slot] = each;
    }
  }
}

/** Makes every bit depend on every other one. */
function mixed(bits: number): number {
  const once = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2_ae35);
  return twice ^ (twice >>> 16);
}
