import { TextDecoder } from 'node:util';
import { XmlError } from './xml-error.ts';

/** An XML declaration stands within this many bytes, or there is none. */
const LONGEST_DECLARATION = 1024;

/**
 * Turns the bytes of a document into UTF-8 without a byte order mark, in whichever encoding its mark or its declaration
 * names. Throws XmlError for an encoding that is not known, bytes that are none of it, and a version other than 1.0.
 */
export class XmlDecoder {
  #head: Buffer | undefined = Buffer.alloc(0);
  #decoder: TextDecoder | undefined;

  /** The next bytes; some may be held back. */
  decode(chunk: Uint8Array): Uint8Array {
    if (this.#head === undefined) return this.#transcode(chunk, true);
    this.#head = Buffer.concat([this.#head, chunk]);
    return isUndecided(this.#head) ? NOTHING : this.#begin();
  }

  /** What was held back. */
  end(): Uint8Array {
    const last = this.#head === undefined ? NOTHING : this.#begin();
    return this.#decoder ? Buffer.concat([last, this.#transcode(NOTHING, false)]) : last;
  }

  #begin(): Uint8Array {
    const head = this.#head ?? Buffer.alloc(0);
    this.#head = undefined;
    const mark = byteOrderMark(head);
    const rest = head.subarray(mark.length);
    const declared = declarationOf(mark.encoding.startsWith('utf-16') ? withoutZeros(rest) : rest);
    const encoding = mark.length > 0 || mark.encoding !== 'utf-8' ? mark.encoding : (declared ?? 'utf-8');
    if (!/^utf-?8$/i.test(encoding) && !/^us-ascii$/i.test(encoding)) this.#decoder = decoderOf(encoding);
    return this.#transcode(rest, true);
  }

  #transcode(bytes: Uint8Array, stream: boolean): Uint8Array {
    if (!this.#decoder) return bytes;
    try {
      return Buffer.from(this.#decoder.decode(bytes, { stream }));
    } catch (error) {
      throw new XmlError('malformed', `it has bytes that are no ${this.#decoder.encoding}`, { cause: error });
    }
  }
}

const DECLARATION = '<?xml';
const NOTHING: Uint8Array = new Uint8Array(0);

/** Whether more bytes are needed to know the encoding. */
function isUndecided(head: Buffer): boolean {
  if (head.length < 4) return true;
  if (head.length >= LONGEST_DECLARATION) return false;
  const begin = withoutZeros(head.subarray(byteOrderMark(head).length));
  return DECLARATION.startsWith(begin) || (begin.startsWith(DECLARATION) && !begin.includes('?>'));
}

/** By the mark, or, as the standard has it, by the zeros beside the first `<`. */
function byteOrderMark(head: Buffer): { length: number; encoding: string } {
  const [a, b, c, d] = head;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { length: 3, encoding: 'utf-8' };
  const wide = c === 0 && d === 0;
  if ((a === 0xff && b === 0xfe && wide) || (a === 0 && b === 0))
    throw new XmlError('unsupported', 'its encoding, UTF-32, is not supported');
  if (a === 0xff && b === 0xfe) return { length: 2, encoding: 'utf-16le' };
  if (a === 0xfe && b === 0xff) return { length: 2, encoding: 'utf-16be' };
  if (a === 0x3c && b === 0) return { length: 0, encoding: 'utf-16le' };
  if (a === 0 && b === 0x3c) return { length: 0, encoding: 'utf-16be' };
  return { length: 0, encoding: 'utf-8' };
}

function withoutZeros(bytes: Buffer): string {
  return bytes.toString('latin1').replaceAll('\0', '');
}

/** The encoding that an XML declaration names. */
function declarationOf(head: Buffer | string): string | undefined {
  const text = typeof head === 'string' ? head : head.toString('latin1');
  const [declaration] = /^<\?xml\s[^?]*\?>/.exec(text.slice(0, LONGEST_DECLARATION)) ?? [];
  if (declaration === undefined) return undefined;
  const version = pseudoAttribute(declaration, 'version');
  if (version !== undefined && version !== '1.0') {
    throw new XmlError(
      'unsupported',
      `its version, ${JSON.stringify(version)}, is not supported: readers of JUnit expect XML 1.0`,
    );
  }
  return pseudoAttribute(declaration, 'encoding');
}

function pseudoAttribute(declaration: string, name: string): string | undefined {
  const [, , value] = new RegExp(`\\s${name}\\s*=\\s*(["'])(.*?)\\1`).exec(declaration) ?? [];
  return value;
}

function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  } catch (error) {
    throw new XmlError('unsupported', `its encoding, ${JSON.stringify(encoding)}, is not known`, { cause: error });
  }
}
