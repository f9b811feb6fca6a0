import { lasting, percent, points, rate } from '../../text/figures.ts';
import { plural } from '../../text/plural.ts';
import { completeRuns, isReadable, type Run } from '../evidence/runs.ts';
import type { ComparedTest } from '../gates/tests.ts';
import type { JobSummary } from '../verdict/job-summary.ts';
import { flakesOf, hasFailed, linkOf, newestTwo, type Report } from '../verdict/report.ts';
import { type Html, html, NOTHING } from './html.ts';

/** More rows than this say how many more there are. */
const MOST_ROWS = 500;

export function gatesTable({ judgement }: Report): Html {
  const rows = judgement.gates.map(
    ({ name, state, text }) =>
      html`<tr><td class="s ${state}">${state}</td><td class="s">${name}</td><td>${text}</td></tr>`,
  );
  return section('Gates', html`<table><tr><th>state<th>gate<th>what was seen</tr>${rows}</table>`);
}

export function jobsTable({ original, canary, judgement }: Report): Html {
  const { strata, rates } = judgement;
  const aside = strata.setAside.map(({ name }) => name).join(', ');
  const drop = rates.drop && `${points(rates.drop.estimate)} (${points(rates.drop.low)} to ${points(rates.drop.high)})`;
  const row = (name: string, show: (job: JobSummary) => string | number) =>
    html`<tr><th>${name}<td>${show(original)}<td>${show(canary)}</tr>`;
  return section(
    'Runs',
    html`<table><tr><th><th>original<th>canary</tr>
${row('job', ({ job }) => job)}${row('address', ({ address }) => address)}
${row('passed', ({ runs }) => `${runs.passed} of ${runs.counted} runs passed`)}
${row('pass rate', ({ passRate: known }) => (known ? `${percent(known.value)} (${percent(known.low)} to ${percent(known.high)})` : 'unknown'))}
${row('p50, p75, p95', ({ duration: known }) => (known ? [known.p50, known.p75, known.p95].map(lasting).join(', ') : 'unknown'))}
${row('retries', ({ runs }) => runs.retries)}${row('environment', ({ runs }) => runs.environment)}
${row('aborted, running', ({ runs }) => `${runs.aborted}, ${runs.running}`)}${row('unreadable', ({ runs }) => runs.unreadable)}
</table><p class="muted">Drop of the pass rate in points: ${drop ?? 'unknown'}. ${aside === '' ? 'Nothing is set aside.' : `Set aside, since both jobs failed: ${aside}.`}</p>`,
  );
}

export function phasesTable({ original, canary }: Report): Html {
  const rows = (['setup', 'test', 'teardown', 'other'] as const).map(
    (phase) => html`<tr><td>${phase}<td class="n">${original.phases[phase]}<td class="n">${canary.phases[phase]}</tr>`,
  );
  return section(
    'Where runs failed',
    html`<table><tr><th>phase<th class="n">original<th class="n">canary</tr>${rows}</table>`,
  );
}

export function criteriaTable({ judgement, settings }: Report): Html {
  const { criteria } = judgement;
  if (criteria === undefined) return NOTHING;
  const rows = Object.entries(criteria).map(
    ([name, state]) => html`<tr><td class="s ${state}">${state}<td>${name}</tr>`,
  );
  return section(
    'Criteria of release-blocking jobs',
    html`<table><tr><th>state<th>criterion</tr>${rows}</table>
<p class="muted">Asked since this is about ${settings.step}. Not checked: a documented reason, open-source provisioning, a responsive owner. Merge-blocking jobs have no published criteria.</p>`,
  );
}

export function lostTable({ judgement, evidence }: Report): Html {
  const { lost, gained } = judgement.sets;
  const seen = completeRuns(evidence.canary).slice(-2).toReversed();
  const rows = lost.map(
    ({ name, reason, isAllowed }) =>
      html`<tr><td>${name}<td>${reason}<td>${isAllowed ? 'allowed by --allow-lost' : ''}</tr>`,
  );
  const lostPart = html`<table><tr><th>lost test<th>why<th></tr>${limited(rows)}</table><p class="muted">Newest canary runs: ${links(seen)}</p>`;
  const gainedPart = html`<table><tr><th>gained test</tr>${limited(gained.map((name) => html`<tr><td>${name}</tr>`))}</table>`;
  return html`${lost.length === 0 ? NOTHING : section(`Lost: ${plural(lost.length, 'test')}`, lostPart)}
${gained.length === 0 ? NOTHING : section(`Gained: ${plural(gained.length, 'test')}`, gainedPart)}`;
}

export function testsTables(report: Report): Html {
  const { regressed, suspects } = report.judgement.tests;
  return html`${testsTable('Fail more often in the canary', regressed, report)}${testsTable('Suspects', suspects, report)}`;
}

function testsTable(title: string, tests: readonly ComparedTest[], { evidence, names }: Report): Html {
  if (tests.length === 0) return NOTHING;
  const rows = tests.map(({ name, canary, original, p }) => {
    const id = names.idOf(name);
    const shows = newestTwo(evidence.canary, (run) => isReadable(run) && hasFailed(run, id));
    return html`<tr><td>${name} <span class="muted">${links(shows)}</span><td class="n">${canary.failed}/${canary.runs}<td class="n">${original.failed}/${original.runs}<td class="n">${rate(p)}</tr>`;
  });
  return section(
    title,
    html`<table><tr><th>test<th class="n">canary<th class="n">original<th class="n">p</tr>${limited(rows)}</table>`,
  );
}

export function flakesTable({ evidence, names }: Report): Html {
  const rows = (['canary', 'original'] as const).flatMap((job) =>
    flakesOf(evidence[job], names)
      .slice(0, 20)
      .map(({ name, failed, runs }) => html`<tr><td>${name}<td>${job}<td class="n">${failed}/${runs}</tr>`),
  );
  if (rows.length === 0) return NOTHING;
  return section(
    'Passed and failed on one commit or change',
    html`<table><tr><th>test<th>job<th class="n">failed</tr>${rows}</table>`,
  );
}

export function unreadableTable({ evidence }: Report): Html {
  const broken = [...evidence.original, ...evidence.canary].filter((run) => run.isCounted && run.unreadable !== '');
  if (broken.length === 0) return NOTHING;
  const rows = broken.map((run) => html`<tr><td>${links([run])}<td>${run.unreadable}</tr>`);
  return section('Unreadable junit', html`<table><tr><th>build<th>why</tr>${limited(rows)}</table>`);
}

function links(runs: readonly Run[]): Html {
  return html`${runs.map((run) => {
    const link = linkOf(run);
    return link.startsWith('https://') ? html`<a href="${link}">${run.id}</a> ` : html`${link} `;
  })}`;
}

function limited(rows: readonly Html[]): readonly Html[] {
  if (rows.length <= MOST_ROWS) return rows;
  return [...rows.slice(0, MOST_ROWS), html`<tr><td>and ${rows.length - MOST_ROWS} more</tr>`];
}

function section(title: string, content: Html): Html {
  return html`<h2>${title}</h2>${content}`;
}
