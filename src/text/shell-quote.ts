/** A command as it can be pasted into a shell. For display only: commands are started from arrays. */
export function shellQuote(argv: readonly string[]): string {
  return argv.map((arg, at) => quoteArgument(arg, at === 0)).join(' ');
}

/** Whether a value still has the quotes of a shell around it. */
export const isQuoted = (value: string): boolean => /^(["']).*\1$/s.test(value);

/** Quotes one argument. A leading `A=b` would be an assignment, so it is quoted where a command's name stands. */
function quoteArgument(arg: string, first: boolean): string {
  if (/^[\w@%+:,./-]+(?:=[\w@%+:,./=-]*)?$/.test(arg) && !(first && arg.includes('='))) return arg;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what would disturb a terminal
  if (/[\x00-\x1f\x7f]/.test(arg)) return `$'${arg.replace(/[\x00-\x1f\x7f\\']/g, escaped)}'`;
  return `'${arg.replaceAll("'", "'\\''")}'`;
}

function escaped(character: string): string {
  if (character === '\\' || character === "'") return `\\${character}`;
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
