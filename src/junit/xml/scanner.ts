import { isUtf8 } from 'node:buffer';
import {
  AMPERSAND,
  BANG,
  CLOSE_BRACKET,
  CR,
  DASH,
  DOUBLE_QUOTE,
  EQUALS,
  FORBIDDEN,
  GREATER,
  HASH,
  LAST_PLANE_ROW,
  LESS,
  LF,
  NAME,
  NAME_START,
  QUESTION,
  SEMICOLON,
  SINGLE_QUOTE,
  SLASH,
  SPACE,
  SPACES,
  STOPS_CDATA,
  STOPS_KEPT_TEXT,
  STOPS_KEPT_VALUE,
  STOPS_PLAIN_VALUE,
  STOPS_TEXT,
  STOPS_VALUE,
} from './bytes.ts';
import { Doctype } from './doctype.ts';
import { KeptText } from './kept-text.ts';
import { Names } from './names.ts';
import { characterOf } from './references.ts';
import { XmlError } from './xml-error.ts';

/** Learns what is in a document, and says what of it to keep. */
export interface XmlHandler {
  /** An element begins; its attributes follow. */
  open(name: string): void;
  /** The bytes to keep of an attribute's value; 0 when it is not wanted. */
  keepAttribute(name: string): number;
  attribute(name: string, value: string): void;
  /** The bytes to keep of the text that is directly in the element whose attributes are complete; 0 when it is not wanted. */
  keepText(): number;
  /** The text that `keepText` asked for, before its element's `close`. */
  text(text: string): void;
  close(name: string): void;
}

/** What the next byte is part of. What is short is read in one piece, and has no place of its own. */
type Place = 'text' | 'tag' | 'value' | 'comment' | 'cdata' | 'instruction' | 'doctype';

/** Elements inside each other; JUnit has four, or a few more where suites are nested. */
const DEEPEST = 256;
/** Bytes of a name, a reference, or an end tag with its white space. */
const LONGEST_PIECE = 4096;

/**
 * Reads XML 1.0 as it comes, in chunks of any size, with memory that does not depend on the document: only what the
 * handler asks for is made a string, and of that no more than it asks for. Well-formedness is checked as far as a reader
 * can tell without memory (not whether an attribute is there twice). Declared entities are never expanded.
 * Every method throws XmlError when the document is not well-formed.
 */
export class XmlScanner {
  readonly #handler: XmlHandler;
  readonly #names = new Names(() => undefined);
  readonly #references = new Names(characterOf);
  readonly #value = new KeptText();
  readonly #text = new KeptText();
  readonly #open: string[] = [];
  #place: Place = 'text';
  /** Bytes before those that are scanned. */
  #offset = 0;
  /** What needs the next chunk to be understood. */
  #held = Buffer.alloc(0);
  /** The depth of the element whose text is kept; 0 when none is. */
  #textDepth = 0;
  #attribute = '';
  #quote = 0;
  /** Bytes to keep of the attribute's value. */
  #keep = 0;
  /** Whether the value is longer than the bytes that are left of it. */
  #hasBegun = false;
  #isSpaced = false;
  /** The dashes of a comment, the brackets of a CDATA section or the question mark of an instruction that may end it. */
  #ends = 0;
  #doctype: Doctype | undefined;
  #hasRoot = false;
  #isBlank = true;

  constructor(handler: XmlHandler) {
    this.#handler = handler;
  }

  /** Whether nothing but white space has come. */
  get isEmpty(): boolean {
    return this.#isBlank && this.#held.length === 0;
  }

  /** The next bytes, in UTF-8. They are not kept. */
  write(chunk: Uint8Array): void {
    const isNew = this.#held.length === 0;
    const bytes = isNew
      ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      : Buffer.concat([this.#held, chunk]);
    const whole = bytes.length - heldBack(bytes);
    const end = this.#scan(whole === bytes.length ? bytes : bytes.subarray(0, whole));
    this.#limit(0, bytes.length - end);
    this.#held = Buffer.from(bytes.subarray(end));
  }

  /** No more bytes come. */
  end(): void {
    const end = this.#scan(this.#held);
    const inner = this.#open.at(-1);
    if (inner !== undefined) throw new XmlError('cut off', `<${inner}> is not closed`);
    if (this.#place !== 'text' || end < this.#held.length)
      throw new XmlError('cut off', 'its last tag is not complete');
    if (!this.#hasRoot) throw new XmlError('cut off', 'it has no element');
  }

  /** Returns how many bytes were understood. */
  #scan(bytes: Buffer): number {
    if (!isUtf8(bytes)) throw new XmlError('malformed', `it has bytes that are no UTF-8 after byte ${this.#offset}`);
    let at = 0;
    for (let next = -1; at < bytes.length && next !== at; ) {
      next = at;
      at = this.#advance(bytes, at);
    }
    this.#offset += at;
    return at;
  }

  /** Reads on from a position. Returns how far it came; the same position when more bytes are needed. */
  #advance(bytes: Buffer, at: number): number {
    switch (this.#place) {
      case 'text':
        return this.#open.length === 0 ? this.#readOutside(bytes, at) : this.#readText(bytes, at);
      case 'tag':
        return this.#readTag(bytes, at);
      case 'value':
        return this.#readValue(bytes, at);
      case 'comment':
        return this.#readComment(bytes, at);
      case 'cdata':
        return this.#readCdata(bytes, at);
      case 'instruction':
        return this.#readInstruction(bytes, at);
      case 'doctype':
        return this.#readDoctype(bytes, at);
    }
  }

  /** Before and after the root, where nothing but white space may be. */
  #readOutside(bytes: Buffer, at: number): number {
    const end = skipWhile(SPACES, bytes, at);
    if (end === bytes.length) return end;
    if (bytes[end] !== LESS) this.#refuse(end, 'text outside of its root element');
    return this.#readMarkup(bytes, end);
  }

  get #keepsText(): boolean {
    return this.#textDepth !== 0 && this.#textDepth === this.#open.length;
  }

  #readText(bytes: Buffer, at: number): number {
    const text = this.#keepsText ? this.#text : undefined;
    const end = skipUntil(text && !text.isFull ? STOPS_KEPT_TEXT : STOPS_TEXT, bytes, at);
    text?.add(bytes, at, end);
    const byte = bytes[end];
    if (byte === undefined) return end;
    if (byte === LESS) return this.#readMarkup(bytes, end);
    if (byte === AMPERSAND) return this.#readReference(bytes, end, text);
    this.#readOdd(bytes, end, text);
    return end + 1;
  }

  /** A byte of a text that may be part of a line end, or no character of XML. */
  #readOdd(bytes: Buffer, at: number, text: KeptText | undefined): void {
    const byte = bytes[at] as number;
    if (byte !== CR) {
      this.#check(bytes, at);
      text?.push(byte);
    } else if (bytes[at + 1] !== LF) {
      // Every line end is one line feed; of two bytes the second one is it.
      text?.push(LF);
    }
  }

  #check(bytes: Buffer, at: number): void {
    const byte = bytes[at] as number;
    if (FORBIDDEN[byte] === 1) {
      this.#refuse(at, `the control character U+${byte.toString(16).padStart(4, '0').toUpperCase()}`);
    }
    if (byte === LAST_PLANE_ROW && bytes[at + 1] === 0xbf && (bytes[at + 2] ?? 0) >= 0xbe) {
      this.#refuse(at, 'the forbidden character U+FFFE or U+FFFF');
    }
  }

  #readReference(bytes: Buffer, at: number, text: KeptText | undefined): number {
    const end = skipWhile(NAME, bytes, bytes[at + 1] === HASH ? at + 2 : at + 1);
    this.#limit(at, end);
    if (end === bytes.length) return at;
    if (bytes[end] !== SEMICOLON || end === at + 1)
      this.#refuse(at, 'an & that begins no reference; as text it is &amp;');
    const { text: name, meaning: resolved } = this.#references.find(bytes, at + 1, end);
    if (resolved === 'forbidden') this.#refuse(at, `the forbidden character reference &${name};`);
    if (resolved === undefined && this.#doctype === undefined) this.#refuse(at, `the unknown entity &${name};`);
    if (resolved === undefined) text?.add(bytes, at, end + 1);
    else text?.add(resolved, 0, resolved.length);
    return end + 1;
  }

  #readMarkup(bytes: Buffer, at: number): number {
    this.#isBlank = false;
    const byte = bytes[at + 1];
    if (byte === undefined) return at;
    if (byte === SLASH) return this.#readEndTag(bytes, at);
    if (byte === BANG) return this.#readDeclaration(bytes, at);
    if (byte === QUESTION) return this.#beginInstruction(bytes, at);
    if (NAME_START[byte] !== 1) this.#refuse(at, 'a < that begins no tag; as text it is &lt;');
    return this.#readStartTag(bytes, at);
  }

  #readStartTag(bytes: Buffer, at: number): number {
    const end = skipWhile(NAME, bytes, at + 1);
    this.#limit(at, end);
    if (end === bytes.length) return at;
    const name = this.#names.find(bytes, at + 1, end).text;
    if (this.#open.length === 0 && this.#hasRoot) this.#refuse(at, `<${name}> after its root element`);
    if (this.#open.length === DEEPEST) this.#refuse(at, `elements more than ${DEEPEST} deep`);
    this.#hasRoot = true;
    this.#open.push(name);
    this.#handler.open(name);
    this.#place = 'tag';
    this.#isSpaced = false;
    return this.#readTag(bytes, end);
  }

  /** Attributes, up to one that is not complete in the chunk, or the end of the tag. */
  #readTag(bytes: Buffer, from: number): number {
    let at = from;
    for (let next = -1; this.#place === 'tag' && next !== at; ) {
      next = at;
      at = this.#readPartOfTag(bytes, at);
    }
    return at;
  }

  #readPartOfTag(bytes: Buffer, at: number): number {
    const end = skipWhile(SPACES, bytes, at);
    if (end > at) this.#isSpaced = true;
    const byte = bytes[end];
    if (byte === undefined) return end;
    if (byte === GREATER) return this.#beginContent(end);
    if (byte === SLASH) return this.#readEmptyEnd(bytes, end);
    if (NAME_START[byte] === 1 && this.#isSpaced) return this.#readAttribute(bytes, end);
    return this.#refuse(end, `${JSON.stringify(String.fromCharCode(byte))} in <${this.#open.at(-1)}>`);
  }

  /** Behind the attributes. */
  #beginContent(at: number): number {
    this.#place = 'text';
    const keep = this.#handler.keepText();
    if (keep > 0) {
      this.#text.begin(keep);
      this.#textDepth = this.#open.length;
    }
    return at + 1;
  }

  #readEmptyEnd(bytes: Buffer, at: number): number {
    const byte = bytes[at + 1];
    if (byte === undefined) return at;
    if (byte !== GREATER) this.#refuse(at, `a / in <${this.#open.at(-1)}>`);
    this.#beginContent(at);
    this.#closeElement();
    return at + 2;
  }

  #readAttribute(bytes: Buffer, at: number): number {
    const nameEnd = skipWhile(NAME, bytes, at);
    const equals = skipWhile(SPACES, bytes, nameEnd);
    const quote = skipWhile(SPACES, bytes, equals + 1);
    const byte = bytes[quote];
    if (bytes[equals] !== EQUALS && equals < bytes.length) this.#refuse(equals, 'an attribute without a value');
    this.#limit(at, quote);
    if (byte === undefined) return at;
    if (byte !== DOUBLE_QUOTE && byte !== SINGLE_QUOTE) this.#refuse(quote, 'a value without quotes');
    this.#attribute = this.#names.find(bytes, at, nameEnd).text;
    this.#quote = byte;
    this.#keep = this.#handler.keepAttribute(this.#attribute);
    this.#hasBegun = false;
    this.#place = 'value';
    return this.#keep === 0 ? this.#readValue(bytes, quote + 1) : this.#readPlainValue(bytes, quote + 1);
  }

  /** Most values are short, whole and ASCII. */
  #readPlainValue(bytes: Buffer, at: number): number {
    const end = skipUntil(STOPS_PLAIN_VALUE, bytes, at);
    if (bytes[end] !== this.#quote || end - at > this.#keep) return this.#readValue(bytes, at);
    this.#place = 'tag';
    this.#isSpaced = false;
    this.#handler.attribute(this.#attribute, bytes.toString('latin1', at, end));
    return end + 1;
  }

  #readValue(bytes: Buffer, at: number): number {
    const end = skipUntil(this.#keep > 0 ? STOPS_KEPT_VALUE : STOPS_VALUE, bytes, at);
    const byte = bytes[end];
    const value = this.#keptValue();
    value?.add(bytes, at, end);
    if (byte === this.#quote) return this.#endValue(end, value);
    if (byte === undefined) return end;
    if (byte === AMPERSAND) return this.#readReference(bytes, end, value);
    if (byte === LESS) this.#refuse(end, `a < in the value of ${this.#attribute}; there it is &lt;`);
    if (SPACES[byte] === 1) this.#readSpace(bytes, end, value);
    else this.#readOdd(bytes, end, value);
    return end + 1;
  }

  /** The part of a value that is gathered since it has more than one; undefined when it is not wanted. */
  #keptValue(): KeptText | undefined {
    if (this.#keep === 0) return undefined;
    if (!this.#hasBegun) this.#value.begin(this.#keep);
    this.#hasBegun = true;
    return this.#value;
  }

  /** Line ends and tabs of an attribute are spaces. */
  #readSpace(bytes: Buffer, at: number, value: KeptText | undefined): void {
    if (bytes[at] !== CR || bytes[at + 1] !== LF) value?.push(SPACE);
  }

  #endValue(at: number, value: KeptText | undefined): number {
    this.#place = 'tag';
    this.#isSpaced = false;
    if (value) this.#handler.attribute(this.#attribute, value.take());
    return at + 1;
  }

  #readEndTag(bytes: Buffer, at: number): number {
    const nameEnd = skipWhile(NAME, bytes, at + 2);
    const end = skipWhile(SPACES, bytes, nameEnd);
    this.#limit(at, end);
    if (end === bytes.length) return at;
    const name = this.#names.find(bytes, at + 2, nameEnd).text;
    const open = this.#open[this.#open.length - 1];
    if (open === undefined) this.#refuse(at, `</${name}> after its root element`);
    if (name !== open) this.#refuse(at, `</${name}> where <${open}> is open`);
    if (bytes[end] !== GREATER) this.#refuse(end, `no > after </${name}`);
    this.#closeElement();
    return end + 1;
  }

  #closeElement(): void {
    if (this.#keepsText) {
      this.#textDepth = 0;
      this.#handler.text(this.#text.take());
    }
    this.#handler.close(this.#open.pop() ?? '');
  }

  /** `<!` and what follows. */
  #readDeclaration(bytes: Buffer, at: number): number {
    const word = String.fromCharCode(...bytes.subarray(at + 2, at + 9));
    const found = DECLARATIONS.find(([begin]) => word.startsWith(begin));
    if (found) return this.#begin(found[1], at, at + 2 + found[0].length);
    if (!DECLARATIONS.some(([begin]) => begin.startsWith(word))) this.#refuse(at, 'an unknown declaration');
    return at;
  }

  #begin(place: Place, at: number, end: number): number {
    if (place === 'cdata' && this.#open.length === 0) this.#refuse(at, 'text outside of its root element');
    if (place === 'doctype') this.#beginDoctype(at);
    this.#place = place;
    this.#ends = 0;
    return end;
  }

  #beginDoctype(at: number): void {
    if (this.#hasRoot || this.#doctype) this.#refuse(at, 'a document type after its beginning');
    this.#doctype = new Doctype();
  }

  #readDoctype(bytes: Buffer, at: number): number {
    for (let end = at; end < bytes.length; end++) {
      this.#check(bytes, end);
      if (!this.#doctype?.push(bytes[end] as number)) continue;
      this.#place = 'text';
      return end + 1;
    }
    return bytes.length;
  }

  #readComment(bytes: Buffer, at: number): number {
    for (let end = at; end < bytes.length; end++) {
      const byte = bytes[end] as number;
      this.#check(bytes, end);
      if (this.#ends < 2) this.#ends = byte === DASH ? this.#ends + 1 : 0;
      else if (byte === GREATER) return this.#begin('text', at, end + 1);
      else this.#refuse(end, 'a -- in a comment');
    }
    return bytes.length;
  }

  #beginInstruction(bytes: Buffer, at: number): number {
    const word = String.fromCharCode(...bytes.subarray(at + 2, at + 6));
    if (word.length < 4 && !word.includes('?')) return at;
    if (/^xml[\s?]/i.test(word) && this.#offset + at > 0) this.#refuse(at, 'an XML declaration after its beginning');
    return this.#begin('instruction', at, at + 2);
  }

  #readInstruction(bytes: Buffer, at: number): number {
    for (let end = at; end < bytes.length; end++) {
      const byte = bytes[end] as number;
      this.#check(bytes, end);
      if (this.#ends === 1 && byte === GREATER) return this.#begin('text', at, end + 1);
      this.#ends = byte === QUESTION ? 1 : 0;
    }
    return bytes.length;
  }

  #readCdata(bytes: Buffer, at: number): number {
    const text = this.#keepsText ? this.#text : undefined;
    if (this.#ends > 0) return this.#readBrackets(bytes, at, text);
    const end = skipUntil(STOPS_CDATA, bytes, at);
    text?.add(bytes, at, end);
    const byte = bytes[end];
    if (byte === undefined) return end;
    if (byte === CLOSE_BRACKET) this.#ends = 1;
    else this.#readOdd(bytes, end, text);
    return end + 1;
  }

  /** After one bracket that closes or two. */
  #readBrackets(bytes: Buffer, at: number, text: KeptText | undefined): number {
    const byte = bytes[at];
    if (byte === GREATER && this.#ends === 2) return this.#begin('text', at, at + 1);
    if (byte === CLOSE_BRACKET && this.#ends === 1) this.#ends = 2;
    else if (byte === CLOSE_BRACKET) text?.push(CLOSE_BRACKET);
    else {
      for (; this.#ends > 0; this.#ends--) text?.push(CLOSE_BRACKET);
      return this.#readCdata(bytes, at);
    }
    return at + 1;
  }

  /** What is read in one piece must not be longer, wherever the chunks end. */
  #limit(at: number, end: number): void {
    if (end - at > LONGEST_PIECE) this.#refuse(at, `a name or white space of more than ${LONGEST_PIECE} bytes`);
  }

  #refuse(at: number, what: string): never {
    throw new XmlError('malformed', `it has ${what} at byte ${this.#offset + at}`);
  }
}

const DECLARATIONS: readonly (readonly [begin: string, place: Place])[] = [
  ['--', 'comment'],
  ['[CDATA[', 'cdata'],
  ['DOCTYPE', 'doctype'],
];

function skipUntil(stops: Uint8Array, bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && stops[bytes[at] as number] === 0) at++;
  return at;
}

function skipWhile(goesOn: Uint8Array, bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && goesOn[bytes[at] as number] === 1) at++;
  return at;
}

/** How many bytes at the end of a chunk are the beginning of a character, or of a line end that has two. */
function heldBack(bytes: Buffer): number {
  if (bytes[bytes.length - 1] === CR) return 1;
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < lengthOfCharacter(byte) ? back : 0;
  }
  return 0;
}

const lengthOfCharacter = (lead: number): number => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2);
