import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../../src/app/store.ts';
import { createStore } from '../../src/store/store.ts';
import { connectTable } from '../../src/store/tables/connect.ts';

export interface MonitorProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Waits until one of the streams has said it. Rejects with all that was said when the process ends before, or takes too long. */
  readonly saying: (wanted: RegExp) => Promise<RegExpExecArray>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
}

export interface ProcessOptions {
  /** Working folder. What the process leaves running is found by it. */
  readonly folder: string;
  /** Beside the search path; nothing else of this process's environment gets there. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with each line of standard error, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Another user, where this one is the superuser. */
  readonly uid?: number;
}

const BIN = join(import.meta.dirname, '../../src/cli/scepwatch.mjs');
const APP_HOST = join(import.meta.dirname, 'app-host.ts');
const PATIENCE_MS = 30_000;
const POLL_MS = 10;

/** `scepwatch start` with these arguments. Killed at the end of its scope. */
export function startMonitorProcess(args: readonly string[], options: ProcessOptions): MonitorProcess {
  return startProcess([BIN, 'start', ...args], options);
}

/** The app alone, under the stand-in for the host: see app-host.ts for the arguments. Killed at the end of its scope. */
export function startAppHost(args: readonly string[], options: ProcessOptions): MonitorProcess {
  return startProcess([APP_HOST, ...args], options);
}

const running = new Set<MonitorProcess>();
const killRunning = (): void => {
  for (const { kill } of running) kill('SIGKILL');
};
process.once('exit', killRunning);
// vitest ends its workers with SIGTERM.
process.once('SIGTERM', () => {
  killRunning();
  process.kill(process.pid, 'SIGTERM');
});

function startProcess(args: readonly string[], { folder, environment, onLine, uid }: ProcessOptions): MonitorProcess {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const said = { stdout: '', stderr: '' };
  let ended = false;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      const from = said[name].lastIndexOf('\n') + 1;
      said[name] += chunk;
      if (name === 'stderr') for (const line of said.stderr.slice(from).split('\n').slice(0, -1)) onLine?.(line);
    });
  }
  const exited = once(child, 'close').then(([code, signal]): number | NodeJS.Signals => {
    ended = true;
    running.delete(self);
    return signal ?? code;
  });
  const saying = async (wanted: RegExp): Promise<RegExpExecArray> => {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const over = ended || performance.now() > deadline;
      const match = wanted.exec(said.stdout) ?? wanted.exec(said.stderr);
      if (match !== null) return match;
      if (over) throw new Error(`${wanted} was not said before the ${ended ? 'end' : 'time was up'}:\n${said.stdout}${said.stderr}`);
      await delay(POLL_MS);
    }
  };
  const self: MonitorProcess = {
    pid: child.pid ?? 0,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    saying,
    kill: (signal) => child.kill(signal),
    exited,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
  running.add(self);
  return self;
}

/** What a running monitor tells others, from runner.json. */
export interface RunnerFile {
  readonly pid: number;
  readonly startedAt: string;
  readonly url: string;
  readonly table: string;
  readonly connectionString: string;
}

/** The format is the product's own. Throws when there is none. */
export function readRunnerFile(dataFolder: string): RunnerFile {
  return JSON.parse(readFileSync(join(dataFolder, 'runner.json'), 'utf8')) as RunnerFile;
}

/** The storage of a running monitor, as another process reads it. Each damaged row is an error, and so is storage that does not answer at once. */
export function storeOf({ table, connectionString }: Pick<RunnerFile, 'table' | 'connectionString'>): Store {
  const { rows } = connectTable({ table, where: { kind: 'connection-string', connectionString } }, { tries: 1 });
  return createStore(rows, (problem) => {
    throw new Error(problem);
  });
}

/** Processes that were started in this folder and still run, also those that their parents have left behind. Linux tells; elsewhere nobody does. */
export function processesIn(folder: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && workingFolder(name) === folder)
    .map(Number);
}

/** undefined for a process that has just ended. */
function workingFolder(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}
