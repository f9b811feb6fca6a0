import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BareRoot } from './bare-root.ts';

type Arguments = Readonly<Record<string, string>>;

export interface Build {
  /** The values of its ARGs. */
  readonly args: Arguments;
  /** The directory that COPY takes from. Absolute. */
  readonly context?: string;
  /** What every stage begins with, instead of the image that FROM names. */
  readonly base: () => BareRoot;
}

/**
 * Carries out the lines of a Dockerfile in bare roots, as far as ours need it: FROM, ARG, ADD, COPY and RUN. Returns the
 * last stage; throws with a line that failed, and with one that it does not know.
 */
export async function buildImage(text: string, { args, context = '', base }: Build): Promise<BareRoot> {
  const stages = new Map<string, BareRoot>();
  let stage: BareRoot | undefined;
  const values: Record<string, string> = {};
  const expand = (words: string) => words.replace(/\$\{(\w+)\}|\$(\w+)/g, (_, one, two) => values[one ?? two] ?? '');
  for (const line of lines(text)) {
    const [, instruction = '', rest = ''] = /^(\w+)\s+(.*)$/s.exec(line) ?? [];
    if (instruction === 'FROM') {
      stage = base();
      const [, name] = /\sAS\s+(\S+)$/.exec(rest) ?? [];
      stages.set(name ?? '', stage);
      continue;
    }
    stage ??= base();
    const words = expand(rest).split(/\s+/);
    switch (instruction) {
      case 'ARG':
        for (const each of words) {
          const [name = '', value = ''] = each.split(/=(.*)/);
          values[name] = args[name] ?? value;
        }
        break;
      case 'ADD':
        for (const url of words.slice(0, -1)) await download(url, stage, words.at(-1) ?? '');
        break;
      case 'COPY':
        copy(words, stage, { stages, context });
        break;
      case 'RUN':
        await run(rest, stage, values);
        break;
      case 'ENTRYPOINT':
        break;
      default:
        throw new Error(`not understood: ${line}`);
    }
  }
  if (stage === undefined) throw new Error('there is no line');
  return stage;
}

/** Without comments, and with continued lines joined. */
function lines(text: string): string[] {
  const joined = text.replace(/^#.*\n/gm, '').replace(/\\\n/g, ' ');
  return joined.split('\n').filter((line) => line.trim() !== '');
}

async function download(url: string, stage: BareRoot, directory: string): Promise<void> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const to = stage.path(directory);
  mkdirSync(to, { recursive: true });
  await writeFile(join(to, basename(new URL(url).pathname)), new Uint8Array(await answer.arrayBuffer()));
}

function copy(
  words: readonly string[],
  stage: BareRoot,
  { stages, context }: { stages: ReadonlyMap<string, BareRoot>; context: string },
): void {
  const [, from] = /^--from=(.*)$/.exec(words[0] ?? '') ?? [];
  const [source = '', destination = ''] = words.slice(-2);
  const path = from === undefined ? join(context, source) : (stages.get(from)?.path(source) ?? '');
  if (!existsSync(path)) throw new Error(`nothing to copy: ${source}`);
  const to = stage.path(source.endsWith('/') ? destination : join(destination, basename(source)));
  cpSync(path, to, { recursive: true });
}

async function run(line: string, stage: BareRoot, env: Arguments): Promise<void> {
  const { code, stderr } = await stage.run(line, { writable: true, env });
  if (code !== 0) throw new Error(`RUN ${line}\nexit code ${code}\n${stderr}`);
}
