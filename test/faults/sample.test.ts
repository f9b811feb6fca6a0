import { availableParallelism } from 'node:os';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyLeftOut } from './compile.ts';
import { pointsOf, tryAll } from './explore.ts';
import { modes } from './modes.ts';
import type { Result } from './run-point.ts';
import { scenarios } from './scenarios/index.ts';
import { commandOf, table } from './table.ts';

const reason = whyLeftOut();
const seed = Number(process.env['KUBETEST2_FAULTS_SEED'] ?? Math.trunc(Math.random() * 1e6));
/** Points of each scenario and mode. */
const SAMPLE = 3;

describe.skipIf(reason !== undefined)(
  `a run whose files or servers fail${reason === undefined ? '' : ` (left out: ${reason})`}`,
  () => {
    let results: readonly Result[] = [];
    beforeAll(async () => {
      console.log(`The sample is repeated by KUBETEST2_FAULTS_SEED=${seed}`);
      const points = await pointsOf({ scenarios, modes, at: undefined, sample: SAMPLE, seed });
      results = await tryAll(points, { working: availableParallelism() + 1, waiting: 8 }, () => undefined);
      console.log(table(results).join('\n'));
    });

    describe.each(scenarios)('$name: $about', ({ name: scenario, asksServers }) => {
      test.each(modes.filter((mode) => asksServers || mode.of === 'files').map(({ name }) => name))(
        'keeps every promise under %s',
        (mode) => {
          const ours = results.filter(({ point }) => point.scenario.name === scenario && point.mode.name === mode);
          expect(ours.length).toBeGreaterThan(0);
          const broken = ours.filter(({ findings }) => findings.length > 0);
          expect(broken.map(describeResult)).toEqual([]);
        },
      );
    });

    test('is disturbed at every point of the sample but those it no longer comes to', () => {
      const met = results.filter((result) => result.met !== undefined);
      expect(met.length / results.length).toBeGreaterThan(0.9);
    });
  },
);

function describeResult(result: Result): string {
  const findings = result.findings.map(({ kind, text }) => `  ${kind}: ${text}`);
  return [commandOf(result), `  at ${result.met}`, ...findings].join('\n');
}
