/** What YAML 1.1 or 1.2 readers take for something else than a string. */
const TYPED =
  /^(?:~|null|y|n|yes|no|on|off|true|false|[-+]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0o?[0-7_]+|\d[\d_]*)|[-+]?(?:\d[\d_]*)?\.?[\d_]*(?:[eE][-+]?\d+)?|[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?|[-+]?\.inf|\.nan|\d{4}-\d{1,2}-\d{1,2}.*|=|<<|---.*|\.\.\..*)$/i;

/**
 * A string as a YAML scalar on one line: plain where YAML 1.1 and 1.2 both read the same string, else in single quotes;
 * with a control character in double quotes. In flow style brackets, braces and commas are quoted too.
 */
export function renderScalar(value: string, flow = false): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these cannot stand in other styles
  if (/[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]/.test(value))
    return JSON.stringify(value).replace(/[\x7f-\x9f\u2028\u2029\ufeff]/g, escaped);
  if (isPlain(value, flow)) return value;
  return `'${value.replaceAll("'", "''")}'`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function isPlain(value: string, flow: boolean): boolean {
  if (value === '' || value.trim() !== value || TYPED.test(value)) return false;
  if (/^(?:[-?:](?:\s|$)|[,[\]{}#&*!|>'"%@`])/.test(value)) return false;
  // The list item in quotes of --env="K=a,b" is easier to read inside quotes of its own.
  if (/^--env="/.test(value)) return false;
  if (/:(?:\s|$)|\s#/.test(value)) return false;
  return !flow || !/[,[\]{}]|:$/.test(value);
}

/** A scalar in the quotes that the one it replaces had. */
export function renderLike(value: string, style: string): string {
  if (style === 'double') return JSON.stringify(value);
  if (style === 'single') return `'${value.replaceAll("'", "''")}'`;
  return renderScalar(value);
}
