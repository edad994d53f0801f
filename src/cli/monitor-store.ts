import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../app/store.ts';
import type { StorageSettings } from '../config/settings.ts';
import type { TargetSummary } from '../core/monitor/summary.ts';
import { nearest } from '../core/text/nearest.ts';
import { printable } from '../core/text/printable.ts';
import type { StorageOptions } from './storage-options.ts';
import { UsageError } from './usage-error.ts';

/** The storage of a running monitor, to read from. */
export interface MonitorStore {
  /** Where it is, without secrets. */
  readonly about: string;
  /** Rejects with a UsageError that says what to do when the storage cannot be read. */
  readonly read: <Value>(work: (store: Store, signal: AbortSignal) => Promise<Value>) => Promise<Value>;
}

interface Place {
  readonly settings: StorageSettings;
  readonly about: string;
  /** What to try when it does not answer. */
  readonly hint: string;
}

const DATA_FOLDER = '.scepwatch';
const RUNNER_FILE = 'runner.json';
const READ_LIMIT_MS = 30_000;

/** Finds the monitor: the options first, then the settings of the environment, then the local runner in the current folder. Nothing is sent yet. */
export async function openMonitorStore(options: StorageOptions, environment: NodeJS.ProcessEnv): Promise<MonitorStore> {
  // Loaded when needed: the storage library takes longer to start than a probe.
  const [{ connectTable }, { createStore }, { StoreError }, { storageFromEnvironment }] = await Promise.all([
    import('../store/tables/connect.ts'),
    import('../store/store.ts'),
    import('../store/rows.ts'),
    import('../config/settings.ts'),
  ]);
  const place = findPlace(options, environment, storageFromEnvironment);
  const explained = (error: unknown): unknown =>
    error instanceof StoreError ? new UsageError(`the storage of ${place.about} cannot be read: ${error.message}${place.hint}`) : error;
  try {
    const store = createStore(connectTable(place.settings).rows);
    return {
      about: place.about,
      read: async (work) => {
        const signal = AbortSignal.timeout(READ_LIMIT_MS);
        return work(store, signal).catch((error: unknown) => {
          throw signal.aborted
            ? new UsageError(`the storage of ${place.about} did not answer within ${READ_LIMIT_MS / 1_000} s`)
            : explained(error);
        });
      },
    };
  } catch (error) {
    throw explained(error);
  }
}

function findPlace(
  { storage, data }: StorageOptions,
  environment: NodeJS.ProcessEnv,
  fromEnvironment: (environment: NodeJS.ProcessEnv) => StorageSettings | undefined,
): Place {
  if (storage !== undefined && data !== undefined)
    throw new UsageError('--storage and --data both say where the monitor is; give one of them');
  if (storage !== undefined) {
    const where = /^https?:\/\//.test(storage)
      ? ({ SCEPWATCH_STORAGE_TABLE_ENDPOINT: storage, SCEPWATCH_STORAGE_CONNECTION_STRING: '' } as const)
      : ({ SCEPWATCH_STORAGE_CONNECTION_STRING: storage } as const);
    const settings = fromEnvironment({ ...environment, ...where });
    if (settings === undefined) throw new UsageError('--storage is empty; give a connection string or a table endpoint');
    return { settings, about: 'the monitor given with --storage', hint: '' };
  }
  if (data !== undefined) {
    const place = runnerPlace(data);
    if (place === undefined)
      throw new UsageError(`no monitor runs with its data in ${data}: there is no ${RUNNER_FILE}; start one with npm start`);
    return place;
  }
  const settings = fromEnvironment(environment);
  if (settings !== undefined) return { settings, about: 'the monitor that the environment names', hint: '' };
  const place = runnerPlace(DATA_FOLDER);
  if (place !== undefined) return place;
  throw new UsageError(
    `no monitor found: no SCEPWATCH_STORAGE_… setting, and no ${DATA_FOLDER}/${RUNNER_FILE} here. Start one with npm start, say where its data is with --data FOLDER, or watch without one: scepwatch watch URL or scepwatch watch --config FILE`,
  );
}

/** Where the local runner says that its storage is; undefined when none has said anything. */
function runnerPlace(folder: string): Place | undefined {
  const file = join(folder, RUNNER_FILE);
  const { pid, url, table, connectionString } = readRunnerFile(file) ?? {};
  if (pid === undefined) return undefined;
  if (typeof pid !== 'number' || typeof url !== 'string' || typeof table !== 'string' || typeof connectionString !== 'string')
    throw new UsageError(`${file} is damaged; stop the monitor and start it again with npm start`);
  return {
    settings: { table, where: { kind: 'connection-string', connectionString } },
    about: `the monitor at ${printable(url)}`,
    hint: isRunning(pid) ? '' : `; its process ${pid} is gone: start it again with npm start`,
  };
}

function readRunnerFile(file: string): Readonly<Record<string, unknown>> | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    if (code === 'ENOENT') return undefined;
    throw new UsageError(`${file} cannot be read (${code}); it belongs to whoever started the monitor`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { pid: null, ...value };
  } catch {
    // Told below: what cannot be parsed is as damaged as what has other content.
  }
  return { pid: null };
}

/** A process of another user cannot be signalled, but is there. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The target with this id, or a UsageError that names the nearest ones. */
export function knownTarget(id: string, summaries: readonly TargetSummary[]): TargetSummary {
  const found = summaries.find((summary) => summary.id === id);
  if (found !== undefined) return found;
  const ids = summaries.map((summary) => summary.id);
  const byName = summaries.filter(({ view }) => nearest(id, [view.name], 1).length > 0).map((summary) => summary.id);
  const close = [...new Set([...nearest(id, ids), ...byName])].slice(0, 3);
  const hint = close.length > 0 ? `did you mean ${close.join(' or ')}?` : `known: ${ids.length === 0 ? 'none yet' : namesOf(ids)}`;
  throw new UsageError(`"${printable(id, 60)}" is the id of no target; ${hint}`);
}

const NAMED = 10;

function namesOf(ids: readonly string[]): string {
  return `${ids.slice(0, NAMED).join(', ')}${ids.length > NAMED ? ' …; scepwatch status lists them all' : ''}`;
}
