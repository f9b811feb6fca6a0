import type { Log } from '../../api/log.ts';

/** Shows the progress of a transfer. */
export interface Meter {
  /** The size of the object, once known. */
  total: number | undefined;
  /** Starts at a number of bytes received by an earlier process. */
  resume(bytes: number): void;
  /** Adds received bytes. */
  add(bytes: number): void;
  /** Removes the line. */
  end(): void;
}

/** How often the line is updated; off a terminal the log prints it less often. Milliseconds. */
const EVERY = 250;
/** The rate is averaged over this time. Milliseconds. */
const WINDOW = 5000;
const BAR = 24;

/** Opens the line of one transfer. `now` is a clock in milliseconds. */
export function openMeter(name: string, log: Log, now: () => number): Meter {
  const marks = [{ at: now(), bytes: 0 }];
  let bytes = 0;
  let shown = now();
  const meter: Meter = {
    total: undefined,
    resume: (before) => {
      bytes = before;
      marks.splice(0, marks.length, { at: now(), bytes });
    },
    add: (more) => {
      bytes += more;
      const at = now();
      if (at - shown < EVERY) return;
      shown = at;
      marks.push({ at, bytes });
      while (marks.length > 2 && at - (marks[0]?.at ?? at) > WINDOW) marks.shift();
      const first = marks[0] ?? { at, bytes: 0 };
      const rate = ((bytes - first.bytes) * 1000) / Math.max(1, at - first.at);
      log.progress(progressLine(name, { bytes, total: meter.total, rate, bar: log.interactive }));
    },
    end: () => log.progress(undefined),
  };
  return meter;
}

export interface Progress {
  readonly bytes: number;
  readonly total: number | undefined;
  /** Bytes per second. */
  readonly rate: number;
  readonly bar: boolean;
}

/** `NAME [####----] 45%, 180 of 410 MB, 95 MB/s, 3s left`, without what is not known. */
export function progressLine(name: string, { bytes, total, rate, bar }: Progress): string {
  if (total === undefined || total === 0) return `${name} ${megabytes(bytes)} MB, ${megabytes(rate)} MB/s`;
  const part = Math.min(1, bytes / total);
  const full = Math.round(part * BAR);
  const drawn = bar ? ` [${'#'.repeat(full)}${'-'.repeat(BAR - full)}]` : '';
  const left = rate > 0 ? `, ${seconds((total - bytes) / rate)} left` : '';
  return `${name}${drawn} ${Math.floor(part * 100)}%, ${megabytes(bytes)} of ${megabytes(total)} MB, ${megabytes(rate)} MB/s${left}`;
}

/** A size in MB, below 10 MB with one decimal. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0);
}

function seconds(count: number): string {
  const whole = Math.ceil(count);
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m${whole % 60}s`;
}
