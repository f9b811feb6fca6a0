import { UsageError } from '../../src/api/errors.ts';
import { parseGoBool } from '../../src/api/flags.ts';

/**
 * Parses feature gates: `A=true,B=false`, or a JSON or YAML map as in e2e-k8s.sh's FEATURE_GATES.
 * Throws UsageError, naming the flag, for a value that is not a boolean.
 */
export async function parseFeatureGates(value: string): Promise<Readonly<Record<string, boolean>>> {
  const gates: Record<string, boolean> = {};
  for (const [name, text] of Object.entries(await parseMap('--feature-gates', value))) {
    const state = parseGoBool(text);
    if (state === undefined)
      throw new UsageError(`invalid --feature-gates: ${name} is ${JSON.stringify(text)}, not true or false`);
    gates[name] = state;
  }
  return gates;
}

/** Parses the API server's runtime config, in the same forms; its values are strings. Throws UsageError. */
export async function parseRuntimeConfig(value: string): Promise<Readonly<Record<string, string>>> {
  return await parseMap('--runtime-config', value);
}

async function parseMap(flag: string, value: string): Promise<Record<string, string>> {
  if (/^[^\s{}:=,"'#]+=/.test(value)) return pairs(flag, value);
  const parsed = await parseYaml(flag, value);
  if (parsed === null || parsed === undefined) return {};
  if (typeof parsed !== 'object' || Array.isArray(parsed)) throw notMap(flag, value);
  return Object.fromEntries(Object.entries(parsed).map(([name, item]) => [name, scalar(flag, name, item)]));
}

function pairs(flag: string, value: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of value.split(',')) {
    const at = pair.indexOf('=');
    if (at < 1) throw notMap(flag, value);
    found[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  return found;
}

async function parseYaml(flag: string, value: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(value);
  } catch (error) {
    throw notMap(flag, value, { cause: error });
  }
}

function scalar(flag: string, name: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return String(value);
  throw new UsageError(`invalid ${flag}: the value of ${name} must be a string, boolean or number`);
}

function notMap(flag: string, value: string, options?: ErrorOptions): UsageError {
  const quoted = JSON.stringify(value.slice(0, 120));
  return new UsageError(`invalid ${flag} ${quoted}: expected A=true,B=false or a JSON or YAML map`, options);
}
