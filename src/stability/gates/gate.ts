export const GATES = [
  'pass-rate',
  'runs',
  'environment',
  'lost-tests',
  'tests',
  'duration',
  'fresh',
  'held',
  'criteria',
] as const;
export type GateName = (typeof GATES)[number];
export type GateState = 'pass' | 'fail' | 'open';

/** One of the questions of which each can refuse, or ask for more runs. */
export interface Gate {
  readonly name: GateName;
  readonly state: GateState;
  /** Why, in a sentence. */
  readonly text: string;
}
