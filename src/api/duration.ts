/** A Go `time.Duration` (`1h30m`) in milliseconds. */
export type Duration = number;

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3600e3,
};
const PART = `(\\d+\\.?\\d*|\\.\\d+)(${Object.keys(UNITS).join('|')})`;
const WHOLE = new RegExp(`^(?:${PART})+$`);
const PARTS = new RegExp(PART, 'g');

/** Parses what Go's `time.ParseDuration` accepts (`1h30m`, `1.5s`, `-2m`, `0`) into milliseconds; undefined for anything else. */
export function parseDuration(text: string): Duration | undefined {
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') return 0;
  if (!WHOLE.test(body)) return undefined;
  let total = 0;
  for (const [, number = '', unit = ''] of body.matchAll(PARTS)) {
    total += Number(number) * (UNITS[unit] ?? 0);
  }
  return sign === '-' ? -total : total;
}

/** Formats milliseconds as Go's `Duration.String` does: `1h30m0s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(duration: Duration): string {
  const ms = Math.abs(duration);
  const sign = duration < 0 ? '-' : '';
  if (ms === 0) return '0s';
  if (ms < 1e-3) return `${sign}${trim(ms * 1e6, 0)}ns`;
  if (ms < 1) return `${sign}${trim(ms * 1e3, 3)}µs`;
  if (ms < 1000) return `${sign}${trim(ms, 6)}ms`;
  const hours = Math.floor(ms / 3600e3);
  const minutes = Math.floor((ms % 3600e3) / 60e3);
  const seconds = `${trim((ms % 60e3) / 1e3, 9)}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

/** A number with at most `digits` decimals and no trailing zeros. */
function trim(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
