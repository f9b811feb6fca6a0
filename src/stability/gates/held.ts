import { moment } from '../../text/figures.ts';
import type { Gate } from './gate.ts';

/** The gates of an earlier moment. */
export interface EarlierGates {
  readonly until: number;
  readonly gates: readonly Gate[];
}

/** Whether the same was true a day and two days ago: who looks often sees chance do what he hopes for. */
export function heldGate(earlier: readonly EarlierGates[]): Gate {
  const broken = earlier.flatMap(({ until, gates }) => {
    const missing = gates.filter(({ state }) => state !== 'pass').map(({ name }) => name);
    return missing.length === 0 ? [] : [`at ${moment(until)} ${missing.join(', ')} did not`];
  });
  if (broken.length > 0)
    return { name: 'held', state: 'open', text: `all gates have to pass for two days: ${broken.join('; ')}` };
  return { name: 'held', state: 'pass', text: 'all gates passed a day and two days ago, too' };
}
