import { describe, expect, it } from 'vitest';
import type { CaCertBundle } from '../../../src/core/scep/certificate.ts';
import { DAY_MS } from '../../../src/core/time.ts';
import { historyAfter, judgeTarget } from '../../../src/core/verdict/judge.ts';
import type { Answered, Observation } from '../../../src/core/verdict/observation.ts';
import type { JudgeContext, TargetReport } from '../../../src/core/verdict/report.ts';
import { bundleOf, ca, healthyBundle, NOW, raEncryption, raSigning } from '../../support/certificates.ts';
import { type AnswerParts, answered, failed, HEALTHY_CAPS, target } from '../../support/observations.ts';

const QUIET: JudgeContext = { now: NOW, vantagePoints: 1, caPins: [], history: {} };

const BASE_403 = answered('base-url', { status: 403, body: '403 - Forbidden: Access is denied.' });
const CAPS = answered('ca-caps', { status: 200, body: HEALTHY_CAPS });
const LONG = answered('long-url', { status: 200, body: HEALTHY_CAPS });

interface Cycle {
  readonly base?: Observation;
  readonly caps?: Observation;
  readonly cert?: AnswerParts | Observation;
  readonly long?: Observation;
  readonly bundle?: CaCertBundle;
  readonly comparisons?: readonly CaCertBundle[];
}

/** A healthy cycle but for what is named. */
function judge(
  { base = BASE_403, caps = CAPS, cert, long, bundle = healthyBundle(), comparisons = [] }: Cycle,
  context: Partial<JudgeContext> = {},
): TargetReport {
  const bundleCheck =
    cert !== undefined && 'kind' in cert
      ? cert
      : answered('ca-cert', {
          status: 200,
          headers: [['Content-Type', 'application/x-x509-ca-ra-cert']],
          body: new Uint8Array([0x30, 0x82]),
          ...cert,
        });
  const others = comparisons.map(() => answered('ca-cert', { status: 200 }));
  const observation = { ...target([base, caps, bundleCheck, ...(long === undefined ? [] : [long])]), comparisons: others };
  const read = bundleCheck.kind === 'answered' && bundleCheck.status === 200 ? [{ observation: bundleCheck, bundle }] : [];
  return judgeTarget(
    observation,
    [...read, ...others.map((other, index) => ({ observation: other as Answered, bundle: comparisons[index] ?? healthyBundle() }))],
    { ...QUIET, ...context },
  );
}

const verdict = (cycle: Cycle, context: Partial<JudgeContext> = {}) => {
  const { code, severity } = judge(cycle, context).verdict;
  return `${severity} ${code}`;
};

describe('a target where everything answers', () => {
  it('is healthy once a long URL got through as well', () => {
    expect(verdict({ long: LONG })).toBe('ok healthy');
    expect(verdict({})).toBe('ok healthy-long-url-untested');
  });

  it('is only plausible while nothing but the bare URL was asked', () => {
    expect(judgeTarget(target([BASE_403]), [], QUIET).verdict.code).toBe('base-403-only');
  });

  it('is called slow after three of five cycles over ten seconds', () => {
    const slow = answered('base-url', { status: 403, totalMs: 11_000 });
    expect(verdict({ base: slow }, { history: { slowestAnswersMs: [12_000, 300] } })).toBe('ok healthy-long-url-untested');
    expect(verdict({ base: slow }, { history: { slowestAnswersMs: [300, 12_000, 200, 10_500] } })).toBe('warn slow-response');
    expect(verdict({}, { history: { slowestAnswersMs: [12_000, 12_000, 12_000, 12_000] } })).toBe('warn slow-response');
    expect(verdict({}, { history: { slowestAnswersMs: [300, 300, 300, 300, 12_000, 12_000, 12_000] } })).toBe(
      'ok healthy-long-url-untested',
    );
  });
});

describe('the bare URL', () => {
  it('is an anomaly and no outage while both operations work', () => {
    expect(verdict({ base: answered('base-url', { status: 404 }) })).toBe('warn ndes-base-anomaly');
    expect(verdict({ base: failed('base-url', 'first-byte', 'ECONNRESET') })).toBe('warn ndes-base-anomaly');
  });

  it('keeps its own verdict when an operation fails too', () => {
    expect(verdict({ base: answered('base-url', { status: 404 }), caps: answered('ca-caps', { status: 404 }) })).toBe(
      'crit ndes-path-not-found',
    );
  });

  it('keeps its own verdict when the certificates are unusable', () => {
    expect(verdict({ base: answered('base-url', { status: 500 }), bundle: { kind: 'single', certificates: [ca()] } })).toBe(
      'crit ndes-internal-error',
    );
  });

  it('is never an anomaly when it shows a page with 200', () => {
    expect(verdict({ base: answered('base-url', { status: 200, body: 'Network Device Enrollment Service' }) })).toBe(
      'crit ndes-policy-module-not-loaded',
    );
    expect(verdict({ base: answered('base-url', { status: 200, body: 'hello' }) })).toBe('crit unrelated-page');
  });
});

describe('an operation that fails behind a healthy bare URL', () => {
  it('is reported by its own verdict when it has one', () => {
    const report = judge({ caps: answered('ca-caps', { status: 500 }) });
    expect(report.verdict.code).toBe('ndes-internal-error');
    expect(report.alsoFound.map(({ code }) => code)).toEqual(['ndes-partial-failure']);
  });

  it('is a partial failure when its status says nothing', () => {
    expect(verdict({ cert: { status: 202 } })).toBe('crit ndes-partial-failure');
    expect(verdict({ caps: answered('ca-caps', { status: 429 }) })).toBe('crit ndes-partial-failure');
  });

  it('is forbidden when it answers the 403 that the bare URL must', () => {
    expect(verdict({ caps: answered('ca-caps', { status: 403 }) })).toBe('crit scep-operation-forbidden');
  });
});

describe('GetCACaps', () => {
  it.each([
    ['warn scep-caps-empty', ''],
    ['warn scep-caps-empty', '\r\n'],
    ['crit scep-caps-invalid', '<html>hello</html>'],
    ['crit scep-caps-invalid', 'something else entirely'],
    ['warn scep-caps-limited', 'Renewal\nSHA-1\nDES3'],
    ['warn scep-caps-limited', 'POSTPKIOperation\nSHA-1'],
    ['ok healthy-long-url-untested', 'SCEPStandard'],
    ['ok healthy-long-url-untested', 'postpkioperation\nsha-256'],
  ])('is %s for %j', (expected, body) => {
    expect(verdict({ caps: answered('ca-caps', { status: 200, body }) })).toBe(expected);
  });
});

const days = (n: number): number => NOW + n * DAY_MS;

/** Every finding about a bundle, and the edges of every step. */
const BUNDLES: readonly (readonly [expected: string, what: string, bundle: CaCertBundle])[] = [
  ['crit scep-cacert-invalid', 'no certificates at all', { kind: 'invalid', reason: 'it is a page' }],
  [
    'crit ra-certificate-expired',
    'an RA certificate that ended yesterday',
    bundleOf([ca(), raSigning({ notAfter: days(-1) }), raEncryption()]),
  ],
  [
    'crit ra-certificate-expired',
    'an old expired RA certificate beside the new ones',
    bundleOf([ca(), raSigning(), raEncryption(), raSigning({ notAfter: days(-30) })]),
  ],
  [
    'crit ra-certificate-not-yet-valid',
    'an RA certificate of tomorrow',
    bundleOf([ca(), raSigning({ notBefore: days(1) }), raEncryption()]),
  ],
  [
    'crit ra-certificate-not-yet-valid',
    'a CA certificate of tomorrow',
    bundleOf([ca({ notBefore: days(1) }), raSigning(), raEncryption()]),
  ],
  ['crit ca-certificate-expired', 'a CA certificate that ended', bundleOf([ca({ notAfter: days(-1) }), raSigning(), raEncryption()])],
  ['crit ra-certificate-missing', 'no encryption certificate', bundleOf([ca(), raSigning()])],
  ['crit ra-certificate-missing', 'no signing certificate', bundleOf([ca(), raEncryption()])],
  ['crit ra-certificate-missing', 'one single CA certificate', { kind: 'single', certificates: [ca()] }],
  [
    'ok healthy-long-url-untested',
    'one RA certificate for both',
    bundleOf([ca(), raSigning({ keyUsage: ['digitalSignature', 'keyEncipherment'] })]),
  ],
  [
    'crit ra-issued-by-old-ca',
    'a CA of the same name and another key',
    bundleOf([ca(), raSigning({ signedBy: [] }), raEncryption({ signedBy: [] })]),
  ],
  [
    'crit ra-issued-by-old-ca',
    'old and new CA certificate, RA from the old',
    bundleOf([ca({ notBefore: days(-900) }), raSigning(), raEncryption(), ca({ notBefore: days(-10), signedBy: [3] })]),
  ],
  [
    'ok healthy-long-url-untested',
    'a CA renewed with the same key',
    bundleOf([
      ca({ notBefore: days(-900), signedBy: [0, 3] }),
      raSigning({ signedBy: [0, 3] }),
      raEncryption({ signedBy: [0, 3] }),
      ca({ notBefore: days(-10), signedBy: [0, 3] }),
    ]),
  ],
  [
    'warn weak-or-unsupported-signature',
    'SHA-1 on an RA certificate',
    bundleOf([ca(), raSigning({ signatureAlgorithmOid: '1.2.840.113549.1.1.5' }), raEncryption()]),
  ],
  [
    'warn weak-or-unsupported-signature',
    'RSASSA-PSS on the CA certificate',
    bundleOf([ca({ signatureAlgorithmOid: '1.2.840.113549.1.1.10' }), raSigning(), raEncryption()]),
  ],
  [
    'ok healthy-long-url-untested',
    'SHA-1 on a root, which nobody checks',
    bundleOf([ca({ signatureAlgorithmOid: '1.2.840.113549.1.1.5' }), raSigning(), raEncryption()]),
  ],
  ['crit ra-certificate-expiring', 'an RA certificate with 7 days', bundleOf([ca(), raSigning({ notAfter: days(7) }), raEncryption()])],
  [
    'warn ra-certificate-expiring',
    'an RA certificate with 7 days and a second',
    bundleOf([ca(), raSigning({ notAfter: days(7) + 1000 }), raEncryption()]),
  ],
  ['warn ra-certificate-expiring', 'an RA certificate with 30 days', bundleOf([ca(), raSigning(), raEncryption({ notAfter: days(30) })])],
  ['info ra-certificate-expiring', 'an RA certificate with 60 days', bundleOf([ca(), raSigning({ notAfter: days(60) }), raEncryption()])],
  ['ok healthy-long-url-untested', 'an RA certificate with 61 days', bundleOf([ca(), raSigning({ notAfter: days(61) }), raEncryption()])],
  ['crit ca-certificate-expiring', 'a CA certificate with 30 days', bundleOf([ca({ notAfter: days(30) }), raSigning(), raEncryption()])],
  ['warn ca-certificate-expiring', 'a CA certificate with 90 days', bundleOf([ca({ notAfter: days(90) }), raSigning(), raEncryption()])],
  ['info ca-certificate-expiring', 'a CA certificate with 180 days', bundleOf([ca({ notAfter: days(180) }), raSigning(), raEncryption()])],
  [
    'crit ca-certificate-expiring',
    'an RA certificate with 45 days and a CA with 20: the graver one',
    bundleOf([ca({ notAfter: days(20) }), raSigning({ notAfter: days(45) }), raEncryption()]),
  ],
  [
    'crit ra-certificate-expiring',
    'SHA-1 and three days left: the graver one',
    bundleOf([ca(), raSigning({ notAfter: days(3), signatureAlgorithmOid: '1.2.840.113549.1.1.5' }), raEncryption()]),
  ],
];

describe('GetCACert', () => {
  it.each(BUNDLES)('is %s for %s', (expected, _what, bundle) => {
    expect(verdict({ bundle })).toBe(expected);
  });

  it('names every other finding below the gravest', () => {
    const { verdict: worst, alsoFound } = judge({
      bundle: bundleOf([
        ca({ notAfter: days(100) }),
        raSigning({ notAfter: days(-1) }),
        raEncryption({ signatureAlgorithmOid: '1.2.840.113549.1.1.5' }),
      ]),
    });
    expect(worst.code).toBe('ra-certificate-expired');
    expect(alsoFound.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
      'warn weak-or-unsupported-signature',
      'info ca-certificate-expiring',
    ]);
  });

  it('compares with the pinned fingerprint when there is one', () => {
    const bundle = healthyBundle();
    if (bundle.kind !== 'certs-only') throw new Error('a bundle');
    const [authority] = bundle.certificates;
    expect(verdict({ bundle }, { caPins: [authority?.sha256 ?? ''] })).toBe('ok healthy-long-url-untested');
    expect(verdict({ bundle }, { caPins: [authority?.sha1 ?? ''] })).toBe('ok healthy-long-url-untested');
    expect(verdict({ bundle }, { caPins: ['ab'.repeat(32)] })).toBe('crit ca-pin-mismatch');
  });

  it('sees back ends that differ, whatever the order of their certificates', () => {
    const one = bundleOf([ca(), raSigning(), raEncryption()]);
    if (one.kind !== 'certs-only') throw new Error('a bundle');
    expect(verdict({ bundle: one, comparisons: [bundleOf(one.certificates.toReversed())] })).toBe('ok healthy-long-url-untested');
    expect(verdict({ bundle: one, comparisons: [one, healthyBundle()] })).toBe('warn inconsistent-backends');
  });

  it('notices new certificates only when there is something to compare with', () => {
    const before = judge({});
    const history = historyAfter(before, {});
    expect(history.raNotAfter).toBe(days(600));
    expect(verdict({ bundle: healthyBundle() })).toBe('ok healthy-long-url-untested');
    const rotated = judge({ bundle: healthyBundle() }, { history });
    expect(rotated.verdict.code).toBe('ca-certificate-changed');
    expect(rotated.alsoFound.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['info ra-certificate-rotated']);
  });

  it('keeps what is known of the RA certificates while they cannot be read', () => {
    const history = historyAfter(judge({}), {});
    const during = judge({ base: answered('base-url', { status: 500 }), cert: { status: 500 } }, { history });
    expect(historyAfter(during, history).raNotAfter).toBe(history.raNotAfter);
    expect(
      verdict(
        { base: answered('base-url', { status: 500 }), caps: answered('ca-caps', { status: 500 }), cert: { status: 500 } },
        { history: { ...history, raNotAfter: days(-2) } },
      ),
    ).toBe('crit ra-certificate-expired');
  });
});

describe('what was planned and not judged', () => {
  const skipped = (operation: 'ca-caps' | 'ca-cert'): Observation => ({
    kind: 'skipped',
    request: { operation, dialect: 'android', url: 'https://x' },
    reason: 'budget',
    detail: 'no time was left',
  });

  it('is never called fine', () => {
    expect(verdict({ caps: skipped('ca-caps'), cert: skipped('ca-cert') })).toBe('unknown unclassified');
    const ending = (left: number): CaCertBundle => bundleOf([ca(), raSigning({ notAfter: days(left) }), raEncryption()]);
    expect(verdict({ caps: skipped('ca-caps'), bundle: ending(45) })).toBe('unknown unclassified');
    expect(verdict({ caps: skipped('ca-caps'), bundle: ending(20) })).toBe('warn ra-certificate-expiring');
    expect(judge({ cert: skipped('ca-cert') }).verdict.evidence.at(-1)).toBe('ca-cert was not judged: no time was left');
  });
});

describe('further connections', () => {
  const compared = (others: readonly Observation[]): TargetReport => {
    const cert = answered('ca-cert', { status: 200, body: new Uint8Array([0x30, 0x82]) });
    return judgeTarget({ ...target([BASE_403, CAPS, cert]), comparisons: others }, [{ observation: cert, bundle: healthyBundle() }], QUIET);
  };

  it.each([
    ['an error', answered('ca-cert', { status: 503, reason: 'Service Unavailable' }), 'HTTP 503 Service Unavailable'],
    ['a broken connection', failed('ca-cert', 'first-byte', 'ECONNRESET'), 'no answer arrived: ECONNRESET'],
    ['a page', answered('ca-cert', { status: 200, body: '<title>Hello</title>' }), 'HTTP 200 (page title "Hello")'],
  ])('that get %s reach another back end', (_what, other, said) => {
    const report = compared([other]);
    expect(report.verdict.code).toBe('inconsistent-backends');
    expect(report.verdict.evidence[0]).toContain(said);
  });
});

describe('a connection that broke off', () => {
  const layer = (report: TargetReport): string => report.verdict.layer;
  const proxied = (status: number): Answered => answered('base-url', { status, headers: [['x-ms-proxy-service-name', 'x']] });

  it('did so at the hop behind the last one that works', () => {
    const url = 'https://ndes.contoso.com/certsrv/mscep/mscep.dll';
    expect(layer(judgeTarget(target([failed('base-url', 'tls', 'ECONNRESET')], url), [], QUIET))).toBe('tls');
    expect(layer(judgeTarget(target([failed('base-url', 'tls', 'ETIMEDOUT')], url), [], QUIET))).toBe('tls');
    expect(layer(judgeTarget(target([failed('base-url', 'first-byte', 'ECONNRESET')], url), [], QUIET))).toBe('edge');
    expect(layer(judge({ caps: failed('ca-caps', 'first-byte', 'ECONNRESET') }))).toBe('ndes');
    expect(layer(judgeTarget(target([proxied(403), failed('ca-caps', 'first-byte', 'ECONNRESET')]), [], QUIET))).toBe('connector');
  });
});

describe('a CA certificate of version 1', () => {
  it('is called a CA in the evidence too', () => {
    const early = bundleOf([ca({ isCa: false, notBefore: days(1) }), raSigning(), raEncryption()]);
    expect(judge({ bundle: early }).verdict).toMatchObject({
      code: 'ra-certificate-not-yet-valid',
      evidence: [expect.stringMatching(/^CA certificate/)],
    });
  });
});

describe('the long URL', () => {
  it('is blocked when a page comes back instead of capabilities, whatever its status', () => {
    expect(verdict({ long: answered('long-url', { status: 200, body: '<!DOCTYPE html><html>sign in</html>' }) })).toBe(
      'crit long-url-blocked-other',
    );
  });

  it('breaks the target although everything short works', () => {
    expect(verdict({ long: answered('long-url', { status: 404 }) })).toBe('crit long-url-blocked-404-15');
    expect(verdict({ long: failed('long-url', 'first-byte', 'ECONNRESET') })).toBe('crit long-url-blocked-reset');
  });
});

describe('the path', () => {
  const path = (report: TargetReport): string => report.path.map(({ layer, state }) => `${layer}:${state}`).join(' ');

  it('marks every hop that the probe has proven', () => {
    const proxied = answered('base-url', {
      status: 403,
      headers: [
        ['x-ms-proxy-connector-id', 'a'],
        ['x-ms-proxy-service-name', 'b'],
      ],
    });
    expect(path(judge({ base: proxied }))).toBe('probe:ok dns:ok tcp:ok tls:ok edge:ok connector:ok iis:ok ndes:ok policy-module:ok ca:ok');
  });

  it('leaves what lies behind the broken hop unreached', () => {
    const stopped = { status: 503, body: 'HTTP Error 503' };
    const report = judge({ base: answered('base-url', stopped), caps: answered('ca-caps', stopped), cert: stopped });
    expect(path(report)).toBe(
      'probe:ok dns:ok tcp:ok tls:ok edge:ok connector:unseen iis:ok ndes:broken policy-module:unreached ca:unreached',
    );
  });

  it('shows hops behind the broken one that were proven all the same', () => {
    const report = judge({ base: answered('base-url', { status: 200, body: 'Network Device Enrollment Service' }) });
    expect(path(report)).toBe('probe:ok dns:ok tcp:ok tls:ok edge:ok connector:unseen iis:ok ndes:ok policy-module:broken ca:ok');
  });

  it('ends at the name that does not exist', () => {
    const { connection: _none, ...observation } = target([failed('base-url', 'dns', 'ENOTFOUND')]);
    expect(path(judgeTarget(observation, [], QUIET))).toBe(
      'probe:ok dns:broken tcp:unreached tls:unreached edge:unreached connector:unreached iis:unreached ndes:unreached policy-module:unreached ca:unreached',
    );
  });

  it('leaves TLS, proxy and connector out where they are not in the path', () => {
    const observation = target([BASE_403, CAPS], 'http://192.0.2.7/certsrv/mscep/mscep.dll');
    expect(path(judgeTarget(observation, [], QUIET))).toContain('dns:absent tcp:ok tls:absent edge:absent connector:absent');
  });
});

describe('what an expert would remark', () => {
  const notes = (cycle: Cycle, context: Partial<JudgeContext> = {}): string => judge(cycle, context).notes.join('\n');

  it('is that Apple refuses a bundle without its Content-Type', () => {
    expect(notes({ cert: { status: 200, headers: [], body: new Uint8Array([0x30, 0x82]) } })).toContain(
      'iOS and iPadOS could not use these certificates: the Content-Type is missing',
    );
    expect(notes({})).not.toContain('iOS');
  });

  it('is that a server with SCEPStandard and a single certificate is no NDES', () => {
    const report = judge({
      caps: answered('ca-caps', { status: 200, body: 'SCEPStandard\nAES' }),
      bundle: { kind: 'single', certificates: [ca()] },
    });
    expect(report.verdict.evidence.join('\n')).toContain(
      'This does not look like NDES: GetCACaps lists SCEPStandard; GetCACert has a single certificate and no RA certificates.',
    );
  });

  it('is that a key is short', () => {
    expect(notes({ bundle: bundleOf([ca(), raSigning({ keyBits: 1024 }), raEncryption()]) })).toContain(
      '"CN=NDES01-MSCEP-RA" has an RSA key of 1024 bits',
    );
    expect(notes({})).not.toContain('bits');
  });

  it('is that the clocks differ', () => {
    const late = new Date(NOW - 3_600_000).toUTCString();
    expect(notes({ base: answered('base-url', { status: 403, headers: [['Date', late]] }) })).toContain(
      "The server's clock says 2026-11-24T11:00:00.000Z",
    );
  });
});
