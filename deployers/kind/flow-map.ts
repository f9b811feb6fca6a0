import { UsageError } from '../../src/api/errors.ts';
import { parseGoBool } from '../../src/api/flags.ts';

/**
 * Feature gates as typed: `A=true,B=false`, or a JSON or YAML map as e2e-k8s.sh's FEATURE_GATES.
 * Throws UsageError, naming the flag, for a value that is not a boolean.
 */
export async function parseFeatureGates(typed: string): Promise<Readonly<Record<string, boolean>>> {
  const gates: Record<string, boolean> = {};
  for (const [name, value] of Object.entries(await parseMap('--feature-gates', typed))) {
    const state = parseGoBool(value);
    if (state === undefined) throw new UsageError(`--feature-gates: ${name} is ${value}, not true or false`);
    gates[name] = state;
  }
  return gates;
}

/** The API server's runtime config, typed in the same ways; its values are strings. Throws UsageError. */
export async function parseRuntimeConfig(typed: string): Promise<Readonly<Record<string, string>>> {
  return await parseMap('--runtime-config', typed);
}

async function parseMap(flag: string, typed: string): Promise<Record<string, string>> {
  if (/^[^\s{}:=,"'#]+=/.test(typed)) return pairs(flag, typed);
  const parsed = await parseYaml(flag, typed);
  if (parsed === null || parsed === undefined) return {};
  if (typeof parsed !== 'object' || Array.isArray(parsed)) throw notMap(flag, typed);
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, scalar(flag, name, value)]));
}

function pairs(flag: string, typed: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of typed.split(',')) {
    const at = pair.indexOf('=');
    if (at < 1) throw notMap(flag, typed);
    found[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  return found;
}

async function parseYaml(flag: string, typed: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(typed);
  } catch (error) {
    throw notMap(flag, typed, { cause: error });
  }
}

function scalar(flag: string, name: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return String(value);
  throw new UsageError(`${flag}: ${name} has no plain value`);
}

function notMap(flag: string, typed: string, options?: ErrorOptions): UsageError {
  const shown = JSON.stringify(typed.slice(0, 120));
  return new UsageError(`${flag}: ${shown} is neither A=true,B=false nor a JSON or YAML map`, options);
}
