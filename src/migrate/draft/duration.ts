import { parseDuration } from '../../api/duration.ts';

const MINUTE = 60e3;

/** What Prow allows when a job says nothing. */
export const PROW_TIMEOUT = 120 * MINUTE;

/** Prow's limit has to be longer than the program's own by this much, so that the cleanup fits. */
export const CLEANUP_MARGIN = 20 * MINUTE;

/** bootstrap's `--timeout` as Prow writes it: a bare number is minutes; a unit stays. Undefined for none. */
export function bootstrapTimeout(text: string): string | undefined {
  const trimmed = text.trim();
  if (/^\d+(?:\.\d+)?$/.test(trimmed)) {
    const minutes = Number(trimmed);
    if (minutes === 0) return undefined;
    return Number.isInteger(minutes) ? `${minutes}m` : `${Math.round(minutes * 60)}s`;
  }
  const value = parseDuration(trimmed);
  return value === undefined || value <= 0 ? undefined : trimmed;
}

/** A duration as Prow reads it, in milliseconds; undefined when it is none. */
export function prowDuration(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}
