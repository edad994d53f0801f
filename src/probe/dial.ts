import { lookup } from 'node:dns/promises';
import net from 'node:net';
import tls from 'node:tls';
import type { ProbeLimits } from '../app/probe-limits.ts';
import type { ConnectionFacts, Phase } from '../core/verdict/observation.ts';
import { secureContextFor } from './secure-context.ts';
import { tlsFacts } from './tls-facts.ts';

export interface DialOptions {
  readonly limits: ProbeLimits;
  /** PEM certificates to trust besides the public roots. */
  readonly ca?: string;
  /** Go on although the server's certificate does not verify; the error is still recorded. */
  readonly insecure: boolean;
  /** No phase may last beyond this moment, in `performance.now()` milliseconds. */
  readonly deadline: number;
}

export interface DialTimings {
  readonly dnsMs?: number;
  readonly tcpMs?: number;
  readonly tlsMs?: number;
}

export type DialResult =
  | { readonly ok: true; readonly socket: net.Socket; readonly connection: ConnectionFacts; readonly timings: DialTimings }
  | {
      readonly ok: false;
      readonly phase: Phase;
      readonly code: string;
      readonly detail: string;
      readonly connection: ConnectionFacts;
      readonly timings: DialTimings;
    };

/** A name can resolve to many addresses; a device would not try more than a few either. */
const MAX_ADDRESSES = 4;

/**
 * Opens one fresh connection in separately timed phases: name lookup, TCP, TLS. Never throws; whatever goes wrong is in the result.
 * Addresses are tried one after the other, IPv4 first, because a monitor without an IPv6 route must not call a healthy target refused.
 * The TLS peer certificate is read whether or not it verifies.
 */
export async function dial(url: URL, options: DialOptions): Promise<DialResult> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const { limits, deadline } = options;

  const started = performance.now();
  const resolved = await resolve(host, timeLeft(limits.dnsMs, deadline));
  const dnsMs = resolved.literal ? undefined : performance.now() - started;
  const base: ConnectionFacts = { host, port, addresses: resolved.addresses };
  const dns: DialTimings = dnsMs === undefined ? {} : { dnsMs };
  if (resolved.error !== undefined) return { ok: false, phase: 'dns', ...resolved.error, connection: base, timings: dns };

  const tcpStarted = performance.now();
  const connected = await connectToAny(resolved.addresses.slice(0, MAX_ADDRESSES), port, timeLeft(limits.tcpMs, deadline));
  const tcp: DialTimings = { ...dns, tcpMs: performance.now() - tcpStarted };
  const reached: ConnectionFacts = { ...base, address: connected.address };
  if (connected.socket === undefined) return { ok: false, phase: 'tcp', ...connected.error, connection: reached, timings: tcp };
  if (url.protocol !== 'https:') return { ok: true, socket: connected.socket, connection: reached, timings: tcp };

  const tlsStarted = performance.now();
  const secured = await secure(connected.socket, host, timeLeft(limits.tlsMs, deadline), options);
  const timings: DialTimings = { ...tcp, tlsMs: performance.now() - tlsStarted };
  if (secured.error !== undefined) {
    connected.socket.destroy();
    return { ok: false, phase: 'tls', ...secured.error, connection: { ...reached, tls: { serverName: host, chain: [] } }, timings };
  }
  const facts = tlsFacts(secured.socket, host);
  const connection: ConnectionFacts = { ...reached, tls: facts };
  if (facts.verifyError !== undefined && !options.insecure) {
    secured.socket.destroy();
    return { ok: false, phase: 'tls', ...facts.verifyError, connection, timings };
  }
  return { ok: true, socket: secured.socket, connection, timings };
}

interface DialError {
  readonly code: string;
  readonly detail: string;
}

function timeLeft(limitMs: number, deadline: number): number {
  return Math.max(1, Math.min(limitMs, deadline - performance.now()));
}

interface Resolved {
  readonly addresses: readonly string[];
  readonly literal: boolean;
  readonly error?: DialError;
}

async function resolve(host: string, limitMs: number): Promise<Resolved> {
  if (net.isIP(host) !== 0) return { addresses: [host], literal: true };
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeout.reject(Object.assign(new Error(`no answer from the resolver within ${Math.round(limitMs)} ms`), { code: 'ETIMEOUT' })),
    limitMs,
  );
  try {
    const found = await Promise.race([lookup(host, { all: true, order: 'ipv4first' }), timeout.promise]);
    return { addresses: found.map(({ address }) => address), literal: false };
  } catch (error) {
    return { addresses: [], literal: false, error: describeError(error) };
  } finally {
    clearTimeout(timer);
  }
}

type Connected =
  | { readonly socket: net.Socket; readonly address: string }
  | { readonly socket?: undefined; readonly address: string; readonly error: DialError };

async function connectToAny(addresses: readonly string[], port: number, limitMs: number): Promise<Connected> {
  const until = performance.now() + limitMs;
  let last: Connected = { address: '', error: { code: 'ENOTFOUND', detail: 'the name has no address' } };
  const problems: string[] = [];
  for (const [index, address] of addresses.entries()) {
    const share = (until - performance.now()) / (addresses.length - index);
    last = await connect(address, port, Math.max(1, share));
    if (last.socket !== undefined) return last;
    problems.push(last.error.detail);
  }
  if (last.socket !== undefined || problems.length < 2) return last;
  return { ...last, error: { ...last.error, detail: problems.join('; ') } };
}

async function connect(address: string, port: number, limitMs: number): Promise<Connected> {
  const { promise, resolve: settle } = Promise.withResolvers<Connected>();
  const socket = net.connect({ host: address, port, autoSelectFamily: false, noDelay: true });
  const fail = (error: DialError): void => {
    clearTimeout(timer);
    socket.destroy();
    settle({ address, error });
  };
  const timer = setTimeout(
    () => fail({ code: 'ETIMEDOUT', detail: `no connection to ${address} port ${port} within ${Math.round(limitMs)} ms` }),
    limitMs,
  );
  // It stays when the connection is made, so that no later error ends the process.
  socket.on('error', (error) => fail(describeError(error)));
  socket.once('connect', () => {
    clearTimeout(timer);
    settle({ address, socket });
  });
  return promise;
}

type Secured = { readonly socket: tls.TLSSocket; readonly error?: undefined } | { readonly error: DialError };

async function secure(raw: net.Socket, host: string, limitMs: number, { ca }: DialOptions): Promise<Secured> {
  const { promise, resolve: settle } = Promise.withResolvers<Secured>();
  const socket = tls.connect({
    socket: raw,
    host,
    // A server name indication must be a name (RFC 6066 section 3).
    ...(net.isIP(host) === 0 && { servername: host }),
    secureContext: secureContextFor(ca),
    // Judged by tlsFacts: the certificate has to be read first, above all when it is bad.
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  });
  const fail = (error: DialError): void => {
    clearTimeout(timer);
    socket.destroy();
    settle({ error });
  };
  const timer = setTimeout(() => fail({ code: 'ETIMEDOUT', detail: `no TLS handshake within ${Math.round(limitMs)} ms` }), limitMs);
  // Both stay after the handshake: then they find the promise settled, and no later error ends the process.
  socket.on('error', (error) => fail(describeError(error)));
  socket.once('close', () => fail({ code: 'ECONNRESET', detail: 'the server closed the connection during the TLS handshake' }));
  socket.once('secureConnect', () => {
    clearTimeout(timer);
    settle({ socket });
  });
  return promise;
}

/** Code and text of whatever a socket or a resolver reports. */
export function describeError(error: unknown): DialError {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', detail: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { code, detail: error.message };
}
