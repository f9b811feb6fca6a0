const FIRST_ROOM = 4096;
/** Up to so many bytes are faster copied one by one. */
const SHORT = 64;
/** A buffer that grew beyond this is let go after use. */
const KEPT_ROOM = 1 << 20;

/** A text that is gathered piece by piece, up to a limit; what exceeds the limit is only counted. */
export class KeptText {
  #bytes = Buffer.allocUnsafe(FIRST_ROOM);
  #length = 0;
  #limit = 0;
  #cut = 0;

  /** Begins a text of which at most `limit` bytes are kept. */
  begin(limit: number): void {
    this.#length = 0;
    this.#limit = limit;
    this.#cut = 0;
  }

  /** Whether what follows is only counted. */
  get isFull(): boolean {
    return this.#length === this.#limit;
  }

  push(byte: number): void {
    if (this.#length >= this.#limit) {
      this.#cut++;
      return;
    }
    if (this.#length === this.#bytes.length) this.#grow(this.#length + 1);
    this.#bytes[this.#length++] = byte;
  }

  add(bytes: Uint8Array, from: number, to: number): void {
    const count = Math.min(to - from, this.#limit - this.#length);
    this.#cut += to - from - count;
    if (count === 0) return;
    if (this.#length + count > this.#bytes.length) this.#grow(this.#length + count);
    if (count > SHORT) this.#bytes.set(bytes.subarray(from, from + count), this.#length);
    else for (let at = 0; at < count; at++) this.#bytes[this.#length + at] = bytes[from + at] ?? 0;
    this.#length += count;
  }

  /** The text as it was kept, with how much was cut if anything was. */
  take(): string {
    const whole = this.#cut === 0 ? this.#length : this.#wholeCharacters();
    const cut = this.#cut + this.#length - whole;
    const text = this.#bytes.toString('utf8', 0, whole);
    if (this.#bytes.length > KEPT_ROOM) this.#bytes = Buffer.allocUnsafe(FIRST_ROOM);
    return cut === 0 ? text : `${text}… ${cut} bytes cut …`;
  }

  #grow(needed: number): void {
    const bytes = Buffer.allocUnsafe(Math.max(needed, Math.min(this.#bytes.length * 4, this.#limit)));
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }

  /** The length without the bytes of a last character that lost its end. */
  #wholeCharacters(): number {
    let start = this.#length - 1;
    while (start > 0 && ((this.#bytes[start] ?? 0) & 0xc0) === 0x80) start--;
    const lead = this.#bytes[start] ?? 0;
    const needs = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return start + needs > this.#length ? Math.max(start, 0) : this.#length;
  }
}
