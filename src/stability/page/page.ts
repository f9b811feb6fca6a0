import { moment } from '../../text/figures.ts';
import { nextStep } from '../output/next-step.ts';
import { headline } from '../output/text-output.ts';
import type { Report } from '../verdict/report.ts';
import { dropPlot } from './drop-plot.ts';
import { durationPlot } from './duration-plot.ts';
import { type Html, html, raw } from './html.ts';
import { runsPlot } from './runs-plot.ts';
import { STYLE } from './style.ts';
import {
  criteriaTable,
  flakesTable,
  gatesTable,
  jobsTable,
  lostTable,
  phasesTable,
  testsTables,
  unreadableTable,
} from './tables.ts';
import { testsPlot } from './tests-plot.ts';

/** The report as one page of HTML that needs neither network nor script. */
export async function pageOutput(report: Report): Promise<string> {
  const { judgement, settings, window } = report;
  const plots: Html[] = [];
  for (const draw of [runsPlot, dropPlot, durationPlot, testsPlot]) plots.push(await draw(report));
  const title = headline(report);
  const page = html`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${raw(STYLE)}</style></head>
<body>
<h1 class="${judgement.verdict}">${title}</h1>
<p class="next">${nextStep(report)}</p>
<p class="muted">${moment(window.from)} to ${moment(window.to)}, for ${settings.step}; made by kubetest2-ts stability</p>
${gatesTable(report)}
<h2>Plots</h2>
${plots}
${jobsTable(report)}
${phasesTable(report)}
${criteriaTable(report)}
${lostTable(report)}
${testsTables(report)}
${flakesTable(report)}
${unreadableTable(report)}
</body>
</html>
`;
  return page.html;
}
