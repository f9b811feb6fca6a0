import type { Work } from '../draft/context.ts';
import { newWord } from '../draft/draft.ts';
import { mapPaths } from '../draft/paths.ts';
import { Refused } from '../draft/refused.ts';
import { giveVariable, splitVariable } from '../draft/variables.ts';
import type { Word } from '../read/job.ts';
import type { Given } from '../recognise/read-flags.ts';

/** execute.py: `[--env=K=V]… CMD ARGS`. The command starts where its flags end. */
export function splitExecute(words: readonly Word[]): { flags: readonly Word[]; command: readonly Word[] } {
  let at = 0;
  while (at < words.length) {
    const text = words[at]?.text ?? '';
    if (text.startsWith('--env=')) at += 1;
    else if (text === '--env') at += 2;
    else break;
  }
  if (words[at]?.text === '--') at += 1;
  return { flags: words.slice(0, at).filter(({ text }) => text !== '--'), command: words.slice(at) };
}

/** The command as the exec tester's, or by itself. */
export function mapExecute(work: Work, command: readonly Word[]): void {
  const { draft, choices } = work;
  const [program] = command;
  if (program === undefined || program.text === '') {
    throw new Refused('execute without a command: nothing runs', 'remove the job, or name the command', '--scenario');
  }
  for (const given of work.flags) mapEnv(work, given);
  const words = withoutSecondDashes(command).map((word) => newWord(forTester(work, word.text), [word]));
  if (choices.execute === 'plain') {
    draft.plain = words;
    return;
  }
  draft.deployer = 'noop';
  draft.tester = 'exec';
  draft.testerArgs.push(...words);
}

function mapEnv(work: Work, given: Given): void {
  const { name, value } = splitVariable(given.value ?? '');
  const later = work.flags.findLast((each) => splitVariable(each.value ?? '').name === name);
  if (later !== given) return work.draft.drop(given, `a later --env=${name} wins`);
  const { to, why } = giveVariable(work, given, name, value);
  work.draft.fate(given, to.length === 0 ? 'dropped' : 'moved', to, why);
}

/** argparse took the first `--` among the words out: `bash -- -c …`. */
function withoutSecondDashes(command: readonly Word[]): readonly Word[] {
  const at = command.findIndex(({ text }) => text === '--');
  return at === -1 ? command : command.filter((_, index) => index !== at);
}

/** bootstrap filled `$NAME` in, as the exec tester does; in other styles nothing did, so it is protected. */
function forTester(work: Work, text: string): string {
  const value = mapPaths(text, work);
  if (work.choices.execute === 'plain' || work.recognised.style === 'bootstrap') return value;
  return value.replaceAll(/\$(?!\()/g, '\\$');
}
