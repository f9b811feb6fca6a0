import { moment } from '../../text/figures.ts';
import { plural } from '../../text/plural.ts';
import type { Report } from '../verdict/report.ts';

/** What to do now, in a sentence or two. */
export function nextStep({ judgement, settings }: Report): string {
  const { verdict, more, gates } = judgement;
  if (verdict === 'stable') return GO[settings.step];
  if (verdict === 'not-stable') {
    const failing = gates.filter(({ state }) => state === 'fail').map(({ name }) => name);
    return `Do not promote the canary. Fix what ${failing.join(', ')} shows, then count from the fix on with --since.`;
  }
  if (more === undefined || more.runs === undefined) {
    return 'More runs will not help at these rates: find out why the canary fails, or whether the margin is right.';
  }
  const at = more.at === undefined ? '' : `, about ${moment(more.at)}`;
  return `Wait for ${plural(more.runs, 'more run')} of the canary${at}, then look again.`;
}

const GO: Readonly<Record<Report['settings']['step'], string>> = {
  'non-optional': 'The canary may run on every change without blocking merges.',
  blocking:
    'The canary may block. Its owners decide; SIG Release also asks for a documented reason and a responsive owner.',
  replace: 'The original may be removed.',
};
