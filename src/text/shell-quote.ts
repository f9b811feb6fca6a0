/** A command as it can be pasted into a shell. For showing only: commands are started from arrays. */
export function quoted(argv: readonly string[]): string {
  return argv.map((word, at) => quotedWord(word, at === 0)).join(' ');
}

/** One word; as a command's first one `A=b` would be an assignment. */
function quotedWord(word: string, first: boolean): string {
  if (/^[\w@%+:,./-]+(?:=[\w@%+:,./=-]*)?$/.test(word) && !(first && word.includes('='))) return word;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what would disturb a terminal
  if (/[\x00-\x1f\x7f]/.test(word)) return `$'${word.replace(/[\x00-\x1f\x7f\\']/g, escaped)}'`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function escaped(character: string): string {
  if (character === '\\' || character === "'") return `\\${character}`;
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
