import { messageOf } from '../api/errors.ts';
import { MASKED, maskNamed } from './secrets.ts';

/** Limits on one event, so that its line stays readable: characters of a text, entries of a list or object, depth. */
const MAX_TEXT = 8192;
const MAX_ENTRIES = 500;
const MAX_DEPTH = 8;

type Mask = (text: string) => string;

/**
 * Converts any value to one that JSON can represent, with secrets masked: in every text, under secret names, and after
 * flags such as `--token`. Long texts and lists are cut, with a note. Getters that throw and cycles are handled.
 */
export function toJson(value: unknown, mask: Mask): unknown {
  return plain(value, mask, []);
}

function plain(value: unknown, mask: Mask, above: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
      return shorten(mask(value)).toWellFormed();
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'undefined':
      return undefined;
    case 'object':
      return value === null ? null : plainObject(value, mask, above);
    case 'bigint':
    case 'symbol':
    case 'function':
      return shorten(mask(String(value)));
  }
}

function plainObject(value: object, mask: Mask, above: readonly object[]): unknown {
  if (above.includes(value)) return '[circular]';
  if (above.length >= MAX_DEPTH) return '[too deep]';
  const path = [...above, value];
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Error) return plain(messageOf(value), mask, path);
  if (value instanceof URL) return plain(value.href, mask, path);
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (value instanceof Map) return plainObject(Object.fromEntries(value), mask, above);
  if (Array.isArray(value) || value instanceof Set) return plainList([...value], mask, path);
  return plainEntries(value, mask, path);
}

function plainList(values: readonly unknown[], mask: Mask, path: readonly object[]): unknown[] {
  const kept = values.slice(0, MAX_ENTRIES).map((each, index) => {
    const before = values[index - 1];
    const isArgument = typeof before === 'string' && /^--?[\w-]+$/.test(before) && typeof each === 'string';
    return isArgument ? shorten(argument(before, each, mask)).toWellFormed() : (plain(each, mask, path) ?? null);
  });
  return values.length > MAX_ENTRIES ? [...kept, `… ${values.length - MAX_ENTRIES} more`] : kept;
}

/** `--token abc` and `-u user:password` as two arguments of a command. */
function argument(flag: string, value: string, mask: Mask): string {
  if (value.startsWith('-')) return mask(value);
  const [whole, alone] = [mask(`${flag} ${value}`), maskNamed(flag, value, mask)];
  return alone === MASKED || !whole.startsWith(`${flag} `) ? alone : mask(whole.slice(flag.length + 1));
}

function plainEntries(value: object, mask: Mask, path: readonly object[]): object {
  const names = Object.keys(value);
  const entries = names.slice(0, MAX_ENTRIES).map((name): [string, unknown] => {
    const field = fieldOf(value, name);
    const secret = typeof field === 'string' && maskNamed(name, field, mask) === MASKED;
    return [mask(name).toWellFormed(), secret ? MASKED : plain(field, mask, path)];
  });
  if (names.length > MAX_ENTRIES) entries.push(['…', `${names.length - MAX_ENTRIES} more`]);
  return Object.fromEntries(entries);
}

function fieldOf(value: object, name: string): unknown {
  try {
    return Reflect.get(value, name);
  } catch (error) {
    return `[unreadable: ${messageOf(error)}]`;
  }
}

function shorten(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const half = MAX_TEXT / 2;
  return `${text.slice(0, half)}… ${text.length - MAX_TEXT} characters cut …${text.slice(-half)}`;
}
