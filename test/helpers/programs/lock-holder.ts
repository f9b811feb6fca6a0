// Takes the lock named first; adds a line to the log named second when it has it and when it gives it back.
// With a third argument `forever` it keeps the lock until it is killed.
import { appendFileSync } from 'node:fs';
import { pid, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireLock } from '../../../src/system/lock.ts';

const [file = '', log = '', how = ''] = process.argv.slice(2);
await using _ = await acquireLock(file, { signal: AbortSignal.timeout(30_000), wait: true });
appendFileSync(log, `+${pid}\n`);
stdout.write('held\n');
if (how === 'forever') await sleep(60_000);
await sleep(5);
appendFileSync(log, `-${pid}\n`);
