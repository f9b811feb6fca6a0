// A launcher with one deployer and one tester, each of whose steps is a `grid-step` on PATH, so that each can fail, hang or be killed.
import { defineDeployer, defineTester, main } from '../../../../dist/index.js';

const deployer = defineDeployer({
  name: 'grid',
  summary: 'does each step with grid-step',
  flags: {},
  create: ({ run }) => {
    const step = (name) => async (signal) => {
      await run.exec(['grid-step', name], { signal });
    };
    const taking = (name) => async (signal) => {
      if (run.env.GRID_TAKES === name) await run.state.holding('a cluster');
      await step(name)(signal);
    };
    return {
      init: taking('init'),
      build: taking('Build'),
      up: taking('Up'),
      down: step('Down'),
      dumpLogs: step('logs'),
      afterTest: (_error, signal) => step('afterTest')(signal),
      finish: step('finish'),
    };
  },
});

/** A fault of the program itself, not of what it starts. */
async function crash(how, signal) {
  if (how === undefined) return;
  if (how === 'throw')
    setTimeout(() => {
      throw new Error('a bug');
    }, 10);
  if (how === 'reject') void Promise.reject(new Error('a bug'));
  await new Promise((_, reject) => {
    if (how === 'stall') return;
    const timer = setTimeout(reject, 60_000);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

const tester = defineTester({
  name: 'steps',
  summary: 'does Test with grid-step',
  flags: {},
  create: ({ run }) => ({
    test: async ({ env }, signal) => {
      await crash(run.env.GRID_CRASH, signal);
      await run.exec(['grid-step', 'Test'], { signal, env });
    },
    ...(run.env.GRID_PREPARES === undefined
      ? {}
      : {
          preparesAfterBuild: run.env.GRID_PREPARES === 'late',
          prepare: async (signal) => {
            await run.exec(['grid-step', 'prepare'], { signal });
          },
        }),
  }),
});

process.exitCode = await main({
  deployers: [{ name: 'grid', summary: deployer.summary, load: async () => deployer }],
  testers: [{ name: 'steps', summary: tester.summary, load: async () => tester }],
});
