/** A piece of text in a file that a person reads. */
export interface Prose {
  /** The line it starts on, from 1. */
  readonly line: number;
  readonly text: string;
}

/**
 * The comments, and the string and template literals with a space, of a TypeScript source. Literals without a space are
 * names and keys rather than texts. Expressions in a template become `…`; literals inside them are found as well.
 */
export function proseOfSource(source: string): Prose[] {
  const found: Prose[] = [];
  scan(source, 0, found);
  return found.filter(({ text }) => /\s/.test(text.trim()));
}

/** The lines of a Markdown page without code blocks. */
export function proseOfMarkdown(page: string): Prose[] {
  let fenced = false;
  return page.split('\n').flatMap((text, at) => {
    const fence = text.startsWith('```');
    if (fence) fenced = !fenced;
    return fence || fenced || text.startsWith('    ') ? [] : [{ line: at + 1, text }];
  });
}

/** Scans from `start` to the end, or to the brace that closes a template's expression. Returns where it stopped. */
function scan(source: string, start: number, found: Prose[]): number {
  let depth = 0;
  let at = start;
  while (at < source.length) {
    const token = tokenAt(source, at);
    if (token === '}' && depth === 0 && start > 0) return at + 1;
    if (token === '{') depth += 1;
    if (token === '}') depth -= 1;
    if (token === '`') at = template(source, at, found);
    else {
      const text = textOf(token);
      if (text !== undefined) found.push({ line: lineOf(source, at), text });
      at += token.length;
    }
  }
  return at;
}

const TOKEN =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*|[\w$]+|[\s\S]/y;

/** A comment, a literal, a word, or one character. A slash starts a regular expression where no operand precedes it. */
function tokenAt(source: string, at: number): string {
  TOKEN.lastIndex = at;
  const token = TOKEN.exec(source)?.[0] ?? source.slice(at, at + 1);
  const isRegex = token.length > 1 && token.startsWith('/') && !/^\/[/*]/.test(token);
  return isRegex && /(?:[\w$)\]}]|['"`])\s*$/.test(before(source, at)) ? '/' : token;
}

/** The text before a position, without a keyword that an expression may follow. */
function before(source: string, at: number): string {
  return source.slice(Math.max(0, at - 40), at).replace(/\b(?:return|case|typeof|yield|await|in|of)\s*$/, '');
}

/** Collects a template that starts at a backtick. Returns where it ends. */
function template(source: string, start: number, found: Prose[]): number {
  let text = '';
  let at = start + 1;
  while (at < source.length && source[at] !== '`') {
    if (source.startsWith('${', at)) {
      text += '…';
      at = scan(source, at + 2, found);
    } else {
      const length = source[at] === '\\' ? 2 : 1;
      text += source.slice(at, at + length);
      at += length;
    }
  }
  found.push({ line: lineOf(source, start), text });
  return at + 1;
}

/** The text of a comment or a quoted literal; undefined for other tokens. */
function textOf(token: string): string | undefined {
  if (token.startsWith('//')) return token.slice(2);
  if (token.startsWith('/*')) return token.slice(2, -2).replace(/^\s*\* ?/gm, '');
  return token.length > 1 && /^['"]/.test(token) ? token.slice(1, -1) : undefined;
}

const lineOf = (source: string, at: number): number => source.slice(0, at).split('\n').length;
