import type { Env } from '../api/env.ts';

/** Replaces a secret. */
export const MASKED = '***';

/**
 * Returns the function that masks secrets in texts before they reach a log or a record: the values of environment
 * variables with secret names, passwords in URLs and in signed queries, authorization headers, well-known kinds of
 * tokens, private key blocks, and values of flags and variables with secret names.
 * Masking is idempotent. It takes one pass over the text, two where something was found.
 */
export function secretMask(env: Env): (text: string) => string {
  const values = literals(env);
  const signs = new RegExp([...values, ...new Set(SHAPES.map(([sign]) => sign))].join('|'));
  // Compiled on first use: that takes longer than testing all messages of a short run.
  const pattern = lazy(() => new RegExp([...values, ...SHAPES.map(([, shape]) => shape)].join('|'), 'g'));
  const once = (text: string) => text.replace(pattern(), replacement);
  return (text) => {
    if (!signs.test(text)) return text;
    let masked = once(text);
    // A mask may make its neighbour match, for instance by ending the identifier before it.
    for (let before = text, turn = 0; masked !== before && turn < 5; turn++) {
      before = masked;
      masked = once(before);
    }
    return masked;
  };
}

/** Whether a variable, flag or field of this name holds a secret itself, not its location or kind. */
export function isSecretName(name: string): boolean {
  const lower = name.toLowerCase();
  return secretName().test(lower) && !locationName().test(lower);
}

/** The shortest value that is masked wherever it appears; shorter ones would hide ordinary words. */
const SHORTEST = 6;

function literals(env: Env): string[] {
  const found = new Set<string>();
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !isSecretName(name) || isPath(name, value)) continue;
    for (const form of formsOf(value)) if (form.length >= SHORTEST && !/^\**$/.test(form)) found.add(form);
  }
  return [...found].sort((a, b) => b.length - a.length).map((each) => each.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
}

/** A key or credentials variable often holds the path of a file. */
function isPath(name: string, value: string): boolean {
  return /key|credential/i.test(name) && /^(?:~|\.{1,2})?\/[^\s=]*$/.test(value) && !/^\/[\w+/]{30,}=*$/.test(value);
}

/** The value as it is, and as URLs, JSON and Kubernetes secrets encode it; of a multi-line value also each line of base64. */
function formsOf(value: string): string[] {
  const trimmed = value.trim();
  const lines = trimmed.includes('\n') ? trimmed.split('\n').filter((line) => /^[\w+/=]{20,}\s*$/.test(line)) : [];
  const whole = [value, trimmed, encoded(trimmed), JSON.stringify(trimmed).slice(1, -1)];
  const base64 = trimmed.length < SHORTEST ? [] : [Buffer.from(value).toString('base64')];
  return [...whole, ...base64, ...lines.map((line) => line.trim())];
}

function encoded(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

/** Names with one of these words hold a secret, unless their last word is one of `LOCATION`. */
const SECRET = [
  'token',
  'secret',
  'passw(?:or)?d',
  'passphrase',
  'credential',
  '(?:api|access|private|signing|encryption)[-_]?key',
];
const LOCATION =
  '(?:file|path|dir|name|namespace|ttl|type|id|ur[il]|expiry|timeout|backend|provider|store|enabled|mode|version|endpoint|host|port|prefix|location|source|kind|count|limit|length|size|audience|issuer|bucket|deprecated)s?';
const secretName = lazy(() => new RegExp(SECRET.join('|')));
const locationName = lazy(() => new RegExp(`${LOCATION}$`));
const FLAG = `(?![a-z0-9_-]{0,60}${LOCATION}=)[a-z0-9_-]{0,40}?(?:${SECRET.join('|')})[a-z0-9_-]{0,20}=`;
const VARIABLE = `(?![A-Z0-9_]{0,60}${upper(LOCATION)}=)[A-Z0-9_]{0,40}?(?:${upper(SECRET.join('|'))})[A-Z0-9_]{0,20}=`;

/** Appears in the name of every flag, variable or field of a secret, in lower or upper case. */
const WORD_SIGN = '[Tt]oken|secret|passw|passphrase|credential|key';
const CAPITALS_SIGN = 'TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|KEY';

/**
 * Each shape keeps what its groups match and masks the rest. Repetitions are bounded or cannot backtrack, so the time is
 * linear in the length of the text. Each has a sign without which it cannot match: a text without any sign is returned
 * as it is.
 */
const SHAPES: readonly (readonly [sign: string, shape: string])[] = [
  // scheme://user:password@host
  [':\\/\\/', String.raw`(:\/\/[^\s/@:'"]{0,200}:)[^\s/'"]{1,500}(@)`],
  // Authorization: Bearer …, and Bearer or Basic on their own where what follows does not look like a word
  [
    'uthorization',
    String.raw`([Aa]uthorization["']?\s{0,3}[:=]\s{0,3}["']?(?!(?:[A-Za-z]{1,20}\s{1,3})?\*\*\*)(?:[A-Za-z]{1,20}\s{1,3})?)[^\s"',;]{4,}`,
  ],
  ['earer', String.raw`([Bb]earer\s{1,3})[\w.~+/=-]{12,}`],
  ['asic', String.raw`([Bb]asic\s{1,3})(?=[A-Za-z0-9+/]{1,500}[0-9=A-Z])[A-Za-z0-9+/]{6,}={0,2}`],
  // Signed URLs
  [
    '[?&]',
    String.raw`([?&](?:X-Goog-Signature|X-Amz-Signature|X-Amz-Security-Token|Signature|sig|access_token|token|key|api_key)=)[^&\s"']{1,}`,
  ],
  // --token=… and TOKEN=…, as they are or quoted as a whole or behind the sign
  [WORD_SIGN, `('--?${FLAG})[^']{1,4000}(')`],
  [WORD_SIGN, `("--?${FLAG})[^"]{1,4000}(")`],
  [
    `${WORD_SIGN}|${CAPITALS_SIGN}`,
    `((?<![\\w-])(?:--?${FLAG}|${VARIABLE}))(?:"[^"]{1,4000}"|'[^']{1,4000}'|[^\\s'"]{1,})`,
  ],
  // Fields of JSON, and of a kubeconfig
  [
    WORD_SIGN,
    String.raw`("[\w-]{0,30}(?:token|Token|password|secret|private_key|client-key-data)"\s{0,3}:\s{0,3}")[^"]{1,}(")`,
  ],
  [WORD_SIGN, String.raw`(\n[ \t-]{0,40}(?:token|password|client-key-data): {1,3})[^\s]{1,}`],
  // Service account tokens (JWT), GitHub, GitLab, Google
  ['eyJ', String.raw`eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{0,}`],
  [
    'gh[pousr]_|github_pat_|glpat-|ya29',
    String.raw`(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|ya29\.[\w-]{16,})`,
  ],
  // Private key blocks, also with the line ends of JSON, also when the end is cut off
  [
    '-----BEGIN',
    `-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[^-]|-(?!----)){0,20000}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?`,
  ],
];

/** Of a pattern: its words in capitals, `(?:` and the like untouched. */
function upper(pattern: string): string {
  return pattern.toUpperCase();
}

/** The value of `create`, created on first use. */
function lazy<T extends object>(create: () => T): () => T {
  let value: T | undefined;
  return () => (value ??= create());
}

/** Gets the match, the groups, the offset and the text. Returns the groups of the shape that matched around the mask. */
function replacement(_match: string, ...rest: readonly unknown[]): string {
  const kept = rest.slice(0, -2).filter((group) => typeof group === 'string');
  return `${kept[0] ?? ''}${MASKED}${kept[1] ?? ''}`;
}
