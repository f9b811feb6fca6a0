// Runs one command through openExec in a process of its own, tied to real signals, and says on stderr, and in the file
// $REPORT, how it went. SIGUSR2 crashes this process with an uncaught error.
// Usage: command-driver.ts OPTIONS-AS-JSON ARGV...
import { appendFileSync } from 'node:fs';
import { CommandError, messageOf } from '../../../src/api/errors.ts';
import { openExec } from '../../../src/process/exec.ts';
import { listenToSignals } from '../../../src/runtime/signals.ts';

const [settings = '{}', ...argv] = process.argv.slice(2);
const { grace = 1000, coalesceMs = 0, ...options } = JSON.parse(settings) as Record<string, never>;
const say = (kind: string) => (message: string) => {
  if (process.env['REPORT']) appendFileSync(process.env['REPORT'], `${kind}: ${message}\n`);
  process.stderr.write(`${kind}: ${message}\n`);
};
const log = {
  info: say('info'),
  warn: say('warn'),
  error: say('error'),
  detail: (level: number, message: string) => say(`detail ${level}`)(message),
  progress: () => undefined,
  interactive: false,
};
const signals = listenToSignals(process, log, { coalesceMs });
const exec = openExec({
  env: () => process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  log,
  event: (name, fields) => say(`event ${name}`)(JSON.stringify(fields)),
  mask: (text) => text.replaceAll('s3cret', '***'),
  grace,
  onHurry: signals.onHurry,
  giveUp: signals.giveUp,
});
process.on('SIGUSR2', () => {
  throw new Error('crash');
});
try {
  const { tail, ...finished } = await exec(argv, { signal: signals.work, ...options });
  say('finished')(JSON.stringify({ ...finished, tail: tail.length }));
} catch (error) {
  const { name, cause } = error as Error;
  say('failed')(`${name}: ${messageOf(error)}${cause === undefined ? '' : ` (${messageOf(cause)})`}`);
  const output = error instanceof CommandError ? error.output : undefined;
  if (process.env['REPORT']) appendFileSync(process.env['REPORT'], `output: ${JSON.stringify(output)}\n`);
  process.exitCode = 9;
} finally {
  signals[Symbol.dispose]();
  say('memory')(`${process.resourceUsage().maxRSS / 1024} MiB`);
}
