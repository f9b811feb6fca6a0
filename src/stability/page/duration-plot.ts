import { durationOf, isCounted, type Run } from '../evidence/runs.ts';
import { ascending, quantile } from '../statistics/quantile.ts';
import type { Report } from '../verdict/report.ts';
import type { Html } from './html.ts';
import { axisColours, CANARY, dayLabel, labels, legend, ORIGINAL, plot } from './plot.ts';

const LINES = [
  { job: 'original', share: 0.5, symbol: 'circle', type: 'solid', colour: ORIGINAL },
  { job: 'original', share: 0.95, symbol: 'emptyCircle', type: 'dashed', colour: ORIGINAL },
  { job: 'canary', share: 0.5, symbol: 'diamond', type: 'solid', colour: CANARY },
  { job: 'canary', share: 0.95, symbol: 'emptyDiamond', type: 'dashed', colour: CANARY },
] as const;

/** How long the runs of each day that passed took: median and 95th percentile. */
export async function durationPlot({ evidence }: Report): Promise<Html> {
  const nameOf = ({ job, share }: (typeof LINES)[number]) => `${job} p${share * 100}`;
  return await plot('Minutes of the runs that passed, by day: median and 95th percentile', 260, () => ({
    legend: { ...legend, data: LINES.map(nameOf) },
    grid: { left: 44, right: 16, top: 62, bottom: 30 },
    xAxis: { ...axisColours, type: 'time', axisLabel: { ...labels, formatter: dayLabel, hideOverlap: true } },
    yAxis: { ...axisColours, type: 'value', scale: true, axisLabel: labels },
    series: LINES.map((line) => ({
      ...{ type: 'line' as const, name: nameOf(line), symbol: line.symbol, symbolSize: 7 },
      lineStyle: { color: line.colour, type: line.type },
      itemStyle: { color: line.colour },
      data: byDay(evidence[line.job], line.share),
    })),
  }));
}

function byDay(runs: readonly Run[], share: number): [day: number, minutes: number][] {
  const passed = runs.filter((run) => isCounted(run) && run.passed);
  return [...Map.groupBy(passed, ({ day }) => day)].flatMap(([day, group]) => {
    const durations = group.map(durationOf).filter((each) => each !== undefined);
    const value = quantile(ascending(durations), share);
    return value === undefined ? [] : [[Date.parse(day), value / 60_000] as [number, number]];
  });
}
