import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A server from outside npm that is told its port. */
export interface ServerProgram {
  readonly command: string;
  readonly args: (port: number) => readonly string[];
  readonly ready: (port: number, pid: number | undefined) => Promise<boolean>;
  /** What the program wrote besides its standard streams; part of the error when it does not start. */
  readonly log?: () => string;
  readonly cleanUp: () => void;
}

const START_ATTEMPTS = 5;
const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 10;

const running = new Set<ChildProcess>();
const killRunning = () => {
  for (const child of running) child.kill('SIGKILL');
};
process.once('exit', killRunning);
// vitest ends its workers with SIGTERM, also those whose tests forgot to close a server.
process.once('SIGTERM', () => {
  killRunning();
  process.kill(process.pid, 'SIGTERM');
});

/** Starts a server that cannot choose its own port, and tries another port when somebody else was quicker. */
export async function startOnFreePort(program: ServerProgram): Promise<{ port: number; close: () => Promise<void> }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = spawn(program.command, program.args(port), { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const exited = once(child, 'close').finally(() => running.delete(child));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
      if (await program.ready(port, child.pid)) return { port, close: () => stop(child, exited, program.cleanUp) };
      await delay(POLL_MS);
    }
    const ended = child.exitCode ?? child.signalCode;
    await stop(child, exited, () => {});
    const said = `${output}${program.log?.() ?? ''}`;
    if (/address already in use/i.test(said) && attempt < START_ATTEMPTS) continue;
    program.cleanUp();
    throw new Error(`${program.command} ${ended === null ? `is not ready after ${START_TIMEOUT_MS} ms` : `ended with ${ended}`}:\n${said}`);
  }
}

async function stop(child: ChildProcess, exited: Promise<unknown>, cleanUp: () => void): Promise<void> {
  child.kill('SIGTERM');
  const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(impatient);
  cleanUp();
}

/** A port on 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
