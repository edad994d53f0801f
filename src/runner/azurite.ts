import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, LOOPBACK } from './listen.ts';
import type { WriteLog } from './log-line.ts';
import { identify, isRunning, type ProcessIdentity, readIdentity } from './process-identity.ts';
import { readIfPresent } from './read-if-present.ts';
import { writeAtomically } from './write-atomically.ts';

export interface AzuriteOptions {
  /** Where its tables are kept; made if it is not there. */
  readonly folder: string;
  readonly log: WriteLog;
  /** A port that has to be it. Without one the port of last time is taken, or any other if that is not free. */
  readonly port?: number;
  /** How long starting may take. */
  readonly startMs?: number;
  /** How long saving may take at the end. */
  readonly stopMs?: number;
  /** How long an Azurite that an earlier run has left behind may take to save and end. */
  readonly leftBehindMs?: number;
  /** Finds a file of a package; among the installed ones when absent. */
  readonly resolve?: (name: string) => string;
}

export interface Azurite {
  /** With an account key that only this process knows: the published one would let in every web page and every user of the machine. */
  readonly connectionString: string;
  readonly port: number;
  readonly pid: number;
  /** Settles when the process has ended, and says how. */
  readonly exited: Promise<string>;
  /** Epoch milliseconds when the tables were last written to the disk; undefined when they never were. */
  readonly savedAt: () => number | undefined;
  /** Has it write its tables and end. */
  readonly close: () => Promise<void>;
}

/** What is on the disk cannot be used. Nothing has been deleted or changed, and trying again will not help. */
export class DamagedTablesError extends Error {
  override readonly name = 'DamagedTablesError';
}

const ACCOUNT = 'devstoreaccount1';
const TABLES_FILE = '__azurite_db_table__.json';
/** Port and process of the last run. */
const RUN_FILE = 'azurite.json';
const START_MS = 30_000;
const STOP_MS = 10_000;
const PORT_ATTEMPTS = 3;
const POLL_MS = 20;
const REMEMBERED_LINES = 20;

/** A key for the account, base64. */
export function newAccountKey(): string {
  return randomBytes(64).toString('base64');
}

/**
 * Starts Azurite's table service, and nothing else of it, as a child process on loopback; settles when it listens. It ends by itself,
 * and saves, when this process ends in any way. Rejects with a sentence for people, and with DamagedTablesError.
 */
export async function startAzurite(options: AzuriteOptions, accountKey = newAccountKey()): Promise<Azurite> {
  const { folder, log, port: wanted } = options;
  const program = findProgram(options.resolve ?? createRequire(import.meta.url).resolve);
  await mkdir(folder, { recursive: true });
  const last = readLastRun((await readIfPresent(join(folder, RUN_FILE))) ?? '');
  if (last !== undefined) await untilEnded(last, folder, options.leftBehindMs ?? STOP_MS);
  await checkTables(join(folder, TABLES_FILE));
  for (let attempt = 1; ; attempt++) {
    const port = wanted ?? (await freePort(last?.port));
    const started = await launch(program, port, accountKey, options);
    if (started.ok) {
      const { child, exited } = started;
      return {
        connectionString: connectionString(port, accountKey),
        port,
        pid: child.pid ?? 0,
        exited,
        savedAt: () => savedAt(folder),
        close: () => stop(child, exited, options.stopMs ?? STOP_MS, log),
      };
    }
    if (started.portTaken && wanted !== undefined)
      throw new Error(`Port ${port}, where the tables are to be served, is taken; free it or choose another.`);
    if (!started.portTaken || attempt === PORT_ATTEMPTS) throw new Error(`Azurite does not start: ${started.problem}`);
  }
}

function findProgram(resolve: (name: string) => string): string {
  try {
    return resolve('azurite/dist/src/table/main.js');
  } catch (error) {
    throw new Error('Azurite, which keeps the tables on this machine, is not installed. Run npm ci, or use a storage account in Azure.', {
      cause: error,
    });
  }
}

/** Azurite takes an empty file, and JSON of another kind, for a new beginning and overwrites it. */
async function checkTables(file: string): Promise<void> {
  const text = await readIfPresent(file);
  if (text !== undefined && !isDatabase(text))
    throw new DamagedTablesError(
      `${file} is damaged. Nothing was changed. Put a copy of it from a backup in its place, or move it away to start with empty tables.`,
    );
}

function isDatabase(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'collections' in value && Array.isArray(value.collections);
  } catch {
    return false;
  }
}

interface LastRun extends ProcessIdentity {
  readonly port: number;
}

/** undefined for what is no such file: it is only for convenience. */
function readLastRun(text: string): LastRun | undefined {
  try {
    const value = JSON.parse(text);
    const identity = readIdentity(value);
    const isPort = Number.isInteger(value.port) && value.port > 0 && value.port < 65_536;
    return identity !== undefined && isPort ? { ...identity, port: value.port } : undefined;
  } catch {
    return undefined;
  }
}

/** A runner that was killed leaves an Azurite that still writes its file. Two of them would overwrite each other's rows. */
async function untilEnded(last: LastRun, folder: string, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (isRunning(last)) {
    if (performance.now() > deadline)
      throw new Error(`Process ${last.pid} of an earlier run still uses ${folder} and does not end; stop it first.`);
    await delay(POLL_MS);
  }
}

type Launched =
  | { readonly ok: true; readonly child: ChildProcess; readonly exited: Promise<string> }
  | { readonly ok: false; readonly portTaken: boolean; readonly problem: string };

async function launch(
  program: string,
  port: number,
  accountKey: string,
  { folder, log, startMs = START_MS }: AzuriteOptions,
): Promise<Launched> {
  const guard = new URL('./azurite-guard.ts', import.meta.url).href;
  const service = ['--tableHost', LOOPBACK, '--tablePort', `${port}`, '--location', folder];
  const quiet = ['--disableTelemetry', '--skipApiVersionCheck', '--silent'];
  // A group of its own: Ctrl-C in a terminal is for the runner, which ends Azurite when it has written its last row.
  const child = spawn(process.execPath, ['--import', guard, program, ...service, ...quiet], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
    windowsHide: true,
    env: { ...process.env, NODE_OPTIONS: '', AZURITE_ACCOUNTS: `${ACCOUNT}:${accountKey}` },
  });
  const output: string[] = [];
  const { promise: listening, resolve: nowListening } = Promise.withResolvers<true>();
  const hear = (line: string): void => {
    output.push(line);
    if (output.length > REMEMBERED_LINES) output.shift();
    log({ level: 'debug', text: `azurite: ${line}` });
    if (line.includes('successfully started')) nowListening(true);
  };
  readLines(child.stdout, hear);
  readLines(child.stderr, hear);
  const exited = end(child);
  // Whoever ends at the very moment when it is told something cannot be told; `exited` says so.
  child.on('error', () => {});
  if (child.pid !== undefined) await writeAtomically(join(folder, RUN_FILE), `${JSON.stringify({ port, ...identify(child.pid) })}\n`);
  const { promise: overdue, resolve: giveUp } = Promise.withResolvers<false>();
  const patience = setTimeout(giveUp, startMs, false);
  const outcome = await Promise.race([listening, exited, overdue]);
  clearTimeout(patience);
  if (outcome === true) return { ok: true, child, exited };
  child.kill('SIGKILL');
  await exited;
  const said = output.join('\n');
  const problem = outcome === false ? `it is not ready after ${startMs} ms` : outcome;
  return { ok: false, portTaken: said.includes('EADDRINUSE'), problem: `${problem}${said === '' ? '' : `, after saying:\n${said}`}` };
}

function readLines(stream: Readable | null, hear: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', hear);
}

/** How a process ended. Never rejects. */
async function end(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, 'close');
    return signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
  } catch (error) {
    return `it cannot be run: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function stop(child: ChildProcess, exited: Promise<string>, stopMs: number, log: WriteLog): Promise<void> {
  if (child.connected) child.send('shutdown');
  const impatient = setTimeout(() => {
    log({ level: 'error', text: `Azurite has not ended after ${stopMs} ms and is killed: what it has not written yet is lost` });
    child.kill('SIGKILL');
  }, stopMs);
  await exited;
  clearTimeout(impatient);
}

function connectionString(port: number, accountKey: string): string {
  return `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${accountKey};TableEndpoint=http://${LOOPBACK}:${port}/${ACCOUNT};`;
}

function savedAt(folder: string): number | undefined {
  return statSync(join(folder, TABLES_FILE), { throwIfNoEntry: false })?.mtimeMs;
}
