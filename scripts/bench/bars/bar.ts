/** What a figure has to keep. */
export type Bar = { readonly most: number } | { readonly least: number };

/** The bar as a table shows it. */
export const shown = (bar: Bar | undefined): string =>
  bar === undefined ? '' : 'most' in bar ? `≤ ${bar.most}` : `≥ ${bar.least}`;

/** Reports a figure that misses its bar, and lets the benchmark fail at its end. */
export function checkBar(what: string, value: number, bar: Bar | undefined): void {
  if (bar === undefined || ('most' in bar ? value <= bar.most : value >= bar.least)) return;
  console.error(`${what}: ${value.toFixed(2)} misses its bar of ${shown(bar)}`);
  process.exitCode = 1;
}
