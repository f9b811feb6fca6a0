import { RunError } from '../../src/errors.ts';
import type { Run } from '../../src/run.ts';
export async function fetchKind(version: string, run: Run, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  throw new RunError(`kind ${version} for ${run.id}`);
}
