import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ConfigProblem } from '../config/load.ts';
import {
  DEFAULT_HOUSEKEEPING_SCHEDULE,
  DEFAULT_PROBE_SCHEDULE,
  DEFAULT_TABLE,
  type Environment,
  loadSettings,
  type StorageSettings,
  storageFromEnvironment,
} from '../config/settings.ts';
import { isoTime } from '../core/time.ts';
import type { VerdictCode } from '../core/verdict/code.ts';
import { announceEmbeddedStorage, embeddedStorage, withdrawEmbeddedStorage } from '../embedded-storage.ts';
import type { Simulator } from '../simulator/server.ts';
import { probeScheduleFor } from './default-schedule.ts';
import { acquireInstanceLock } from './instance-lock.ts';
import { ANOTHER_PORT, checkPort } from './listen.ts';
import { describeError, type WriteLog } from './log-line.ts';
import { type RunningApp, runApp } from './run-app.ts';
import { type SupervisedAzurite, superviseAzurite } from './supervise-azurite.ts';

export interface StartOptions {
  /** The module that registers the functions. */
  readonly entry: URL | string;
  /** The content of host.json. */
  readonly hostJson: object;
  /** Settings of the process; those of SCEPWATCH_… win over what is made up here. */
  readonly environment: Environment;
  /** What to watch, if the caller says it; else the environment says it, else the simulator is watched. */
  readonly watch?: { readonly configFile: string } | { readonly urls: readonly string[] } | { readonly simulate: VerdictCode };
  /** Holds the tables, the journal and the lock. Made if it is not there. */
  readonly dataFolder: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** For functions with a key. Absent: nobody is asked for one. */
  readonly key?: string;
  readonly log: WriteLog;
}

export interface RunningMonitor {
  readonly url: string;
  readonly functions: RunningApp['functions'];
  /** How many targets are watched. */
  readonly targets: number;
  /** Present when nothing was configured. */
  readonly simulator?: Simulator;
  /** Absent when the storage is elsewhere. */
  readonly azurite?: SupervisedAzurite;
  /** Settles when the first cycle is committed; rejects with what kept it from being so. */
  readonly firstCycle: Promise<void>;
  /** Stops everything in order, the storage last. */
  readonly close: () => Promise<void>;
}

/** The settings are not fit for work; nothing was started. */
export class UnusableSettings extends Error {
  override readonly name = 'UnusableSettings';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ setting, message }) => `${setting}: ${message}`).join('\n'));
    this.problems = problems;
  }
}

const SOURCES = ['SCEPWATCH_CONFIG', 'SCEPWATCH_CONFIG_FILE', 'SCEPWATCH_TARGET_URLS'] as const;
/** A newcomer wants to see something happen. */
const SIMULATOR_PERIOD_SECONDS = 10;
/** What the schedules become follows from the periods, which are known when the settings have been read. */
const ASSUMED: Environment = {
  SCEPWATCH_PROBE_SCHEDULE: DEFAULT_PROBE_SCHEDULE,
  SCEPWATCH_HOUSEKEEPING_SCHEDULE: DEFAULT_HOUSEKEEPING_SCHEDULE,
};

const SIMULATOR_ELSEWHERE =
  'There is nothing to watch but the simulator, and its results do not belong into the storage that SCEPWATCH_STORAGE_… names. Say what to watch (a URL, --config FILE), or unset those variables.';

/** Stands in for the connection string until the storage has been started; only its form is looked at. */
function withoutStorage(elsewhere: StorageSettings | undefined): Environment {
  return elsewhere === undefined ? { SCEPWATCH_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true' } : {};
}

/** Without those that are set to nothing. */
function stated(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => (value ?? '').trim() !== ''));
}

/**
 * Starts the whole monitor on this machine: its functions under a stand-in for the host, storage that is kept in `dataFolder`, and the
 * simulator when there is nothing to watch. Rejects with UnusableSettings, or with a sentence for people; then nothing is left running.
 */
export async function startMonitor(options: StartOptions): Promise<RunningMonitor> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) {
      await closer().catch((error: unknown) => options.log({ level: 'error', text: `while stopping: ${describeError(error)}` }));
    }
  };
  try {
    return { ...(await start(options, (closer) => closers.push(closer))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: StartOptions, onClose: (closer: () => Promise<void>) => void): Promise<Omit<RunningMonitor, 'close'>> {
  const { log, port, key, entry, hostJson } = options;
  const environment = options.watch === undefined ? options.environment : without(options.environment, SOURCES);
  onClose(options.watch === undefined ? async () => {} : hideVariables(SOURCES));
  const dataFolder = resolve(options.dataFolder);
  const elsewhere = storageFromEnvironment({ ...environment, AzureWebJobsStorage: undefined });
  if (elsewhere !== undefined && wantsSimulator(options)) throw new Error(SIMULATOR_ELSEWHERE);
  const simulator = wantsSimulator(options) ? await simulate(options) : undefined;
  if (simulator !== undefined) onClose(simulator.close);

  const watched = watchSettings(options, simulator);
  const checked = loadSettings({ ...ASSUMED, ...withoutStorage(elsewhere), ...stated(environment), ...watched }, Date.now());
  if (!checked.ok) throw new UnusableSettings(checked.problems);
  const { plan } = checked.settings;

  // Before anything is written: a port that is taken is no reason to leave a folder behind.
  await checkPort(port, ANOTHER_PORT);
  const lock = await acquireInstanceLock(dataFolder).catch((error: unknown) => {
    throw folderError(dataFolder, error);
  });
  onClose(lock.release);
  const azurite = elsewhere === undefined ? await startStorage(dataFolder, log) : undefined;
  if (azurite !== undefined) {
    onClose(azurite.close);
    onClose(async () => withdrawEmbeddedStorage());
  }

  const settings = {
    SCEPWATCH_PROBE_SCHEDULE: probeScheduleFor(Math.min(...plan.targets.map(({ periodMs }) => periodMs))),
    SCEPWATCH_HOUSEKEEPING_SCHEDULE: DEFAULT_HOUSEKEEPING_SCHEDULE,
    ...watched,
    ...(azurite !== undefined && { SCEPWATCH_STORAGE_CONNECTION_STRING: azurite.connectionString }),
  };
  const app = await runApp({ entry, settings, port, dataFolder, ...(key !== undefined && { key }), hostJson, log, now: Date.now });
  onClose(app.close);
  await lock.announce(app.url);
  if (azurite !== undefined) onClose(await tellOthers(dataFolder, app.url, azurite.connectionString, environment));
  const firstCycle = app.invokeTimer('probe');
  // Whoever does not wait for it reads of it in the log.
  firstCycle.catch(() => {});
  return {
    url: app.url,
    functions: app.functions,
    targets: plan.targets.length,
    ...(simulator !== undefined && { simulator }),
    ...(azurite !== undefined && { azurite }),
    firstCycle,
  };
}

/** What the system says about a folder that cannot be used, as a sentence for people. */
function folderError(folder: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  return code === undefined
    ? error
    : new Error(`The data folder ${folder} cannot be used (${code}); choose another with --data`, { cause: error });
}

function wantsSimulator({ watch, environment }: StartOptions): boolean {
  if (watch !== undefined) return 'simulate' in watch;
  return SOURCES.every((name) => (environment[name] ?? '').trim() === '');
}

function without(environment: Environment, names: readonly string[]): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}

/** What the command line says stands above what the environment says; the app reads the environment itself. Gives a function that puts it back. */
function hideVariables(names: readonly string[]): () => Promise<void> {
  const hidden = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
  for (const [name] of hidden) delete process.env[name];
  return async () => {
    for (const [name, value] of hidden) process.env[name] = value;
  };
}

async function simulate({ watch }: StartOptions): Promise<Simulator> {
  const { startSimulator } = await import('../simulator/server.ts');
  return startSimulator(watch !== undefined && 'simulate' in watch ? { fault: watch.simulate } : {});
}

/** The settings that say what to watch; none when the environment does. */
function watchSettings({ watch }: StartOptions, simulator: Simulator | undefined): Readonly<Record<string, string>> {
  if (simulator !== undefined) return { SCEPWATCH_CONFIG: JSON.stringify(simulatorConfig(simulator)) };
  if (watch === undefined || 'simulate' in watch) return {};
  return 'urls' in watch ? { SCEPWATCH_TARGET_URLS: watch.urls.join(' ') } : { SCEPWATCH_CONFIG_FILE: resolve(watch.configFile) };
}

function simulatorConfig({ url, caPem }: Simulator): object {
  const target = {
    id: 'simulator',
    name: 'Built-in NDES simulator',
    url,
    periodSeconds: SIMULATOR_PERIOD_SECONDS,
    ...(caPem !== undefined && { ca: caPem }),
  };
  // Its network is this machine: there is nobody else to ask.
  return { targets: [target], controlUrls: [], cycle: { jitterSeconds: 0, recheckSeconds: 1 } };
}

async function startStorage(dataFolder: string, log: WriteLog): Promise<SupervisedAzurite> {
  const azurite = await superviseAzurite({
    folder: join(dataFolder, 'tables'),
    log,
    onRestart: async (startAgain) => {
      const replay = embeddedStorage()?.replay;
      await (replay === undefined ? startAgain() : replay(startAgain));
    },
  });
  announceEmbeddedStorage({ journalFolder: join(dataFolder, 'journal'), savedAt: azurite.savedAt });
  return azurite;
}

/** How `scepwatch status` and its like find the storage of this runner. Holds the key of the embedded storage, so it is for its owner only. */
async function tellOthers(
  dataFolder: string,
  url: string,
  connectionString: string,
  environment: Environment,
): Promise<() => Promise<void>> {
  const file = join(dataFolder, 'runner.json');
  const table = environment.SCEPWATCH_STORAGE_TABLE ?? DEFAULT_TABLE;
  await mkdir(dataFolder, { recursive: true });
  await rm(file, { force: true });
  await writeFile(
    file,
    `${JSON.stringify({ pid: process.pid, startedAt: isoTime(Date.now()), url, table, connectionString }, null, 2)}\n`,
    { mode: 0o600 },
  );
  return () => rm(file, { force: true });
}
