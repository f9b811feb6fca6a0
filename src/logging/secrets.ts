import type { Env } from '../api/env.ts';
import { maskFields } from './secret-fields.ts';
import { isSecretName } from './secret-names.ts';
import { MASKED, SHAPES } from './secret-shapes.ts';
import { isSecretValue, SHORTEST } from './secret-values.ts';

export { isSecretName } from './secret-names.ts';
export { MASKED } from './secret-shapes.ts';

/** Has a name of a secret somewhere. */
const NAME_SIGN = /token|secret|pass|pwd|\bpw\b|pat\b|auth|credential|key|psk|jwt|cookie|sig|dockerc/i;

/** A mask may make its neighbour match, for instance by ending the identifier before it. */
const MOST_TURNS = 6;

/**
 * Returns the function that masks secrets in texts before they reach a log or a record: the values of environment
 * variables with secret names, passwords in URLs and in signed queries, authorization headers, well-known kinds of
 * tokens, private key blocks, and values of flags and variables with secret names.
 * Masking is idempotent. Mask first and shorten afterwards: the half of a secret cannot be recognised.
 */
export function secretMask(env: Env): (text: string) => string {
  const values = literals(env);
  const literal = values.length === 0 ? undefined : new RegExp(values.join('|'), 'g');
  return (text) => {
    let masked = text;
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const before = masked;
      if (literal) masked = masked.replace(literal, MASKED);
      for (const { sign, mask } of SHAPES) if (sign.test(masked)) masked = mask(masked);
      if (NAME_SIGN.test(masked)) masked = maskFields(masked);
      if (masked === before) break;
    }
    return masked;
  };
}

/** Masks a value that has a name. */
export function maskNamed(name: string, value: string, mask: (text: string) => string): string {
  return isSecretName(name) && isSecretValue(value) ? MASKED : mask(value);
}

function literals(env: Env): string[] {
  const found = new Set<string>();
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !isSecretName(name) || !isSecretValue(value)) continue;
    for (const form of formsOf(value)) if (form.length >= SHORTEST && !/^\**$/.test(form)) found.add(form);
  }
  return [...found].sort((a, b) => b.length - a.length).map((each) => each.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
}

/** The value as it is, and as URLs, shells, JSON and Kubernetes secrets encode it; of a multi-line value also each line of base64. */
function formsOf(value: string): string[] {
  const trimmed = value.trim();
  const lines = trimmed.includes('\n') ? trimmed.split('\n').filter((line) => /^[\w+/=]{20,}\s*$/.test(line)) : [];
  const json = JSON.stringify(trimmed).slice(1, -1);
  const whole = [value, trimmed, encodeURIComponent(trimmed.toWellFormed()), json, JSON.stringify(json).slice(1, -1)];
  const shell = [trimmed.replaceAll("'", "'\\''"), trimmed.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')];
  const bytes = [Buffer.from(value), Buffer.from(trimmed), Buffer.from(`${trimmed}\n`)];
  const base64 = bytes.flatMap((each) => [each.toString('base64'), each.toString('base64url')]);
  return [...whole, ...shell, ...base64, ...lines.map((line) => line.trim())];
}
