import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { collectRegistrations, type Registrations } from './functions-core.ts';
import { type HttpLimits, startHttpHost } from './http-host.ts';
import { runAppHooks } from './invoke.ts';
import type { WriteLog } from './log-line.ts';
import { type AppFunction, planFunctions } from './plan-functions.ts';
import { startTimers } from './timers.ts';

export interface RunAppOptions {
  /** The module that registers the functions when it is imported: a URL or a path. */
  readonly entry: URL | string;
  /** App settings. A variable that the environment has already wins. */
  readonly settings: Readonly<Record<string, string>>;
  /** 0 takes any free one. */
  readonly port: number;
  /** Where the status of the timers is kept; made if it is not there. */
  readonly dataFolder: string;
  /** For functions with a key. Absent: nobody is asked for one. */
  readonly key?: string;
  /** The content of host.json. */
  readonly hostJson: object;
  readonly log: WriteLog;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly httpLimits?: Partial<HttpLimits>;
  /** The longest time that a timer goes without a look at the clock. */
  readonly recheckMs?: number;
  /** How long `close` waits for timers' handlers that run; ten seconds when absent. */
  readonly timerDrainMs?: number;
}

export interface RunningApp {
  /** Without a slash at the end. */
  readonly url: string;
  /** In alphabetical order, which is also the order in which routes are matched. */
  readonly functions: readonly AppFunction[];
  /** Runs a timer's handler now. Rejects with what it threw, and for a timer that is in error. */
  readonly invokeTimer: (name: string) => Promise<void>;
  /** Stops timers and server, and gives what runs some seconds to finish. */
  readonly close: () => Promise<void>;
}

/** Modules run once in a process, so what an entry registered is remembered for the next time it is started. */
const loaded = new Map<string, Registrations>();

/**
 * Runs an app of Azure Functions (programming model 4) on this machine: its HTTP functions on loopback, its timers by the clock.
 * Rejects with a sentence for people when the entry does not load, when it registers nothing, and when the port is taken.
 */
export async function runApp(options: RunAppOptions): Promise<RunningApp> {
  const { log, now, dataFolder } = options;
  const restoreEnvironment = applySettings(options.settings);
  try {
    await mkdir(dataFolder, { recursive: true });
    const app = await loadApp(options);
    const planned = planFunctions(app, options.hostJson, log);
    for (const { listed } of planned)
      if (listed.error !== undefined) log({ level: 'error', text: `The '${listed.name}' function is in error: ${listed.error}` });
    await runAppHooks(app, 'appStart', log);
    const { port, key, httpLimits: limits } = options;
    const routes = planned.flatMap(({ route }) => route ?? []);
    const host = await startHttpHost({ routes, port, log, ...(key !== undefined && { key }), ...(limits !== undefined && { limits }) });
    const timers = await startTimers({
      timers: planned.flatMap(({ timer }) => timer ?? []),
      statusFile: join(dataFolder, 'timers.json'),
      now,
      log,
      ...(options.recheckMs !== undefined && { recheckMs: options.recheckMs }),
      ...(options.timerDrainMs !== undefined && { drainMs: options.timerDrainMs }),
    }).catch(async (error: unknown) => {
      await host.close();
      throw error;
    });
    return {
      url: host.url,
      functions: planned.map(({ listed }) => listed),
      invokeTimer: async (name) => {
        const error = planned.find(({ listed }) => listed.name === name)?.listed.error;
        if (error !== undefined) throw new Error(`The '${name}' function is in error: ${error}`);
        await timers.run(name);
      },
      close: async () => {
        await Promise.all([timers.close(), host.close()]);
        await runAppHooks(app, 'appTerminate', log);
        restoreEnvironment();
      },
    };
  } catch (error) {
    restoreEnvironment();
    throw error;
  }
}

/** Gives a function that takes away again what it added. */
function applySettings(settings: Readonly<Record<string, string>>): () => void {
  const added = Object.entries(settings).filter(([name]) => process.env[name] === undefined);
  for (const [name, value] of added) process.env[name] = value;
  return () => {
    for (const [name] of added) delete process.env[name];
  };
}

async function loadApp({ entry, log }: RunAppOptions): Promise<Registrations> {
  const { href } = entry instanceof URL || entry.startsWith('file:') ? new URL(entry) : pathToFileURL(resolve(entry));
  const app = loaded.get(href) ?? (await collectRegistrations(() => importEntry(href), log));
  if (app.functions.length === 0) throw new Error(`${href} registers no functions`);
  loaded.set(href, app);
  const { HttpUri: stream } = await app.model.getCapabilities({});
  if (stream !== undefined) throw new Error(`${href} sets enableHttpStream, which the local runner does not have`);
  return app;
}

async function importEntry(href: string): Promise<void> {
  try {
    await import(href);
  } catch (error) {
    throw new Error(`${href} does not load: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
