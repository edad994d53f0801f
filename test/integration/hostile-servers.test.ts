import type { Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PlannedCheck, ProbeInput } from '../../src/app/ports.ts';
import { limitsFor, type ProbeLimits } from '../../src/app/probe-limits.ts';
import { probeTarget } from '../../src/app/probe-target.ts';
import { readBundle } from '../../src/certificate/read-bundle.ts';
import type { Answered, Observation, TargetObservation } from '../../src/core/verdict/observation.ts';
import { observe } from '../../src/probe/observe.ts';
import { sequence, tlv, utf8String } from '../support/der.ts';
import { harmInReport } from '../support/harmless.ts';
import {
  generalizedTime,
  type HostileParts,
  hostileCertificate,
  hostileKeyPem,
  KEY_USAGE,
  SUBJECT_ALT_NAME,
  utcTime,
} from '../support/hostile-certificates.ts';
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

async function outcomesOf(
  handler: RawHandler,
  parts: Partial<ProbeInput> = {},
  options: RawServerOptions = {},
): Promise<readonly string[]> {
  await using server = await rawServer(handler, options);
  return outcomes(await probeServer(server, parts));
}

function answer(body: string | Uint8Array = 'ok', ...headers: readonly string[]): Buffer {
  const bytes = Buffer.from(body as string, 'latin1');
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1'),
    bytes,
  ]);
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
    const all = [
      BASE,
      CAPS,
      CERT,
      ...(['ios', 'windows'] as const).flatMap((dialect) => [
        { ...CAPS, dialect },
        { ...CERT, dialect },
      ]),
    ];
    const seen = await outcomesOf(() => {}, { checks: all, limits: { ...limits, budgetMs: 1_000, afterNoReplyMs: 1_000 } });
    expect(seen).toEqual([HANGS, HANGS, ...Array.from({ length: 5 }, () => 'skipped budget')]);
  });

  test('an answer may take no longer than the budget, whatever its own limit is', async () => {
    expect(await outcomesOf(() => {}, { limits: { ...limits, answerMs: 10_000, budgetMs: 300 } })).toEqual(thrice('skipped budget'));
  });

  test('a handshake that the budget cuts off is skipped and not called broken', async () => {
    await using server = await rawServer(() => {});
    const observation = await probe(`https://127.0.0.1:${server.port}`, { limits: { ...limitsFor(1_000), budgetMs: 200 } });
    await server.idle();
    expect(outcomes(observation)).toEqual(thrice('skipped budget'));
  });

  test('a stalled TLS handshake fails in phase tls, and nothing else is tried', async () => {
    await using server = await rawServer(() => {});
    const observation = await probe(`https://127.0.0.1:${server.port}`, { limits });
    await server.idle();
    expect(outcomes(observation)).toEqual(['failed tls ETIMEDOUT', 'skipped connection-failed', 'skipped connection-failed']);
    expect(server.connections()).toBe(1);
  });

  test('a TLS handshake that drips fails in phase tls', async () => {
    // A record header of TLS 1.2 that announces 16 KB of handshake.
    await using server = await rawServer(() => {}, { onConnect: (socket) => drip('\x16\x03\x03\x40\x00', '\x02')(socket, '') });
    const observation = await probe(`https://127.0.0.1:${server.port}`, { limits });
    await server.idle();
    expect(outcomes(observation)[0]).toBe('failed tls ETIMEDOUT');
  });
});

describe('a server that sends too much', () => {
  const small: ProbeLimits = { ...limitsFor(1_500), bodyBytes: 4_096, bundleBytes: 8_192 };

  async function growthWhile(
    handlerOf: (onPieces: (socket: Socket) => void) => RawHandler,
    limits: ProbeLimits,
  ): Promise<{ seen: TargetObservation; growth: number }> {
    const memory = watchMemory();
    let sampledAt = 0;
    const sampleSometimes = (socket: Socket) => {
      if (Math.abs(socket.bytesWritten - sampledAt) < 8 * MB) return;
      sampledAt = socket.bytesWritten;
      memory.sample();
    };
    await using server = await rawServer(handlerOf(sampleSometimes));
    const seen = await probeServer(server, { limits });
    return { seen, growth: memory.growth() };
  }

  const piece = Buffer.alloc(64 * 1024, 'x');
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')]);

  test.each([
    ['close-delimited', 'HTTP/1.1 200 OK\r\n\r\n', piece],
    ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', chunk],
    ['announced as 1 TB', 'HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n', piece],
  ])('an endless body, %s, is cut at the limit', async (_, head, bytes) => {
    const { seen, growth } = await growthWhile((onPieces) => endless(head, bytes, onPieces), small);
    expect(outcomes(seen)).toEqual(thrice('200 capped'));
    expect(answers(seen).map(({ body }) => body.length)).toEqual([4_096, 4_096, 8_192]);
    expect(growth).toBeLessThan(MEMORY_BOUND);
  });

  test('chunks of one byte inside 16 KB of chunk extension do not keep what surrounds them', async () => {
    const wrapped = Buffer.from(`1;${'e'.repeat(16_000)}\r\nx\r\n`);
    const { seen, growth } = await growthWhile(
      (onPieces) => endless('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', wrapped, onPieces),
      small,
    );
    expect(outcomes(seen)[0]).toMatch(/^200 (?:capped|timeout)$/);
    expect(growth).toBeLessThan(MEMORY_BOUND);
  });

  test.each(['100 Continue', '102 Processing', '103 Early Hints'])('endless %s answers are no answer', async (status) => {
    const interim = Buffer.from(`HTTP/1.1 ${status}\r\nX-Pad: ${'p'.repeat(1_000)}\r\n\r\n`);
    const { seen, growth } = await growthWhile((onPieces) => endless('', interim, onPieces), limitsFor(400));
    expect([HANGS, NOT_HTTP]).toContain(outcomes(seen)[0]);
    expect(growth).toBeLessThan(MEMORY_BOUND);
  });

  test('endless trailers end the body', async () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n';
    const { seen, growth } = await growthWhile(
      (onPieces) => endless(head, Buffer.from(`X-Trailer: ${'t'.repeat(1_000)}\r\n`), onPieces),
      small,
    );
    expect(outcomes(seen)[0]).toMatch(/^200 (?:reset|timeout)$/);
    expect(growth).toBeLessThan(MEMORY_BOUND);
  });

  test.each([
    ['gzip', 'of 1 GB in 1 MB', () => Buffer.concat(Array.from({ length: 64 }, () => gzipSync(Buffer.alloc(16 * MB))))],
    [
      'gzip',
      'of 64 MB in 64 KB',
      () => Buffer.concat(Array.from({ length: 4 }, () => gzipSync(Buffer.alloc(16 * MB)).subarray(0, 16_384))),
    ],
    ['gzip', 'of 16 MB', () => gzipSync(Buffer.alloc(16 * MB))],
    ['deflate', 'of 16 MB', () => deflateSync(Buffer.alloc(16 * MB))],
    ['br', 'of 64 MB in 64 bytes', () => brotliCompressSync(Buffer.alloc(64 * MB))],
  ])('a %s bomb %s is cut at the limit', async (coding, _, make) => {
    const bomb = answer(make(), `Content-Encoding: ${coding}`);
    const limits = limitsFor(1_500);
    const { seen, growth } = await growthWhile(() => respond(bomb, 'keep-open'), limits);
    expect(outcomes(seen)).toEqual(thrice('200 capped'));
    expect(answers(seen).map(({ body }) => body.length)).toEqual([limits.bodyBytes, limits.bodyBytes, limits.bundleBytes]);
    expect(growth).toBeLessThan(MEMORY_BOUND);
  });

  test('10,000 short headers are read', async () => {
    await using server = await rawServer(respond(answer('ok', ...Array.from({ length: 10_000 }, () => 'a: b')), 'keep-open'));
    const observation = await probeServer(server);
    expect(outcomes(observation)).toEqual(thrice('200 complete'));
    expect(answers(observation)[0]?.headers).toHaveLength(10_001);
  });

  test.each([
    ['10,000 headers of 100 bytes', answer('ok', ...Array.from({ length: 10_000 }, (_, index) => `X-${index}: ${'h'.repeat(90)}`))],
    ['one header of 1 MB', answer('ok', `X-Large: ${'h'.repeat(MB)}`)],
    ['a header name of 1 MB', answer('ok', `${'n'.repeat(MB)}: x`)],
  ])('%s are more than the limit', async (_, bytes) => {
    expect(await outcomesOf(respond(bytes, 'keep-open'))).toEqual(thrice(TOO_LARGE));
  });
});

describe('a server that codes its content oddly', () => {
  const page = '<title>Hello</title>';

  test.each([
    ['gzip', gzipSync(page)],
    ['GZip', gzipSync(page)],
    ['x-gzip', gzipSync(page)],
    ['deflate', deflateSync(page)],
    ['br', brotliCompressSync(page)],
    ['identity', Buffer.from(page)],
    ['unheard-of', Buffer.from(page)],
    ['constructor', Buffer.from(page)],
    ['__proto__', Buffer.from(page)],
    ['toString', Buffer.from(page)],
  ])('content coding %s gives the page', async (coding, bytes) => {
    await using server = await rawServer(respond(answer(bytes, `Content-Encoding: ${coding}`), 'keep-open'));
    const observation = await probeServer(server);
    expect(outcomes(observation)).toEqual(thrice('200 complete'));
    expect(answers(observation).map(text)).toEqual(thrice(page));
  });

  test.each([
    ['gzip that is none', 'gzip', Buffer.from(page)],
    ['gzip that breaks off', 'gzip', gzipSync(page.repeat(100)).subarray(0, 30)],
    ['gzip with rubbish behind it', 'gzip', Buffer.concat([gzipSync(page), Buffer.from('rubbish')])],
    ['gzip with a damaged middle', 'gzip', gzipSync(page).fill(0xff, 12, 20)],
    ['brotli that is none', 'br', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['deflate that is none', 'deflate', Buffer.from(page)],
  ])('%s is undecodable', async (_, coding, bytes) => {
    expect(await outcomesOf(respond(answer(bytes, `Content-Encoding: ${coding}`), 'keep-open'))).toEqual(thrice('200 undecodable'));
  });
});

describe('a server that does not speak HTTP properly', () => {
  const early = (bytes: string, handler: RawHandler = () => {}): [RawHandler, RawServerOptions] => [
    handler,
    { onConnect: (socket) => socket.write(bytes, 'latin1') },
  ];
  const says = (bytes: string | Uint8Array): [RawHandler, RawServerOptions] => [respond(bytes, 'end'), {}];

  const cases: readonly (readonly [string, readonly [RawHandler, RawServerOptions], string])[] = [
    ['an HTTP/0.9 answer', says('<html>hello</html>'), NOT_HTTP],
    ['an SSH banner', early('SSH-2.0-OpenSSH_9.2\r\n'), NOT_HTTP],
    ['an SMTP greeting', early('220 mail.example.test ESMTP\r\n'), NOT_HTTP],
    ['TLS on a plain port', says(Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46])), NOT_HTTP],
    ['zeros', says(Buffer.alloc(1_000)), NOT_HTTP],
    ['a status that is no number', says('HTTP/1.1 abc OK\r\n\r\n'), NOT_HTTP],
    ['a status of two digits', says('HTTP/1.1 20 OK\r\n\r\n'), NOT_HTTP],
    ['status 099', says('HTTP/1.1 099 Low\r\n\r\n'), NOT_HTTP],
    ['half a status line', says('HTTP/1.1 2'), HUNG_UP],
    ['half a header', says('HTTP/1.1 200 OK\r\nX-Ha'), HUNG_UP],
    ['NUL in a header', says('HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 2\r\n\r\nok'), NOT_HTTP],
    ['CR in a header', says('HTTP/1.1 200 OK\r\nX-A: a\rX-B: b\r\nContent-Length: 2\r\n\r\nok'), NOT_HTTP],
    ['a space before the colon', says('HTTP/1.1 200 OK\r\nX-A : a\r\nContent-Length: 2\r\n\r\nok'), NOT_HTTP],
    ['a folded header', says('HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 2\r\n\r\nok'), NOT_HTTP],
    ['an escape sequence in a header', says('HTTP/1.1 200 OK\r\nX-A: \x1b[2J\r\nContent-Length: 2\r\n\r\nok'), NOT_HTTP],
    ['101 unasked', says('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nrubbish'), NOT_HTTP],
    ['two different Content-Lengths', says('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'), WRONG_LENGTH],
    [
      'Content-Length beside Transfer-Encoding',
      says('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'),
      WRONG_LENGTH,
    ],
    ['a Content-Length beyond all numbers', says('HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok'), WRONG_LENGTH],
    ['a negative Content-Length', says('HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok'), NOT_HTTP],
    ['a Content-Length that is too long', says('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok'), '200 reset'],
    ['a Content-Length that is too short', says('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok'), '200 complete'],
    ['a chunk size that is no number', says('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n'), '200 reset'],
    ['a chunk size of 16 digits', says('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nok\r\n'), '200 reset'],
    ['chunks that break off', says('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n'), '200 reset'],
    ['204 with a body', says('HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok'), '204 complete'],
    ['status 999', says('HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n'), '999 complete'],
    ['three answers to one request', says(Buffer.concat([OK, OK, OK])), '200 complete'],
    ['an answer before the request', early(OK.toString('latin1'), respond(OK)), '200 complete'],
    ['a CSI in a reason phrase and a header', says('HTTP/1.1 403 \x9b2J\r\nServer: \x9b31m\r\nContent-Length: 0\r\n\r\n'), '403 complete'],
  ];

  test.each(cases)('%s', async (_, [handler, options], expected) => {
    expect(await outcomesOf(handler, {}, options)).toEqual(thrice(expected));
  });
});

describe('a server that hangs up', () => {
  test('before the first byte: reset', async () => {
    const seen = await outcomesOf((socket) => socket.resetAndDestroy());
    for (const one of seen) expect(one).toMatch(/^failed first-byte (?:UND_ERR_SOCKET|ECONNRESET)$/);
  });

  test('while the connection is made', async () => {
    const [first, ...others] = await outcomesOf(() => {}, {}, { onConnect: (socket) => socket.resetAndDestroy() });
    expect(first).toMatch(/^failed (?:tcp|request|first-byte) (?:UND_ERR_SOCKET|ECONNRESET|EPIPE)$/);
    for (const other of others) expect(other).toMatch(/^failed |^skipped connection-failed$/);
  });

  test('after the headers, and inside the body: the answer counts, its body is cut', async () => {
    expect(await outcomesOf(respond(['HTTP/1.1 403 Forbidden\r\nContent-Length: 20\r\n\r\n'], 'destroy'))).toEqual(thrice('403 reset'));
    expect(await outcomesOf(respond(['HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n', 'only this'], 'destroy'))).toEqual(
      thrice('200 reset'),
    );
    expect(await outcomesOf(respond(['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '2\r\nok\r\n'], 'reset'))).toEqual(
      thrice('200 reset'),
    );
  });

  test.each([
    ['after each answer without a word', 'end', OK],
    ['with a reset after each answer', 'reset', OK],
    ['as its Connection: close says', 'end', answer('ok', 'Connection: close')],
    ['not at all although it says Connection: close', 'keep-open', answer('ok', 'Connection: close')],
    ['to end a body of unknown length', 'end', 'HTTP/1.1 200 OK\r\n\r\nok'],
    ['after HTTP/1.0', 'end', 'HTTP/1.0 200 OK\r\n\r\nok'],
  ] as const)('%s: every check is answered, over connections of its own', async (_, afterwards, bytes) => {
    await using server = await rawServer(respond(bytes, afterwards));
    const observation = await probeServer(server);
    expect(outcomes(observation)).toEqual(thrice('200 complete'));
    expect(server.connections()).toBe(3);
  });

  test('when a kept connection is used again: one more try on a fresh one, no false reset', async () => {
    const used = new WeakSet<Socket>();
    await using server = await rawServer((socket) => {
      if (used.has(socket)) socket.resetAndDestroy();
      else socket.write(OK);
      used.add(socket);
    });
    expect(outcomes(await probeServer(server))).toEqual(thrice('200 complete'));
    expect([server.connections(), server.requests.length]).toEqual([3, 5]);
  });

  test('on every connection but the first: one retry for each check, no more', async () => {
    let first: Socket | undefined;
    await using server = await rawServer((socket) => {
      first ??= socket;
      if (socket === first && server.requests.length === 1) socket.write(OK);
      else socket.destroy();
    });
    expect(outcomes(await probeServer(server))).toEqual(['200 complete', HUNG_UP, HUNG_UP]);
    expect(server.requests).toHaveLength(4);
  });

  test('only for long URLs: the others are answered', async () => {
    await using server = await rawServer((socket, request) => {
      if (request.length > 3_000) socket.resetAndDestroy();
      else socket.write(OK);
    });
    const observation = await probeServer(server, { checks: [BASE, CAPS, CERT, LONG] });
    expect(outcomes(observation).slice(0, 3)).toEqual(thrice('200 complete'));
    expect(outcomes(observation)[3]).toMatch(/^failed first-byte (?:UND_ERR_SOCKET|ECONNRESET)$/);
  });
});

describe('a server that is followed nowhere', () => {
  test('redirects are seen and not followed', async () => {
    await using server = await rawServer((socket) =>
      socket.write(`HTTP/1.1 302 Found\r\nLocation: ${server.url}/elsewhere\r\nContent-Length: 0\r\n\r\n`),
    );
    expect(outcomes(await probeServer(server))).toEqual(thrice('302 complete'));
    expect(server.requests.map((request) => request.split(' ', 2)[1])).toEqual([
      '/certsrv/mscep/mscep.dll',
      '/certsrv/mscep/mscep.dll?operation=GetCACaps&message=ca-scepwatch',
      '/certsrv/mscep/mscep.dll?operation=GetCACert&message=ca-scepwatch',
    ]);
  });

  test('cookies are not sent back', async () => {
    await using server = await rawServer(respond(answer('ok', 'Set-Cookie: a=b'), 'keep-open'));
    await probeServer(server);
    expect(server.requests.join('')).not.toMatch(/^cookie:/im);
  });

  test('one connection serves all checks, and each comparison has one of its own', async () => {
    await using server = await rawServer(respond(OK, 'keep-open'));
    const observation = await probeServer(server, { compareBackends: 3 });
    expect(observation.comparisons.map(outcome)).toEqual(thrice('200 complete'));
    expect(server.connections()).toBe(4);
  });

  test('nothing is compared when there is no GetCACert check', async () => {
    await using server = await rawServer(respond(OK, 'keep-open'));
    expect((await probeServer(server, { checks: [BASE, CAPS], compareBackends: 3 })).comparisons).toEqual([]);
    expect(server.connections()).toBe(1);
  });
});

describe('no server at all', () => {
  const others = ['skipped connection-failed', 'skipped connection-failed'];

  test('a name that does not exist fails in phase dns', async () => {
    const observation = await probe('https://nonexistent.invalid', { limits: limitsFor(3_000) });
    // EAI_AGAIN where the machine has no resolver.
    expect(outcomes(observation)[0]).toMatch(/^failed dns (?:ENOTFOUND|EAI_AGAIN)$/);
    expect(outcomes(observation).slice(1)).toEqual(others);
    expect(observation.connection).toMatchObject({ host: 'nonexistent.invalid', port: 443, addresses: [] });
  });

  test('a closed port fails in phase tcp', async () => {
    const server = await rawServer(() => {});
    await server.close();
    const observation = await probe(server.url);
    expect(outcomes(observation)).toEqual(['failed tcp ECONNREFUSED', ...others]);
    expect(observation.connection?.address).toBe('127.0.0.1');
  });

  test('the name of this machine resolves and answers', async () => {
    await using server = await rawServer(respond(OK, 'keep-open'));
    const observation = await probe(`http://localhost:${server.port}`);
    expect(outcomes(observation)).toEqual(thrice('200 complete'));
    expect(observation.checks[0]).toMatchObject({ timings: { dnsMs: expect.any(Number), tcpMs: expect.any(Number) } });
    expect(observation.checks[1]).not.toMatchObject({ timings: { tcpMs: expect.any(Number) } });
  });
});

const certificates = needs('openssl');

describe('a server with TLS', certificates.suite, () => {
  let tls: TlsMaterial;
  beforeAll(() => {
    tls = tlsMaterial();
  });

  test('a certificate that verifies is read and not remarked upon', async () => {
    await using server = await rawServer(respond(OK, 'keep-open'), { tls: tls.good });
    const observation = await probeServer(server, { ca: tls.caPem });
    expect(outcomes(observation)).toEqual(thrice('200 complete'));
    expect(observation.connection?.tls).toMatchObject({ protocol: 'TLSv1.3', serverName: '127.0.0.1' });
    expect(observation.connection?.tls?.verifyError).toBeUndefined();
    expect(observation.connection?.tls?.chain.map(({ subject }) => subject).slice(0, 2)).toEqual([
      'CN=scepwatch test leaf',
      'CN=scepwatch test intermediate',
    ]);
    expect(server.connections()).toBe(1);
  });

  const bad = [
    ['expired', 'CERT_HAS_EXPIRED'],
    ['notYetValid', 'CERT_NOT_YET_VALID'],
    ['wrongName', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['missingIntermediate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ] as const;

  test.each(bad)('a certificate that is %s fails with %s, and the chain is there to read', async (which, code) => {
    await using server = await rawServer(respond(OK, 'keep-open'), { tls: tls[which] });
    const observation = await probeServer(server, { ca: tls.caPem });
    expect(outcomes(observation)).toEqual([`failed tls ${code}`, 'skipped connection-failed', 'skipped connection-failed']);
    expect(observation.connection?.tls?.verifyError?.code).toBe(code);
    expect(observation.connection?.tls?.chain[0]).toMatchObject({ keyType: 'ec', keyBits: 256, isCa: false });
    expect(server.requests).toEqual([]);
  });

  test.each(bad)('a certificate that is %s is overlooked on demand, and %s is recorded', async (which, code) => {
    await using server = await rawServer(respond(OK, 'keep-open'), { tls: tls[which] });
    const observation = await probeServer(server, { ca: tls.caPem, insecure: true });
    expect(outcomes(observation)).toEqual(thrice('200 complete'));
    expect(observation.connection?.tls?.verifyError?.code).toBe(code);
    expect(observation.connection?.tls?.chain.length).toBeGreaterThan(0);
  });

  test('plain HTTP on a TLS port fails in phase tls', async () => {
    await using server = await rawServer(() => {}, { onConnect: (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') });
    const observation = await probe(`https://127.0.0.1:${server.port}`);
    await server.idle();
    expect(outcomes(observation)[0]).toMatch(/^failed tls (?:ERR_SSL_\w+|EPROTO)$/);
  });

  test('a TLS alert fails in phase tls', async () => {
    await using server = await rawServer(() => {}, { onConnect: (socket) => socket.write(Buffer.from([0x15, 3, 3, 0, 2, 2, 0x28])) });
    const observation = await probe(`https://127.0.0.1:${server.port}`);
    await server.idle();
    expect(outcomes(observation)[0]).toMatch(/^failed tls (?:ERR_SSL_[\w/]+|EPROTO)$/);
  });

  test.each([
    ['closed', (socket: Socket) => socket.end()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('a connection that is %s instead of a handshake fails in phase tls', async (_, hangUp) => {
    // The client speaks first in TLS, so its hello has arrived when the server hangs up.
    await using server = await rawServer(() => {}, { onConnect: (socket) => socket.once('data', () => hangUp(socket)) });
    const observation = await probe(`https://127.0.0.1:${server.port}`);
    await server.idle();
    expect(outcomes(observation)).toEqual(['failed tls ECONNRESET', 'skipped connection-failed', 'skipped connection-failed']);
  });

  test('a server that hangs up right after the handshake is one that does not answer', async () => {
    await using server = await rawServer(() => {}, { tls: tls.good, onConnect: (socket) => socket.destroy() });
    for (let i = 0; i < 20; i++) {
      const observation = await probeServer(server, { ca: tls.caPem, checks: [BASE] });
      expect(outcomes(observation)[0]).toMatch(/^failed (?:tls|request|first-byte) (?:UND_ERR_SOCKET|ECONNRESET|EPIPE)$/);
    }
  });

  test('a TLS server that never answers is a timeout like any other', async () => {
    expect(await outcomesOf(() => {}, { ca: tls.caPem, limits: limitsFor(400) }, { tls: tls.good })).toEqual([
      HANGS,
      'skipped budget',
      'skipped budget',
    ]);
  });

  test('an endless body over TLS is cut at the limit', async () => {
    const handler = endless('HTTP/1.1 200 OK\r\n\r\n', Buffer.alloc(16_384, 'x'));
    expect(await outcomesOf(handler, { ca: tls.caPem }, { tls: tls.good })).toEqual(thrice('200 capped'));
  });

  test.each([
    ['escape sequences in its name', { subjectName: utf8String('\u001b[2J\u009b31m\u202egnp.exe\n\0') }],
    ['a line feed in its name', { subjectName: utf8String('a\nCN=trusted') }],
    ['a name of 40 KB', { subjectName: utf8String('x'.repeat(40_000)) }],
    [
      'alternative names that quote',
      { extensions: [[SUBJECT_ALT_NAME, sequence(tlv(0x82, Buffer.from('a", DNS:"127.0.0.1\0\\')), tlv(0x86, Buffer.from('\u001b,')))]] },
    ],
    ['alternative names that are none', { extensions: [[SUBJECT_ALT_NAME, Buffer.from([5, 0])]] }],
    [
      '2,000 alternative names',
      { extensions: [[SUBJECT_ALT_NAME, sequence(Buffer.alloc(32_000, tlv(0x82, Buffer.from('a.example.test'))))]] },
    ],
    ['dates that mean nothing', { notBefore: utcTime('260132000000Z'), notAfter: utcTime('271331999999Z') }],
    ['the year 9999', { notAfter: generalizedTime('99991231235959Z') }],
    ['key usage that is none', { extensions: [[KEY_USAGE, Buffer.from([4, 0])]] }],
  ] as readonly (readonly [string, HostileParts])[])('a certificate with %s does no harm', async (_, parts) => {
    const der = hostileCertificate(parts);
    const certPem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
    await using server = await rawServer(respond(OK, 'keep-open'), { tls: { certPem, keyPem: hostileKeyPem() } });
    expect(outcomes(await probeServer(server))[0]).toMatch(/^failed tls \w+$/);
    expect(outcomes(await probeServer(server, { insecure: true }))).toEqual(thrice('200 complete'));
  });

  test('a TLS server that closes after each answer answers every check', async () => {
    await using server = await rawServer(respond(OK, 'end'), { tls: tls.good });
    expect(outcomes(await probeServer(server, { ca: tls.caPem }))).toEqual(thrice('200 complete'));
    expect(server.connections()).toBe(3);
  });
});
