/** The bytes that mean something in XML, by their names. */
export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const BANG = 0x21;
export const DOUBLE_QUOTE = 0x22;
export const HASH = 0x23;
export const AMPERSAND = 0x26;
export const SINGLE_QUOTE = 0x27;
export const DASH = 0x2d;
export const SLASH = 0x2f;
export const SEMICOLON = 0x3b;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const QUESTION = 0x3f;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
/** The first byte of U+FFFE and U+FFFF, which XML forbids, and of 4094 characters that it allows. */
export const LAST_PLANE_ROW = 0xef;

/** A table with 1 for each byte that `has`. */
function table(has: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (has(byte) ? 1 : 0));
}

const isSpace = (byte: number): boolean => byte === SPACE || byte === TAB || byte === LF || byte === CR;
const isForbidden = (byte: number): boolean => byte < SPACE && !isSpace(byte);
const isLetter = (byte: number): boolean => /[A-Za-z_:]/.test(String.fromCharCode(byte)) || byte >= 0x80;
const isNameByte = (byte: number): boolean => isLetter(byte) || /[0-9.-]/.test(String.fromCharCode(byte));
const needsALook = (byte: number): boolean => isForbidden(byte) || byte === LAST_PLANE_ROW;

/** White space between the parts of a tag. */
export const SPACES = table(isSpace);
export const NAME_START = table(isLetter);
export const NAME = table(isNameByte);
/** What ends a stretch of text that is not kept. */
export const STOPS_TEXT = table((byte) => byte === LESS || byte === AMPERSAND || needsALook(byte));
/** What ends a stretch of text that is copied byte by byte. */
export const STOPS_KEPT_TEXT = table((byte) => STOPS_TEXT[byte] === 1 || byte === CR);
const endsValue = (byte: number): boolean =>
  byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE || byte === LESS || byte === AMPERSAND || needsALook(byte);
export const STOPS_VALUE = table(endsValue);
export const STOPS_KEPT_VALUE = table((byte) => endsValue(byte) || byte === TAB || byte === LF || byte === CR);
/** What ends the beginning of a value that is kept and needs no second look at any of its bytes. */
export const STOPS_PLAIN_VALUE = table((byte) => endsValue(byte) || byte < SPACE || byte >= 0x80);
export const STOPS_CDATA = table((byte) => byte === CLOSE_BRACKET || byte === CR || needsALook(byte));
export const FORBIDDEN = table(isForbidden);
