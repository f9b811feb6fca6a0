/** `7.5`, percentage points of a share. */
export const points = (share: number): string => trimmed((share * 100).toFixed(1));

/** `7.5 %`. */
export const percent = (share: number): string => `${points(share)} %`;

/** A chance: `0.013`, `< 0.0001`. */
export function rate(p: number): string {
  if (p < 0.0001) return '< 0.0001';
  return p >= 0.1 ? trimmed(p.toFixed(2)) : trimmed(p.toPrecision(2));
}

const trimmed = (digits: string): string => digits.replace(/\.0$/, '').replace(/^-0$/, '0');

/** `1h 12m`, `48m`, `30s`; of seconds. */
export function lasting(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)}s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/** `2026-11-23 10:00 UTC`. @param ms since 1970 */
export const moment = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** A name as it may be shown: what would move the cursor or turn the text around is written as its number. */
export function shown(name: string): string {
  return name.replace(CONTROLS, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const CONTROLS = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff]/gu;
