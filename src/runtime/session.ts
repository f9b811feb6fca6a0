import type { ChildWatch } from '../api/child-watch.ts';
import type { Env } from '../api/env.ts';
import type { Exec } from '../api/exec.ts';
import type { Log } from '../api/log.ts';
import { type LogSettings, openLog } from '../logging/open-log.ts';
import { secretMask } from '../logging/secrets.ts';
import type { Remains } from '../process/orphans.ts';
import { Activity } from './activity.ts';
import { listenToSignals, type SignalOptions, type Signals } from './signals.ts';
import type { World } from './world.ts';

export interface SessionSettings {
  /** Default: auto. */
  readonly logFormat?: LogSettings['format'];
  /** `-v`. Default: 0. */
  readonly verbosity?: number;
  /** Called for every request to stop that counts. */
  readonly onRequest?: SignalOptions['onRequest'];
}

/** What the child processes of a session get. */
export interface SessionExec {
  /** The environment of children that get none of their own; called at each start. */
  readonly env: () => Env;
  /** Milliseconds from SIGINT to SIGTERM, and from there to SIGKILL. */
  readonly grace: number;
  /** Receives one `command` event for each child. Default: none. */
  readonly event?: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  /** See ExecWorld. */
  readonly callId?: () => string | undefined;
  readonly watch?: ChildWatch;
}

/** What every command opens once: its log, its signals, and its access to child processes. */
export interface Session extends Disposable {
  readonly log: Log;
  /** Masks secrets in a text. */
  readonly mask: (text: string) => string;
  readonly signals: Signals;
  /** What this process waits for, for the report that SIGQUIT and SIGUSR1 ask for. */
  readonly activity: Activity;
  readonly openExec: (settings: SessionExec) => Exec;
  /** Ends what killed calls left running; `grace` in milliseconds from SIGINT to SIGTERM. */
  readonly stopOrphans: (remains: Remains, grace: number) => Promise<void>;
}

/** Opens a session. It listens to signals until disposed. */
export function openSession(world: World, settings: SessionSettings = {}): Session {
  const { logFormat = 'auto', verbosity = 0, onRequest } = settings;
  const { env, stderr, pid } = world;
  const mask = secretMask(env);
  const log = openLog({ format: logFormat, verbosity, stderr, env, now: () => new Date(), pid, mask });
  const activity = new Activity();
  const signals = listenToSignals(world.signals, log, {
    ...(onRequest && { onRequest }),
    onReport: () => log.warn(activity.report()),
  });
  return {
    log,
    mask,
    signals,
    activity,
    stopOrphans: async (remains, grace) => {
      if (remains.calls.length + remains.groups.length === 0) return;
      const { stopOrphans } = await import('../process/orphans.ts');
      await stopOrphans(remains, { grace, onHurry: signals.onHurry, giveUp: signals.giveUp }, log);
    },
    openExec: ({ env: envOf, grace, event = () => undefined, callId, watch }) => {
      // Most commands start no child: what starts them is loaded with the first.
      let opened: Promise<Exec> | undefined;
      const open = async (): Promise<Exec> => {
        const { openExec } = await import('../process/exec.ts');
        return openExec({
          env: envOf,
          cwd: world.cwd,
          stdout: world.stdout,
          stderr,
          log,
          event,
          ...(callId !== undefined && { callId }),
          watch: watchBoth(activity, watch),
          mask,
          grace,
          onHurry: signals.onHurry,
          giveUp: signals.giveUp,
          get stdinIsTerminal() {
            return world.stdinIsTerminal();
          },
        });
      };
      return async (argv, options) => {
        opened ??= open();
        return await (await opened)(argv, options);
      };
    },
    [Symbol.dispose]: () => signals[Symbol.dispose](),
  };
}

function watchBoth(first: ChildWatch, second: ChildWatch | undefined): ChildWatch {
  return {
    started: (child) => {
      first.started(child);
      second?.started(child);
    },
    ended: (child) => {
      first.ended(child);
      second?.ended(child);
    },
  };
}
