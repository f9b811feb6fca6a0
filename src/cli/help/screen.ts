import type { World } from '../../runtime/world.ts';

/** How wide help is, and whether it has colours. */
export interface Screen {
  readonly width: number;
  readonly colour: boolean;
}

/** The screen that stdout is: `$COLUMNS` or 80 columns where it is none. */
export const screenOf = ({ stdout, env }: Pick<World, 'stdout' | 'env'>): Screen => ({
  width: Math.max(stdout.columns || Number(env['COLUMNS']) || 80, 40),
  colour: stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
});
