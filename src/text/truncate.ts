import { stripVTControlCharacters } from 'node:util';
import { isPlainText } from './plain-text.ts';

/**
 * Removes what XML 1.0 does not allow: terminal sequences, control characters, lone surrogates and U+FFFE/FFFF. Line ends
 * become one line feed, as an XML reader would make them.
 */
export function xmlText(text: string): string {
  if (isPlainText(text)) return text;
  return stripVTControlCharacters(text)
    .replace(/\r\n?/g, '\n')
    .replace(/[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '');
}

/** The text on one line of at most `longest` characters, for attributes, whose readers turn line ends into spaces. */
export function oneLine(text: string, longest: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > longest ? `${wholeCharacters(line.slice(0, longest - 1))}…` : line;
}

/** At most `limit` bytes of UTF-8: a fifth from the beginning, the rest from the end, and between them how much is omitted. */
export function truncate(text: string, limit: number): string {
  if (byteLength(text, limit) <= limit) return text;
  const bytes = Buffer.from(text);
  const room = Math.max(limit - 60, 0);
  const head = cutEnd(bytes.subarray(0, Math.floor(room / 5)));
  const tail = cutStart(bytes.subarray(bytes.length - Math.ceil((room * 4) / 5)));
  const cut = bytes.length - head.length - tail.length;
  return `${head.toString()}\n… ${cut} bytes cut …\n${tail.toString()}`;
}

/** The last whole lines of a text within `limit` bytes; for one long line, its end. */
export function lastLines(text: string, limit: number): string {
  if (byteLength(text, limit) <= limit) return text;
  const bytes = Buffer.from(text);
  const tail = cutStart(bytes.subarray(bytes.length - limit)).toString();
  const lineEnd = tail.indexOf('\n');
  return lineEnd === -1 ? tail : tail.slice(lineEnd + 1);
}

/** The size in bytes; above the limit an estimate that is above it too. */
const byteLength = (text: string, limit: number): number =>
  text.length > limit ? text.length : Buffer.byteLength(text);

/** Drops the bytes of a character whose end was cut off. */
function cutEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && isContinuation(bytes[end - 1])) end--;
  return end > 0 && (bytes[end - 1] ?? 0) >= 0xc0 ? bytes.subarray(0, end - 1) : bytes;
}

/** Drops the bytes of a character whose beginning was cut off. */
function cutStart(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length && isContinuation(bytes[start])) start++;
  return bytes.subarray(start);
}

const isContinuation = (byte = 0): boolean => byte >= 0x80 && byte < 0xc0;

/** Drops half of a surrogate pair at the end. */
function wholeCharacters(text: string): string {
  return text.isWellFormed() ? text : text.slice(0, -1);
}
