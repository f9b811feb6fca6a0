import { readFile } from 'node:fs/promises';
import { RunError, UsageError } from '../api/errors.ts';
import { reasonOf } from '../system/system-error.ts';
import { redactUrl } from '../text/redact-url.ts';

/** The checksum and size that a file must have. */
export interface Pin {
  readonly url: string;
  /** Lower-case hex. */
  readonly sha512: string;
  /** In bytes. */
  readonly size: number;
}

/** A pins file: the files that a run may fetch. */
export interface Pins {
  readonly schema: 1;
  /** The versions of markers when the file was written, by the markers' URLs. */
  readonly markers: Readonly<Record<string, string>>;
  readonly files: readonly Pin[];
}

/** Reads a pins file, with `read` if there is one. Throws UsageError when it cannot be read or is invalid. */
export async function readPins(file: string, read = () => readFile(file, 'utf8')): Promise<Pins> {
  try {
    return parsePins(JSON.parse(await read()));
  } catch (error) {
    throw new UsageError(`cannot read --pins file ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/** The pin of a URL. Throws RunError when there is none: no other file may be fetched. */
export function pinOf(pins: Pins, url: string): Pin {
  const pin = pins.files.find((each) => each.url === url);
  if (pin === undefined)
    throw new RunError(`${redactUrl(url)} is not in the pins file: pin its version, or run without --pins`);
  return pin;
}

function parsePins(value: unknown): Pins {
  const { schema, markers = {}, files } = fieldsOf(value);
  if (schema !== 1) throw new Error('expected "schema": 1');
  if (!Array.isArray(files)) throw new Error('"files" is not a list');
  const versions = Object.entries(fieldsOf(markers)).map(([marker, version]) => [marker, String(version)]);
  return { schema, markers: Object.fromEntries(versions), files: files.map(parsePin) };
}

function parsePin(value: unknown): Pin {
  const { url, sha512, size } = fieldsOf(value);
  if (typeof url !== 'string' || !URL.canParse(url)) throw new Error(`invalid URL ${JSON.stringify(url)}`);
  if (typeof sha512 !== 'string' || !/^[0-9a-f]{128}$/i.test(sha512)) throw new Error(`${url} has no valid sha512`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw new Error(`${url} has no valid size`);
  return { url, sha512: sha512.toLowerCase(), size };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected a JSON object');
  return value as Readonly<Record<string, unknown>>;
}
