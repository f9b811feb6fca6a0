import { readdirSync, unlinkSync } from 'node:fs';
import type { RunPaths } from './paths.ts';

/** Files that a killed call of this run may have left half written: records, probes, locks, and placed programs. */
const DRAFT =
  /^(?:\.(?:state\.json|junit_\w+\.xml|metadata\.json)\.\w+\.tmp|\.probe\.\w+\.tmp|lock\.[\w.-]+\.new|[\w.-]+\.[\da-f]{8}-[\da-f-]{27}\.new)$/;

/** Removes the drafts of killed calls. To be called with the run's lock: nothing else writes its records then. Never throws. */
export function removeDrafts({ runDir, artifacts }: Pick<RunPaths, 'runDir' | 'artifacts'>): void {
  for (const directory of [runDir, artifacts]) {
    for (const name of namesIn(directory).filter((each) => DRAFT.test(each))) {
      try {
        unlinkSync(`${directory}/${name}`);
      } catch {
        // The next call finds it again.
      }
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
