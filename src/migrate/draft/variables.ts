import type { Given } from '../recognise/read-flags.ts';
import type { Work } from './context.ts';
import { mapArgument } from './paths.ts';

/** Variables that Prow sets itself and refuses in `env:`. */
const RESERVED: Readonly<Record<string, ReadonlySet<string>>> = (() => {
  const all = ['CI', 'JOB_NAME', 'JOB_SPEC', 'JOB_TYPE', 'PROW_JOB_ID', 'BUILD_ID', 'BUILD_NUMBER'];
  const post = [...all, 'REPO_OWNER', 'REPO_NAME', 'PULL_BASE_REF', 'PULL_BASE_SHA', 'PULL_REFS'];
  const pull = [...post, 'PULL_NUMBER', 'PULL_PULL_SHA', 'PULL_HEAD_REF', 'PULL_TITLE'];
  return { periodic: new Set(all), postsubmit: new Set(post), presubmit: new Set(pull) };
})();

/** Splits `NAME=VALUE`; without `=` the value is empty. */
export function splitVariable(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  return at === -1 ? { name: text, value: '' } : { name: text.slice(0, at), value: text.slice(at + 1) };
}

/** What giving a variable to the container comes to, for the report. */
export interface Placed {
  readonly to: readonly string[];
  readonly why: string;
}

/**
 * Gives the container a variable that a flag sets. Where Prow would refuse it in `env:`, because a preset sets it too or
 * because it is Prow's own, it goes in front of the program: `env NAME=VALUE`.
 */
export function giveVariable(work: Work, given: Given, name: string, typed: string): Placed {
  const { job, draft, presets, recognised } = work;
  const value = mapArgument(typed, work);
  if (RESERVED[job.type]?.has(name)) {
    if (value === `$(${name})` || (name === 'JOB_NAME' && value === job.name)) {
      return { to: [], why: `Prow sets ${name} itself` };
    }
    draft.setPrefix(name, value, given.words);
    return { to: [`env ${name}=${value}`], why: `Prow reserves ${name}: its validation refuses it in env:` };
  }
  if (presets.names.has(name)) {
    if (presets.env.get(name) === value && draft.env.get(name) === undefined) {
      return { to: [], why: `a preset of the job sets ${name} to the same value` };
    }
    draft.setPrefix(name, value, given.words);
    return {
      to: [`env ${name}=${value}`],
      why: `a preset of the job sets ${name} too, and Prow refuses it in env: then`,
    };
  }
  const there = recognised.container?.env.find((variable) => variable.name === name);
  if (there && there.value === undefined) {
    draft.setPrefix(name, value, given.words);
    return { to: [`env ${name}=${value}`], why: `${name} comes from elsewhere in env:, and --env wins` };
  }
  draft.setVariable(name, value, given.words);
  const why =
    there === undefined
      ? 'the environment of the container'
      : there.value === value
        ? 'env: has this value already'
        : `env: had ${JSON.stringify(there.value)}; --env won`;
  return { to: [`env: ${name}=${value}`], why };
}
