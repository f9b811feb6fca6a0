import { isSecretName } from './secret-names.ts';
import { MASKED } from './secret-shapes.ts';
import { isProse, isSecretValue } from './secret-values.ts';

/** A name and what separates it from its value: `name=`, `name: `, `"name" : `, also with escaped quotes. */
const FIELD = /(?<![\w.$-])([\w.-]{2,80}|\.dockerconfigjson)(?:\\{0,7}["'`])?\]?\s{0,4}(?:=>|:=|[:=])[^\S\n]{0,4}/g;
/** A flag whose value is the next argument, in a command, in a list between commas or in one of JSON. */
const FLAG = /(?<![\w-])(--?[A-Za-z][\w.-]{1,60})(?:[^\S\n]{1,4}|\\{0,7}["']\s{0,4},?\s{0,4}(?=\\{0,7}["'])|,)/g;

/** A value in quotes, in escaped quotes, or up to the next blank; what an end that is cut off leaves open counts too. */
const DOUBLE = /\$?"((?:[^"\\]|\\[\s\S]){0,20000})"?/y;
const SINGLE = /\$?'((?:[^'\\]|\\[\s\S]|''|'\\''){0,20000})'?/y;
const ESCAPED = /\\+["']((?:[^"'\\]|\\\\+["']|\\(?!["'])){0,20000})(?:\\+["'])?/y;
const PLAIN = /[^\s"'`]{1,20000}/y;
const UP_TO_COMMA = /[^\s"',]{1,20000}/y;
const IN_QUERY = /[^\s"'&#\\]{1,20000}/y;
const LINE = /[^\n]{1,4000}/y;
const BLOCK = /[|>][-+\d]{0,2}[^\S\n]*\n(?:([^\S\n]+)[^\n]*(?:\n\1[^\n]*)*)/y;

/** Masks the values of flags, variables and fields with secret names, where they count as secret. */
export function maskFields(text: string): string {
  return maskAfter(maskAfter(text, FIELD, fieldValue), FLAG, argumentValue);
}

interface Found {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

type FindValue = (text: string, at: number, head: RegExpExecArray) => Found | undefined;

/** Every head is looked at, also one that is the value of another: `--metadata=token=…`. */
function maskAfter(text: string, heads: RegExp, find: FindValue): string {
  const scan = new RegExp(heads);
  let masked = '';
  let done = 0;
  for (let head = scan.exec(text); head !== null; head = scan.exec(text)) {
    if (!isSecretName(head[1] ?? '')) continue;
    const found = find(text, scan.lastIndex, head);
    if (found === undefined || !isSecretField(head[1] ?? '', found.value)) continue;
    masked += `${text.slice(done, found.start)}${MASKED}`;
    done = found.end;
    scan.lastIndex = Math.max(found.end, scan.lastIndex);
  }
  return masked + text.slice(done);
}

/** The field `secret` of a volume or an image names an object. */
function isSecretField(name: string, value: string): boolean {
  if (/^(?:imagePull)?secrets?$/i.test(name) && /^[a-z]+(?:-[a-z]+)*$/.test(value)) return false;
  return isSecretValue(value) && !isProse(value);
}

function fieldValue(text: string, at: number, head: RegExpExecArray): Found | undefined {
  const before = text.charAt(head.index - 1);
  if (before === '?' || before === '&') return plain(IN_QUERY, text, at);
  const whole = quotedWhole(text, at, before);
  if (whole !== undefined) return whole;
  const isYaml =
    /:\s+$/.test(head[0]) && /(?:^|\n)[^\S\n]*(?:- )?["']?$/.test(text.slice(Math.max(0, head.index - 80), head.index));
  const block = isYaml ? plain(BLOCK, text, at) : undefined;
  if (block !== undefined) return block;
  const inQuotes = quoted(text, at);
  if (inQuotes !== undefined) return inQuotes;
  const line = isYaml ? plain(LINE, text, at) : undefined;
  if (line !== undefined && /\s/.test(line.value.trim()) && isSecretValue(line.value) && !isProse(line.value))
    return line;
  return plain(PLAIN, text, at);
}

/** `'--token=a b'`: the quote stands before the name. */
function quotedWhole(text: string, at: number, quote: string): Found | undefined {
  if ((quote !== '"' && quote !== "'") || /["'\\\s:]/.test(text.charAt(at - 1)) || /["'\\]/.test(text.charAt(at)))
    return undefined;
  const pattern = quote === '"' ? /(?:[^"\\]|\\[\s\S]){1,20000}/y : /(?:[^']|'\\'')(?:[^'\\]|\\[\s\S]|'\\''){0,20000}/y;
  return plain(pattern, text, at);
}

function argumentValue(text: string, at: number, head: RegExpExecArray): Found | undefined {
  const found = quoted(text, at) ?? plain(head[0].endsWith(',') ? UP_TO_COMMA : PLAIN, text, at);
  return found?.value.startsWith('-') ? undefined : found;
}

function quoted(text: string, at: number): Found | undefined {
  for (const pattern of [DOUBLE, SINGLE, ESCAPED]) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) continue;
    const [whole, value = ''] = match;
    const start = at + whole.indexOf(value, 1);
    const closed = start + value.length < at + whole.length;
    const [kept = ''] = closed ? [value] : value.split('\n', 1);
    return { start, end: start + kept.length, value: kept };
  }
  return undefined;
}

function plain(pattern: RegExp, text: string, at: number): Found | undefined {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match === null ? undefined : { start: at, end: at + match[0].length, value: match[0] };
}
