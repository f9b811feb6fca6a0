/** Characters; shorter values would hide ordinary texts. */
export const SHORTEST = 8;

/** What a value must not be to count as secret. */
const INNOCENT: readonly RegExp[] = [
  // A number with its unit, a version, a date, an address
  /^[-+]?\d[\d.,_:/-]*(?:[a-zA-Z]{1,3}|%)?$/,
  /^v\d+(?:\.\d+)*(?:[-+][\w.]*)?$/,
  /^\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[-+][\d:]+)?$/,
  /^(?:\d+(?:\.\d+)?(?:h|m|s|ms|us|ns|d))+$/,
  // A boolean, a plain word, words run together, the name of a variable
  /^(?:true|false|yes|no|on|off|null|nil|none|undefined)$/i,
  /^(?:[A-Z]?[a-z]{1,14}|[A-Z]{1,15})$/,
  /^[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,}){1,4}$/,
  /^[A-Z]+(?:_[A-Z]+)+$/,
  // A reference or a placeholder
  /^(?:\$[({]{0,2}[\w.\s/-]+[)}]{0,2}|<[^<>]*>|\{\{.*\}\}|%[\w()]+%?|\[[\w\s-]*\])$/,
  /^(?:[*xX.•]+|.*\*{3})$/,
  /^(?:redacted|masked|hidden|changeme|change-me|placeholder|example)$/i,
  // Code that gets a value
  /^[A-Za-z_]{3,}(?:(?:\.|::|->)[A-Za-z_]+)*[[(]/,
  // A host, an account, a subject, a file, a media type
  /^[a-z][a-z-]*(?:\.[a-z][a-z\d-]*)*\.(?:com|org|net|io|dev|local|internal|svc|cloud|gov|edu|sh)(?::\d+)?$/,
  /^[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev|local|cloud)$/,
  /^[a-z][a-z-]*(?::[a-z][a-z-]*){2,}$/,
  /^[\w-]+\.(?:json|ya?ml|txt|pem|key|crt|cer|pub|conf|cfg|ini|toml|env|sh|go|ts|js|py|log|xml|tar|tgz|gz|zip)$/,
  // A public digest
  /^sha(?:256|512):[\da-f]+$/,
];

/** Whether the value of a variable, flag or field with a secret name counts as secret. */
export function isSecretValue(text: string): boolean {
  const value = text.trim().replace(/[.,;:!?)\]}]+$/, (end) => (end.length > 0 && /[,;)\]}]/.test(end) ? '' : end));
  if (value.length < SHORTEST) return false;
  if (/^\$\(|^\$?\{\{?/.test(value)) return false;
  if (/\s/.test(value)) return true;
  return !INNOCENT.some((each) => each.test(value)) && !isPath(value) && !isHarmlessUrl(value);
}

/** Whether a text with blanks is a sentence about a secret, not the secret. */
export function isProse(value: string): boolean {
  if (!/\S\s+\S/.test(value)) return false;
  if (/[A-Za-z]\d+[A-Za-z]/.test(value)) return false;
  return /\b(?:is|are|was|has|have|must|not|no|the|for|be|cannot|can|could|required|invalid|missing|expired|failed|to|of|with|please|enter|your|from)\b/i.test(
    value,
  );
}

/** Keys may begin with a slash or contain some: they are long and mix letters of both cases with digits. */
function isPath(value: string): boolean {
  if (!value.includes('/') || /[\s=,;]/.test(value)) return false;
  const long = value.length >= 30 && /^[\w+/]+$/.test(value);
  if (/^(?:~|\.{1,2})?\//.test(value))
    return !(long && value.split('/').some((part) => part.length > 7 && isMixed(part)));
  return !isMixed(value) && /^[\w.:@-]+(?:\/[\w.:@-]+)+\/?$/.test(value);
}

const isMixed = (text: string): boolean => /[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text);

function isHarmlessUrl(value: string): boolean {
  return (
    /^[a-z][\w+.-]*:\/\/(?:[^\s/@:]*@)?[^\s/@]*(?:\/\S*)?$/i.test(value) &&
    !/[?&][\w-]*(?:token|secret|passw|sig)/i.test(value)
  );
}
