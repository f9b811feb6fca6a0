import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The environment in which programs under test share their compiled code: each has a HOME of its own, which is empty. */
export const sharingCompiledCode = { NODE_COMPILE_CACHE: join(tmpdir(), 'kubetest2-ts-tests-compiled') } as const;
