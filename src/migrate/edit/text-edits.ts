/** One replacement in a text; nothing else of it changes. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies edits, which must not overlap; those at one place apply in the order given. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const sorted = edits
    .map((edit, at) => ({ ...edit, at }))
    .sort((a, b) => a.start - b.start || a.end - b.end || a.at - b.at);
  let result = '';
  let from = 0;
  for (const { start, end, text: replacement } of sorted) {
    if (start < from) throw new Error(`two edits overlap at offset ${start}`);
    result += text.slice(from, start) + replacement;
    from = end;
  }
  return result + text.slice(from);
}

/** Where the line with this offset starts. */
export const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** Where the line with this offset ends, before its line break. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  if (end === -1) return text.length;
  return end > 0 && text[end - 1] === '\r' ? Math.max(at, end - 1) : end;
}

/** Where the next line starts; the end of the text when there is none. */
export function nextLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

/** How many characters stand before an offset on its line. */
export const columnOf = (text: string, at: number): number => {
  const start = lineStart(text, at);
  return at - start - (text.startsWith('\uFEFF', start) ? 1 : 0);
};

/** The line break of a text: that of its first line. */
export const lineBreakOf = (text: string): string => (/\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n');
