/** klog's letters: information, warning, error. */
export type Severity = 'I' | 'W' | 'E';

export interface LineSettings {
  readonly format: 'auto' | 'text' | 'json';
  readonly terminal: boolean;
  readonly colour: boolean;
  readonly now: () => Date;
  readonly pid: number;
}

/** Formats a message, which may have several lines, as whole log lines; `level` is that of `-v`, where there is one. */
export type FormatLines = (severity: Severity, message: string, level?: number) => string;

/** The formatter of log lines: JSON, plain for a terminal, or klog's. */
export function logLines(settings: LineSettings): FormatLines {
  if (settings.format === 'json') return jsonLines(settings);
  return settings.terminal ? terminalLines(settings) : klogLines(settings);
}

const LEVELS = { I: 'info', W: 'warning', E: 'error' } as const;

function jsonLines({ now, pid }: LineSettings): FormatLines {
  return (severity, message, v) => {
    const time = now().toISOString();
    return `${JSON.stringify({ time, level: LEVELS[severity], ...(v !== undefined && { v }), pid, message })}\n`;
  };
}

const COLOURS = { I: '', W: '\u001B[33m', E: '\u001B[31m' } as const;
const MARKS = { I: '', W: 'warning: ', E: 'error: ' } as const;

function terminalLines({ now, colour }: LineSettings): FormatLines {
  return (severity, message, level) => {
    const begin = colour ? (level === undefined ? COLOURS[severity] : '\u001B[2m') : '';
    const end = begin === '' ? '' : '\u001B[0m';
    const time = clock(now());
    const [first = '', ...further] = linesOf(message);
    const body = [`${time} ${MARKS[severity]}${first}`, ...further.map((line) => `${' '.repeat(time.length)} ${line}`)];
    return body.map((line) => `${begin}${line}${end}\n`).join('');
  };
}

/** Every line has the header, so that no line of an error is mistaken for the output of another program. */
function klogLines({ now, pid }: LineSettings): FormatLines {
  return (severity, message) => {
    const date = now();
    const micros = String(date.getMilliseconds() * 1000);
    const day = `${two(date.getMonth() + 1)}${two(date.getDate())}`;
    const header = `${severity}${day} ${clock(date)}.${micros.padStart(6, '0')} ${String(pid).padStart(7)} kubetest2-ts]`;
    return linesOf(message)
      .map((line, index) => `${header} ${index === 0 ? '' : '  '}${line}`.trimEnd().concat('\n'))
      .join('');
  };
}

/** Trailing line ends of a message are not lines of their own. */
const linesOf = (message: string): string[] => message.trimEnd().split('\n');

const clock = (date: Date): string => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

const two = (number: number): string => String(number).padStart(2, '0');
