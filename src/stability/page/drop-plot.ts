import { strataOf, upTo } from '../evidence/evidence.ts';
import { comparePassRates } from '../gates/pass-rate.ts';
import { DAY } from '../question/settings.ts';
import type { Report } from '../verdict/report.ts';
import type { Html } from './html.ts';
import { axisColours, CANARY, dayLabel, FAIL, INK, labels, legend, MUTED, plot } from './plot.ts';

const CUTS = 14;

/** The drop of the pass rate with its interval against the margin, as it was at each of the last daily cuts. */
export async function dropPlot({ evidence, settings }: Report): Promise<Html> {
  const cuts = Array.from({ length: CUTS + 1 }, (_, at) => settings.now - (CUTS - at) * DAY)
    .map((until) => ({ until, drop: comparePassRates(strataOf(upTo(evidence, until))).drop }))
    .filter((each) => each.drop !== undefined);
  const line = (name: string, symbol: string, pick: 'estimate' | 'low' | 'high') => ({
    ...{ type: 'line' as const, name, symbol, symbolSize: pick === 'estimate' ? 8 : 5 },
    lineStyle: {
      color: pick === 'estimate' ? CANARY : MUTED,
      type: pick === 'estimate' ? ('solid' as const) : ('dashed' as const),
    },
    itemStyle: { color: pick === 'estimate' ? CANARY : MUTED },
    data: cuts.map(({ until, drop }) => [until, (drop?.[pick] ?? 0) * 100]),
  });
  return await plot(
    'Drop of the pass rate in points, with its 90 % interval, at daily cuts; the canary passes below the margin',
    260,
    () => ({
      legend: { ...legend, data: ['drop', 'interval'] },
      grid: { left: 44, right: 62, top: 40, bottom: 30 },
      xAxis: { ...axisColours, type: 'time', axisLabel: { ...labels, formatter: dayLabel, hideOverlap: true } },
      yAxis: {
        ...axisColours,
        type: 'value',
        scale: true,
        axisLabel: labels,
        // Round, since the axis labels its end.
        max: ({ max }) => Math.ceil(Math.max(max, settings.margin * 120) / 10) * 10,
      },
      series: [
        {
          ...line('drop', 'circle', 'estimate'),
          markLine: {
            ...{ silent: true, symbol: 'none' },
            data: [
              {
                yAxis: settings.margin * 100,
                lineStyle: { color: FAIL, width: 2 },
                label: { formatter: 'margin', color: FAIL },
              },
              { yAxis: 0, lineStyle: { color: INK }, label: { formatter: 'equal', color: INK } },
            ],
          },
        },
        line('interval', 'triangle', 'high'),
        line('interval', 'emptyTriangle', 'low'),
      ],
    }),
  );
}
