/** What an element of a junit file means. */
export type Kind =
  | 'suites'
  | 'suite'
  | 'case'
  | 'failure'
  | 'skipped'
  | 'out'
  | 'err'
  | 'retried'
  | 'properties'
  | 'property'
  | 'other';

/** By the element around it, and its name. Of what is not listed nothing is read, however deep. */
const MEANINGS = new Map<'root' | Kind, ReadonlyMap<string, Kind>>([
  ['root', new Map([['testsuites', 'suites'] as const, ['testsuite', 'suite'] as const])],
  ['suites', new Map([['testsuite', 'suite'] as const])],
  [
    'suite',
    new Map([['testsuite', 'suite'] as const, ['testcase', 'case'] as const, ['properties', 'properties'] as const]),
  ],
  [
    'case',
    new Map<string, Kind>([
      ['failure', 'failure'],
      ['error', 'failure'],
      ['skipped', 'skipped'],
      ['system-out', 'out'],
      ['system-err', 'err'],
      ['flakyFailure', 'retried'],
      ['flakyError', 'retried'],
      ['properties', 'properties'],
    ]),
  ],
  ['properties', new Map([['property', 'property'] as const])],
]);

export function kindOf(name: string, around: 'root' | Kind): Kind {
  return MEANINGS.get(around)?.get(name) ?? 'other';
}
