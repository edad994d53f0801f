import { Client } from 'undici';
import type { Observe, PlannedCheck, ProbeInput } from '../app/ports.ts';
import { headerValue } from '../core/http/headers.ts';
import { operationUrl } from '../core/scep/operation-url.ts';
import type { Answered, ConnectionFacts, Observation, ProbeRequest, TargetObservation } from '../core/verdict/observation.ts';
import { type DialResult, type DialTimings, dial } from './dial.ts';
import { type ExchangeResult, exchange, NO_REPLY } from './exchange.ts';
import { requestHeaders } from './request-headers.ts';

/** Less time than this is not worth a request. */
const MIN_REQUEST_MS = 50;

/** An open connection and what it cost to open; the first request on it pays. */
interface Session {
  readonly client: Client;
  readonly connection: ConnectionFacts;
  unpaid: DialTimings;
  used: boolean;
  closed: boolean;
}

interface Cycle {
  readonly input: ProbeInput;
  readonly origin: URL;
  /** In `performance.now()` milliseconds. */
  deadline: number;
  session?: Session;
  firstConnection?: ConnectionFacts;
  /** Set when no connection could be made: the other checks would only fail in the same way. */
  unreachable?: string;
}

/**
 * Probes one target over one fresh connection: every planned check in order, redirects never followed, no cookies, and no retry
 * but the one that RFC 9112 section 9.3.1 allows when a kept-alive connection turns out to be closed.
 */
export const observe: Observe = async (input) => {
  const startedAt = Date.now();
  const started = performance.now();
  const cycle: Cycle = { input, origin: new URL(input.url), deadline: started + input.limits.budgetMs };
  const checks: Observation[] = [];
  const comparisons: Observation[] = [];
  try {
    for (const planned of input.checks) {
      const seen = await check(cycle, planned, checks);
      checks.push(seen);
      // A server that let one request hang will most likely let the next one hang too: do not wait in full for each.
      if (hadNoReply(seen)) cycle.deadline = Math.min(cycle.deadline, performance.now() + input.limits.afterNoReplyMs);
    }
    const bundleCheck = input.checks.find(({ operation }) => operation === 'ca-cert');
    for (let i = 0; i < input.compareBackends && bundleCheck !== undefined; i++) {
      // A connection of its own each time: a load balancer decides by connection.
      await closeSession(cycle);
      comparisons.push(await check(cycle, bundleCheck, checks));
    }
  } finally {
    await closeSession(cycle);
  }
  return {
    url: input.url,
    vantage: input.vantage,
    startedAt,
    durationMs: performance.now() - started,
    ...(cycle.firstConnection !== undefined && { connection: cycle.firstConnection }),
    checks,
    comparisons,
  } satisfies TargetObservation;
};

async function check(cycle: Cycle, { operation, dialect }: PlannedCheck, before: readonly Observation[]): Promise<Observation> {
  const { input } = cycle;
  const request: ProbeRequest = { operation, dialect, url: operationUrl(input.url, operation, dialect, input.longUrlBytes) };
  if (cycle.unreachable !== undefined) return { kind: 'skipped', request, reason: 'connection-failed', detail: cycle.unreachable };
  if (operation === 'long-url' && !capsAnswered(before, dialect)) {
    return { kind: 'skipped', request, reason: 'operation-failed', detail: 'a long URL tells nothing while the short GetCACaps fails' };
  }
  if (isUsedUp(cycle)) return outOfBudget(request);

  const started = performance.now();
  let attempt = await send(cycle, request);
  // The server may close a kept-alive connection at any moment; only a fresh one tells whether it refuses this request.
  if (attempt.kind === 'sent' && attempt.reused && attempt.result.kind === 'failed' && attempt.result.code !== NO_REPLY) {
    attempt = await send(cycle, request);
  }
  const totalMs = performance.now() - started;

  if (attempt.kind === 'unconnected') {
    const { phase, code, detail, timings } = attempt.dialled;
    if (NO_CONNECTION_IN_TIME.has(code) && isUsedUp(cycle)) return outOfBudget(request);
    cycle.unreachable = `no connection (${code})`;
    return { kind: 'failed', request, timings: { ...timings, totalMs }, phase, code, detail };
  }
  const { result, paid } = attempt;
  if (result.kind === 'failed') {
    if (attempt.cutByBudget && result.code === NO_REPLY) return outOfBudget(request);
    return { kind: 'failed', request, timings: { ...paid, totalMs }, phase: result.phase, code: result.code, detail: result.detail };
  }
  if (attempt.cutByBudget && result.bodyEnd === 'timeout' && result.status === 200) return outOfBudget(request);
  const { firstByteMs, ...answer } = result;
  return { ...answer, request, timings: { ...paid, firstByteMs, totalMs } } satisfies Answered;
}

/** The codes that dial gives to its own time limits. */
const NO_CONNECTION_IN_TIME = new Set(['ETIMEDOUT', 'ETIMEOUT']);

function isUsedUp({ deadline }: Cycle): boolean {
  return deadline - performance.now() < MIN_REQUEST_MS;
}

/** A full wait in vain; what was cut short by the budget is skipped and never gets here. */
function hadNoReply(seen: Observation): boolean {
  if (seen.kind === 'failed') return seen.code === NO_REPLY;
  return seen.kind === 'answered' && seen.bodyEnd === 'timeout';
}

function outOfBudget(request: ProbeRequest): Observation {
  return { kind: 'skipped', request, reason: 'budget', detail: 'the time for this target was used up' };
}

function capsAnswered(before: readonly Observation[], dialect: string): boolean {
  return before.some(
    (seen) => seen.kind === 'answered' && seen.request.operation === 'ca-caps' && seen.request.dialect === dialect && seen.status === 200,
  );
}

type Attempt =
  | { readonly kind: 'unconnected'; readonly dialled: Extract<DialResult, { ok: false }> }
  | {
      readonly kind: 'sent';
      readonly result: ExchangeResult;
      readonly reused: boolean;
      readonly paid: DialTimings;
      readonly cutByBudget: boolean;
    };

async function send(cycle: Cycle, request: ProbeRequest): Promise<Attempt> {
  const { input, deadline } = cycle;
  const opened = await openSession(cycle);
  if (!opened.ok) return { kind: 'unconnected', dialled: opened.dialled };
  const { session } = opened;
  const reused = session.used;
  const paid = session.unpaid;
  session.used = true;
  session.unpaid = {};

  const left = Math.max(1, deadline - performance.now());
  const { pathname, search } = new URL(request.url);
  const result = await exchange(session.client, {
    path: `${pathname}${search}`,
    headers: requestHeaders(request.dialect),
    limitMs: Math.min(input.limits.answerMs, left),
    maxBodyBytes: request.operation === 'ca-cert' ? input.limits.bundleBytes : input.limits.bodyBytes,
  });
  if (result.kind === 'failed' || result.bodyEnd !== 'complete' || headerValue(result.headers, 'connection')?.toLowerCase() === 'close')
    session.closed = true;
  return { kind: 'sent', result, reused, paid, cutByBudget: left < input.limits.answerMs };
}

type Opened =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly dialled: Extract<DialResult, { ok: false }> };

async function openSession(cycle: Cycle): Promise<Opened> {
  if (cycle.session !== undefined && !cycle.session.closed) return { ok: true, session: cycle.session };
  await closeSession(cycle);
  const { input, origin, deadline } = cycle;
  const dialled = await dial(origin, {
    limits: input.limits,
    insecure: input.insecure,
    deadline,
    ...(input.ca !== undefined && { ca: input.ca }),
  });
  cycle.firstConnection ??= dialled.connection;
  if (!dialled.ok) return { ok: false, dialled };

  const { socket } = dialled;
  let handedOver = false;
  const client = new Client(origin.origin, {
    pipelining: 1,
    maxHeaderSize: input.limits.headerBytes,
    // Our own limits decide, so that a body that drips counts against the same clock as one that never starts.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (_options, callback) => {
      queueMicrotask(() => {
        if (handedOver) return callback(Object.assign(new Error('the server closed the connection'), { code: 'ECONNRESET' }), null);
        handedOver = true;
        callback(null, socket);
      });
    },
  });
  const session: Session = { client, connection: dialled.connection, unpaid: dialled.timings, used: false, closed: false };
  socket.once('close', () => {
    session.closed = true;
  });
  cycle.session = session;
  return { ok: true, session };
}

async function closeSession(cycle: Cycle): Promise<void> {
  const { session } = cycle;
  delete cycle.session;
  await session?.client.destroy();
}
