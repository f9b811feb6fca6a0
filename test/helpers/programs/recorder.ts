// Stands in for any program: writes down how it was called, then does what $FAKE_PLAN says for its name.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What a program does, in this order. Paths are relative to where it runs; `$NAME` in them is filled in. */
export interface Part {
  /** Applies only when the arguments begin with these words. */
  readonly when?: string;
  /** Applies only to so many calls. */
  readonly times?: number;
  /** Flags, with their `=`, whose file it keeps the text of. */
  readonly keep?: readonly string[];
  readonly stdout?: string;
  readonly stderr?: string;
  /** Files it writes. */
  readonly write?: Readonly<Record<string, string>>;
  /** The stand-in it makes where `-o` says, as a compiler does. */
  readonly builds?: string;
  /** A file it makes first and, as it has the time, removes before it ends: a machine it owns. */
  readonly instance?: string;
  /** Stays until a signal comes; then takes this many milliseconds to end. */
  readonly hang?: number;
  /** Signals that it takes no notice of. */
  readonly ignore?: readonly string[];
  readonly exit?: number;
  /** Kills itself with this signal instead of ending. */
  readonly die?: NodeJS.Signals;
}

export type Plan = Readonly<Record<string, Part | readonly Part[]>>;

const [name = '', ...args] = process.argv.slice(2);
const env = process.env;
const calls = env['FAKE_CALLS'] ?? '/dev/null';
const tell = (what: object): void => appendFileSync(calls, `${JSON.stringify({ name, ...what })}\n`);

const parts = [(JSON.parse(env['FAKE_PLAN'] ?? '{}') as Plan)[name] ?? []].flat() as readonly Part[];
const part = parts.find(applies) ?? {};
const filled = (text: string): string => text.replaceAll(/\$(\w+)/g, (_, variable: string) => env[variable] ?? '');

function applies({ when, times }: Part, at: number): boolean {
  if (when !== undefined && !`${args.join(' ')} `.startsWith(`${when} `)) return false;
  if (times === undefined) return true;
  const counter = `${calls}-${name}-${at}`;
  const before = existsSync(counter) ? readFileSync(counter, 'utf8').length : 0;
  if (before < times) appendFileSync(counter, '.');
  return before < times;
}

const kept = (part.keep ?? []).flatMap((flag) =>
  args.filter((word) => word.startsWith(flag)).map((word) => readFileSync(word.slice(flag.length), 'utf8')),
);
tell({
  ...(kept.length > 0 ? { kept } : {}),
  args,
  cwd: process.cwd(),
  env: Object.fromEntries(Object.entries(env).filter(([key]) => !key.startsWith('FAKE_'))),
});
for (const signal of part.ignore ?? []) process.on(signal, () => tell({ ignores: signal }));
if (part.instance !== undefined) writeFileSync(filled(part.instance), name);
for (const [path, text] of Object.entries(part.write ?? {})) {
  const file = resolve(filled(path));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o755 });
}
if (part.builds !== undefined) {
  const self = `"${process.execPath}" "${process.argv[1]}"`;
  writeFileSync(args[args.indexOf('-o') + 1] ?? '', `#!/bin/sh\nexec ${self} "${part.builds}" "$@"\n`, { mode: 0o755 });
}
process.stdout.write(part.stdout ?? '');
process.stderr.write(part.stderr ?? '');

function end(code: number): void {
  if (part.instance !== undefined && existsSync(filled(part.instance))) rmSync(filled(part.instance));
  process.exitCode = code;
}

if (part.die !== undefined) process.kill(process.pid, part.die);
else if (part.hang === undefined) end(part.exit ?? 0);
else {
  const staying = setInterval(() => undefined, 1 << 30);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    if (part.ignore?.includes(signal)) continue;
    process.once(signal, () => {
      tell({ got: signal });
      setTimeout(() => {
        clearInterval(staying);
        end(130);
      }, part.hang);
    });
  }
  tell({ hangs: true });
}
