import { UsageError } from '../../api/errors.ts';

/** The shells whose completion is known. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** Throws UsageError for another shell. */
export function shellOf(word: string | undefined): Shell {
  const shell = shells.find((each) => each === word);
  if (shell === undefined)
    throw new UsageError(`completion: unknown shell ${JSON.stringify(word)}: expected ${shells.join(', ')}`);
  return shell;
}
