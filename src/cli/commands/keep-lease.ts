import { defineCommand } from './command.ts';

/** Renews a lease in the background. This program starts it by itself after `--up` without `--down`. */
export const keepLease = defineCommand({
  usage: ['keep-lease RUNDIR'],
  about: 'Keeps the Boskos lease of a run between its calls.',
  flags: {},
  args: [0, 1],
  run: async ({ args }, { pid, openSession }) => {
    using session = await openSession();
    const keeper = await import('../../boskos/keep-lease.ts');
    return await keeper.keepLease(args, { pid, log: session.log, signal: session.signals.work });
  },
});
