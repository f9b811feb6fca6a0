import { stripVTControlCharacters } from 'node:util';
import { isPlainText } from './plain-text.ts';

/**
 * A text with only the characters XML 1.0 allows: terminal sequences, control characters, lone surrogates and
 * U+FFFE/FFFF are left out, and each line end is one line feed, as an XML reader would make it.
 */
export function xmlText(text: string): string {
  // Most texts, and the expressions below are slow to make ready.
  if (isPlainText(text)) return text;
  return stripVTControlCharacters(text)
    .replace(/\r\n?/g, '\n')
    .replace(/[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '');
}

/** On one line, for attributes, whose readers turn line ends into spaces. */
export function oneLine(text: string, longest: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > longest ? `${wholeCharacters(line.slice(0, longest - 1))}…` : line;
}

/** At most `limit` bytes of UTF-8: a fifth from the beginning, the rest from the end, and between them how much was cut. */
export function bounded(text: string, limit: number): string {
  if (byteLength(text, limit) <= limit) return text;
  const bytes = Buffer.from(text);
  const room = Math.max(limit - 60, 0);
  const head = cutEnd(bytes.subarray(0, Math.floor(room / 5)));
  const tail = cutStart(bytes.subarray(bytes.length - Math.ceil((room * 4) / 5)));
  const cut = bytes.length - head.length - tail.length;
  return `${head.toString()}\n… ${cut} bytes cut …\n${tail.toString()}`;
}

/** The last lines of a text within `limit` bytes; of one long line its end. */
export function lastLines(text: string, limit: number): string {
  if (byteLength(text, limit) <= limit) return text;
  const bytes = Buffer.from(text);
  const tail = cutStart(bytes.subarray(bytes.length - limit)).toString();
  const lineEnd = tail.indexOf('\n');
  return lineEnd === -1 ? tail : tail.slice(lineEnd + 1);
}

/** Exact where it matters: a text of more units than the limit has more bytes too. */
const byteLength = (text: string, limit: number): number =>
  text.length > limit ? text.length : Buffer.byteLength(text);

/** Without the bytes of a character that lost its end. */
function cutEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && isContinuation(bytes[end - 1])) end--;
  return end > 0 && (bytes[end - 1] ?? 0) >= 0xc0 ? bytes.subarray(0, end - 1) : bytes;
}

/** Without the bytes of a character that lost its beginning. */
function cutStart(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length && isContinuation(bytes[start])) start++;
  return bytes.subarray(start);
}

const isContinuation = (byte = 0): boolean => byte >= 0x80 && byte < 0xc0;

/** Without half of a surrogate pair at the end. */
function wholeCharacters(text: string): string {
  return text.isWellFormed() ? text : text.slice(0, -1);
}
