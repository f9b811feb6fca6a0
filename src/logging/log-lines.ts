/** klog's letters: information, warning, error. */
export type Severity = 'I' | 'W' | 'E';

export interface LineSettings {
  readonly format: 'auto' | 'text' | 'json';
  readonly terminal: boolean;
  readonly colour: boolean;
  readonly now: () => Date;
  readonly pid: number;
}

/** Makes whole lines, ends included, of a message that may hold several; `level` is that of `-v`, where there is one. */
export type Lines = (severity: Severity, message: string, level?: number) => string;

/** The form of the log's lines: JSON, for a person, or klog's. */
export function logLines(settings: LineSettings): Lines {
  if (settings.format === 'json') return jsonLines(settings);
  return settings.terminal ? personLines(settings) : klogLines(settings);
}

const LEVELS = { I: 'info', W: 'warning', E: 'error' } as const;

function jsonLines({ now, pid }: LineSettings): Lines {
  return (severity, message, v) => {
    const time = now().toISOString();
    return `${JSON.stringify({ time, level: LEVELS[severity], ...(v !== undefined && { v }), pid, message })}\n`;
  };
}

const COLOURS = { I: '', W: '\u001B[33m', E: '\u001B[31m' } as const;
const MARKS = { I: '', W: 'warning: ', E: 'error: ' } as const;

function personLines({ now, colour }: LineSettings): Lines {
  return (severity, message, level) => {
    const begin = colour ? (level === undefined ? COLOURS[severity] : '\u001B[2m') : '';
    const end = begin === '' ? '' : '\u001B[0m';
    const time = clock(now());
    const [first = '', ...further] = linesOf(message);
    const body = [`${time} ${MARKS[severity]}${first}`, ...further.map((line) => `${' '.repeat(time.length)} ${line}`)];
    return body.map((line) => `${begin}${line}${end}\n`).join('');
  };
}

/** Every line carries the head, so that no line of an error is taken for the output of something else. */
function klogLines({ now, pid }: LineSettings): Lines {
  return (severity, message) => {
    const date = now();
    const micros = String(date.getMilliseconds() * 1000);
    const day = `${two(date.getMonth() + 1)}${two(date.getDate())}`;
    const head = `${severity}${day} ${clock(date)}.${micros.padStart(6, '0')} ${String(pid).padStart(7)} kubetest2-ts]`;
    return linesOf(message)
      .map((line, index) => `${head} ${index === 0 ? '' : '  '}${line}`.trimEnd().concat('\n'))
      .join('');
  };
}

/** Line ends at the end of a message are not lines of their own. */
const linesOf = (message: string): string[] => message.trimEnd().split('\n');

const clock = (date: Date): string => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

const two = (number: number): string => String(number).padStart(2, '0');
