import { messageOf } from '../api/errors.ts';
import { isSecretName, MASKED } from './secrets.ts';

/** Characters kept of one text, entries kept of one list or object, and how deep an event goes: a line stays a line. */
const LONGEST_TEXT = 8192;
const MOST_ENTRIES = 500;
const DEEPEST = 8;

type Mask = (text: string) => string;

/**
 * Anything as what JSON can say, with secrets masked: in every text, under names that tell of a secret, and after
 * flags such as `--token`. Long texts and lists are cut and say so. Never throws for what a getter or a cycle does.
 */
export function plainOf(value: unknown, mask: Mask): unknown {
  return plain(value, mask, []);
}

function plain(value: unknown, mask: Mask, above: readonly object[]): unknown {
  switch (typeof value) {
    case 'string':
      return shortened(mask(value)).toWellFormed();
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
      return shortened(mask(String(value)));
  }
}

function plainObject(value: object, mask: Mask, above: readonly object[]): unknown {
  if (above.includes(value)) return '[circular]';
  if (above.length >= DEEPEST) return '[too deep]';
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
  const kept = values.slice(0, MOST_ENTRIES).map((each, index) => {
    const before = values[index - 1];
    // `--token abc` as two words of a command.
    const secret = typeof before === 'string' && /^--?[\w-]+$/.test(before) && isSecretName(before);
    return secret && typeof each === 'string' && !each.startsWith('-') ? MASKED : (plain(each, mask, path) ?? null);
  });
  return values.length > MOST_ENTRIES ? [...kept, `… ${values.length - MOST_ENTRIES} more`] : kept;
}

function plainEntries(value: object, mask: Mask, path: readonly object[]): object {
  const names = Object.keys(value);
  const entries = names.slice(0, MOST_ENTRIES).map((name): [string, unknown] => {
    const field = fieldOf(value, name);
    const secret = isSecretName(name) && typeof field === 'string' && field !== '';
    return [mask(name).toWellFormed(), secret ? MASKED : plain(field, mask, path)];
  });
  if (names.length > MOST_ENTRIES) entries.push(['…', `${names.length - MOST_ENTRIES} more`]);
  return Object.fromEntries(entries);
}

function fieldOf(value: object, name: string): unknown {
  try {
    return Reflect.get(value, name);
  } catch (error) {
    return `[unreadable: ${messageOf(error)}]`;
  }
}

function shortened(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  const half = LONGEST_TEXT / 2;
  return `${text.slice(0, half)}… ${text.length - LONGEST_TEXT} characters cut …${text.slice(-half)}`;
}
