import { chart } from './chart.ts';
import type { Latency } from './summaries.ts';

/** One panel of the picture: the latencies of one measurement with the same objective. */
interface Panel {
  readonly title: string;
  readonly slo: number | undefined;
  /** The slowest last, since the vertical axis starts at the bottom. */
  readonly rows: readonly Latency[];
  /** Number of faster ones that are not shown. */
  readonly hidden: number;
}

const WIDTH = 1100;
const LEFT = 360;
const ROW = 20;
const HEAD = 52;
const FOOT = 56;
const TOP = 84;
const MAX_ROWS = 25;

const MARKS = [
  { name: 'p50', colour: '#4c9f70', symbol: 'circle' },
  { name: 'p90', colour: '#e09f3e', symbol: 'diamond' },
  { name: 'p99', colour: '#335c9e', symbol: 'rect' },
] as const;
const OBJECTIVE = '#b3261e';

/**
 * Draws the latency percentiles of a run as an SVG: one panel for each measurement and objective, one row for each
 * subject, milliseconds on a logarithmic axis, the objective as a dashed line.
 * @returns the text of the SVG; undefined without latencies
 */
export async function latencyPicture(title: string, latencies: readonly Latency[]): Promise<string | undefined> {
  const panels = panelsOf(latencies);
  if (panels.length === 0) return undefined;
  const heights = panels.map(({ rows }) => HEAD + rows.length * ROW + FOOT);
  const tops = heights.map((_, at) => heights.slice(0, at).reduce((sum, height) => sum + height, TOP));
  const height = heights.reduce((sum, each) => sum + each, TOP);
  return await chart(WIDTH, height, {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif' },
    title: [
      { text: title, left: 16, top: 10, textStyle: { fontSize: 18 } },
      ...panels.map((panel, at) => ({
        text: panel.title,
        subtext:
          panel.hidden === 0 ? '' : `the ${panel.rows.length} slowest; ${panel.hidden} faster ones are not shown`,
        left: 16,
        top: tops[at] ?? 0,
        itemGap: 2,
        textStyle: { fontSize: 13 },
        subtextStyle: { fontSize: 11, color: '#555555' },
      })),
    ],
    legend: { top: 42, left: 16, data: MARKS.map(({ name }) => name), itemGap: 24, selectedMode: false },
    grid: panels.map(({ rows }, at) => ({
      left: LEFT,
      right: 70,
      top: (tops[at] ?? 0) + HEAD,
      height: rows.length * ROW,
    })),
    xAxis: panels.map((panel, at) => ({
      type: 'log' as const,
      gridIndex: at,
      ...range(panel),
      name: 'latency (logarithmic)',
      nameLocation: 'middle' as const,
      nameGap: 26,
      nameTextStyle: { color: '#555555', fontSize: 11 },
      axisLabel: { formatter: (value: number) => tick(value) },
      splitLine: { lineStyle: { color: '#e4e4e4' } },
    })),
    yAxis: panels.map(({ rows }, at) => ({
      type: 'category' as const,
      gridIndex: at,
      data: rows.map(({ subject }) => subject),
      axisTick: { show: false },
      axisLabel: { width: LEFT - 60, overflow: 'truncate' as const, interval: 0, color: '#222222', fontSize: 11 },
      splitLine: { show: true, lineStyle: { color: '#f0f0f0' } },
    })),
    series: panels.flatMap((panel, at) => seriesOf(panel, at)),
  });
}

function seriesOf(panel: Panel, at: number) {
  const { min } = range(panel);
  return MARKS.map(({ name, colour, symbol }, mark) => ({
    type: 'scatter' as const,
    name,
    symbol,
    symbolSize: 9,
    itemStyle: { color: colour },
    xAxisIndex: at,
    yAxisIndex: at,
    data: panel.rows.map((latency, row) => [Math.max(latency[name], min), row]),
    ...(mark === 0 && panel.slo !== undefined
      ? {
          markLine: {
            silent: true,
            symbol: 'none',
            lineStyle: { color: OBJECTIVE, type: 'dashed' as const, width: 2 },
            label: { formatter: `SLO ${tick(panel.slo)}`, position: 'end' as const, color: OBJECTIVE },
            data: [{ xAxis: panel.slo }],
          },
        }
      : {}),
  }));
}

function panelsOf(latencies: readonly Latency[]): Panel[] {
  const groups = Map.groupBy(latencies, ({ test, measurement, slo }) => JSON.stringify([test, measurement, slo]));
  return Array.from(groups.values(), (group) => {
    const slowest = group.toSorted((a, b) => b.p99 - a.p99);
    const { test = '', measurement = '', slo } = group[0] ?? {};
    const missed = slo === undefined ? 0 : group.filter(({ p99 }) => p99 > slo).length;
    const objective =
      slo === undefined
        ? 'no objective'
        : `objective ${tick(slo)}, ${missed === 0 ? 'met by all' : `missed by ${missed} of ${group.length}`}`;
    return {
      title: `${measurement} (${test}): ${objective}`,
      slo,
      rows: slowest.slice(0, MAX_ROWS).toReversed(),
      hidden: Math.max(0, slowest.length - MAX_ROWS),
    };
  });
}

/** The powers of ten around the values of a panel; a latency of zero is drawn at the left edge. */
function range({ rows, slo }: Panel): { min: number; max: number } {
  const values = [...rows.flatMap(({ p50, p90, p99 }) => [p50, p90, p99]), slo ?? 0].filter((value) => value > 0);
  if (values.length === 0) return { min: 1, max: 10 };
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return { min: 10 ** Math.floor(Math.log10(least)), max: 10 ** Math.ceil(Math.log10(most * 1.05)) };
}

/** A value of the axis: `0.1ms`, `10ms`, `1s`. */
function tick(ms: number): string {
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(3))}s` : `${Number(ms.toPrecision(3))}ms`;
}
