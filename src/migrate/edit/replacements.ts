import { Refused } from '../draft/refused.ts';

export const REPLACEMENTS = 'fork-per-release-replacements';

/**
 * The rules by which a release's fork of the job is made, fitted to the new job: each left side has to be found in its
 * command, args, `NAME=VALUE` of env, or tags. Undefined when they can go altogether.
 * Throws Refused with the rule that matches nothing and cannot be rewritten.
 */
export function fitReplacements(rules: string, haystack: readonly string[]): string | undefined {
  const fitted = rules
    .split(', ')
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '')
    .flatMap((rule) => fitRule(rule, haystack));
  return fitted.length === 0 ? undefined : [...new Set(fitted)].join(', ');
}

function fitRule(rule: string, haystack: readonly string[]): string[] {
  const [left = '', right = ''] = rule.split(' -> ');
  const found = (side: string) => haystack.some((text) => text.includes(side));
  if (left === '' || found(left)) return [rule];
  const [, marker] = /^(?:--)?extract=(?:ci|release)\/(.+)$/.exec(left) ?? [];
  if (marker !== undefined) return fitExtract(rule, marker, right, found);
  if (/^(?:--)?repo=/.test(left)) return [];
  const [, project] = /^--gcp-project(?:-type)?=(.*)$/.exec(left) ?? [];
  if (project !== undefined && found(`--boskos-resource-type=${project}`)) {
    return [
      `--boskos-resource-type=${project} -> ${right.replace(/^--gcp-project(?:-type)?=/, '--boskos-resource-type=')}`,
    ];
  }
  throw lost(rule);
}

function fitExtract(rule: string, marker: string, right: string, found: (side: string) => boolean): string[] {
  const [, target] = /^(?:--)?extract=(?:ci|release)\/(.+)$/.exec(right) ?? [];
  if (target === undefined) throw lost(rule);
  const name = marker.replace(/^fast\//, '');
  if (!found(`${name}.txt`)) throw lost(rule);
  const left = `${name}.txt`;
  if (!found(`ci/fast/${name}`)) return [`${left} -> ${target.replace(/^fast\//, '')}.txt`];
  // A release has no fast builds.
  const slow = target.replace(/^fast\//, '').replace(/-fast$/, '');
  return [`${left} -> ${slow}.txt`, 'ci/fast -> ci'];
}

function lost(rule: string): Refused {
  return new Refused(
    `${REPLACEMENTS}: the left side of ${JSON.stringify(rule)} is nowhere in the new job, which fails the fork of a release`,
    'rewrite or remove that rule, then migrate',
  );
}
