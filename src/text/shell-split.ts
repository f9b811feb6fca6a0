/** One argument of a command line, and which of its characters a backslash outside of quotes escaped. */
export interface ShellArgument {
  readonly text: string;
  readonly escaped: string;
}

/**
 * Splits a text into arguments as Go's go-shellquote does, because job configurations are written for it: blanks, tabs and
 * newlines separate; single and double quotes and backslashes protect; nothing is expanded, and `$'…'`, `#` and operators
 * are ordinary characters. Throws an Error for an unterminated quote or escape.
 */
export function shellSplit(text: string): string[] {
  return shellSplitWithEscapes(text).map((arg) => arg.text);
}

/** Like `shellSplit`, each argument with the characters that lost a backslash. */
export function shellSplitWithEscapes(text: string): ShellArgument[] {
  const args: ShellArgument[] = [];
  let at = 0;
  for (;;) {
    at += /^(?:[ \n\t]|\\\n)*/.exec(text.slice(at))?.[0].length ?? 0;
    if (at >= text.length) return args;
    const { arg, end } = readArgument(text, at);
    args.push(arg);
    at = end;
  }
}

function readArgument(text: string, start: number): { arg: ShellArgument; end: number } {
  // One piece of an argument: bare characters, an escape, a single-quoted or a double-quoted string.
  const pieces = /([^ \n\t'"\\]+)|\\(.)|'([^']*)'|"((?:[^"\\]|\\.)*)"/suy;
  let arg = '';
  let escaped = '';
  let at = start;
  while (at < text.length && !' \n\t'.includes(text.charAt(at))) {
    pieces.lastIndex = at;
    const piece = pieces.exec(text);
    if (piece === null) throw new Error(unterminated(text.charAt(at)));
    const [whole, bare, escapee, single, double] = piece;
    if (escapee !== undefined && escapee !== '\n') {
      arg += escapee;
      escaped += escapee;
    }
    arg += bare ?? single ?? double?.replace(/\\([$`"\\\n])/g, (_, kept: string) => (kept === '\n' ? '' : kept)) ?? '';
    at += whole.length;
  }
  return { arg: { text: arg, escaped }, end: at };
}

function unterminated(opening: string): string {
  if (opening === "'") return 'unterminated single quote';
  return opening === '"' ? 'unterminated double quote' : 'trailing backslash';
}
