// Fakes any program: records its call, then does what $FAKE_PLAN has for its name.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What a program does, in this order. Paths are relative to its working directory; `$NAME` in them is expanded. */
export interface Part {
  /** Applies only if the arguments begin with these. */
  readonly when?: string;
  /** Applies only to this many calls. */
  readonly times?: number;
  /** Flags, with their `=`, whose files it records. */
  readonly keep?: readonly string[];
  readonly stdout?: string;
  readonly stderr?: string;
  /** Files it writes. */
  readonly write?: Readonly<Record<string, string>>;
  /** The fake that it writes to the path of `-o`, as a compiler does. */
  readonly builds?: string;
  /** A file that it creates first and removes before it exits, if it has the time: its instance. */
  readonly instance?: string;
  /** Runs until a signal; then exits after this many milliseconds. */
  readonly hang?: number;
  /** Signals that it ignores. */
  readonly ignore?: readonly string[];
  readonly exit?: number;
  /** Kills itself with this signal instead of exiting. */
  readonly die?: NodeJS.Signals;
}

export type Plan = Readonly<Record<string, Part | readonly Part[]>>;

const [name = '', ...args] = process.argv.slice(2);
const env = process.env;
const calls = env['FAKE_CALLS'] ?? '/dev/null';
const record = (fields: object): void => appendFileSync(calls, `${JSON.stringify({ name, ...fields })}\n`);

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
  args.filter((arg) => arg.startsWith(flag)).map((arg) => readFileSync(arg.slice(flag.length), 'utf8')),
);
record({
  ...(kept.length > 0 ? { kept } : {}),
  args,
  cwd: process.cwd(),
  env: Object.fromEntries(Object.entries(env).filter(([key]) => !key.startsWith('FAKE_'))),
});
for (const signal of part.ignore ?? []) process.on(signal, () => record({ ignores: signal }));
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
      record({ got: signal });
      setTimeout(() => {
        clearInterval(staying);
        end(130);
      }, part.hang);
    });
  }
  record({ hangs: true });
}
