import type { Run } from '../evidence/runs.ts';
import { DAY } from '../question/settings.ts';
import type { Report } from '../verdict/report.ts';
import type { Html } from './html.ts';
import { axisColours, CANARY, dayLabel, FAIL, LINE, labels, legend, MUTED, ORIGINAL, plot, SOFT } from './plot.ts';

/** How a run is drawn: by shape as well as by colour. */
const KINDS = [
  { name: 'passed', symbol: 'circle', size: 6 },
  { name: 'setup failed', symbol: 'triangle', size: 10 },
  { name: 'test failed', symbol: 'diamond', size: 11 },
  { name: 'teardown failed', symbol: 'rect', size: 8 },
  { name: 'failed', symbol: 'pin', size: 12 },
  { name: 'environment', symbol: 'emptyTriangle', size: 9 },
  { name: 'aborted', symbol: 'emptyRect', size: 7 },
  { name: 'running', symbol: 'emptyCircle', size: 7 },
] as const;
type Kind = (typeof KINDS)[number]['name'];

const JOBS = ['canary', 'original'] as const;

/** Every run along time, a row for each job, by state and phase; days that are set aside are shaded. */
export async function runsPlot({ evidence, window, judgement }: Report): Promise<Html> {
  const shaded = evidence.kind === 'periodic' ? judgement.strata.setAside.map(({ name }) => Date.parse(name)) : [];
  const present = KINDS.filter(({ name }) => JOBS.some((job) => evidence[job].some((run) => kindOf(run) === name)));
  return await plot('Every run by its start, a row for each job; days that are set aside are shaded', 230, () => ({
    legend: { ...legend, data: present.map(({ name }) => name) },
    grid: { left: 62, right: 12, top: 62, bottom: 30 },
    xAxis: {
      ...axisColours,
      ...{ type: 'time', min: window.from, max: window.to },
      axisLabel: { ...labels, formatter: dayLabel, hideOverlap: true },
    },
    yAxis: {
      ...axisColours,
      ...{ type: 'value', min: -0.6, max: 1.6, interval: 1 },
      axisLabel: { show: false },
      axisTick: { show: false },
      axisLine: { show: false },
      splitLine: { show: false },
    },
    series: present.flatMap((kind, at) => [
      {
        ...{ type: 'scatter' as const, name: kind.name, symbol: kind.symbol, symbolSize: kind.size },
        itemStyle: { color: kind.name === 'passed' ? MUTED : FAIL, opacity: 0.8 },
        data: JOBS.flatMap((job, row) => pointsOf(evidence[job], kind.name, row)),
        ...(at === 0 && {
          markArea: {
            silent: true,
            itemStyle: { color: SOFT, borderColor: LINE, borderWidth: 1 },
            data: shaded.map((day) => [{ xAxis: day }, { xAxis: day + DAY }] as [{ xAxis: number }, { xAxis: number }]),
          },
          markLine: {
            ...{ silent: true, symbol: 'none' },
            label: { show: true, position: 'start' as const, fontSize: 11 },
            data: JOBS.map((job, row) => ({
              yAxis: row,
              lineStyle: { color: LINE, type: 'solid' as const },
              label: { formatter: job, color: job === 'canary' ? CANARY : ORIGINAL },
            })),
          },
        }),
      },
    ]),
  }));
}

/** Failures stand above their row's line, so that they are seen among many that passed. */
function pointsOf(runs: readonly Run[], kind: Kind, row: number): [x: number, y: number][] {
  const lift = kind === 'passed' ? 0 : kind === 'environment' || kind === 'aborted' || kind === 'running' ? -0.3 : 0.3;
  return runs.filter((run) => kindOf(run) === kind).map(({ started }) => [started, row + lift]);
}

function kindOf({ state, phase }: Run): Kind {
  if (state !== 'failed') return state;
  return phase === undefined || phase === 'other' ? 'failed' : `${phase} failed`;
}
