import { describe, expect, it, test } from 'vitest';
import { joinViews, type OutsideView, outsideOfReport, type Relation } from '../../../src/core/diagnose/join-views.ts';
import type { LogCode } from '../../../src/core/diagnose/log-code.ts';
import type { FindingSummary, LogSummary } from '../../../src/core/diagnose/log-summary.ts';
import type { Platform } from '../../../src/core/diagnose/scep-exchange.ts';
import { CATALOG } from '../../../src/core/verdict/catalog.ts';
import { VERDICT_CODES, type VerdictCode } from '../../../src/core/verdict/code.ts';
import { judgeTarget } from '../../../src/core/verdict/judge.ts';
import { NOW } from '../../support/certificates.ts';
import { answered, target } from '../../support/observations.ts';

const AT = Date.UTC(2026, 10, 24, 7);
const HOUR = 3_600_000;

function outside(code: VerdictCode, parts: Partial<OutsideView> = {}): OutsideView {
  const { severity, layer } = CATALOG[code];
  return { target: 'https://ndes.contoso.com/certsrv/mscep/mscep.dll', at: AT, code, severity, layer, ...parts };
}

const HEALTHY = outside('healthy', { answers: 'bare URL 403, GetCACaps 200, GetCACert 200' });

function finding(code: LogCode, parts: Partial<FindingSummary> = {}): FindingSummary {
  return { code, count: 12, firstAt: AT - 5 * HOUR, lastAt: AT - HOUR / 2, evidence: [], platforms: [], ...parts };
}

function summary(findings: readonly FindingSummary[], parts: Partial<LogSummary> = {}): LogSummary {
  return {
    from: AT - 7 * HOUR,
    until: AT - 60_000,
    exchanges: 100,
    unreadableLines: 0,
    platforms: [],
    failingDevices: [],
    findings,
    enrolments: { succeeded: 0, failed: 0, incomplete: 0 },
    ...parts,
  };
}

const requests = (platform: Platform, ok: number, lastAt: number): LogSummary['platforms'][number] => ({
  platform,
  count: ok,
  ok,
  failed: 0,
  untold: 0,
  operations: [],
  firstAt: AT - 7 * HOUR,
  lastAt,
  lastGoodAt: lastAt,
});

describe('both views together', () => {
  it.each<[string, LogSummary, OutsideView, Relation, RegExp]>([
    [
      'a platform that is missing',
      summary([finding('log-platform-missing', { platforms: [{ platform: 'android', count: 1 }] })], {
        platforms: [requests('android', 30, Date.UTC(2026, 10, 24, 2, 10))],
      }),
      HEALTHY,
      'platform-missing',
      /^Reachable from outside \(bare URL 403, GetCACaps 200, GetCACert 200: healthy\), but no Android request in IIS since 2026-11-24 02:10Z\.$/,
    ],
    [
      'an empty log',
      summary([finding('log-no-scep-requests')]),
      HEALTHY,
      'blocked-before-iis',
      /^Reachable from outside .*, but the IIS log has no request of a device from 2026-11-24 00:00Z until 06:59Z: devices are blocked on the way/,
    ],
    ['what no probe can see', summary([finding('log-verify-request-failed')]), HEALTHY, 'inside-only', /No probe can see that\.$/],
    [
      'what is over',
      summary([finding('log-impersonation-right-missing', { goodAgainAt: AT - HOUR })]),
      HEALTHY,
      'over',
      /It is over: requests were answered again/,
    ],
    [
      'what the probe does not meet',
      summary([finding('ndes-internal-error')]),
      HEALTHY,
      'over',
      /The probe does not meet it; the log ends 1 min before the probe/,
    ],
    [
      'nothing wrong',
      summary([], { platforms: [requests('ios', 40, AT)] }),
      HEALTHY,
      'agree',
      /^Both views agree: .* 40 requests of devices that were answered well\.$/,
    ],
    [
      'the same verdict',
      summary([finding('ndes-app-pool-stopped')]),
      outside('ndes-app-pool-stopped'),
      'agree',
      /^Both views show the same/,
    ],
    [
      'a cause',
      summary([finding('ndes-internal-error', { goodAgainAt: 1 }), finding('log-impersonation-right-missing')]),
      outside('ndes-internal-error'),
      'log-explains',
      /^Outside: NDES fails .*\. The log names the cause: IIS_IUSRS lacks .*, from 2026-11-24 02:00Z until 06:30Z\.$/,
    ],
    [
      'a cause that was over',
      summary([finding('log-service-account-refused', { goodAgainAt: AT - HOUR })]),
      outside('ndes-internal-error'),
      'log-explains',
      /a cause that was over at 2026-11-24 06:00Z and may be back/,
    ],
    [
      'why the log is empty',
      summary([finding('log-no-scep-requests')]),
      outside('approxy-no-active-connector'),
      'outside-explains',
      /^No request of a device reaches IIS because none gets past connector: /,
    ],
    [
      'why Windows cannot connect',
      summary([finding('log-windows-cannot-reach-ndes')]),
      outside('dns-name-not-found'),
      'outside-explains',
      /tells why: The host name/,
    ],
    [
      'an outage after the log',
      summary([], { platforms: [requests('ios', 40, AT - 3 * HOUR)], until: AT - 3 * HOUR }),
      outside('approxy-no-active-connector'),
      'later',
      /Devices were still answered at 2026-11-24 04:00Z, so it began after that\.$/,
    ],
    [
      'a contradiction',
      summary([], { platforms: [requests('ios', 40, AT - 60_000)] }),
      outside('tls-certificate-expired'),
      'contradiction',
      /broken at TLS \(tls-certificate-expired\), but devices were answered until 2026-11-24 06:59Z/,
    ],
    [
      'two troubles',
      summary([finding('log-connector-request-failed')]),
      outside('ra-certificate-expired'),
      'apart',
      /The log shows something else: The certificate connector could not complete a request/,
    ],
    [
      'a log that says nothing',
      summary([], { exchanges: 0 }),
      outside('ra-certificate-expired'),
      'apart',
      /The log says nothing about it\.$/,
    ],
    [
      'a probe without a network',
      summary([finding('ndes-internal-error')]),
      outside('dns-lookup-failed'),
      'cannot-tell',
      /could not be judged \(dns-lookup-failed\); the log shows: /,
    ],
  ])('tell of %s', (_what, log, view, relation, answer) => {
    const joined = joinViews(log, view);
    expect(joined.relation).toBe(relation);
    expect(joined.answer).toMatch(answer);
  });

  it.each([
    ['healthy', 'log-verify-request-failed', 'crit'],
    ['healthy', 'log-challenge-rejected', 'warn'],
    ['slow-response', 'log-verify-request-failed', 'crit'],
    ['tcp-refused', 'log-challenge-rejected', 'crit'],
    ['dns-lookup-failed', 'log-challenge-rejected', 'warn'],
    ['healthy', 'log-enrolment-succeeded', 'ok'],
    ['dns-lookup-failed', 'log-enrolment-succeeded', 'unknown'],
  ] as const)('of %s and %s are as bad as the worse: %s', (view, code, severity) => {
    expect(joinViews(summary([finding(code)]), outside(view)).severity).toBe(severity);
  });

  test('say when they are of different times', () => {
    expect(joinViews(summary([], { until: AT - 3 * HOUR }), HEALTHY).notes).toEqual([
      'The log ends 3 h before the view from outside (2026-11-24 07:00Z).',
    ]);
    expect(joinViews(summary([], { until: AT + 3 * HOUR }), HEALTHY).notes[0]).toMatch(/goes on for 3 h/);
    const { from: _from, until: _until, ...undated } = summary([]);
    expect(joinViews(undated, HEALTHY).notes[0]).toMatch(/has no dates/);
    expect(joinViews(summary([]), HEALTHY).notes).toEqual([]);
  });

  test('have an answer in one line for every verdict with every kind of trouble', () => {
    const troubles: readonly (LogCode | undefined)[] = [
      undefined,
      'log-no-scep-requests',
      'log-platform-missing',
      'log-verify-request-failed',
      'ndes-internal-error',
    ];
    for (const code of VERDICT_CODES)
      for (const trouble of troubles) {
        const { answer } = joinViews(summary(trouble === undefined ? [] : [finding(trouble)]), outside(code));
        expect(answer).toMatch(/^[^\n]+[.]$/);
        expect(answer).not.toMatch(/undefined|NaN| {2}|\.\./);
      }
  });
});

test('the view of a probe has what it was answered', () => {
  const report = judgeTarget(target([answered('base-url', { status: 403 }), answered('ca-caps', { status: 500 })]), [], {
    now: NOW,
    vantagePoints: 1,
    caPins: [],
    history: {},
  });
  expect(outsideOfReport(report)).toMatchObject({
    answers: 'bare URL 403, GetCACaps 500',
    code: report.verdict.code,
    target: report.observation.url,
  });
});
