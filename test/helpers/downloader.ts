import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Log } from '../../src/api/log.ts';
import type { AcquireSettings } from '../../src/api/run.ts';
import type { Acquirer, AcquirerWorld, Cached } from '../../src/download/downloader.ts';
import { openAcquirer } from '../../src/download/open-downloader.ts';

/** Short delays for tests. */
export const FAST_RETRIES = { connect: 5000, headers: 5000, idle: 5000, delay: 4, maxDelay: 20, attempts: 4 };

export function tempDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), 'kubetest2-acquire-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

export interface Opened {
  readonly acquirer: Acquirer;
  readonly cacheDir: string;
  readonly lines: string[];
  readonly warnings: string[];
  readonly events: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
  readonly signal: AbortSignal;
}

/** An acquirer with a cache of its own that lives as long as the test. */
export function opened(settings: Partial<AcquireSettings> = {}, world: Partial<AcquirerWorld> = {}): Opened {
  const cacheDir = settings.cacheDir ?? join(tempDirectory(), 'cache');
  const lines: string[] = [];
  const warnings: string[] = [];
  const events: Opened['events'] = [];
  const log: Log = {
    info: (line) => void lines.push(line),
    warn: (line) => void warnings.push(line),
    error: (line) => void lines.push(line),
    detail: (_, line) => void lines.push(line),
    progress: () => undefined,
    interactive: false,
  };
  const acquirer = openAcquirer(
    {
      cacheDir,
      offline: false,
      pins: '',
      allowUnverified: false,
      downloadConnections: 4,
      gcsEndpoint: '',
      ...settings,
    },
    {
      log,
      env: {},
      records: { event: (event, fields) => void events.push({ event, fields }) },
      retryPolicy: FAST_RETRIES,
      ...world,
    },
  );
  onTestFinished(() => acquirer.close());
  return { acquirer, cacheDir, lines, warnings, events, signal: AbortSignal.timeout(15_000) };
}

/** The bytes of a file that must have been found. */
export function bytesOf(file: Cached | undefined): Buffer {
  if (file === undefined) throw new Error('not found');
  return readFileSync(file.path);
}
