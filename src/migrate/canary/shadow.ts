import { MapEdits } from '../edit/map-edits.ts';
import { renderScalar } from '../edit/scalar.ts';
import { columnOf, lineBreakOf, type TextEdit } from '../edit/text-edits.ts';
import type { Job } from '../read/job.ts';
import { type MapNode, nodeAt, nodesBelow, pairAt, textAt } from '../read/syntax.ts';
import { longestInterval } from './interval.ts';

export interface ShadowSettings {
  readonly suffix: string;
  /** Milliseconds: no shadow of a periodic runs more often. */
  readonly interval: number;
  /** The dashboard of shadows whose job is on none that they may be on. */
  readonly dashboard: string;
}

/** A shadow's own changes to the text of its job, beside those of the translation. */
export function shadowEdits(job: Job, settings: ShadowSettings): TextEdit[] {
  const { text, node } = job;
  const keys = new MapEdits(text, node, lineBreakOf(text));
  keys.set('name', renderScalar(`${job.name}${settings.suffix}`));
  keys.remove('reporter_config');
  if (job.type === 'periodic') schedule(job, keys, settings.interval);
  else trigger(job, keys);
  const edits = [...annotate(job, keys, settings), ...withoutPerfTags(job, keys)];
  return [...keys.edits('name'), ...edits, ...withoutAnchors(job)];
}

function schedule(job: Job, keys: MapEdits, least: number): void {
  const interval = longestInterval(job, least);
  keys.set('interval', interval);
  keys.remove('cron', 'minimum_interval');
}

/** Runs on request only, and blocks nothing; `optional` is a key of presubmits alone. */
function trigger(job: Job, keys: MapEdits): void {
  keys.set('always_run', 'false');
  if (job.type === 'presubmit') keys.set('optional', 'true');
  keys.remove('run_if_changed', 'skip_if_only_changed', 'context', 'trigger', 'rerun_command');
  const most = Number(textAt(job.node, 'max_concurrency') ?? '0');
  if (most > SHADOW_CONCURRENCY) keys.set('max_concurrency', String(SHADOW_CONCURRENCY));
}

const SHADOW_CONCURRENCY = 5;

/** Annotations that call people, or that make forks for releases. */
const NOT_FOR_SHADOWS =
  /^(?:testgrid-alert-email|testgrid-num-failures-to-alert|testgrid-alert-stale-results-hours|fork-per-release.*)$/;

function annotate(job: Job, keys: MapEdits, settings: ShadowSettings): TextEdit[] {
  const pair = pairAt(job.node, 'annotations');
  const dashboards = shadowDashboards(job, settings.dashboard).join(', ');
  if (pair?.value.kind !== 'map' || pair.value.pairs.length === 0) {
    if (pair) keys.remove('annotations');
    return addAnnotations(job, dashboards);
  }
  const map = new MapEdits(job.text, pair.value, lineBreakOf(job.text));
  for (const { key } of pair.value.pairs) if (NOT_FOR_SHADOWS.test(key.value)) map.remove(key.value);
  map.set('testgrid-dashboards', renderScalar(dashboards));
  const tab = job.annotations.get('testgrid-tab-name');
  if (tab !== undefined) map.set('testgrid-tab-name', renderScalar(`${tab}${settings.suffix}`));
  const description = job.annotations.get('description');
  if (description !== undefined) map.set('description', renderScalar(`Shadow of ${job.name}. ${description.trim()}`));
  if (job.annotations.get('testgrid-create-test-group') === 'false') map.remove('testgrid-create-test-group');
  return map.edits();
}

function addAnnotations(job: Job, dashboards: string): TextEdit[] {
  const name = pairAt(job.node, 'name');
  if (!name) return [];
  const column = columnOf(job.text, name.key.start);
  const indent = ' '.repeat(column);
  const lineBreak = lineBreakOf(job.text);
  const at = job.text.indexOf('\n', name.value.end);
  const end = at === -1 ? job.text.length : job.text[at - 1] === '\r' ? at - 1 : at;
  const text = `${lineBreak}${indent}annotations:${lineBreak}${indent}  testgrid-dashboards: ${renderScalar(dashboards)}`;
  return [{ start: end, end, text }];
}

/** The dashboards of a job that a shadow may be on. */
export function shadowDashboards(job: Job, dashboard: string): string[] {
  const own = splitDashboards(job.annotations.get('testgrid-dashboards'));
  const kept = own.filter((name) => !/-(?:blocking|informing)$|^sig-release-/.test(name));
  return kept.length === 0 ? [dashboard] : kept;
}

export function splitDashboards(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Two jobs with one perfDash prefix would mix their series. */
function withoutPerfTags(job: Job, keys: MapEdits): TextEdit[] {
  const tags = nodeAt(job.node, 'tags');
  if (tags?.kind !== 'seq' || tags.flow) return [];
  const perf = tags.items.filter((tag) => tag.kind === 'scalar' && /^perfDash/.test(tag.value));
  if (perf.length === tags.items.length && perf.length > 0) {
    keys.remove('tags');
    return [];
  }
  return perf.map(({ start, end }) => {
    const from = job.text.lastIndexOf('\n', start) + 1;
    const to = job.text.indexOf('\n', end);
    return { start: from, end: to === -1 ? job.text.length : to + 1, text: '' };
  });
}

/** An anchor names one node: a copy has none. */
function withoutAnchors({ node, text }: Job): TextEdit[] {
  return [...nodesBelow(node as MapNode)].flatMap(({ anchor, start }) => {
    if (anchor === undefined) return [];
    const at = text.lastIndexOf(`&${anchor}`, start);
    if (at < node.start) return [];
    const blank = text[at - 1] === ' ' ? 1 : 0;
    return [{ start: at - blank, end: at + anchor.length + 1, text: '' }];
  });
}
