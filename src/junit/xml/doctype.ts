import { CLOSE_BRACKET, DOUBLE_QUOTE, GREATER, LESS, OPEN_BRACKET, SINGLE_QUOTE } from './bytes.ts';

const COMMENT_BEGINS = 0x3c_21_2d_2d | 0;
const COMMENT_ENDS = 0x2d_2d_3e;
const INSTRUCTION_BEGINS = 0x3c_3f;
const INSTRUCTION_ENDS = 0x3f_3e;

type Inside = 'declaration' | 'comment' | 'instruction';

/**
 * Finds the end of a document type declaration, byte by byte. What it declares is not looked at: an entity that is
 * declared here is never expanded.
 */
export class Doctype {
  #inside: Inside = 'declaration';
  #quote = 0;
  #brackets = 0;
  #nested = 0;
  /** The last four bytes. */
  #last = 0;

  /** Whether the declaration ends with this byte. */
  push(byte: number): boolean {
    this.#last = (this.#last << 8) | byte;
    if (this.#inside === 'comment') this.#leave((this.#last & 0xff_ffff) === COMMENT_ENDS);
    else if (this.#inside === 'instruction') this.#leave((this.#last & 0xffff) === INSTRUCTION_ENDS);
    else if (this.#quote !== 0) this.#quote = byte === this.#quote ? 0 : this.#quote;
    else return this.#declare(byte);
    return false;
  }

  #leave(ends: boolean): void {
    if (!ends) return;
    this.#inside = 'declaration';
    this.#nested--;
  }

  #declare(byte: number): boolean {
    if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) this.#quote = byte;
    else if (byte === OPEN_BRACKET) this.#brackets++;
    else if (byte === CLOSE_BRACKET) this.#brackets--;
    else if (byte === LESS) this.#nested++;
    else if (byte === GREATER) {
      if (this.#nested === 0 && this.#brackets <= 0) return true;
      this.#nested--;
    } else if (this.#last === COMMENT_BEGINS) this.#enter('comment');
    else if ((this.#last & 0xffff) === INSTRUCTION_BEGINS) this.#enter('instruction');
    return false;
  }

  #enter(inside: Inside): void {
    this.#inside = inside;
    // `<!-->` and `<?>` do not end what they begin.
    this.#last = 0;
  }
}
