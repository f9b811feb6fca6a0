import { isReadable } from '../evidence/runs.ts';
import { countsOf, type Report } from '../verdict/report.ts';
import type { Html } from './html.ts';
import { axisColours, CANARY, FAIL, labels, legend, MUTED, plot } from './plot.ts';

/** More points would only hide each other. */
const MOST = 2000;

/** Of each test that failed, the share of canary runs in which it did against that of the original. */
export async function testsPlot({ evidence, judgement, names }: Report): Promise<Html> {
  const [original, canary] = [
    countsOf(evidence.original.filter(isReadable)),
    countsOf(evidence.canary.filter(isReadable)),
  ];
  const regressed = new Set(judgement.tests.regressed.map(({ name }) => names.idOf(name)));
  const points = [...canary]
    .flatMap(([test, own]) => {
      const other = original.get(test);
      if (other === undefined || own.failed + other.failed === 0) return [];
      return [{ test, at: [(100 * other.failed) / other.runs, (100 * own.failed) / own.runs] as [number, number] }];
    })
    .toSorted(
      (a, b) => b.at[1] - a.at[1] || b.at[0] - a.at[0] || (names.nameOf(a.test) < names.nameOf(b.test) ? -1 : 1),
    )
    .slice(0, MOST);
  const most = Math.min(100, Math.ceil(Math.max(5, ...points.flatMap(({ at }) => at)) * 1.1));
  const of = (wanted: boolean) => points.filter(({ test }) => regressed.has(test) === wanted).map(({ at }) => at);
  const axis = { ...axisColours, type: 'value' as const, min: 0, max: most, nameLocation: 'middle' as const };
  return await plot(
    'Tests that failed, by the percentage of runs in which they did; above the line the canary is worse',
    360,
    () => ({
      legend: { ...legend, data: ['test', 'fails more often in the canary'] },
      grid: { left: 52, right: 16, top: 40, bottom: 48 },
      xAxis: { ...axis, name: 'original, %', nameGap: 26, axisLabel: labels },
      yAxis: { ...axis, name: 'canary, %', nameGap: 32, axisLabel: labels },
      series: [
        {
          ...{ type: 'scatter', name: 'test', symbol: 'circle', symbolSize: 7 },
          itemStyle: { color: CANARY, opacity: 0.6 },
          data: of(false),
          markLine: {
            ...{ silent: true, symbol: 'none' },
            lineStyle: { color: MUTED },
            label: { show: false },
            data: [[{ coord: [0, 0] }, { coord: [most, most] }]],
          },
        },
        {
          ...{ type: 'scatter', name: 'fails more often in the canary', symbol: 'triangle', symbolSize: 12 },
          itemStyle: { color: FAIL },
          data: of(true),
        },
      ],
    }),
  );
}
