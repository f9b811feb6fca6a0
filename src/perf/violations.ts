/** A missed service level objective. */
export interface Violation {
  /** The measurement, as clusterloader2 names it in the failure. */
  readonly metric: string;
  /** What missed it, if the failure names it: `LIST pods (cluster) p99`. */
  readonly subject: string;
  readonly measured: string;
  /** The objective with its direction: `at most 30s`, `at least 99.50`. */
  readonly allowed: string;
}

const CALL =
  /got: &\{Resource:(\S*) Subresource:(\S*) Verb:(\S*) Scope:(\S*) Latency:perc50: (\S+), perc90: (\S+), perc99: ([^ }]+)[^}]*\}; expected perc99 <= (\S+?)(?=[\]\s]|$)/g;

/** The forms in which a failure names the measured value and the objective. */
const FORMS: readonly { readonly form: RegExp; readonly allowed: 'at most' | 'at least' }[] = [
  {
    form: /too high latency (?<subject>\d+th percentile): got (?<measured>\S+) expected: (?<limit>\S+?)(?=[\]\s]|$)/g,
    allowed: 'at most',
  },
  {
    form: /sample above threshold: want: less or equal than (?<limit>\S+), got: (?<measured>\S+?)(?=[\]\s]|$)/g,
    allowed: 'at most',
  },
  {
    form: /sample below threshold: want: greater or equal than (?<limit>\S+), got: (?<measured>\S+?)(?=[\]\s]|$)/g,
    allowed: 'at least',
  },
  { form: /SLO not fulfilled \(expected >= (?<limit>\S+), got: (?<measured>[^)]+)\)/g, allowed: 'at least' },
  {
    form: /actual (?<subject>throughput) (?<measured>\S+) lower than threshold (?<limit>\S+?)(?=[\]\s]|$)/g,
    allowed: 'at least',
  },
  {
    form: /(?<subject>99th Percentile) Latency (?<measured>\S+) is higher than the upper bound of (?<limit>\S+?)(?=[\]\s]|$)/g,
    allowed: 'at most',
  },
  { form: /RestartCount\((?<subject>[^)]*)\)=(?<measured>\d+), want <= (?<limit>\d+)/g, allowed: 'at most' },
];

/** The missed objectives in a failure message of clusterloader2's junit, in its order. */
export function violationsIn(message: string): Violation[] {
  return message
    .split(/(?=measurement call )/)
    .flatMap((part) => [...apiCalls(part), ...others(part)].sort((a, b) => a.at - b.at))
    .map(({ violation }) => violation);
}

interface Found {
  readonly at: number;
  readonly violation: Violation;
}

function apiCalls(part: string): Found[] {
  return Array.from(part.matchAll(CALL), (match) => {
    const [, resource, subresource, verb, scope, , , measured = '', limit = ''] = match;
    const subject = `${verb} ${resource}${subresource ? `/${subresource}` : ''}${scope ? ` (${scope})` : ''} p99`;
    return { at: match.index, violation: { metric: metricOf(part), subject, measured, allowed: `at most ${limit}` } };
  });
}

function others(part: string): Found[] {
  return FORMS.flatMap(({ form, allowed }) =>
    Array.from(part.matchAll(form), (match) => {
      const { subject, measured = '', limit = '' } = match.groups ?? {};
      const [, before = ''] = /(?:^|error: |[[\n])([^[\]:\n]+): $/.exec(part.slice(0, match.index)) ?? [];
      return {
        at: match.index,
        violation: {
          metric: metricOf(part) || before,
          subject: [before, subject].filter((each) => each).join(' '),
          measured,
          allowed: `${allowed} ${limit}`,
        },
      };
    }),
  );
}

/** `measurement call METHOD - IDENTIFIER error: …` names the measurement. */
function metricOf(part: string): string {
  const [, method = '', identifier = ''] = /^measurement call (\S+) - (.+?) error: /.exec(part) ?? [];
  return identifier === '' || identifier === method ? method : `${method} (${identifier})`;
}
