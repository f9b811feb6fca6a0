import { type Shell, shellOf, shells } from '../flags/shells.ts';
import { defineCommand } from './command.ts';

export const completion = defineCommand({
  usage: ['completion bash|zsh|fish'],
  about: 'Prints the completion script for a shell.',
  examples: [
    'source <(kubetest2-ts completion bash)',
    'kubetest2-ts completion fish > ~/.config/fish/completions/kubetest2-ts.fish',
  ],
  flags: {},
  args: [1, 1],
  argChoices: [shells],
  run: async ({ args: [shell] }, { stdout }) => {
    stdout.write(scripts[shellOf(shell)]);
    return 0;
  },
});

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
