import { isSecretName } from './secret-names.ts';
import { isSecretValue } from './secret-values.ts';

/** Replaces a secret. */
export const MASKED = '***';

/** One kind of secret: a text without its sign has none. */
export interface Shape {
  readonly sign: RegExp;
  readonly mask: (text: string) => string;
}

/** Masks what the pattern matches, beside its first and last group. Its repetitions are bounded: the time is linear. */
function shape(sign: RegExp, pattern: RegExp, counts: (match: string, secret: string) => boolean = () => true): Shape {
  return {
    sign,
    mask: (text) =>
      text.replace(pattern, (match: string, ...rest: readonly unknown[]) => {
        const groups = rest.filter((each) => typeof each === 'string').slice(0, -1);
        const [before = '', after = ''] = groups;
        const secret = match.slice(before.length, match.length - after.length);
        return secret.includes(MASKED) && secret.length <= MASKED.length + 2
          ? match
          : counts(match, secret)
            ? before + MASKED + after
            : match;
      }),
  };
}

const looksSecret = (_: string, secret: string): boolean => isSecretValue(secret);
/** For values whose place alone makes them secret: only numbers and plain words are none. */
const isNoWord = (_: string, secret: string): boolean => !/^(?:\d+|[A-Z]?[a-z]+)$/.test(secret);

/** Prefixes of well-known kinds of tokens, and what follows. */
const TOKENS = [
  // GitHub, GitLab
  'gh[pousr]_[A-Za-z0-9_.-]{16,}',
  'github_pat_\\w{16,}',
  'gl(?:pat|ptt|rt|cbt|ft|dt|soat|agent|imt|oas|ffct)-[\\w.-]{16,}',
  // npm, PyPI, RubyGems, Docker
  'npm_[A-Za-z0-9]{20,}',
  'pypi-[\\w-]{30,}',
  'rubygems_[0-9a-f]{32,}',
  'dckr_(?:pat|oat)_[\\w-]{16,}',
  // Slack
  'xox[a-z](?:\\.xox[a-z])?-[\\w-]{10,}',
  'xapp-\\d-[\\w-]{10,}',
  // AWS
  '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])',
  '(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[\\w+/=]{30,}',
  // Google
  'AIza[\\w-]{30,}',
  'ya29\\.[\\w.-]{16,}',
  '1//0[\\w-]{20,}',
  'GOCSPX-[\\w-]{16,}',
  // Other services
  '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}',
  'whsec_[A-Za-z0-9+/=]{16,}',
  'sk-[\\w-]{20,}',
  'SG\\.[\\w-]{16,}\\.[\\w-]{16,}',
  'hf_[A-Za-z0-9]{30,}',
  'do[opr]_v1_[0-9a-f]{40,}',
  'hv[bsr]\\.[\\w-]{20,}',
  'dapi[0-9a-f]{32}',
  'AGE-SECRET-KEY-1[A-Z0-9]{40,}',
  'ATATT3[\\w=-]{30,}',
  'gl(?:sa|c)_[\\w+/=]{20,}',
  'shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}',
  'sntry[su]_[\\w+/=-]{30,}',
  'NRAK-[A-Z0-9]{20,}',
  'lin_api_[A-Za-z0-9]{30,}',
  'sha256~[\\w-]{30,}',
  '[0-9]{8,10}:AA[\\w-]{30,}',
  // JSON web tokens
  'eyJ[\\w-]{8,}\\.(?:eyJ)?[\\w-]{8,}(?:\\.[\\w-]{0,}){0,3}',
];

const SCHEMES =
  'bearer|basic|token|negotiate|digest|apikey|api-key|key|ntlm|aws4-hmac-sha256|genietoken|splunk|oauth|private';

/** Secrets that show themselves by what they look like or by where they stand. */
export const SHAPES: readonly Shape[] = [
  // Private key blocks, also with the line ends of JSON, also when an end is cut off
  shape(
    /-----BEGIN/,
    /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----)){0,20000}(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----)?/g,
  ),
  { sign: /-----END/, mask: maskEndsOfKeys },
  shape(/---- BEGIN SSH2|PuTTY-User-Key/, /(Private-Lines: \d+\s)(?:[A-Za-z0-9+/=]{1,100}\s){1,200}/g),
  // scheme://user:password@host, and a token as the user
  shape(/:\/\//, /(:\/\/[^\s/@:'"]{0,200}:)[^\s/'"]{1,500}(@)/g),
  shape(/:\/\//, /(:\/\/)[^\s/@:'"]{16,300}(@)/g, (_, user) => /\d/.test(user) && isSecretValue(user)),
  // URLs that are secrets themselves
  shape(/hooks\.slack|webhook/, /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[\w/-]{8,}/g),
  shape(/hooks\.slack|webhook/, /((?:discord(?:app)?\.com\/api|[\w.-]+\.office\.com)\/webhooks?\w*\/)[\w/@-]{8,}/g),
  // Signed URLs
  shape(
    /[?&;]/,
    /((?:[?&]|&amp;|\\u0026)(?:key|code|sig|signature|api_key|x-goog-signature|x-amz-signature|x-amz-credential)=)[^&\s"'\\]{1,4000}/gi,
    (_, value) => value.length >= 8 && !/^(?:\d+|[a-z]+)$/.test(value),
  ),
  // Authorization: Bearer …
  shape(
    /authorization/i,
    /(authorization\\{0,3}["']?\s{0,3}[:=]\s{0,3}\[?\s?\\{0,3}["']?(?:aws4-hmac-sha256|digest)\s{1,3})[^\n]{4,4000}/gi,
  ),
  shape(
    /authorization/i,
    new RegExp(
      `(authorization\\\\{0,3}["']?\\s{0,3}[:=]\\s{0,3}\\[?\\s?\\\\{0,3}["']?(?:${SCHEMES})\\s{1,3})[^\\s"',;\\\\\\]]{4,8000}`,
      'gi',
    ),
    (_, secret) => !/^(?:required|token|auth\w*|is|and|or|not|header)$/i.test(secret),
  ),
  shape(
    /authorization/i,
    /(authorization\\{0,3}["']?\s{0,3}[:=]\s{0,3}\[?\\{0,3}["']?)[^\s"',;\\\]]{8,8000}/gi,
    looksSecret,
  ),
  shape(/bearer/i, /(\bbearer\s{1,3})[\w.~+/=-]{12,8000}/gi, looksSecret),
  shape(
    /basic/i,
    /(\bbasic\s{1,3})(?=[A-Za-z0-9+/]{1,500}[0-9=A-Z])[A-Za-z0-9+/]{6,8000}={0,2}/gi,
    (_, secret) => !/^[A-Z]?[a-z]+$/.test(secret),
  ),
  // Cookies
  shape(/cookie/i, /((?:set-)?cookie["']?: {0,3}["']?[\w.-]{1,60}=)[^\s;"']{8,4000}/gi, looksSecret),
  // curl -u user:password, also as two arguments
  shape(
    /(?:curl|wget|http)\b/,
    /(\b(?:curl|wget|https?)\b[^\n|]{0,1000}?\s(?:-u|--user|--proxy-user)(?:\s{1,3}|=|["'], ?["'])["']?[^\s:"'$]{1,100}:)[^\s"']{1,500}/g,
    (_, secret) => !/^\$/.test(secret),
  ),
  shape(
    /-u|-user/,
    /((?<![\w-])(?:-u|--user|--proxy-user|-U)(?:\s{0,3}|=|,|\\{0,3}["'],\s{0,3}\\{0,3}["'])["']?[A-Za-z][^\s:"'$/,=]{0,100}:)[^\s"',$]{2,500}/g,
    isNoWord,
  ),
  // docker login -p, sshpass -p, mysql -p
  shape(/login|sshpass|mysql/, /(\b(?:login|sshpass)\b[^\n|]{0,500}?\s-p\s{0,3}["']?)[^\s"']{4,500}/g, isNoWord),
  shape(/mysql/, /(\bmysql\w*\b[^\n|]{0,500}?\s-p["']?)[^\s"']{4,500}/g, isNoWord),
  shape(
    /-stdin/,
    /(\b(?:echo|printf)\s{1,3}(?:-n\s{1,3})?(?:%s\s{1,3})?["']?)[^\s"'|]{8,500}(?=["']?\s{0,3}\|[^\n|]{1,500}--(?:password|token)-stdin)/g,
    (_, secret) => !/^\$/.test(secret),
  ),
  // .netrc
  shape(/password/, /(\blogin\s{1,3}\S{1,200}\s{1,9}password\s{1,3})\S{1,500}/g),
  // <password>…</password>
  shape(
    /<\//,
    /(<[\w:-]{2,60}>)[^<\n]{8,4000}(<\/)/g,
    (match, secret) => isSecretName(match.slice(1, match.indexOf('>'))) && isSecretValue(secret),
  ),
  // Kubernetes' environment variables: a name and a value of their own
  shape(
    /value/,
    /((?:name|key)\\{0,3}["']?\s{0,3}[:=]\s{0,3}\\{0,3}["']?[\w.-]{2,80}\\{0,3}["']?\s{0,3},?\s{0,60}\\{0,3}["']?value\\{0,3}["']?\s{0,3}[:=]\s{0,3}\\{0,3}["']?)[^\s"'\\]{8,8000}/gi,
    (match, secret) => isSecretName(/[:=]\s*\\*["']?([\w.-]+)/.exec(match)?.[1] ?? '') && isSecretValue(secret),
  ),
  // Tokens of well-known kinds
  shape(
    /gh[pousr]_|github_|gl[a-z]{2,5}[-_]|npm_|pypi-|rubygems_|dckr_|xox|xapp-|A[KSBC][ICA]A|GZXIvYXdz|IQoJ|AIza|ya29|1\/\/0|GOCSPX|[sr]k[_-]|whsec_|SG\.|hf_|do[opr]_v1|hv[bsr]\.|dapi|AGE-SECRET|ATATT3|shp|sntry|NRAK|lin_api|sha256~|:AA|eyJ/,
    new RegExp(`(?<![A-Za-z0-9])(?:${TOKENS.join('|')})`, 'g'),
    (_, secret) => !/^sk-(?:[a-z]+-)*[a-z]+$/.test(secret),
  ),
  // Kubernetes' bootstrap tokens
  shape(/\./, /(?<![\w./:@-])[a-z0-9]{6}\.(?=[a-z]{0,15}\d)[a-z0-9]{16}(?![\w./-])/g),
  // Connection strings of Azure
  shape(/Shared|Account/, /((?:AccountKey|SharedAccessKey|SharedAccessSignature)=)[^;\s"']{8,4000}/g),
];

/** Masks the lines of a private key whose beginning is cut off. */
function maskEndsOfKeys(text: string): string {
  const end = /-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/g;
  let masked = '';
  let done = 0;
  for (let match = end.exec(text); match !== null; match = end.exec(text)) {
    const before = text.slice(Math.max(done, match.index - LONGEST_KEY), match.index);
    masked += `${text.slice(done, match.index - before.length)}${withoutKeyLines(before)}${MASKED}`;
    done = end.lastIndex;
  }
  return masked + text.slice(done);
}

/** Characters. */
const LONGEST_KEY = 20_000;

/** A text without the lines of base64 at its end, whose line ends may be those of JSON, and which may stand behind a header. */
function withoutKeyLines(text: string): string {
  const parts = text.split(/(\n|\\n)/);
  for (let last = parts.pop(); last !== undefined; last = parts.pop()) {
    const line = last.replace(/^\\n$/, '').trimEnd();
    const [base64 = ''] = /[\w+/=]*$/.exec(line.slice(-200)) ?? [];
    if (line === base64) continue;
    return base64.length < 24 ? `${[...parts, last].join('')}\n` : [...parts, line.slice(0, -base64.length)].join('');
  }
  return '';
}
