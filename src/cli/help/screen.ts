import type { World } from '../../runtime/world.ts';

/** The width and the colours of help. */
export interface Screen {
  readonly width: number;
  readonly colour: boolean;
}

/** The screen of stdout. Where stdout is no terminal: `$COLUMNS`, else 80 columns. */
export const screenOf = ({ stdout, env }: Pick<World, 'stdout' | 'env'>): Screen => ({
  width: Math.max(stdout.columns || Number(env['COLUMNS']) || 80, 40),
  colour: stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
});
