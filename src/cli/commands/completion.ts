import { UsageError } from '../../api/errors.ts';
import { acquireFlags } from '../../download/flags.ts';
import { findPlugins } from '../../plugins/find-plugins.ts';
import { testerCommonFlags } from '../choose-tester.ts';
import { type Candidate, complete, type Place } from '../flags/complete.ts';
import { klogFlags, launcherFlags } from '../flags/launcher-flags.ts';
import { parseFlags } from '../flags/parse.ts';
import type { Command, CommandWorld } from './index.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** Prints the lines a shell reads to complete our words, for instance in `source <(kubetest2-ts completion bash)`. */
export async function completion(words: readonly string[], { stdout }: CommandWorld): Promise<number> {
  stdout.write(scripts[shellOf(words[0])]);
  return 0;
}

/** What the shell's lines call: `complete-words SHELL WORD…`, the last word being the one under the cursor. */
export async function completeWords(
  [shell, ...typed]: readonly string[],
  world: CommandWorld,
  commands: readonly Command[],
): Promise<number> {
  const kind = shellOf(shell);
  const words = kind === 'bash' ? rejoin(typed) : typed;
  const found = await candidates(words, world, commands);
  for (const each of found) world.stdout.write(`${show(each, kind, words.at(-1) ?? '')}\n`);
  return 0;
}

async function candidates(
  words: readonly string[],
  world: CommandWorld,
  commands: readonly Command[],
): Promise<Candidate[]> {
  const { registry, env, cwd } = world;
  const plugins = findPlugins(env, cwd);
  const [first = '', ...rest] = words;
  if (rest.length === 0) {
    const found = plugins.filter(({ kind }) => kind === 'deployer');
    const place: Place = {
      words: [
        ...registry.deployers.map(({ name, summary }) => ({ word: name, help: summary })),
        ...commands.filter(({ hidden }) => !hidden).map(({ name, summary }) => ({ word: name, help: summary })),
        ...found.map(({ name, path }) => ({ word: name, help: path })),
      ],
      flags: {},
    };
    return await complete(words, place);
  }
  const deployer = await registry.deployers.find(({ name }) => name === first)?.load();
  if (!deployer) return [];
  const dashes = rest.indexOf('--');
  if (dashes === -1 || dashes === rest.length - 1) {
    const flags = { ...launcherFlags, ...acquireFlags, ...klogFlags, ...deployer.flags };
    const testers = [...registry.testers, ...plugins.filter(({ kind }) => kind === 'tester')].map(({ name }) => name);
    return await complete(rest, { words: [], flags, values: { test: [...new Set(testers)] } });
  }
  const { test } = parseFlags({ launcher: launcherFlags }, rest.slice(0, dashes), {}).values.launcher;
  const tester = await registry.testers.find(({ name }) => name === test)?.load();
  if (!tester || tester.takesWords) return [];
  return await complete(rest.slice(dashes + 1), { words: [], flags: { ...tester.flags, ...testerCommonFlags } });
}

function shellOf(word: string | undefined): Shell {
  const shell = shells.find((each) => each === word);
  if (shell === undefined) throw new UsageError(`completion: say for which shell, one of ${shells.join(', ')}`);
  return shell;
}

/** bash takes `--down=never` for three words; for us they are one. */
function rejoin(words: readonly string[]): string[] {
  const joined: string[] = [];
  let glue = false;
  for (const word of words) {
    const last = joined.at(-1);
    if (last !== undefined && (glue || word === '=') && last.startsWith('--')) joined[joined.length - 1] = last + word;
    else joined.push(word);
    glue = word === '=';
  }
  return joined;
}

function show({ word, help }: Candidate, shell: Shell, current: string): string {
  const about = help.replace(/\s+/g, ' ');
  if (shell === 'fish') return `${word}\t${about}`;
  if (shell === 'zsh') return `${word.replaceAll(':', '\\:')}:${about}`;
  // bash replaces what stands behind the = alone.
  return current.includes('=') ? word.slice(word.indexOf('=') + 1) : word;
}

const scripts: Readonly<Record<Shell, string>> = {
  bash: `_kubetest2_ts() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" complete-words bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _kubetest2_ts kubetest2-ts kubetest2
`,
  zsh: `#compdef kubetest2-ts kubetest2
_kubetest2_ts() {
  local -a found
  found=("\${(@f)$("\${words[1]}" complete-words zsh "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  _describe 'kubetest2-ts' found || _files
}
compdef _kubetest2_ts kubetest2-ts kubetest2
`,
  fish: `for program in kubetest2-ts kubetest2
  complete -c $program -a '(set -l words (commandline -opc); $words[1] complete-words fish $words[2..] (commandline -ct) 2>/dev/null)'
end
`,
};
