import type { Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PlannedCheck, ProbeInput } from '../../src/app/ports.ts';
import { limitsFor, type ProbeLimits } from '../../src/app/probe-limits.ts';
import { probeTarget } from '../../src/app/probe-target.ts';
import { readBundle } from '../../src/certificate/read-bundle.ts';
import type { Answered, Observation, TargetObservation } from '../../src/core/verdict/observation.ts';
import { observe } from '../../src/probe/observe.ts';
import { harmInReport } from '../support/harmless.ts';
import { watchMemory } from '../support/memory.ts';
import { needs } from '../support/needs.ts';
import { type RawHandler, type RawServer, type RawServerOptions, rawServer, respond } from '../support/raw-server.ts';
import { type TlsMaterial, tlsMaterial } from '../support/tls-material.ts';

const MB = 1024 * 1024;
const MEMORY_BOUND = 32 * MB;
/** What a loaded machine may add to a budget. */
const SLACK_MS = 1_000;

const BASE: PlannedCheck = { operation: 'base-url', dialect: 'android' };
const CAPS: PlannedCheck = { operation: 'ca-caps', dialect: 'android' };
const CERT: PlannedCheck = { operation: 'ca-cert', dialect: 'android' };
const LONG: PlannedCheck = { operation: 'long-url', dialect: 'android' };

const INPUT: Omit<ProbeInput, 'url'> = {
  checks: [BASE, CAPS, CERT],
  longUrlBytes: 4_000,
  limits: limitsFor(1_000),
  insecure: false,
  compareBackends: 0,
  vantage: 'test',
};

/** Probes and judges; whatever the server does, there is one observation for each check, in time, and nothing that harms a terminal. */
async function probe(origin: string, parts: Partial<ProbeInput> = {}): Promise<TargetObservation> {
  const input: ProbeInput = { ...INPUT, ...parts, url: `${origin}/certsrv/mscep/mscep.dll` };
  const started = performance.now();
  const report = await probeTarget({ observe, readBundle, now: Date.now }, input, { vantagePoints: 1, caPins: [], history: {} });
  expect(performance.now() - started).toBeLessThanOrEqual(input.limits.budgetMs + SLACK_MS);
  expect(report.observation.checks.map(({ request: { operation, dialect } }) => ({ operation, dialect }))).toEqual(input.checks);
  expect(harmInReport(report)).toEqual([]);
  return report.observation;
}

/** Probes one server of our own and waits until it has no connection left. */
async function probeServer(server: RawServer, parts: Partial<ProbeInput> = {}): Promise<TargetObservation> {
  const observation = await probe(server.url, parts);
  await server.idle();
  return observation;
}

/** `200 complete`, `failed tls CERT_HAS_EXPIRED`, `skipped budget`. */
function outcome(seen: Observation): string {
  switch (seen.kind) {
    case 'answered':
      return `${seen.status} ${seen.bodyEnd}`;
    case 'failed':
      return `failed ${seen.phase} ${seen.code}`;
    case 'skipped':
      return `skipped ${seen.reason}`;
  }
}

const outcomes = ({ checks }: TargetObservation) => checks.map(outcome);

function answers({ checks }: TargetObservation): readonly Answered[] {
  return checks.filter((seen) => seen.kind === 'answered');
}

const text = ({ body }: Answered) => Buffer.from(body).toString('latin1');

async function outcomesOf(handler: RawHandler, parts: Partial<ProbeInput> = {}, options: RawServerOptions = {}): Promise<readonly string[]> {
  await using server = await rawServer(handler, options);
  return outcomes(await probeServer(server, parts));
}

function answer(body: string | Uint8Array = 'ok', ...headers: readonly string[]): Buffer {
  const bytes = Buffer.from(body as string, 'latin1');
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1'), bytes]);
}

const thrice = (one: string) => [one, one, one];
const OK = answer();
const HANGS = 'failed first-byte UND_ERR_HEADERS_TIMEOUT';
const NOT_HTTP = 'failed first-byte HPE_INVALID_RESPONSE';
const WRONG_LENGTH = 'failed first-byte UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
const TOO_LARGE = 'failed first-byte UND_ERR_HEADERS_OVERFLOW';
const HUNG_UP = 'failed first-byte UND_ERR_SOCKET';

/** Writes the same piece for as long as the other side takes it. */
function endless(head: string, piece: Uint8Array, onPieces: (socket: Socket) => void = () => {}): RawHandler {
  return (socket) => {
    socket.write(head);
    const pump = () => {
      let room = !socket.destroyed;
      for (let i = 0; i < 64 && room; i++) room = socket.write(piece);
      onPieces(socket);
      if (room && !socket.destroyed) setImmediate(pump);
    };
    socket.on('drain', pump);
    pump();
  };
}

/** Writes one byte after the other, each after a moment, for as long as somebody listens. */
function drip(head: string, byte = 'x'): RawHandler {
  return (socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(byte), 5);
    socket.once('close', () => clearInterval(timer));
  };
}

describe('a server that takes its time', () => {
  const limits = limitsFor(400);

  test('accepting and never answering is a timeout, and the checks that no longer fit are skipped', async () => {
    expect(await outcomesOf(() => {}, { limits })).toEqual([HANGS, 'skipped budget', 'skipped budget']);
  });

  test('dripping headers is a timeout', async () => {
    expect(await outcomesOf(drip('HTTP/1.1 200 OK\r\nX-Drip: '), { limits })).toEqual([HANGS, 'skipped budget', 'skipped budget']);
  });

  test('dripping a reason phrase is a timeout', async () => {
    expect(await outcomesOf(drip('HTTP/1.1 200 '), { limits })).toEqual([HANGS, 'skipped budget', 'skipped budget']);
  });

  test.each(['403 Forbidden', '200 OK'])('a %s whose body drips for ever is answered, its body cut by time', async (status) => {
    await using server = await rawServer(drip(`HTTP/1.1 ${status}\r\n\r\n`));
    const observation = await probeServer(server, { limits });
    expect(outcomes(observation)[0]).toBe(`${status.slice(0, 3)} timeout`);
    expect(answers(observation)[0]?.body.length).toBeGreaterThan(0);
  });

  test('an answer of 200 that the budget cuts off is skipped and not called broken', async () => {
    expect(await outcomesOf(drip('HTTP/1.1 200 OK\r\n\r\n'), { limits })).toEqual(['200 timeout', 'skipped budget', 'skipped budget']);
  });

  test('a server that hangs in each check ends with the budget', async () => {
    const all = [BASE, CAPS, CERT, ...(['ios', 'windows'] as const).flatMap((dialect) => [{ ...CAPS, dialect }, { ...CERT, dialect }])];
    const seen = await outcomesOf(() => {}, { checks: all, limits: { ...limits, budgetMs: 1_000 } });
    expect(seen).toEqual([HANGS, HANGS, ...Array.from({ length: 5 }, () => 'skipped budget')]);
  });

  test('a connection that the budget cuts off while it is made is skipped and not called broken', async () => {
    // The first check uses up most of the budget; the second needs a new connection, whose handshake hangs.
    let connections = 0;
    const stall: RawServerOptions = { onConnect: (socket) => ++connections > 1 && socket.removeAllListeners('data') };
    const tls = tlsMaterial();
    await using real = await rawServer(respond(OK, 'end'), { tls: tls.good });
    await using front = await rawServer(() => {}, {
      ...stall,
      onConnect: (socket) => {
        connections++;
        if (connections === 1) relay(socket, real.port);
      },
    });
    const observation = await probe(`https://127.0.0.1:${front.port}`, { ca: tls.caPem, limits: { ...limitsFor(1_000), budgetMs: 500 } });
    expect(outcomes(observation)).toEqual(['200 complete', 'skipped budget', 'skipped budget']);
  });
});

function relay(socket: Socket, port: number): void {
  void socket;
  void port;
}
