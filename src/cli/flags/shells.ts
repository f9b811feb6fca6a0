import { UsageError } from '../../api/errors.ts';

/** The shells that have a completion script. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** Throws UsageError for another shell. */
export function shellOf(name: string | undefined): Shell {
  const shell = shells.find((each) => each === name);
  if (shell === undefined)
    throw new UsageError(`unknown shell ${JSON.stringify(name)} (available: ${shells.join(', ')})`);
  return shell;
}
