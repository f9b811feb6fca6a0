/** A word without a right use in this project's texts, and what to write. */
export interface StyleWord {
  readonly pattern: RegExp;
  readonly write: string;
}

/** The words that the style check looks for. */
export const styleWords: readonly StyleWord[] = [
  { pattern: /\bfolders?\b/i, write: 'directory' },
  { pattern: /\bmend(?:s|ed|ing)?\b/i, write: 'fix, remove' },
  { pattern: /\bborrow(?:s|ed|ing|er|ers)?\b/i, write: 'acquire, lease' },
  { pattern: /\b(?:lend(?:s|ing)?|lent)\b/i, write: 'acquire, lease' },
  { pattern: /\b(?:give|gives|gave|given|giving) (?:\w+ )?back\b/i, write: 'release, restore' },
  { pattern: /\b(?:nobody|somebody|whoever)\b/i, write: 'name who, or use the passive' },
  { pattern: /\bwhatever\b/i, write: 'any, all, regardless of' },
  { pattern: /\btold\b/i, write: 'reported, shown, distinguished' },
  { pattern: /\b(?:go|goes|went|going) down\b/i, write: 'is torn down' },
  { pattern: /\b(?:take|takes|took|taken|taking) (?:\w+ ){0,2}down\b/i, write: 'tear down' },
  { pattern: /\b(?:go|goes|went|gone|going) on\b/i, write: 'continue, resume' },
  { pattern: /\b(?:run|runs|ran|running) out\b/i, write: 'timeout, expire' },
  { pattern: /\bno say\b/i, write: 'ignored' },
  { pattern: /\bis none of\b/i, write: 'unknown … (available: …)' },
  { pattern: /\bthere already\b/i, write: 'existing, already exists' },
];

/** The style words in a text. Code spans, quotes, flags and variables are skipped: they are names, or the words of other tools. */
export function findStyleWords(text: string): { readonly found: string; readonly write: string }[] {
  const prose = text.replace(/`[^`]*`|"[^"]*"|“[^”]*”|--[\w-]+|\$\{?\w+|https?:\/\/\S+/g, '…');
  return styleWords.flatMap(({ pattern, write }) => {
    const found = pattern.exec(prose)?.[0];
    return found === undefined ? [] : [{ found, write }];
  });
}
