import { formatDuration, parseDuration } from '../../api/duration.ts';
import type { Job } from '../read/job.ts';
import { textAt } from '../read/syntax.ts';

const HOUR = 3600e3;

/** How often a shadow runs: as its job, but never more often than `least`. Keeps the job's own way of writing it. */
export function longestInterval(job: Job, least: number): string {
  const typed = textAt(job.node, 'interval') ?? textAt(job.node, 'minimum_interval');
  const own = typed === undefined ? cronInterval(textAt(job.node, 'cron') ?? '') : (parseDuration(typed) ?? 0);
  if (typed !== undefined && own >= least) return typed;
  return short(Math.max(own, least));
}

/** About how much time is between two runs of a cron line; 0 when it is unknown. */
function cronInterval(cron: string): number {
  const named = { '@hourly': 1, '@daily': 24, '@midnight': 24, '@weekly': 168, '@monthly': 720 }[cron.trim()];
  if (named !== undefined) return named * HOUR;
  const every = /^@every (.*)$/.exec(cron.trim())?.[1];
  if (every !== undefined) return parseDuration(every) ?? 0;
  const [, hour = '*', day = '*', , weekday = '*'] = cron
    .replace(/^(?:CRON_)?TZ=\S+\s+/, '')
    .trim()
    .split(/\s+/);
  if (weekday !== '*') return (168 / countOf(weekday, 7)) * HOUR;
  if (day !== '*') return (720 / countOf(day, 30)) * HOUR;
  return hour === '*' ? HOUR : (24 / countOf(hour, 24)) * HOUR;
}

/** How many values a field of a cron line has. */
function countOf(field: string, all: number): number {
  return field.split(',').reduce((count, part) => {
    const [, from, to, step] = /^(\d+|\*)(?:-(\d+))?(?:\/(\d+))?$/.exec(part) ?? [];
    const span = from === '*' ? all : to === undefined ? (step === undefined ? 1 : all) : Number(to) - Number(from) + 1;
    return count + Math.max(1, Math.floor(span / Number(step ?? 1)));
  }, 0);
}

function short(milliseconds: number): string {
  return formatDuration(milliseconds)
    .replace(/(?<=[hm])0s$/, '')
    .replace(/(?<=h)0m$/, '');
}
