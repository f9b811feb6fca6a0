import type { Work } from '../draft/context.ts';
import { Refused } from '../draft/refused.ts';
import { withoutComments } from '../recognise/recognise.ts';

/** Refuses a job whose script calls a scenario among other commands. */
export function refuseShell({ recognised }: Work): never {
  const script = withoutComments(recognised.caller?.text ?? '');
  const calls = [...script.matchAll(/\S*scenarios\/[a-z0-9_]+\.py\b/g)].map(([call]) => call);
  const [call = 'the scenario'] = calls;
  const times = calls.length > 1 ? `, ${calls.length} times` : '';
  throw new Refused(
    `shell: a script calls ${call}${times}`,
    `put the call into a job of its own, or write kubetest2-ts with the flags that migrate gives for them in its place`,
  );
}
