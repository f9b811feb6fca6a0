// Checks the language of help, literals, comments and pages for words without a right use here. `npm run style`.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Prose, proseOfMarkdown, proseOfSource } from './prose.ts';
import { renderedHelp } from './rendered-help.ts';
import { findStyleWords } from './style-words.ts';

/** A use that is right after all. */
interface Exception {
  readonly file: string;
  /** A part of the text in which the word is right. */
  readonly text: string;
  readonly reason: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const files = (patterns: string | string[]): string[] => globSync(patterns, { cwd: root }).sort();
const exceptions = JSON.parse(read('scripts/ci/style-exceptions.json')) as Exception[];

const texts = new Map<string, readonly Prose[]>([
  ...files('{bin,src,deployers,testers}/**/*.ts').map((file) => [file, proseOfSource(read(file))] as const),
  ...files(['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'docs/*.md']).map(
    (file) => [file, proseOfMarkdown(read(file))] as const,
  ),
  ...(await renderedHelp()).map(([command, help]) => [command, linesOf(help)] as const),
]);

const used = new Set<Exception>();
let problems = 0;
for (const [file, found] of texts) for (const prose of found) report(file, prose);
for (const exception of exceptions.filter((each) => !used.has(each))) {
  console.error(`scripts/ci/style-exceptions.json: unused exception for ${exception.file}: ${exception.text}`);
  problems += 1;
}
console.log(problems === 0 ? 'No style problems' : `${problems} style problems`);
if (problems > 0) process.exitCode = 1;

function linesOf(text: string): Prose[] {
  return text.split('\n').map((line, at) => ({ line: at + 1, text: line }));
}

function report(file: string, { line, text }: Prose): void {
  for (const { found, write } of findStyleWords(text)) {
    const exception = exceptions.find((each) => each.file === file && text.includes(each.text));
    if (exception) {
      used.add(exception);
      continue;
    }
    problems += 1;
    console.error(
      `${file}:${line}: "${found}" (write: ${write}) in: ${text.replace(/\s+/g, ' ').trim().slice(0, 100)}`,
    );
  }
}
