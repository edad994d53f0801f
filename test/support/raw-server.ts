import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsIdentity } from './tls-material.ts';

/** Called once per request: its head, and the body as far as Content-Length announces one, one character per byte. */
export type RawHandler = (socket: Socket, requestText: string) => void;

export interface RawServerOptions {
  readonly tls?: TlsIdentity;
  /** Called before anything is read, for servers that misbehave without being asked. */
  readonly onConnect?: (socket: Socket) => void;
}

export interface RawServer extends AsyncDisposable {
  /** `http(s)://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** What came in so far, in order. */
  readonly requests: readonly string[];
  readonly connections: () => number;
  /** Resolves as soon as no connection is open, at once when none is. */
  readonly idle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A server that sends exactly the bytes it is told to, for answers that no HTTP library would let out. */
export async function rawServer(handler: RawHandler, options: RawServerOptions = {}): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let connections = 0;
  let waiting: (() => void)[] = [];
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size > 0) return;
      for (const resolve of waiting) resolve();
      waiting = [];
    });
    // The other side may hang up at any moment; that is its test's business.
    socket.on('error', () => {});
  };
  const serve = (socket: Socket) => {
    connections++;
    track(socket);
    socket.setNoDelay(true);
    options.onConnect?.(socket);
    onRequest(socket, (text) => {
      requests.push(text);
      handler(socket, text);
    });
  };
  const server = listener(options.tls, serve);
  // Behind TLS the TCP socket is another object, and before the handshake it is the only one.
  if (options.tls !== undefined) server.on('connection', track);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');

  let closed: Promise<unknown> | undefined;
  const close = async () => {
    closed ??= new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const scheme = options.tls === undefined ? 'http' : 'https';
  return {
    url: `${scheme}://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    connections: () => connections,
    idle: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function listener(tls: TlsIdentity | undefined, serve: (socket: Socket) => void): Server {
  if (tls === undefined) return createServer(serve);
  const server = createTlsServer({ cert: tls.certPem + (tls.chainPem ?? ''), key: tls.keyPem }, serve);
  // A client that rejects the certificate breaks the handshake off, as many tests want it to.
  server.on('tlsClientError', () => {});
  return server;
}

function onRequest(socket: Socket, take: (text: string) => void): void {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (let length = requestLength(text); length !== undefined; length = requestLength(text)) {
      const request = text.slice(0, length);
      text = text.slice(length);
      take(request);
    }
  });
}

function requestLength(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const bodyLength = Number(/\r\ncontent-length:[ \t]*(\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? 0);
  const length = headEnd + 4 + bodyLength;
  return text.length < length ? undefined : length;
}

type Bytes = string | Uint8Array;

/** `end` says goodbye properly, `reset` breaks off with a TCP RST (plain TCP only), `keep-open` leaves the client waiting. */
export type Afterwards = 'end' | 'destroy' | 'reset' | 'keep-open';

/** A handler that writes exactly these bytes; several pieces leave as several packets. */
export function respond(bytes: Bytes | readonly Bytes[], afterwards: Afterwards = 'end'): RawHandler {
  const pieces = typeof bytes === 'string' || bytes instanceof Uint8Array ? [bytes] : bytes;
  return (socket) => {
    const writeFrom = (index: number): void => {
      const piece = pieces[index];
      if (piece === undefined) {
        finish(socket, afterwards);
        return;
      }
      // The next piece waits until this one has left, so that the kernel does not join them again.
      socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece, () => setImmediate(writeFrom, index + 1));
    };
    writeFrom(0);
  };
}

function finish(socket: Socket, afterwards: Afterwards): void {
  switch (afterwards) {
    case 'end':
      socket.end();
      return;
    case 'destroy':
      socket.destroy();
      return;
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'keep-open':
      return;
  }
}
