import { stripVTControlCharacters } from 'node:util';
import type { Env } from '../api/env.ts';
import type { Log } from '../api/log.ts';
import { isPlainText } from '../text/plain-text.ts';
import { logLines, type Severity } from './log-lines.ts';
import { secretMask } from './secrets.ts';

/** Where lines go: this process's stderr, or a stand-in for it. */
export interface LogStream {
  write(text: string): unknown;
  on(event: 'error', listener: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface LogSettings {
  /** `auto` is coloured text on a terminal and klog's lines elsewhere; `text` the same, `json` one object a line. */
  readonly format: 'auto' | 'text' | 'json';
  /** `-v`. */
  readonly verbosity: number;
  readonly stderr: LogStream;
  /** For NO_COLOR and TERM, and for the secrets to mask. */
  readonly env: Env;
  readonly now: () => Date;
  readonly pid: number;
  /** Default: `secretMask(env)`. */
  readonly mask?: (text: string) => string;
}

/** Milliseconds between two lines of progress where a line cannot be updated in place. */
const PROGRESS_EVERY = 10_000;
const CLEAR_LINE = '\r\u001B[2K';

/**
 * Opens the program's log. Off a terminal its lines are klog's, `E1123 10:35:56.123456   12345 kubetest2-ts] …`, of
 * which Spyglass highlights warnings and errors. Secrets are masked and control characters removed. A closed terminal is
 * not an error.
 */
export function openLog(settings: LogSettings): Log {
  const { format, verbosity, stderr, env, now, mask = secretMask(env) } = settings;
  const terminal = stderr.isTTY === true && format !== 'json';
  const inPlace = terminal && env['TERM'] !== 'dumb';
  const lines = logLines({ ...settings, terminal, colour: inPlace && !env['NO_COLOR'] });
  stderr.on('error', () => undefined);

  let shown: string | undefined;
  let lastProgress = Number.NEGATIVE_INFINITY;

  const write = (text: string) => {
    try {
      stderr.write(text);
    } catch {
      // The reader of the log is gone; the run continues.
    }
  };
  const clean = (message: string) => shortenLines(mask(stripControls(message)));
  const print = (severity: Severity, message: string, level?: number) => {
    const text = lines(severity, clean(message), level);
    write(shown === undefined ? text : `${CLEAR_LINE}${text}${shown}`);
  };
  const replaceLine = (message: string | undefined) => {
    const next = message === undefined ? undefined : fitting(clean(message), stderr.columns ?? 80);
    if (next === shown) return;
    write(`${shown === undefined ? '' : CLEAR_LINE}${next ?? ''}`);
    shown = next;
  };
  const occasionalLine = (message: string | undefined) => {
    const time = now().getTime();
    if (message === undefined || time - lastProgress < PROGRESS_EVERY) return;
    lastProgress = time;
    print('I', message);
  };

  return {
    info: (message) => print('I', message),
    warn: (message) => print('W', message),
    error: (message) => print('E', message),
    detail: (level, message) => {
      if (level <= verbosity) print('I', message, level);
    },
    progress: inPlace ? replaceLine : occasionalLine,
    interactive: terminal,
  };
}

/** Characters of a line, some of which come from servers and programs. */
const LONGEST_LINE = 8192;

/** After masking: the half of a secret cannot be recognised. */
function shortenLines(text: string): string {
  if (text.length <= LONGEST_LINE) return text;
  return text
    .split('\n')
    .map((line) => (line.length <= LONGEST_LINE ? line : `${line.slice(0, LONGEST_LINE)}… (${line.length} characters)`))
    .join('\n');
}

/** Removes terminal sequences and control characters, except line ends and tabs. */
function stripControls(text: string): string {
  if (isPlainText(text)) return text;
  return stripVTControlCharacters(text)
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .toWellFormed();
}

/** The first line of a message, short enough that the terminal does not wrap it. */
function fitting(message: string, columns: number): string {
  const [line = ''] = message.split('\n', 1);
  const characters = Array.from(line.replaceAll('\t', ' '));
  const room = Math.max(columns - 1, 10);
  return characters.length <= room ? characters.join('') : `${characters.slice(0, room - 1).join('')}…`;
}
