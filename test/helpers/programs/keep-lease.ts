import { keepLease } from '../../../src/boskos/keep-lease.ts';
import { lines, QUICK } from '../lease.ts';

/** What main does for `keep-lease`: gives it the world. */
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('SIGTERM')));
const say = (line: string) => console.log(`${process.pid}: ${line}`);
const log = { ...lines(), info: say, error: say };
process.exitCode = await keepLease(process.argv.slice(3), {
  pid: process.pid,
  log,
  signal: stop.signal,
  pace: QUICK,
});
