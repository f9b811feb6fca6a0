import { readFile } from 'node:fs/promises';
import { RunError, UsageError } from '../api/errors.ts';
import { reasonOf } from '../system/system-error.ts';

/** One file as it must be. */
export interface Pin {
  readonly url: string;
  /** Lower-case hex. */
  readonly sha512: string;
  /** In bytes. */
  readonly size: number;
}

/** A pins file: what a run may fetch. */
export interface Pins {
  readonly schema: 1;
  /** The versions that markers stood for when the file was written, by the markers' addresses. */
  readonly markers: Readonly<Record<string, string>>;
  readonly files: readonly Pin[];
}

/** Reads a pins file. Throws UsageError when it cannot be read or is none. */
export async function readPins(file: string): Promise<Pins> {
  try {
    return parsePins(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new UsageError(`--pins: ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/** The pin of an address. Throws RunError when there is none: nothing else may be fetched. */
export function pinOf(pins: Pins, url: string): Pin {
  const pin = pins.files.find((each) => each.url === url);
  if (pin === undefined) throw new RunError(`${url} is not in the pins file: pin its version, or run without --pins`);
  return pin;
}

function parsePins(value: unknown): Pins {
  const { schema, markers = {}, files } = fieldsOf(value);
  if (schema !== 1) throw new Error('not a pins file of schema 1');
  if (!Array.isArray(files)) throw new Error('it has no list of files');
  const versions = Object.entries(fieldsOf(markers)).map(([marker, version]) => [marker, String(version)]);
  return { schema, markers: Object.fromEntries(versions), files: files.map(parsePin) };
}

function parsePin(value: unknown): Pin {
  const { url, sha512, size } = fieldsOf(value);
  if (typeof url !== 'string' || !URL.canParse(url)) throw new Error(`${JSON.stringify(url)} is no address`);
  if (typeof sha512 !== 'string' || !/^[0-9a-f]{128}$/i.test(sha512)) throw new Error(`${url}: has no sha512`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw new Error(`${url}: has no size`);
  return { url, sha512: sha512.toLowerCase(), size };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('not an object where one must be');
  return value as Readonly<Record<string, unknown>>;
}
