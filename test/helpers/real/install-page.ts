import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const installPage = readFileSync(fileURLToPath(new URL('../../../docs/install.md', import.meta.url)), 'utf8');

/** The blocks of docs/install.md in a language, as they are written. */
export function snippets(language: string): string[] {
  const blocks = installPage.matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return Array.from(blocks, ([, name, text = '']) => (name === language ? text : '')).filter((text) => text !== '');
}
