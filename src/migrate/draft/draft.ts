import type { Word } from '../read/job.ts';
import type { Given } from '../recognise/read-flags.ts';

/** What became of a legacy flag. */
export type Fate = 'kept' | 'renamed' | 'mapped' | 'moved' | 'dropped' | 'refused' | 'added';

/** One row of the report. */
export interface FlagFate {
  readonly flag: string;
  readonly value: string | undefined;
  /** The word it stands in; undefined for what was added. */
  readonly word: Word | undefined;
  readonly fate: Fate;
  /** What it became: new arguments, `env NAME=VALUE`, or a key of the job with its value. */
  readonly to: readonly string[];
  readonly why: string;
}

/** A new argument. */
export interface NewWord {
  readonly text: string;
  /** The words it was made from. */
  readonly from: readonly Word[];
  /** Of several arguments made from one word, comments go to the heaviest. */
  readonly weight: number;
}

/** A variable for the container. */
export interface NewVariable {
  readonly name: string;
  readonly value: string;
  readonly from: readonly Word[];
}

/** An entry for `extra_refs`. */
export interface NewRef {
  readonly org: string;
  readonly repo: string;
  readonly baseRef: string;
  readonly pathAlias: string | undefined;
  /** The job starts in it. */
  readonly workdir: boolean;
  readonly from: readonly Word[];
}

/** The new job as it grows, flag by flag. */
export class Draft {
  readonly deployerArgs: NewWord[] = [];
  readonly testerArgs: NewWord[] = [];
  readonly env = new Map<string, NewVariable>();
  /** Variables in front of the program, where Prow refuses them in `env:`. */
  readonly prefix = new Map<string, NewVariable>();
  readonly refs: NewRef[] = [];
  readonly fates: FlagFate[] = [];
  readonly todo: string[] = [];
  deployer = '';
  tester = '';
  /** A command of its own instead of the program: `--execute=plain`. */
  plain: NewWord[] | undefined;
  /** `decoration_config.timeout`, and the words it was made from. */
  timeout: { readonly value: string; readonly from: readonly Word[] } | undefined;
  pathAlias: string | undefined;
  /** Legacy flags that still wait for their fate. */
  readonly #open = new Set<Given>();

  /** Announces the flags of the job; each has to meet its fate. */
  expect(flags: readonly Given[]): void {
    for (const flag of flags) this.#open.add(flag);
  }

  unanswered(): readonly Given[] {
    return [...this.#open];
  }

  fate(given: Given, fate: Fate, to: readonly string[], why: string): void {
    this.#open.delete(given);
    this.fates.push({ flag: given.flag, value: given.value, word: given.words[0], fate, to, why });
  }

  drop(given: Given, why: string): void {
    this.fate(given, 'dropped', [], why);
  }

  /** The flag lives on as arguments of the deployer or the launcher. */
  deploy(given: Given, args: readonly string[], why = ''): void {
    for (const text of args) this.deployerArgs.push(newWord(text, given.words));
    this.fate(given, fateOf(given, args), args, why);
  }

  /** The flag lives on as arguments of the tester. */
  test(given: Given, args: readonly string[], why = ''): void {
    for (const text of args) this.testerArgs.push(newWord(text, given.words));
    this.fate(given, fateOf(given, args), args, why);
  }

  /** An argument that no flag of the job asked for. */
  add(side: 'deployer' | 'tester', text: string, why: string): void {
    (side === 'deployer' ? this.deployerArgs : this.testerArgs).push(newWord(text, []));
    this.added(text, why);
  }

  added(text: string, why: string): void {
    const [flag = text, value] = splitFlag(text);
    this.fates.push({ flag, value, word: undefined, fate: 'added', to: [text], why });
  }

  setVariable(name: string, value: string, from: readonly Word[]): void {
    this.env.set(name, { name, value, from });
  }

  setPrefix(name: string, value: string, from: readonly Word[]): void {
    this.prefix.set(name, { name, value, from });
  }

  note(todo: string): void {
    if (!this.todo.includes(todo)) this.todo.push(todo);
  }
}

export function newWord(text: string, from: readonly Word[], weight = text.length): NewWord {
  return { text, from, weight };
}

/** `--flag=value` as both. */
function splitFlag(text: string): [string, string?] {
  const at = text.indexOf('=');
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function fateOf(given: Given, args: readonly string[]): Fate {
  const [only] = args;
  if (args.length !== 1 || only === undefined) return 'mapped';
  const [flag, value] = splitFlag(only);
  if ((value ?? '') !== (given.value ?? '')) return 'mapped';
  return flag === given.flag ? 'kept' : 'renamed';
}
