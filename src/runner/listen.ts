import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Nothing of the runner is ever reachable from another machine. */
export const LOOPBACK = '127.0.0.1';

/** What people can do when the port of the app cannot be had. */
export const ANOTHER_PORT = 'choose another with --port, or --port 0 for any free one';

/** Listens on loopback and gives the port. Rejects with a sentence for people when it cannot; `otherwise` says what else they can do. */
export async function listenOnLoopback(server: Server, port: number, otherwise: string): Promise<number> {
  server.listen(port, LOOPBACK);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') throw new Error(`Port ${port} is taken; ${otherwise}.`, { cause: error });
    if (code === 'EACCES') throw new Error(`Port ${port} is not allowed for this user; ${otherwise}.`, { cause: error });
    throw error;
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

/** Rejects as `listenOnLoopback` when somebody has the port at this moment; 0 is always free. */
export async function checkPort(port: number, otherwise: string): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  await listenOnLoopback(server, port, otherwise);
  await new Promise((resolve) => server.close(resolve));
}

/** A port that is free at this moment: `wanted` if it is, else any. */
export async function freePort(wanted = 0): Promise<number> {
  const server = createServer();
  try {
    return await listenOnLoopback(server, wanted, '');
  } catch (error) {
    if (wanted === 0) throw error;
    return await freePort();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
