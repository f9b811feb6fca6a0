import { rate } from '../../text/figures.ts';
import { commonStrata, type Evidence } from '../evidence/evidence.ts';
import type { Run } from '../evidence/runs.ts';
import { exactTest, sumsOf } from '../statistics/strata.ts';
import type { Gate } from './gate.ts';

/** Whether the canary's runs are lost to their environment more often: a pod that is too large, a cluster that is too small. */
export function environmentGate(evidence: Evidence): Gate {
  const isLost = ({ state }: Run) => state === 'environment';
  const counts = (run: Run) => isLost(run) || run.state === 'passed' || run.state === 'failed';
  const strata = commonStrata(evidence, counts, isLost);
  const { original, canary } = sumsOf(strata);
  const p = exactTest(strata);
  const worse = shareOf(canary) - shareOf(original);
  const isWorse = p <= 0.01 && worse > 0.1 && canary.failed >= 3;
  const text = `${canary.failed} of ${canary.runs} canary runs were lost to their environment, ${original.failed} of ${original.runs} of the original (p ${rate(p)})`;
  return { name: 'environment', state: isWorse ? 'fail' : 'pass', text };
}

const shareOf = ({ runs, failed }: { runs: number; failed: number }): number => (runs === 0 ? 0 : failed / runs);
