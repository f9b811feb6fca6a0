import type { ComparedTest } from '../gates/tests.ts';
import type { JobSummary } from '../verdict/job-summary.ts';
import type { Report } from '../verdict/report.ts';

/** The report for programs: schema 1, of which nothing is renamed. */
export function jsonOutput(report: Report): string {
  const { settings, window, original, canary, judgement } = report;
  const { verdict, gates, more, rates, strata, slowdown, sets, tests, criteria } = judgement;
  const value = {
    schema: 1,
    verdict,
    for: settings.step,
    now: new Date(settings.now).toISOString(),
    window: { from: new Date(window.from).toISOString(), to: new Date(window.to).toISOString() },
    moreRuns: more?.runs ?? null,
    original: jobOf(original),
    canary: jobOf(canary),
    comparison: {
      runsOriginal: rates.sums.original.runs,
      failedOriginal: rates.sums.original.failed,
      runsCanary: rates.sums.canary.runs,
      failedCanary: rates.sums.canary.failed,
      setAside: strata.setAside.length,
      margin: settings.margin,
      drop: rates.drop ?? null,
      p: rates.p,
      slowdown: slowdown?.at95 ?? null,
    },
    gates: gates.map(({ name, state, text }) => ({ name, state, text })),
    tests: {
      compared: tests.compared,
      lost: sets.lost.map(({ name }) => name),
      allowedLost: sets.lost.filter(({ isAllowed }) => isAllowed).map(({ name }) => name),
      gained: sets.gained,
      regressed: tests.regressed.map(testOf),
      suspects: tests.suspects.map(testOf),
    },
    ...(criteria && { criteria }),
  };
  return `${escaped(JSON.stringify(value, undefined, 2))}\n`;
}

function jobOf({ job, address, runs, phases, passRate, duration }: JobSummary) {
  return {
    job,
    address,
    runs,
    phases,
    passRate: passRate ?? { value: null, low: null, high: null },
    duration: duration ?? null,
  };
}

function testOf({ name, canary, original, p }: ComparedTest) {
  return { name, canary: [canary.failed, canary.runs], original: [original.failed, original.runs], p };
}

/** What a terminal or an editor would obey stands as its number, which means the same in JSON. */
function escaped(json: string): string {
  return json.replace(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (each) => {
    return `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
