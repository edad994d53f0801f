import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readBundle } from '../../src/certificate/read-bundle.ts';
import { debugText } from '../../src/core/render/debug-text.ts';
import { nagiosText } from '../../src/core/render/nagios.ts';
import { plain } from '../../src/core/render/paint.ts';
import { reportJson } from '../../src/core/render/report-json.ts';
import { reportText } from '../../src/core/render/report-text.ts';
import { type CaCertBundle, type CertificateFacts, KEY_USAGES } from '../../src/core/scep/certificate.ts';
import { DIALECTS } from '../../src/core/scep/dialect.ts';
import { operationUrl } from '../../src/core/scep/operation-url.ts';
import { CERTIFICATE_REQUEST_AGENT } from '../../src/core/scep/roles.ts';
import { printableJson } from '../../src/core/text/printable.ts';
import { DAY_MS } from '../../src/core/time.ts';
import { historyAfter, judgeTarget } from '../../src/core/verdict/judge.ts';
import {
  type Answered,
  type Header,
  type Observation,
  OPERATIONS,
  PHASES,
  type TargetObservation,
} from '../../src/core/verdict/observation.ts';
import type { JudgeContext, ReadBundle, TargetReport } from '../../src/core/verdict/report.ts';
import { nastyText, randomFrom, seeds, share, stopwatch } from '../support/fuzz.ts';
import { harmIn, harmInReport, shownLines } from '../support/harmless.ts';
import { CONTENT_TYPES, PAGE_LITERALS } from '../support/page-literals.ts';

const watch = stopwatch();
const codes = new Set<string>();
afterAll(() => console.log(`judgement: ${watch.slowest()}; ${codes.size} different verdicts`));

const NOW = Date.UTC(2026, 10, 24, 12);

const URLS = [
  'https://ndes-contoso.msappproxy.net/certsrv/mscep/mscep.dll',
  'https://scep.contoso.com/certsrv/mscep/mscep.dll',
  'http://192.0.2.1:8080/certsrv/mscep/mscep.dll',
  'https://[2001:db8::1]/scep',
] as const;

const request = fc
  .record({ operation: fc.constantFrom(...OPERATIONS), dialect: fc.constantFrom(...DIALECTS) })
  .map(({ operation, dialect }) => ({ operation, dialect, url: operationUrl(URLS[0], operation, dialect) }));

const timings = fc.record({ totalMs: fc.constantFrom(0, 1, 12.5, 11_000, 95_000), firstByteMs: fc.constantFrom(0.1, 5_000) });

const HEADER_NAMES = [
  'Server',
  'Location',
  'Content-Type',
  'Date',
  'x-ms-proxy-connector-id',
  'X-MS-Proxy-Error-Details',
  'x-ms-proxy-app-id',
  'Set-Cookie',
  'WWW-Authenticate',
  'Via',
] as const;
const HEADER_VALUES = [
  'Microsoft-IIS/10.0',
  'Microsoft-HTTPAPI/2.0',
  'cloudflare',
  'https://login.microsoftonline.com/6e5dc3a8-7d43-4e7e-a1b5-0f1d3f0b9a11/oauth2/authorize?x=y',
  'https://user:pass@elsewhere.example.test/\u202e',
  'EmptyConnectorGroup',
  'NoActiveConnector',
  'BackendTimeOut',
  'Tue, 24 Nov 2026 12:00:00 GMT',
  'Sat, 13 Sep 275760 00:00:00 GMT',
  '-271821-04-20',
  '99999999999999999999',
  ...CONTENT_TYPES.filter((type) => type !== undefined),
] as const;

const header: fc.Arbitrary<Header> = fc.tuple(
  fc.oneof(fc.constantFrom(...HEADER_NAMES), nastyText),
  fc.oneof(fc.constantFrom(...HEADER_VALUES), nastyText),
);

const shortBody = fc
  .tuple(fc.array(fc.oneof(fc.constantFrom(...PAGE_LITERALS), nastyText), { maxLength: 6 }), fc.constantFrom('utf8', 'utf16le', 'latin1'))
  .map(([pieces, encoding]) => new Uint8Array(Buffer.from(pieces.join(''), encoding as BufferEncoding)));
const longBody = fc
  .tuple(fc.constantFrom(...PAGE_LITERALS), fc.constantFrom(65_536, 262_144))
  .map(([piece, length]) => new Uint8Array(Buffer.alloc(length, piece)));
const noise = fc.uint8Array({ maxLength: 100 });

const STATUSES = [
  100, 200, 200, 200, 204, 302, 307, 400, 401, 403, 403, 403, 404, 408, 413, 414, 429, 431, 500, 500, 502, 503, 504, 511, 999,
] as const;

function answer(body: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Answered> {
  return fc.record({
    kind: fc.constant('answered' as const),
    request,
    timings,
    status: fc.constantFrom(...STATUSES),
    reason: fc.oneof(fc.constantFrom('', 'Forbidden', 'OK'), nastyText),
    headers: fc.array(header, { maxLength: 5 }),
    body,
    bodyEnd: fc.constantFrom('complete', 'complete', 'complete', 'capped', 'timeout', 'reset', 'undecodable'),
  });
}

const CODES = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'ECONNRESET',
  'EPROTO',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_HEADERS_OVERFLOW',
  'HPE_INVALID_RESPONSE',
  'EMFILE',
  'constructor',
  '__proto__',
  '',
] as const;
const code = fc.oneof(fc.constantFrom(...CODES), nastyText);

const failed = fc.record({
  kind: fc.constant('failed' as const),
  request,
  timings,
  phase: fc.constantFrom(...PHASES),
  code,
  detail: nastyText,
});
const skipped = fc.record({
  kind: fc.constant('skipped' as const),
  request,
  reason: fc.constantFrom('connection-failed', 'budget', 'operation-failed'),
  detail: nastyText,
});
const observed: fc.Arbitrary<Observation> = fc.oneof(
  { weight: 6, arbitrary: answer(shortBody) },
  { weight: 1, arbitrary: answer(noise) },
  { weight: 2, arbitrary: failed },
  { weight: 1, arbitrary: skipped },
);

/** Dates as certificates can have them: from the year 0 to the year 9999. */
const date = fc.oneof(
  fc.constantFrom(-62_167_219_200_000, 253_402_300_799_000, NOW, NOW - 1, NOW + 1),
  fc.integer({ min: -800, max: 800 }).map((days) => NOW + days * DAY_MS),
);

const certificate: fc.Arbitrary<CertificateFacts> = fc
  .record({
    subject: fc.oneof(fc.constantFrom('CN=Contoso Issuing CA', 'CN=NDES01-MSCEP-RA', ''), nastyText),
    issuer: fc.oneof(fc.constantFrom('CN=Contoso Issuing CA', 'CN=Contoso Root CA'), nastyText),
    notBefore: date,
    notAfter: date,
    fingerprint: fc.constantFrom('a', 'b', 'c'),
    signatureAlgorithmOid: fc.constantFrom('1.2.840.113549.1.1.11', '1.2.840.113549.1.1.10', '1.2.840.113549.1.1.5', ''),
    keyUsage: fc.option(fc.subarray([...KEY_USAGES]), { nil: undefined }),
    extendedKeyUsage: fc.option(fc.constantFrom([CERTIFICATE_REQUEST_AGENT], []), { nil: undefined }),
    isCa: fc.boolean(),
    template: fc.option(nastyText, { nil: undefined }),
    signedBy: fc.subarray([0, 1, 2, 3]),
  })
  .map(({ fingerprint, keyUsage, extendedKeyUsage, template, ...facts }) => ({
    ...facts,
    serialNumber: '01',
    sha256: fingerprint.repeat(64),
    sha1: fingerprint.repeat(40),
    keyType: 'rsa',
    keyBits: 2048,
    ...(keyUsage !== undefined && { keyUsage }),
    ...(extendedKeyUsage !== undefined && { extendedKeyUsage }),
    ...(template !== undefined && { template }),
  }));

const bundle: fc.Arbitrary<CaCertBundle> = fc.oneof(
  fc.record({
    kind: fc.constant('certs-only' as const),
    certificates: fc.array(certificate, { minLength: 1, maxLength: 4 }),
    unreadable: fc.nat(3),
  }),
  certificate.map((only) => ({ kind: 'single' as const, certificates: [only] as const })),
  nastyText.map((reason) => ({ kind: 'invalid' as const, reason })),
);

const tls = fc
  .record({
    verifyError: fc.option(fc.record({ code, detail: nastyText }), { nil: undefined }),
    chain: fc.array(certificate, { maxLength: 2 }),
  })
  .map(({ verifyError, chain }) => ({
    serverName: 'scep.contoso.com',
    protocol: 'TLSv1.3',
    cipher: 'x',
    chain,
    ...(verifyError !== undefined && { verifyError }),
  }));

const connection = fc
  .record({ addresses: fc.constantFrom([], ['192.0.2.1'], ['2001:db8::1', '192.0.2.1']), tls: fc.option(tls, { nil: undefined }) })
  .map(({ addresses, tls: facts }) => ({ host: 'scep.contoso.com', port: 443, addresses, ...(facts !== undefined && { tls: facts }) }));

function targetOf(checks: fc.Arbitrary<Observation[]>): fc.Arbitrary<TargetObservation> {
  return fc
    .record({
      url: fc.constantFrom(...URLS),
      checks,
      comparisons: fc.array(observed, { maxLength: 2 }),
      connection: fc.option(connection, { nil: undefined }),
    })
    .map(({ connection: facts, ...rest }) => ({
      ...rest,
      vantage: 'here',
      startedAt: NOW,
      durationMs: 100,
      ...(facts !== undefined && { connection: facts }),
    }));
}

const context: fc.Arbitrary<JudgeContext> = fc
  .record({
    vantagePoints: fc.constantFrom(1, 3),
    caPins: fc.constantFrom([], ['a'.repeat(64)], ['d'.repeat(40)]),
    raNotAfter: fc.option(date, { nil: undefined }),
    fingerprints: fc.option(fc.constantFrom({ ra: [], ca: [] }, { ra: ['a'.repeat(64)], ca: ['b'.repeat(64)] }), { nil: undefined }),
    slowestAnswersMs: fc.constantFrom([], [11_000, 12_000, 13_000, 1]),
  })
  .map(({ vantagePoints, caPins, raNotAfter, fingerprints, slowestAnswersMs }) => ({
    now: NOW,
    vantagePoints,
    caPins,
    history: { slowestAnswersMs, ...(raNotAfter !== undefined && { raNotAfter }), ...(fingerprints !== undefined && { fingerprints }) },
  }));

function bundlesOf({ checks, comparisons }: TargetObservation, pool: readonly CaCertBundle[]): readonly ReadBundle[] {
  return [...checks, ...comparisons].flatMap((seen, index) =>
    seen.kind === 'answered' && seen.request.operation === 'ca-cert' && seen.status === 200
      ? [{ observation: seen, bundle: pool[index % Math.max(1, pool.length)] ?? readBundle(seen.body) }]
      : [],
  );
}

function describeTarget({ checks }: TargetObservation): string {
  return checks
    .map(
      (seen) =>
        `${seen.request.operation} ${seen.kind === 'answered' ? `${seen.status} with ${seen.body.length} bytes ${JSON.stringify(Buffer.from(seen.body.subarray(0, 20)).toString('latin1'))}` : seen.kind}`,
    )
    .join('; ');
}

function judgedInTime(observation: TargetObservation, bundles: readonly ReadBundle[], given: JudgeContext): TargetReport {
  const report = watch.time(
    () => judgeTarget(observation, bundles, given),
    () => describeTarget(observation),
  );
  expect(harmInReport(report)).toEqual([]);
  for (const line of shownLines(report)) expect(line.length).toBeLessThanOrEqual(2_000);
  expect(report.checks).toHaveLength(observation.checks.length);
  expect(report.alsoFound.map((verdict) => verdict.code)).not.toContain(report.verdict.code);
  for (const verdict of [report.verdict, ...report.alsoFound]) codes.add(verdict.code);
  return report;
}

describe('judgement', () => {
  test('names a verdict for whatever was seen, in harmless single lines', () => {
    fc.assert(
      fc.property(
        targetOf(fc.array(observed, { maxLength: 5 })),
        fc.array(bundle, { maxLength: 3 }),
        context,
        (observation, pool, given) => {
          const bundles = bundlesOf(observation, pool);
          const report = judgedInTime(observation, bundles, given);
          const after = historyAfter(report, given.history);
          expect(after.slowestAnswersMs?.length).toBeLessThanOrEqual(5);
          expect(Number.isNaN(after.raNotAfter)).toBe(false);
        },
      ),
      share(10),
    );
    expect(codes.size).toBeGreaterThan(40);
  });

  test('is the same each time', () => {
    fc.assert(
      fc.property(
        targetOf(fc.array(observed, { maxLength: 4 })),
        fc.array(bundle, { maxLength: 3 }),
        context,
        (observation, pool, given) => {
          const bundles = bundlesOf(observation, pool);
          expect(JSON.stringify(judgeTarget(observation, bundles, given))).toBe(JSON.stringify(judgeTarget(observation, bundles, given)));
        },
      ),
      share(1),
    );
  });

  test('of the largest bodies comes in time', () => {
    fc.assert(
      fc.property(
        targetOf(fc.array(answer(longBody), { minLength: 1, maxLength: 1 })),
        context,
        (observation, given) => void judgedInTime(observation, [], given),
      ),
      share(0.5),
    );
  });

  test('of noise in the place of certificates comes in time', () => {
    fc.assert(
      fc.property(targetOf(fc.array(observed, { minLength: 1, maxLength: 3 })), seeds, context, (observation, seed, given) => {
        const random = randomFrom(seed);
        const pool = [readBundle(random.bytes(random.below(200)))];
        judgedInTime(observation, bundlesOf(observation, pool), given);
      }),
      share(1),
    );
  });
});

describe('what is printed of a judgement', () => {
  test('is harmless in every form', () => {
    fc.assert(
      fc.property(
        targetOf(fc.array(observed, { maxLength: 4 })),
        fc.array(bundle, { maxLength: 3 }),
        context,
        (observation, pool, given) => {
          const report = judgeTarget(observation, bundlesOf(observation, pool), given);
          const forms = {
            text: reportText(report, { width: 100, paint: plain, now: NOW }),
            debug: debugText(report),
            nagios: nagiosText([report], NOW),
            json: printableJson(reportJson(report, NOW), 2),
          };
          for (const [form, text] of Object.entries(forms)) {
            for (const line of text.split('\n')) {
              const harm = harmIn(line);
              expect(harm === undefined ? '' : `${form}: ${harm}`).toBe('');
            }
          }
          expect(JSON.parse(forms.json)).toEqual(JSON.parse(JSON.stringify(reportJson(report, NOW))));
          // A plug-in's output has performance data behind its one vertical bar.
          expect(forms.nagios.split('\n', 1)[0]?.split('|')).toHaveLength(2);
        },
      ),
      share(2),
    );
  });
});
