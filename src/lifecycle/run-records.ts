import type { JunitEntry, RecordsAccess } from '../api/run.ts';
import type { EventFile } from '../records/events.ts';
import { mergeMetadata } from '../records/metadata.ts';
import type { RunPaths } from '../records/paths.ts';
import type { JunitRunner } from '../records/runner-junit.ts';
import type { PendingWrites } from './pending-writes.ts';

/** What a run leaves in its artifacts. Nothing is written before `open`. A record that cannot be written is kept for later. */
export class RunRecords implements RecordsAccess {
  readonly #paths: RunPaths;
  readonly #mask: (text: string) => string;
  readonly #writes: PendingWrites;
  readonly #metadata = new Map<string, string | undefined>();
  #opened: { readonly junit: JunitRunner; readonly events: EventFile } | undefined;

  constructor(paths: RunPaths, mask: (text: string) => string, writes: PendingWrites) {
    this.#paths = paths;
    this.#mask = mask;
    this.#writes = writes;
  }

  open(junit: JunitRunner, events: EventFile): void {
    this.#opened = { junit, events };
  }

  async metadata(entries: Readonly<Record<string, string>>): Promise<void> {
    for (const [key, value] of Object.entries(entries)) this.#metadata.set(key, value);
    const file = this.#paths.metadata;
    const write = () => mergeMetadata(file, Object.fromEntries(this.#metadata), { mask: this.#mask });
    if (this.#opened) this.#writes.attempt(file, write);
  }

  /** How the run ended. A key without a value is removed, since it tells of another run that had the same artifacts. */
  async outcome(entries: Readonly<Record<string, string | undefined>>): Promise<void> {
    for (const [key, value] of Object.entries(entries)) this.#metadata.set(key, value);
    await this.metadata({});
  }

  /** The same for keys that were not set in this call. */
  async metadataUnlessSet(entries: Readonly<Record<string, string>>): Promise<void> {
    await this.metadata(Object.fromEntries(Object.entries(entries).filter(([key]) => !this.#metadata.has(key))));
  }

  /** What a key of `metadata.json` was set to in this call. */
  metadataOf(key: string): string | undefined {
    return this.#metadata.get(key);
  }

  async junitCase(entry: JunitEntry): Promise<void> {
    this.junit((junit) => junit.add(entry));
  }

  event(event: string, fields: Readonly<Record<string, unknown>>): void {
    const events = this.#opened?.events;
    if (events === undefined) return;
    events.add(event, fields);
    this.#writes.attempt(this.#paths.events, () => events.write());
  }

  /** Changes `junit_runner.xml` and writes it. */
  junit(change: (junit: JunitRunner) => void): void {
    const junit = this.#opened?.junit;
    if (junit === undefined) return;
    change(junit);
    this.#writes.attempt(this.#paths.junit, () => junit.write());
  }
}
