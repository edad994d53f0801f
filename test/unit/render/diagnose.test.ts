import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, test } from 'vitest';
import * as z from 'zod';
import { DiagnoseReport } from '../../../src/cli/diagnose-schema.ts';
import { type Diagnosis, diagnosisSeverity } from '../../../src/core/diagnose/diagnosis.ts';
import { joinViews } from '../../../src/core/diagnose/join-views.ts';
import type { GivenLog } from '../../../src/core/diagnose/log-summary.ts';
import { createIdentityRedactor } from '../../../src/core/diagnose/redact-identities.ts';
import type { Platform } from '../../../src/core/diagnose/scep-exchange.ts';
import { createTally } from '../../../src/core/diagnose/tally.ts';
import { diagnoseJson } from '../../../src/core/render/diagnose-json.ts';
import { diagnoseText } from '../../../src/core/render/diagnose-text.ts';
import { timelineLegend, timelinePicture } from '../../../src/core/render/log-timeline.ts';
import { type Ink, plain } from '../../../src/core/render/paint.ts';
import { printableJson } from '../../../src/core/text/printable.ts';
import { harmIn } from '../../support/harmless.ts';

const T0 = Date.UTC(2026, 10, 24);
const MINUTE = 60_000;
const EVIL = '\u001b[2J\u202etxt.exe\u200b<script>';
const SECRET = 'MIAGCSqGSIb3DQEHAqCAMIACAQExDzANBglghkgBZQMEAgMFADCABgkqhkiG9w0BBwGggCSABIIZfzCABgkqhkiG9w0B';

const IIS: GivenLog = {
  file: '/home/max/u_ex261124.log',
  format: 'iis-w3c',
  lines: 1_204_310,
  problems: [],
  from: T0,
  until: T0 + 420 * MINUTE,
};
const JUNK: GivenLog = { file: 'photo.jpg', lines: 0, problems: ['it is binary data'] };

/** Seven hours: failures from the third on, with identities and secrets in every line. */
function diagnosis(evil = ''): Diagnosis {
  const { sink, conclude } = createTally();
  for (let minute = 0; minute < 420; minute += 5) {
    for (const platform of ['android', 'ios', 'windows'] as const satisfies readonly Platform[]) {
      const failed = minute >= 180;
      const exchange = { file: IIS.file, line: minute + 1, at: T0 + minute * MINUTE, platform, device: '10.5.14.22', tookMs: 40 };
      sink.exchange({ ...exchange, operation: 'GetCACert', status: failed ? 500 : 200, ...(failed && { win32: 1346 }) });
      sink.exchange({ ...exchange, operation: 'GetCACaps', status: 200 });
      if (failed)
        sink.finding({
          code: 'log-impersonation-right-missing',
          platform,
          at: exchange.at,
          file: `${exchange.file}${evil}`,
          line: exchange.line,
          text: `2026-11-24 03:00:00 10.0.0.4 GET /certsrv/mscep/mscep.dll operation=PKIOperation&message=${SECRET} 443 CONTOSO\\jdoe 10.5.14.22 ${evil} - 500 0 1346 31`,
          detail: `Windows code 1346${evil}`,
        });
    }
  }
  sink.finding({ code: 'log-challenge-rejected', at: T0, file: 'NDESPlugin.log', line: 7, text: 'Verify challenge returns false' });
  sink.finding({ code: 'log-enrolment-succeeded', platform: 'android', at: T0, file: 'OMADM.log', line: 9, text: 'SUCCESS' });
  const logs = [IIS, { ...JUNK, problems: [`it is binary data${evil}`] }];
  return { logs, summary: conclude(logs) };
}

const text = (given: Diagnosis, width = 100, showIdentities = false): string =>
  diagnoseText(given, { width, paint: plain, redactor: createIdentityRedactor({ showIdentities }), identitiesShown: showIdentities });

const json = (given: Diagnosis, showIdentities = false): string =>
  printableJson(diagnoseJson(given, createIdentityRedactor({ showIdentities }), showIdentities), 2);

const OUTSIDE = {
  target: 'https://ndes.contoso.com/certsrv/mscep/mscep.dll',
  at: T0 + 421 * MINUTE,
  code: 'ndes-internal-error',
  severity: 'crit',
  layer: 'ndes',
} as const;

describe('the text', () => {
  test('begins with the cause, and tells the evidence with file and line, the causes, the first fixes and links', () => {
    const shown = text(diagnosis());
    expect(shown.split('\n').slice(0, 4)).toEqual([
      '✗ CRITICAL  IIS_IUSRS lacks the right to impersonate a client (500 with 1346)',
      '  log-impersonation-right-missing · at NDES · 144 times · 2026-11-24 03:00:00Z to 06:55:00Z ·',
      '  Android\u00a048, iOS\u00a048, Windows\u00a048',
      '  1 log · 1\u00a0204\u00a0310 lines · 2026-11-24 00:00:00Z to 06:55:00Z',
    ]);
    expect(shown).toContain('/home/user-1/u_ex261124.log:181  2026-11-24 03:00:00Z');
    expect(shown).toContain('… and 141 more like these');
    expect(shown).toMatch(/1\. The user right .*\n +- Run `secpol\.msc`/);
    expect(shown).toContain('https://learn.microsoft.com/');
  });

  test('draws a row for each platform, with its failures as shapes', () => {
    const rows = text(diagnosis())
      .split('\n')
      .filter((line) => /^ {4}(?:Android|iOS|Windows) .*[▁▂▃▄▅▆▇█!✗]{20}/.test(line));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row).toMatch(/[▁-█]{10,}✗{10,}$/);
  });

  test('tells the other findings, good signs, figures and logs', () => {
    const shown = text(diagnosis());
    expect(shown).toMatch(/Also found\n {4}! The challenge of a device was rejected/);
    expect(shown).toMatch(/Good signs\n {4}✓ A device got its certificate/);
    expect(shown).toMatch(/GetCACert +84 +42\.9 % +48 +\d+ ms +\d+ ms {2}500 1346 ×48/);
    expect(shown).toMatch(/✗ photo\.jpg +not read\n +it is binary data/);
  });

  it.each([60, 80, 100, 110])('fits a terminal of %i columns', (width) => {
    const long = text(diagnosis(), width)
      .split('\n')
      .filter((line) => line.length > width && line.trim().includes(' '));
    expect(long).toEqual([]);
  });

  test('names no user, no device, no address and no secret', () => {
    for (const shown of [text(diagnosis()), json(diagnosis())])
      for (const identity of ['10.5.14.22', '10.0.0.4', 'jdoe', '/home/max', SECRET.slice(0, 16)]) expect(shown).not.toContain(identity);
    expect(text(diagnosis())).toContain('address-2');
  });

  test('names them when it is told to, but never a certificate request', () => {
    for (const shown of [text(diagnosis(), 100, true), json(diagnosis(), true)]) {
      expect(shown).toMatch(/10\.5\.14\.22/);
      expect(shown).not.toContain(SECRET.slice(0, 16));
    }
    expect(text(diagnosis(), 100, true)).not.toContain('--show-identities');
  });

  test('harms no terminal, whatever the log holds', () => {
    for (const line of [...text(diagnosis(EVIL)).split('\n'), ...json(diagnosis(EVIL)).split('\n')]) expect(harmIn(line)).toBeUndefined();
  });

  test('joins the view from outside into one answer', () => {
    const { logs, summary } = diagnosis();
    const shown = text({ logs, summary, joined: joinViews(summary, OUTSIDE) });
    expect(shown.replaceAll(/\s+/g, ' ')).toContain(
      'Outside: NDES fails with an internal error (HTTP 500) (ndes-internal-error). The log names the cause: IIS_IUSRS lacks',
    );
  });

  test('says that there is no trouble, that nothing is about SCEP, or that nothing could be read', () => {
    const empty = createTally().conclude([]);
    expect(text({ logs: [{ ...IIS, format: 'httperr' }], summary: empty })).toMatch(/^✓ OK {2}The logs say nothing about SCEP\n/);
    expect(text({ logs: [JUNK], summary: empty })).toMatch(/^\? UNKNOWN {2}Nothing could be read\n/);
    const { sink, conclude } = createTally();
    sink.exchange({ file: IIS.file, line: 1, platform: 'ios', operation: 'GetCACaps', status: 200 });
    expect(text({ logs: [IIS], summary: conclude([IIS]) })).toMatch(/^✓ OK {2}The logs show no trouble\n/);
  });
});

describe('the JSON', () => {
  const validate = new Ajv2020({ allErrors: true, validateFormats: false }).compile(z.toJSONSchema(DiagnoseReport, { io: 'input' }));

  it.each([
    ['of trouble', diagnosis()],
    ['of hostile logs', diagnosis(EVIL)],
    ['of nothing', { logs: [], summary: createTally().conclude([]) }],
    ['with both views', { ...diagnosis(), joined: joinViews(diagnosis().summary, OUTSIDE) }],
  ])('%s fits its schema', (_what, given) => {
    expect(validate(JSON.parse(json(given))) ? '' : JSON.stringify(validate.errors)).toBe('');
  });

  test('has for each finding what the design names', () => {
    const { schema, severity, findings } = diagnoseJson(diagnosis(), createIdentityRedactor({ showIdentities: false }), false);
    expect([schema, severity]).toEqual(['scepwatch.diagnose/1', 'crit']);
    expect(findings[0]).toMatchObject({
      code: 'log-impersonation-right-missing',
      severity: 'crit',
      count: 144,
      evidence: { file: '/home/user-1/u_ex261124.log', line: 181, text: expect.stringContaining('500 0 1346') },
    });
    expect(findings[0]).not.toHaveProperty('platform');
    expect(findings[0]?.moreEvidence).toHaveLength(2);
    expect(findings[0]?.fixes[0]).toMatch(/secpol\.msc/);
    expect(findings[1]).toMatchObject({ code: 'log-challenge-rejected', platforms: [] });
    expect(findings[2]).toMatchObject({ code: 'log-enrolment-succeeded', platform: 'android' });
  });
});

describe('how bad it is', () => {
  const { logs, summary } = diagnosis();
  const calm = { ...summary, findings: summary.findings.filter(({ code }) => code === 'log-enrolment-succeeded') };
  const mild = { ...summary, findings: summary.findings.filter(({ code }) => code !== 'log-impersonation-right-missing') };
  it.each([
    ['crit', { logs, summary }],
    ['warn', { logs, summary: mild }],
    ['ok', { logs, summary: calm }],
    ['crit', { logs, summary: calm, joined: joinViews(calm, OUTSIDE) }],
    ['ok', { logs, summary: calm, joined: joinViews(calm, { ...OUTSIDE, code: 'dns-lookup-failed', severity: 'unknown' }) }],
    ['unknown', { logs: [JUNK], summary: calm }],
  ] as const)('is %s', (severity, given) => {
    expect(diagnosisSeverity(given)).toBe(severity);
  });
});

describe('the timeline picture', () => {
  const row = (ok: readonly number[], failed: readonly number[], untold: readonly number[]) => ({
    platform: 'ios' as const,
    ok,
    failed,
    untold,
  });

  test('gives every state a shape of its own, not only a colour', () => {
    const timeline = { from: T0, bucketMs: MINUTE, rows: [row([9, 1, 5, 0, 0, 0], [0, 0, 1, 3, 0, 0], [0, 0, 0, 0, 2, 0])] };
    const inks = new Set<Ink>();
    const spy = (ink: Ink, shape: string): string => {
      inks.add(ink);
      return shape;
    };
    const [, picture] = timelinePicture(timeline, 60, spy);
    expect(picture).toBe('iOS  █▃!✗▪·');
    expect(inks).toContain('bad');
    expect(timelineLegend(timeline)).toBe('▁▄█ answered well   ! some failed   ✗ most failed   ▪ answer not in the log   · nothing');
  });

  test('joins columns until they fit, and loses no failure', () => {
    const many = Array.from({ length: 96 }, () => 1);
    const timeline = {
      from: T0,
      bucketMs: 15 * MINUTE,
      rows: [
        row(
          many,
          many.map((_, index) => (index === 50 ? 5 : 0)),
          many.map(() => 0),
        ),
      ],
    };
    const [axis = '', picture = '', legend] = timelinePicture(timeline, 60, plain);
    expect(picture).toHaveLength('iOS  '.length + 48);
    expect(picture).toContain('✗');
    expect(axis.trimStart()).toBe('╷00:00      ╷06:00      ╷12:00      ╷18:00');
    expect(legend).toBe('each column 30 min, from 2026-11-24 00:00Z');
  });

  test('is left out where there is one moment only', () => {
    expect(timelinePicture({ from: T0, bucketMs: 1_000, rows: [row([1], [0], [0])] }, 80, plain)).toEqual([]);
  });
});
