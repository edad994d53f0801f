import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import type { HttpInput, HttpOutput } from './invoke.ts';
import { ANOTHER_PORT, LOOPBACK, listenOnLoopback } from './listen.ts';
import { describeError, type WriteLog } from './log-line.ts';
import { matchRoute, type RequestPath, type RouteTemplate, requestPath } from './route-template.ts';
import { setCookie } from './set-cookie.ts';

export interface HttpRoute {
  readonly functionName: string;
  readonly template: RouteTemplate;
  /** Upper case; empty for all. */
  readonly methods: readonly string[];
  readonly needsKey: boolean;
  readonly handle: (input: HttpInput) => Promise<HttpOutput>;
}

export interface HttpHostOptions {
  readonly routes: readonly HttpRoute[];
  /** 0 takes any free one. */
  readonly port: number;
  /** For functions with a key, in `x-functions-key` or `?code=`. Absent: nobody is asked for one, as with `func start`. */
  readonly key?: string;
  readonly log: WriteLog;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  readonly bodyBytes: number;
  /** For a whole request to arrive. */
  readonly arrivalMs: number;
  /** For a connection on which nothing moves, also one whose client does not read. Above what Azure allows an answer (230 s). */
  readonly idleMs: number;
  /** How long `close` waits for answers that are being made. */
  readonly drainMs: number;
}

export interface HttpHost {
  /** Without a slash at the end. */
  readonly url: string;
  /** Takes no more requests, lets running ones finish for some seconds, then ends every connection. */
  readonly close: () => Promise<void>;
}

const LIMITS: HttpLimits = { bodyBytes: 100 * 1024 * 1024, arrivalMs: 120_000, idleMs: 240_000, drainMs: 5_000 };
const MAX_TARGET_BYTES = 16 * 1024;
const MAX_HEADER_BYTES = 32 * 1024;
const MAX_CONNECTIONS = 500;

/**
 * Serves HTTP functions on loopback as the Functions host does: routes in alphabetical order of the function names, no 405,
 * and empty bodies for everything that our code did not answer. Rejects with a sentence for people when the port is taken.
 */
export async function startHttpHost(options: HttpHostOptions): Promise<HttpHost> {
  const limits = { ...LIMITS, ...options.limits };
  const routes = options.routes.toSorted((one, other) => compareNames(one.functionName, other.functionName));
  const running = new Set<Promise<void>>();
  const server = createServer(
    {
      // Room for what is refused by our own limits, with the status that the host has for it.
      maxHeaderSize: 4 * MAX_HEADER_BYTES,
      requestTimeout: limits.arrivalMs,
      connectionsCheckingInterval: Math.min(limits.arrivalMs / 2, 10_000),
      keepAliveTimeout: 5_000,
    },
    (request, response) => {
      const done = answer(request, response, { ...options, routes, limits }).catch((error: unknown) => {
        options.log({ level: 'error', text: `a request broke off: ${describeError(error)}` });
        breakOff(request, response);
      });
      running.add(done);
      void done.finally(() => running.delete(done));
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(limits.idleMs);
  const port = await listenOnLoopback(server, options.port, ANOTHER_PORT);
  let closed: Promise<void> | undefined;
  return {
    url: `http://${LOOPBACK}:${port}`,
    close: () => {
      closed ??= drain(server, running, limits.drainMs);
      return closed;
    },
  };
}

/** Like the host's: by code unit, whatever the case. */
export function compareNames(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}

async function drain(server: Server, running: ReadonlySet<Promise<void>>, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const { promise: overdue, resolve: giveUp } = Promise.withResolvers<'overdue'>();
  const patience = setTimeout(giveUp, drainMs, 'overdue');
  // A connection that was kept alive may bring one more request meanwhile.
  while (running.size > 0) if ((await Promise.race([Promise.all(running), overdue])) === 'overdue') break;
  clearTimeout(patience);
  server.closeAllConnections();
  await closed;
}

type Context = HttpHostOptions & { readonly limits: HttpLimits };

async function answer(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const { url: target = '/', method = 'GET' } = request;
  if (Buffer.byteLength(target) > MAX_TARGET_BYTES) return end(request, response, 414);
  if (headerBytes(request) > MAX_HEADER_BYTES) return end(request, response, 431);
  const path = requestPath(originForm(target));
  const url = path && absoluteUrl(request, target);
  if (path === undefined || url === undefined) return end(request, response, 400);
  const found = findRoute(context.routes, method, path);
  // Where no function takes `/`, Azure shows a page of its own that says nothing about the app; an honest 404 cannot be taken for health.
  if (found === undefined) return end(request, response, 404);
  const query = queryOf(url);
  if (found.route.needsKey && !hasKey(request, query, context.key)) return end(request, response, 401);
  const body = await readBody(request, context.limits.bodyBytes);
  if (body === 'gone') return;
  if (body === 'too-large') return end(request, response, 500);
  const input = { method, url: url.href, headers: headersOf(request), query, params: found.params, body };
  await send(response, method, await outputOf(found.route, input, context.log));
}

async function outputOf({ functionName, handle }: HttpRoute, input: HttpInput, log: WriteLog): Promise<HttpOutput> {
  try {
    return await handle(input);
  } catch (error) {
    log({ level: 'error', functionName, text: `${input.method} ${new URL(input.url).pathname} failed: ${describeError(error)}` });
    return { status: 500, headers: {}, cookies: [], body: new Uint8Array() };
  }
}

function findRoute(
  routes: readonly HttpRoute[],
  method: string,
  path: RequestPath,
): { readonly route: HttpRoute; readonly params: Readonly<Record<string, string>> } | undefined {
  if (isReservedPath(path.segments.join('/'))) return undefined;
  for (const route of routes) {
    const params = matchRoute(route.template, path);
    if (params !== undefined && (route.methods.length === 0 || route.methods.includes(method))) return { route, params };
  }
  return undefined;
}

/** What the host keeps for itself: no function gets it, not even one that takes everything. */
export function isReservedPath(path: string): boolean {
  return /^(?:admin|runtime)(?:\/|$)/i.test(path);
}

/** Closes the connection unless the whole request has arrived: what is left of it would be read for nothing. */
function end(request: IncomingMessage, response: ServerResponse, status: number): void {
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  if (hasBody && !request.complete) response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Length': 0 }).end();
}

/** Our own answer failed, for instance at a cookie that is none. */
function breakOff(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  end(request, response, 500);
}

function headerBytes({ rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((sum, text) => sum + text.length + 2, 0);
}

/** Without scheme and host, for clients that send the target as to a proxy. */
function originForm(target: string): string {
  return target.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
}

/** undefined when the Host header is none. */
function absoluteUrl({ headers }: IncomingMessage, target: string): URL | undefined {
  const text = `http://${headers.host ?? LOOPBACK}`;
  if (!URL.canParse(text) || /[/?#@\\]/.test(headers.host ?? '')) return undefined;
  return new URL(text + originForm(target));
}

/** Names are one whatever their case; several values of one name are joined, as in the host. */
function queryOf({ searchParams }: URL): Readonly<Record<string, string>> {
  const names = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const [name, value] of searchParams) {
    const seen = names.get(name.toLowerCase());
    if (seen === undefined) names.set(name.toLowerCase(), { name, values: [value] });
    else seen.values.push(value);
  }
  return Object.fromEntries([...names.values()].map(({ name, values }) => [name, values.join(',')]));
}

function headersOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value = '']) => [name, Array.isArray(value) ? value.join(',') : value]));
}

function hasKey({ headers }: IncomingMessage, query: Readonly<Record<string, string>>, key: string | undefined): boolean {
  if (key === undefined) return true;
  const inQuery = Object.entries(query).find(([name]) => name.toLowerCase() === 'code');
  const given = headers['x-functions-key'] ?? inQuery?.[1];
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(key));
}

/** Of one length whatever the text, so that comparing tells nothing about the key. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too-large' | 'gone'> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return 'too-large';
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += chunk.length;
      if (length > maxBytes) return 'too-large';
      chunks.push(chunk);
    }
  } catch {
    // The client hung up, or took too long and was cut off.
    return 'gone';
  }
  return Buffer.concat(chunks, length);
}

/** Headers that belong to the connection and to how the body is sent: the host sets its own. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade', 'trailer']);

async function send(response: ServerResponse, method: string, { status, headers, cookies, body }: HttpOutput): Promise<void> {
  for (const [name, value] of Object.entries(headers)) if (!OWN_HEADERS.has(name.toLowerCase())) response.setHeader(name, value);
  const set = [headers['set-cookie'], ...cookies.map(setCookie)].filter((one) => one !== undefined);
  if (set.length > 0) response.setHeader('Set-Cookie', set);
  response.writeHead(status);
  const bodiless = method === 'HEAD' || status === 204 || status === 205 || status === 304;
  // In one piece, but with the length unsaid: chunked, as the host does.
  if (!bodiless && body.length > 0) response.write(body);
  response.end();
  // Who hangs up before the end has no answer, and that is all.
  await finished(response).catch(() => {});
}
