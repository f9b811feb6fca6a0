import type { EChartsOption } from 'echarts';
import { chart } from '../../perf/chart.ts';
import { type Html, html, raw } from './html.ts';

/** Colours that stand for those of the page, which has a light and a dark set of them. */
export const INK = '#010101';
export const MUTED = '#020202';
export const LINE = '#030303';
export const ORIGINAL = '#040404';
export const CANARY = '#050505';
export const FAIL = '#060606';
export const SOFT = '#070707';

const VARIABLES: Readonly<Record<string, string>> = {
  [INK]: 'var(--ink)',
  [MUTED]: 'var(--muted)',
  [LINE]: 'var(--line)',
  [ORIGINAL]: 'var(--original)',
  [CANARY]: 'var(--canary)',
  [FAIL]: 'var(--fail)',
  [SOFT]: 'var(--soft)',
};

const WIDTHS = [
  ['wide', 1020],
  ['narrow', 372],
] as const;

/** A plot in two widths, of which a screen shows the one that fits. @param draw gives the options for a width */
export async function plot(
  caption: string,
  height: number,
  draw: (width: number, isNarrow: boolean) => EChartsOption,
): Promise<Html> {
  const drawn: Html[] = [];
  for (const [name, width] of WIDTHS) {
    const svg = await chart(width, height, { animation: false, textStyle: TEXT, ...draw(width, name === 'narrow') });
    drawn.push(html`<div class="${name}" role="img" aria-label="${caption}">${raw(inPageColours(svg))}</div>`);
  }
  return html`<figure>${drawn}<figcaption>${caption}</figcaption></figure>`;
}

const TEXT = { fontFamily: 'system-ui, sans-serif', color: INK };

/** Inside a page, SVG needs no names of namespaces. */
const inPageColours = (svg: string): string =>
  svg
    .replace(/ xmlns(?::xlink)?="[^"]*"/g, '')
    .replace(/fill="#fff(?:fff)?"/g, 'fill="var(--paper)"')
    .replace(/(fill|stroke)="(#0[1-7]0[1-7]0[1-7])"/g, (all, attribute: string, colour: string) => {
      const variable = VARIABLES[colour];
      return variable === undefined ? all : `${attribute}="${variable}"`;
    });

/** An axis in the page's colours. */
export const axisColours = {
  axisLine: { lineStyle: { color: MUTED } },
  axisTick: { lineStyle: { color: MUTED } },
  splitLine: { lineStyle: { color: LINE } },
  nameTextStyle: { color: MUTED, fontSize: 11 },
} as const;

export const labels = { color: INK, fontSize: 11 } as const;

/** A legend whose marks tell apart what colours alone would not. */
export const legend = { top: 0, left: 0, itemGap: 16, selectedMode: false, textStyle: { color: INK } } as const;

/** `11-23`, of an axis of time. */
export const dayLabel = (ms: number): string => new Date(ms).toISOString().slice(5, 10);
