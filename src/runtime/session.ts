import type { Env } from '../api/env.ts';
import type { Exec } from '../api/exec.ts';
import type { Log } from '../api/log.ts';
import { type LogSettings, openLog } from '../logging/open-log.ts';
import { secretMask } from '../logging/secrets.ts';
import { openExec } from '../process/exec.ts';
import { listenToSignals, type SignalOptions, type Signals } from './signals.ts';
import type { World } from './world.ts';

export interface SessionSettings {
  /** Default: auto. */
  readonly logFormat?: LogSettings['format'];
  /** `-v`. Default: 0. */
  readonly verbosity?: number;
  /** Sees every request to stop that counts. */
  readonly onRequest?: SignalOptions['onRequest'];
}

/** What a child process is given by the session that starts it. */
export interface SessionExec {
  /** The environment of children that get none of their own; asked for at each start. */
  readonly env: () => Env;
  /** Milliseconds from SIGINT to SIGTERM, and from there to SIGKILL. */
  readonly grace: number;
  /** Takes one `command` event for each child. Default: none. */
  readonly event?: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** What every command opens once: its log, its way to hear requests to stop, and its door to child processes. */
export interface Session extends Disposable {
  readonly log: Log;
  /** Takes secrets out of a text. */
  readonly mask: (text: string) => string;
  readonly signals: Signals;
  readonly openExec: (settings: SessionExec) => Exec;
}

/** Opens a session; disposed, it no longer listens to signals. */
export function openSession(world: World, settings: SessionSettings = {}): Session {
  const { logFormat = 'auto', verbosity = 0, onRequest } = settings;
  const { env, stderr, pid } = world;
  const mask = secretMask(env);
  const log = openLog({ format: logFormat, verbosity, stderr, env, now: () => new Date(), pid, mask });
  const signals = listenToSignals(world.signals, log, onRequest === undefined ? {} : { onRequest });
  return {
    log,
    mask,
    signals,
    openExec: ({ env: envOf, grace, event = () => undefined }) =>
      openExec({
        env: envOf,
        cwd: world.cwd,
        stdout: world.stdout,
        stderr,
        log,
        event,
        mask,
        grace,
        onHurry: signals.onHurry,
        giveUp: signals.giveUp,
        // To look at stdin is to open it.
        get stdinIsTerminal() {
          return world.stdinIsTerminal;
        },
      }),
    [Symbol.dispose]: () => signals[Symbol.dispose](),
  };
}
