import { describe, expect, it, test } from 'vitest';
import type { LogCode } from '../../../src/core/diagnose/log-code.ts';
import type { GivenLog, LogSummary } from '../../../src/core/diagnose/log-summary.ts';
import type { LogOperation, Platform, ScepExchange } from '../../../src/core/diagnose/scep-exchange.ts';
import { createTally, type TallyOptions } from '../../../src/core/diagnose/tally.ts';

const T0 = Date.UTC(2026, 10, 24);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let line = 0;

function asked(platform: Platform, operation: LogOperation, parts: Partial<ScepExchange> = {}): ScepExchange {
  return { file: 'u_ex.log', line: ++line, at: T0, platform, operation, status: 200, ...parts };
}

const IIS: GivenLog = { file: 'u_ex.log', format: 'iis-w3c', lines: 1_000, problems: [], from: T0, until: T0 + 24 * HOUR };
const OMADM: GivenLog = { file: 'omadm.log', format: 'android-omadm', lines: 50, problems: [] };

function summed(exchanges: readonly ScepExchange[], options: TallyOptions = {}, logs: readonly GivenLog[] = [IIS]): LogSummary {
  const { sink, conclude } = createTally(options);
  for (const exchange of exchanges) sink.exchange(exchange);
  return conclude(logs);
}

function codes({ findings }: LogSummary): readonly LogCode[] {
  return findings.map(({ code }) => code);
}

/** One enrolment of each platform every so many minutes. */
function regular(platforms: readonly Platform[], minutes: number, every = 5): readonly ScepExchange[] {
  return Array.from({ length: Math.floor(minutes / every) }, (_, index) =>
    platforms.flatMap((platform) =>
      (['GetCACert', 'GetCACaps', 'PKIOperation'] as const).map((operation) =>
        asked(platform, operation, { at: T0 + index * every * MINUTE }),
      ),
    ),
  ).flat();
}

describe('counting', () => {
  test('tells each platform and operation apart, and what failed', () => {
    const { platforms, exchanges } = summed([
      asked('ios', 'GetCACert', { tookMs: 40 }),
      asked('ios', 'GetCACert', { status: 500, win32: 1346, tookMs: 30 }),
      asked('ios', 'GetCACaps', { status: 404, substatus: 15 }),
      asked('android', 'GetCACaps'),
    ]);
    expect(exchanges).toBe(4);
    expect(platforms.map(({ platform, count, ok, failed }) => [platform, count, ok, failed])).toEqual([
      ['android', 1, 1, 0],
      ['ios', 3, 1, 2],
    ]);
    expect(platforms[1]?.operations.map(({ operation, statuses }) => [operation, statuses])).toEqual([
      ['GetCACaps', [{ status: '404.15', count: 1 }]],
      [
        'GetCACert',
        [
          { status: '200', count: 1 },
          { status: '500 1346', count: 1 },
        ],
      ],
    ]);
  });

  it.each([
    ['base-url', 403, 'ok'],
    ['base-url', 500, 'failed'],
    ['admin', 401, 'ok'],
    ['verify', 201, 'ok'],
    ['notify', 204, 'ok'],
    ['GetCACert', 302, 'failed'],
    ['GetCACert', 403, 'failed'],
    ['PKIOperation', undefined, 'untold'],
  ] as const)('takes %s with %s for %s', (operation, status, outcome) => {
    const { file, at, platform } = asked('ios', operation);
    const { platforms } = summed([
      { file, line: 1, ...(at !== undefined && { at }), platform, operation, ...(status !== undefined && { status }) },
    ]);
    expect(platforms[0]?.[outcome]).toBe(1);
  });

  test('has percentiles that never exceed the slowest answer', () => {
    const { platforms } = summed(
      Array.from({ length: 100 }, (_, index) => asked('ios', 'GetCACaps', { tookMs: index === 99 ? 61_000 : 40 })),
    );
    const [ios] = platforms;
    expect(ios).toMatchObject({ slowestMs: 61_000 });
    expect(ios?.p50).toBeGreaterThan(25);
    expect(ios?.p50).toBeLessThanOrEqual(50);
  });

  test('ignores durations and times that are none', () => {
    const { platforms, from } = summed([
      asked('ios', 'GetCACaps', { tookMs: Number.NaN, at: Number.NaN }),
      asked('ios', 'GetCACaps', { tookMs: -1, at: 1e300 }),
    ]);
    expect(platforms[0]).not.toHaveProperty('p50');
    expect(platforms[0]).not.toHaveProperty('firstAt');
    expect(from).toBeUndefined();
  });

  test('names the devices that fail most, exactly while they are few', () => {
    const failures = (device: string, times: number): readonly ScepExchange[] =>
      Array.from({ length: times }, () => asked('windows', 'GetCACert', { status: 500, device }));
    const { failingDevices } = summed([...failures('a', 3), ...failures('b', 7), asked('ios', 'GetCACert', { device: 'c' })]);
    expect(failingDevices).toEqual([
      { device: 'b', platform: 'windows', failures: 7, atMost: 0 },
      { device: 'a', platform: 'windows', failures: 3, atMost: 0 },
    ]);
  });

  test('finds the busiest failing device among a hundred thousand', () => {
    const { failingDevices } = summed(
      Array.from({ length: 100_000 }, (_, index) =>
        asked('windows', 'GetCACert', { status: 500, device: index % 10 === 0 ? 'busy' : `device ${index}` }),
      ),
    );
    const [first] = failingDevices;
    expect(first?.device).toBe('busy');
    expect(first?.failures).toBeGreaterThanOrEqual(10_000);
    expect((first?.failures ?? 0) - (first?.atMost ?? 0)).toBeLessThanOrEqual(10_000);
    expect(failingDevices).toHaveLength(10);
  });
});

describe('the timeline', () => {
  it.each([
    [0, 1_000, 1],
    [90_000, 1_000, 91],
    [100 * MINUTE, 5 * MINUTE, 21],
    [24 * HOUR, 15 * MINUTE + 15 * MINUTE, 49],
    [30 * 24 * HOUR, 12 * HOUR, 61],
  ])('of %i ms has buckets of %i ms', (span, bucketMs, length) => {
    const { timeline } = summed([asked('ios', 'GetCACaps'), asked('ios', 'GetCACaps', { at: T0 + span, status: 500 })]);
    expect(timeline?.bucketMs).toBe(bucketMs);
    expect(timeline?.rows[0]?.ok).toHaveLength(length);
    expect(timeline?.rows[0]?.ok[0]).toBe(1);
    expect(timeline?.rows[0]?.failed.at(-1)).toBe(1);
  });

  test('loses nothing when its buckets become wider, in whatever order the requests come', () => {
    const exchanges = Array.from({ length: 500 }, (_, index) =>
      asked('ios', 'GetCACaps', { at: T0 + ((index * 7_919) % 500) * 37 * MINUTE }),
    );
    const { timeline } = summed(exchanges);
    expect(timeline?.rows[0]?.ok.length).toBeLessThanOrEqual(96);
    expect(timeline?.rows[0]?.ok.reduce((sum, count) => sum + count, 0)).toBe(500);
    expect(summed(exchanges.toReversed()).timeline).toEqual(timeline);
  });

  test('holds all times that there are', () => {
    const { timeline } = summed([asked('ios', 'GetCACaps', { at: 0 }), asked('ios', 'GetCACaps', { at: 253_402_300_799_999 })]);
    expect(timeline?.rows[0]?.ok.length).toBeLessThanOrEqual(96);
  });

  test('keeps to the time of most requests when a log of another year was given too', () => {
    const old = asked('android', 'GetCACaps', { file: 'omadm.log', at: Date.UTC(2018, 1, 27) });
    const android = regular(['android'], 130);
    const summary = summed([...android, ...regular(['ios', 'windows'], 420), old], {}, [IIS, OMADM]);
    expect(summary.timeline).toMatchObject({ from: T0, bucketMs: 5 * MINUTE, leftOut: 1 });
    expect(codes(summary)).toEqual(['log-platform-missing']);
  });

  test('has the logs of days in a row as one, however many files they are', () => {
    const days = Array.from({ length: 400 }, (_, index) =>
      asked('ios', 'GetCACaps', { file: `u_ex${index}.log`, at: T0 + index * 24 * HOUR }),
    );
    const { timeline } = summed(days);
    expect(timeline?.rows[0]?.ok.reduce((sum, count) => sum + count, 0)).toBe(400);
    expect(timeline).not.toHaveProperty('leftOut');
    expect(timeline?.rows[0]?.ok.length).toBeLessThanOrEqual(96);
  });

  test('shows only what was asked for', () => {
    expect(summed(regular(['android', 'ios'], 60), { platform: 'ios' }).timeline?.rows.map(({ platform }) => platform)).toEqual(['ios']);
  });

  test('is absent without dates', () => {
    const { at: _at, ...undated } = asked('ios', 'GetCACaps');
    expect(summed([undated]).timeline).toBeUndefined();
  });
});

describe('findings', () => {
  test('are counted by code, with the first three pieces of evidence', () => {
    const { sink, conclude } = createTally();
    for (let index = 0; index < 10; index++)
      sink.finding({
        code: 'log-challenge-rejected',
        platform: index < 4 ? 'ios' : 'android',
        at: T0 + index,
        file: 'f',
        line: index + 1,
        text: `t${index}`,
      });
    const [finding] = conclude([]).findings;
    expect(finding).toMatchObject({
      code: 'log-challenge-rejected',
      count: 10,
      firstAt: T0,
      lastAt: T0 + 9,
      platforms: [
        { platform: 'android', count: 6 },
        { platform: 'ios', count: 4 },
      ],
    });
    expect(finding?.evidence.map(({ text }) => text)).toEqual(['t0', 't1', 't2']);
  });

  test('stand with what explains most first', () => {
    const { sink, conclude } = createTally();
    for (const code of [
      'log-enrolment-succeeded',
      'log-enrolment-failed',
      'log-challenge-rejected',
      'ndes-app-pool-stopped',
      'log-worker-process-crashed',
      'log-policy-certificate-expired',
    ] as const)
      sink.finding({ code, file: 'f', line: 1, text: 't' });
    expect(codes(conclude([]))).toEqual([
      'log-policy-certificate-expired',
      'log-worker-process-crashed',
      'ndes-app-pool-stopped',
      'log-enrolment-failed',
      'log-challenge-rejected',
      'log-enrolment-succeeded',
    ]);
    expect(conclude([]).enrolments).toEqual({ succeeded: 1, failed: 1, incomplete: 0 });
  });

  test('keep no more of a line of megabytes than can be shown', () => {
    const { sink, conclude } = createTally();
    sink.finding({ code: 'log-enrolment-failed', file: 'f', line: 1, text: 'x'.repeat(5_000_000), detail: 'y'.repeat(5_000_000) });
    const [piece] = conclude([]).findings[0]?.evidence ?? [];
    expect(piece?.text.length).toBeLessThanOrEqual(2_001);
    expect(piece?.detail).toHaveLength(600);
  });

  test('that all requests share are over once every platform that had them is answered well again', () => {
    const goodAgainAt = (good: readonly ScepExchange[]): number | undefined => {
      const { sink, conclude } = createTally();
      for (const platform of ['windows', 'android'] as const) {
        sink.exchange(asked(platform, 'GetCACert', { status: 500, win32: 1346 }));
        sink.finding({ code: 'log-impersonation-right-missing', platform, at: T0, file: 'f', line: 1, text: 't' });
      }
      for (const exchange of good) sink.exchange(exchange);
      return conclude([]).findings[0]?.goodAgainAt;
    };
    const windows = asked('windows', 'GetCACert', { at: T0 + HOUR });
    const android = asked('android', 'GetCACert', { at: T0 + 2 * HOUR });
    expect(goodAgainAt([windows])).toBeUndefined();
    expect(goodAgainAt([windows, android])).toBe(T0 + HOUR);
  });
});

describe('the end of the logs', () => {
  test('shows that no device arrives when an IIS log covers time and has no SCEP request', () => {
    const summary = summed([]);
    expect(codes(summary)).toEqual(['log-no-scep-requests']);
    expect(summary.findings[0]).toMatchObject({
      conclusion: 'no request of a device for /certsrv/mscep in 1000 lines, from 2026-11-24 00:00Z until 2026-11-25 00:00Z',
    });
  });

  test('says so too when only the monitor itself arrives', () => {
    const { findings } = summed([asked('probe', 'GetCACaps')]);
    expect(findings[0]?.code).toBe('log-no-scep-requests');
    expect(findings[0]?.conclusion).toMatch(/only 1 request of scepwatch itself/);
  });

  it.each([
    ['no IIS log was read', [OMADM]],
    ['the IIS log has no dates', [{ ...IIS, from: undefined, until: undefined } as unknown as GivenLog]],
    ['the IIS log is empty', [{ ...IIS, lines: 0 }]],
  ])('claims nothing when %s', (_why, logs) => {
    expect(codes(summed([], {}, logs))).toEqual([]);
  });

  test('claims nothing of a time that the IIS log does not cover', () => {
    expect(codes(summed([], { since: T0 + 48 * HOUR }))).toEqual([]);
  });

  test('shows a platform that the log of a device has and the IIS log has not', () => {
    const device = asked('android', 'GetCACaps', { file: 'omadm.log', line: 3, at: T0 + HOUR });
    const summary = summed([...regular(['ios', 'windows'], 120), device], {}, [IIS, OMADM]);
    expect(summary.findings).toMatchObject([
      { code: 'log-platform-missing', platforms: [{ platform: 'android' }], evidence: [{ file: 'omadm.log', line: 3 }] },
    ]);
  });

  test('does not compare logs of different days', () => {
    const device = asked('android', 'GetCACaps', { file: 'omadm.log', at: T0 - 48 * HOUR });
    expect(codes(summed([...regular(['ios'], 120), device], {}, [IIS, OMADM]))).toEqual([]);
  });

  test('shows that the platform that was asked for does not occur', () => {
    const { findings, exchanges } = summed(regular(['ios', 'windows'], 60), { platform: 'android' });
    expect(exchanges).toBe(0);
    expect(findings).toMatchObject([
      { code: 'log-platform-missing', conclusion: 'no request of Android in the IIS log, and 72 requests of others' },
    ]);
  });

  test('shows a platform that stopped while others went on', () => {
    const android = regular(['android'], 130);
    const { findings } = summed([...android, ...regular(['ios', 'windows'], 420)]);
    expect(findings).toMatchObject([{ code: 'log-platform-missing', platforms: [{ platform: 'android' }] }]);
    expect(findings[0]?.conclusion).toMatch(/^no Android request since 2026-11-24 02:05Z, for about 4 h 5\d min, while \d+ others arrived/);
  });

  it.each([
    ['asks rarely anyway', regular(['android'], 300, 100)],
    ['had as long a pause before', [...regular(['android'], 60), asked('android', 'GetCACert', { at: T0 + 230 * MINUTE })]],
    ['goes on to the end', regular(['android'], 420)],
  ])('takes it for chance when a platform %s', (_why, android) => {
    expect(codes(summed([...android, ...regular(['ios', 'windows'], 420)]))).toEqual([]);
  });

  test('sees that of the platform that was asked for too', () => {
    const requests = [...regular(['android'], 130), ...regular(['ios', 'windows'], 420)];
    expect(codes(summed(requests, { platform: 'android' }))).toEqual(['log-platform-missing']);
  });

  test('takes it for quiet hours when all platforms stop', () => {
    expect(codes(summed(regular(['android', 'ios', 'windows'], 130)))).toEqual([]);
  });

  test('names the verification as the root when devices get certificates and capabilities', () => {
    const calls = [0, 1, 2].map((index) =>
      asked('policy-module', 'verify', { status: 500, at: T0 + index * MINUTE, text: 'POST VerifyRequest 500' }),
    );
    const { findings } = summed([...regular(['ios'], 30), ...calls]);
    expect(findings[0]).toMatchObject({
      code: 'log-verify-request-failed',
      conclusion: 'GetCACert answered well 6 times, GetCACaps 6 times, and VerifyRequest failed 3 times',
      evidence: [{ text: 'POST VerifyRequest 500' }],
    });
  });

  test('adds that to what the parser told', () => {
    const { sink, conclude } = createTally();
    for (const exchange of regular(['ios'], 30)) sink.exchange(exchange);
    for (const index of [0, 1]) {
      sink.exchange(asked('policy-module', 'verify', { status: 500 }));
      sink.finding({ code: 'log-verify-request-failed', file: 'f', line: index, text: 't' });
    }
    expect(conclude([IIS]).findings).toMatchObject([{ count: 2, conclusion: expect.stringMatching(/VerifyRequest failed 2 times$/) }]);
  });

  test('takes one failed verification for a restart', () => {
    expect(codes(summed([...regular(['ios'], 30), asked('policy-module', 'verify', { status: 500 })]))).toEqual([]);
  });

  test('shows the general page of NDES', () => {
    expect(codes(summed([asked('other', 'base-url', { status: 200 })]))).toEqual(['ndes-policy-module-not-loaded']);
  });
});

describe('iOS that does not trust the chain', () => {
  const certificate = (device: string, parts: Partial<ScepExchange> = {}): ScepExchange => asked('ios', 'GetCACert', { device, ...parts });
  const end: ScepExchange = asked('windows', 'GetCACaps', { at: T0 + HOUR });

  test('asks for GetCACert and never for GetCACaps', () => {
    const { findings } = summed([certificate('a'), certificate('b'), end]);
    expect(findings).toMatchObject([{ code: 'log-ios-chain-not-trusted', conclusion: 'GetCACert 2 times, GetCACaps not once' }]);
  });

  test('is told by device where devices can be told apart', () => {
    const good = [certificate('good'), asked('ios', 'GetCACaps', { device: 'good' })];
    const { findings } = summed([...good, certificate('bad'), certificate('bad'), end]);
    expect(findings).toMatchObject([{ code: 'log-ios-chain-not-trusted', conclusion: expect.stringMatching(/^1 of 2 iOS devices/) }]);
  });

  test('is told by the numbers where all come from one address', () => {
    const all = Array.from({ length: 40 }, () => certificate('connector'));
    const few = Array.from({ length: 10 }, () => asked('ios', 'GetCACaps', { device: 'connector' }));
    expect(summed([...all, ...few, end]).findings[0]?.conclusion).toMatch(/only 10 times/);
  });

  it.each([
    ['the answer was no certificate', [certificate('a', { status: 500 }), end]],
    ['the log ends right there', [certificate('a')]],
    ['the capabilities were asked for before', [asked('ios', 'GetCACaps', { device: 'a' }), certificate('a'), certificate('a'), end]],
  ])('is not claimed when %s', (_why, exchanges) => {
    expect(codes(summed(exchanges))).toEqual([]);
  });
});

describe('what is asked for', () => {
  test('is a time, whose end is not included', () => {
    const at = [0, 1, 2, 3].map((hour) => asked('ios', 'GetCACaps', { at: T0 + hour * HOUR }));
    expect(summed(at, { since: T0 + HOUR, until: T0 + 3 * HOUR })).toMatchObject({ exchanges: 2, from: T0 + HOUR, until: T0 + 2 * HOUR });
  });

  test('is a platform, with the policy module that all share and what has none', () => {
    const { sink, conclude } = createTally({ platform: 'ios' });
    for (const platform of ['ios', 'android', 'policy-module'] as const)
      sink.exchange(asked(platform, platform === 'policy-module' ? 'verify' : 'GetCACaps'));
    for (const platform of ['ios', 'android'] as const)
      sink.finding({ code: 'log-enrolment-failed', platform, file: 'f', line: 1, text: 't' });
    sink.finding({ code: 'log-worker-process-crashed', file: 'f', line: 1, text: 't' });
    const summary = conclude([IIS]);
    expect(summary.platforms.map(({ platform }) => platform)).toEqual(['ios', 'policy-module']);
    expect(summary.findings.map(({ code, count }) => [code, count])).toEqual([
      ['log-worker-process-crashed', 1],
      ['log-enrolment-failed', 1],
    ]);
  });
});
