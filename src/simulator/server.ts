import { once } from 'node:events';
import { createServer, isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { VerdictCode } from '../core/verdict/code.ts';
import { control, isControlPath } from './control.ts';
import { type SelectedFault, selectFault } from './faults.ts';
import { createProxyIdentity, proxyHeaders } from './pages/application-proxy.ts';
import * as httpSys from './pages/http-sys.ts';
import { createPki, type Pki } from './pki.ts';
import type { Answer, ProxyIdentity, Reply } from './reply.ts';
import { type BadRequest, type RawRequest, readRequests } from './request-reader.ts';
import { respond, SCEP_PATH } from './respond.ts';
import { createTlsIdentities, type TlsIdentities } from './tls-identity.ts';

export interface SimulatorOptions {
  /** What to show; healthy when absent. */
  readonly fault?: VerdictCode;
  /** Which form of the fault; its first one when absent. */
  readonly variant?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Serve https. A fault that is about TLS does so by itself. */
  readonly tls?: boolean;
  /** An address of this machine; nothing else should ever listen here. */
  readonly host?: string;
  /** Epoch milliseconds from which all certificate dates are counted. */
  readonly now?: number;
  /** Dress the answers as having come through Microsoft Entra application proxy; true when absent. */
  readonly behindProxy?: boolean;
  /** Milliseconds that a connection may stand idle and that a request may take to arrive; as long as HTTP.sys waits when absent. */
  readonly idleMs?: number;
}

export interface SeenRequest {
  readonly method: string;
  /** As sent: path and query. */
  readonly target: string;
  readonly userAgent: string | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface Simulator extends AsyncDisposable {
  /** The server URL of a SCEP profile for this server. */
  readonly url: string;
  readonly fault: VerdictCode;
  /** Shows another fault from the next answer on. Rejects with a sentence for people when this server cannot show it. */
  readonly setFault: (code: VerdictCode, variant?: string) => Promise<void>;
  /** The root to trust, PEM; absent when the server speaks http. */
  readonly caPem?: string;
  /** The latest requests, oldest first, without those that steer the simulator. */
  readonly requests: readonly SeenRequest[];
  /** Ends every connection and stops listening. */
  readonly close: () => Promise<void>;
}

const MAX_REMEMBERED_REQUESTS = 1000;
/** As long as HTTP.sys waits for the rest of a request. */
const IDLE_MS = 120_000;

/** Starts an NDES server on loopback that answers, byte by byte, like a healthy one or one with a fault. Rejects when the port is taken. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, now = Date.now(), behindProxy = true, idleMs = IDLE_MS } = options;
  let showing = chosen(options.fault ?? 'healthy', options.variant);
  const secure = options.tls === true || showing.behaviour.tls !== undefined;
  const [pki, identities] = await Promise.all([createPki(now), secure ? createTlsIdentities(now) : undefined]);
  const state: State = {
    pki,
    proxy: createProxyIdentity(),
    behindProxy,
    idleMs,
    identities,
    showing: () => showing,
    connections: 0,
    requests: [],
  };

  const select = async (fault: SelectedFault): Promise<void> => {
    if (fault.behaviour.tls !== undefined && identities === undefined)
      throw new Error(`${fault.code} needs TLS, but this simulator was started without; start it with --tls.`);
    // Made now and not at the first request, so that the answer comes as fast as any other.
    await Promise.all((fault.behaviour.bundles ?? [{}]).map((recipe) => pki.bundle(recipe)));
    showing = fault;
    state.connections = 0;
  };
  await select(showing);

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A client may hang up at any moment, and a fault may be the reason.
    socket.on('error', () => {});
    socket.setTimeout(idleMs, () => socket.destroy());
    serve(socket, state, select);
  });
  server.listen(port, host);
  await listening(server, port);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');

  let closed: Promise<unknown> | undefined;
  const close = async (): Promise<void> => {
    closed ??= new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    url: `${secure ? 'https' : 'http'}://${isIPv6(host) ? `[${host}]` : host}:${address.port}${SCEP_PATH}`,
    get fault() {
      return showing.code;
    },
    setFault: async (code, variant) => select(chosen(code, variant)),
    ...(identities !== undefined && { caPem: identities.caPem }),
    requests: state.requests,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface State {
  readonly pki: Pki;
  readonly proxy: ProxyIdentity;
  readonly behindProxy: boolean;
  readonly idleMs: number;
  readonly identities: TlsIdentities | undefined;
  readonly showing: () => SelectedFault;
  readonly requests: SeenRequest[];
  /** Since the fault was chosen; back ends take turns by connection. */
  connections: number;
}

function chosen(code: string, variant: string | undefined): SelectedFault {
  const selection = selectFault(code, variant);
  if (!selection.ok) throw new Error(selection.problem);
  return selection.fault;
}

async function listening(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') throw new Error(`Port ${port} is taken; choose another with --port, or --port 0 for any free one.`);
    if (code === 'EACCES') throw new Error(`Port ${port} is not allowed for this user; choose one above 1023.`);
    throw error;
  }
}

function serve(raw: Socket, state: State, select: (fault: SelectedFault) => Promise<void>): void {
  const { identities } = state;
  let socket: Duplex = raw;
  if (identities !== undefined) {
    const secured = new TLSSocket(raw, {
      isServer: true,
      secureContext: identities.secureContext(state.showing().behaviour.tls ?? 'good'),
    });
    // Clients break off handshakes with bad certificates; that is what those are for.
    secured.on('error', () => raw.destroy());
    socket = secured;
  }
  /** Which back end this connection reaches, decided when it first asks for certificates. */
  let backEnd: number | undefined;
  readRequests(socket, state.idleMs, async (request) => {
    if (typeof request === 'string') return refuse(socket, request);
    const [path = ''] = request.target.split('?', 1);
    if (isControlPath(path)) {
      const { status, reason, text } = await control(request, state.showing(), select, raw.remoteAddress);
      const answer: Answer = {
        kind: 'answer',
        origin: 'outside',
        status,
        reason,
        headers: [['Content-Type', 'text/plain; charset=utf-8']],
        body: Buffer.from(text),
      };
      return write(socket, answer, request.keepAlive, state);
    }
    remember(state, request);
    const { behaviour } = state.showing();
    const reply = await respond(request, {
      behaviour,
      pki: state.pki,
      proxy: state.proxy,
      scheme: identities === undefined ? 'http' : 'https',
      behindProxy: state.behindProxy,
      backEnd: () => {
        backEnd ??= state.connections++;
        return backEnd;
      },
    });
    if (behaviour.delayMs !== undefined) await pause(behaviour.delayMs, socket);
    await send(socket, raw, reply, request.keepAlive, state);
  });
}

function remember({ requests }: State, request: RawRequest): void {
  requests.push({ method: request.method, target: request.target, userAgent: request.headers.get('user-agent'), at: Date.now() });
  if (requests.length > MAX_REMEMBERED_REQUESTS) requests.shift();
}

function refuse(socket: Duplex, bad: BadRequest): void {
  const { status, reason, headers, body } = bad === 'too-long' ? httpSys.requestTooLong() : httpSys.invalidUrl();
  socket.end(encode(status, reason, headers, body));
}

async function send(socket: Duplex, raw: Socket, reply: Reply, keepAlive: boolean, state: State): Promise<void> {
  switch (reply.kind) {
    case 'hang':
      // Until the client gives up: an answer to a later pipelined request would be taken for the one that hangs.
      raw.setTimeout(0);
      if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
      return;
    case 'reset':
      raw.resetAndDestroy();
      return;
    case 'answer':
      await write(socket, reply, keepAlive, state);
  }
}

/** Settles when the bytes have left, so that a client that never reads is not answered into memory without end. */
async function write(socket: Duplex, answer: Answer, keepAlive: boolean, { behindProxy, proxy }: State): Promise<void> {
  if (socket.destroyed) return;
  const dressed = behindProxy && answer.origin !== 'outside';
  const headers = [
    ...answer.headers,
    ['Date', new Date().toUTCString()] as const,
    ...(dressed || answer.origin.startsWith('proxy-') ? proxyHeaders(proxy, answer.origin !== 'proxy-cloud') : []),
  ];
  const closing = !keepAlive || headers.some(([name, value]) => name.toLowerCase() === 'connection' && value.toLowerCase() === 'close');
  const bytes = encode(answer.status, answer.reason, headers, answer.body);
  if (closing) socket.end(bytes);
  else await new Promise((resolve) => socket.write(bytes, resolve));
}

function encode(status: number, reason: string, headers: Answer['headers'], body: Buffer): Buffer {
  // RFC 9110 section 8.6: a 204 has neither a body nor a length.
  const bodiless = status === 204 || status === 304;
  const lines = [
    `HTTP/1.1 ${status} ${reason}`,
    ...(bodiless ? [] : [`Content-Length: ${body.length}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bodiless ? Buffer.alloc(0) : body]);
}

async function pause(ms: number, socket: Duplex): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = (): void => resolve();
  socket.once('close', stop);
  await promise;
  clearTimeout(timer);
  socket.removeListener('close', stop);
}
