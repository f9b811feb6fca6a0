import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { Finding } from './scenario.ts';

/** What the records of a run say, as far as they can be read. Undefined is a record that is not there. */
export interface Records {
  readonly junit: readonly Row[] | undefined;
  readonly state: Readonly<Record<string, unknown>> | undefined;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  readonly events: readonly Readonly<Record<string, unknown>>[] | undefined;
  /** Those that are there and are not what they should be. */
  readonly invalid: readonly Finding[];
}

/** A case of junit_runner.xml. */
export interface Row {
  readonly name: string;
  /** The message of a failure; undefined when the case passed or was skipped. */
  readonly failure: string | undefined;
}

/** Reads the records of a run by means of its own, not by those of the program. */
export function readRecords(artifacts: string, runDir: string): Records {
  const invalid: Finding[] = [];
  const read = <T>(path: string, parse: (text: string) => T): T | undefined => {
    if (!existsSync(path)) return undefined;
    try {
      return parse(readFileSync(path, 'utf8'));
    } catch (error) {
      invalid.push({ kind: 'record invalid', text: `${basename(path)}: ${(error as Error).message}` });
      return undefined;
    }
  };
  return {
    junit: read(join(artifacts, 'junit_runner.xml'), parseJunit),
    state: read(join(runDir, 'state.json'), parseObject),
    metadata: read(join(artifacts, 'metadata.json'), parseObject),
    events: read(join(artifacts, 'events.jsonl'), parseLines),
    invalid,
  };
}

type Element = Readonly<Record<string, unknown>>;

function parseJunit(text: string): Row[] {
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new Error(`not well-formed: line ${valid.err.line}: ${valid.err.msg}`);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    isArray: (_name, _path, _leaf, attribute) => !attribute,
  });
  const root = parser.parse(text) as { testsuites?: Element[]; testsuite?: Element[] };
  const suites = root.testsuites?.flatMap((each) => (each['testsuite'] ?? []) as Element[]) ?? root.testsuite;
  if (suites === undefined) throw new Error('it has no suite');
  return suites
    .flatMap((suite) => (suite['testcase'] ?? []) as Element[])
    .map((row) => {
      const [failure] = (row['failure'] ?? []) as (Element | string)[];
      const message = typeof failure === 'object' ? String(failure['@message'] ?? '') : failure;
      return { name: String(row['@name']), failure: message };
    });
}

function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is not an object');
  return value as Record<string, unknown>;
}

function parseLines(text: string): Record<string, unknown>[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('its last line is not finished');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line, at) => {
      try {
        return parseObject(line);
      } catch (error) {
        throw new Error(`line ${at + 1} is not JSON: ${JSON.stringify(line.slice(0, 80))}`, { cause: error });
      }
    });
}

/** The drafts of files that were to appear whole, left in the directories; paths from them on. */
export function draftsIn(...directories: readonly string[]): string[] {
  return directories.flatMap((directory) =>
    filesIn(directory)
      .filter(({ name }) => /^\..*\.tmp$|\.new$|\.part$/.test(name))
      .map(({ parentPath, name }) => join(parentPath, name)),
  );
}

/** All files below a directory; none when there is no directory. */
export function filesIn(directory: string): Dirent[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
}
