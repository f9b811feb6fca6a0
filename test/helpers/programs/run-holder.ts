// Locks the run dir named first and keeps it until it is killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { lockRun } from '../../../src/records/run-lock.ts';

const [runDir = ''] = process.argv.slice(2);
await using _ = await lockRun({ runDir, lock: `${runDir}/lock` }, AbortSignal.timeout(30_000));
process.stdout.write('held\n');
await sleep(60_000);
