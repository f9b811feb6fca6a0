/** One word of a command line, and which of its characters were escaped by a backslash outside of quotes. */
export interface ShellWord {
  readonly text: string;
  readonly escaped: string;
}

/**
 * Splits a text into words as Go's go-shellquote does, because job lines are written for it: blanks, tabs and newlines
 * separate; single and double quotes and backslashes protect; nothing is expanded, and `$'…'`, `#` and operators are
 * ordinary characters. Throws an Error when a quote or an escape has no end.
 */
export function shellWords(text: string): string[] {
  return shellWordsWithEscapes(text).map((word) => word.text);
}

/** The same, each word with the characters that lost a backslash. */
export function shellWordsWithEscapes(text: string): ShellWord[] {
  const words: ShellWord[] = [];
  let at = 0;
  for (;;) {
    at += /^(?:[ \n\t]|\\\n)*/.exec(text.slice(at))?.[0].length ?? 0;
    if (at >= text.length) return words;
    const { word, end } = readWord(text, at);
    words.push(word);
    at = end;
  }
}

function readWord(text: string, start: number): { word: ShellWord; end: number } {
  // One piece of a word: bare characters, an escape, a single-quoted or a double-quoted string.
  const pieces = /([^ \n\t'"\\]+)|\\(.)|'([^']*)'|"((?:[^"\\]|\\.)*)"/suy;
  let word = '';
  let escaped = '';
  let at = start;
  while (at < text.length && !' \n\t'.includes(text.charAt(at))) {
    pieces.lastIndex = at;
    const piece = pieces.exec(text);
    if (piece === null) throw new Error(unterminated(text.charAt(at)));
    const [whole, bare, escapee, single, double] = piece;
    if (escapee !== undefined && escapee !== '\n') {
      word += escapee;
      escaped += escapee;
    }
    word += bare ?? single ?? double?.replace(/\\([$`"\\\n])/g, (_, kept: string) => (kept === '\n' ? '' : kept)) ?? '';
    at += whole.length;
  }
  return { word: { text: word, escaped }, end: at };
}

function unterminated(opening: string): string {
  if (opening === "'") return 'a single quote has no end';
  return opening === '"' ? 'a double quote has no end' : 'a backslash at the end escapes nothing';
}
