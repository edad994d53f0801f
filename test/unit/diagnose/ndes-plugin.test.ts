import { describe, expect, test } from 'vitest';
import { NDES_PLUGIN } from '../../../src/core/diagnose/formats/ndes-plugin.ts';
import { LOG_READERS } from '../../../src/core/diagnose/readers.ts';
import { readLog } from '../../support/device-logs.ts';

const GOOD = [
  'Calling VerifyRequest ...',
  'Sending request to certificate registration point.',
  'Verify challenge returns true',
  'Exiting VerifyRequest with 0x0',
];
const NOTIFY = ['Calling Notifyrequest ...', 'Sending request to certificate registration point.', 'Exiting Notify with 0x0'];

/** As CMTrace files are written. */
const traced = (lines: readonly string[], thread = '3012'): readonly string[] =>
  lines.map(
    (line, index) =>
      `<![LOG[${line}]LOG]!><time="10:36:0${index}.111+300" date="02-27-2018" component="NDESPlugin" context="" type="1" thread="${thread}" file="NDESPlugin.cpp:123">`,
  );

/** As CMTrace shows and copies them. */
const shown = (lines: readonly string[], thread = '3036'): readonly string[] =>
  lines.map((line, index) => `${line}\tNDESPlugin\t4/17/2018 10:25:4${index} PM\t${thread} (0x0BDC)`);

const FORBIDDEN = [
  'Calling VerifyRequest ...',
  'Sending request to certificate registration point.',
  'Verify challenge returns <!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd"> <html>',
  '<title>403 - Forbidden: Access is denied.</title>',
];

describe('NDESPlugin.log', () => {
  test('shows a verified challenge and a notification', () => {
    const { exchanges, findings } = readLog(NDES_PLUGIN, [...GOOD, ...NOTIFY]);
    expect(findings).toEqual([]);
    expect(exchanges).toEqual([
      { file: 'device.log', line: 1, platform: 'policy-module', operation: 'verify', status: 201 },
      { file: 'device.log', line: 5, platform: 'policy-module', operation: 'notify', status: 204 },
    ]);
  });

  test('has the time of CMTrace files in UTC', () => {
    const { exchanges, seen } = readLog(NDES_PLUGIN, traced(GOOD));
    expect(exchanges[0]?.at).toBe(Date.UTC(2018, 1, 27, 15, 36, 0, 111));
    expect(seen).toHaveLength(4);
  });

  test('has the time of what CMTrace shows', () => {
    expect(readLog(NDES_PLUGIN, shown(GOOD)).exchanges[0]?.at).toBe(Date.UTC(2018, 3, 17, 22, 25, 40));
  });

  test.each([GOOD, traced(GOOD), shown(GOOD)].map((lines) => [lines]))(
    'that stops at the sending means an expired certificate',
    (lines) => {
      const { findings } = readLog(NDES_PLUGIN, [...lines, ...lines.slice(0, 2)]);
      expect(findings).toMatchObject([
        { code: 'log-policy-certificate-expired', platform: 'policy-module', line: 5, text: expect.stringMatching(/Sending request/) },
      ]);
    },
  );

  test('that goes on in the same thread without an answer means an expired certificate as well', () => {
    expect(readLog(NDES_PLUGIN, [...traced(GOOD.slice(0, 2)), ...traced(GOOD)]).codes).toEqual(['log-policy-certificate-expired']);
  });

  test('of calls that overlap without threads means nothing', () => {
    expect(readLog(NDES_PLUGIN, [...GOOD.slice(0, 2), ...GOOD.slice(0, 2), ...GOOD.slice(2), ...GOOD.slice(2)]).findings).toEqual([]);
  });

  test('keeps threads apart', () => {
    const [a, b] = [traced(GOOD, '1'), traced(GOOD, '2')];
    const { exchanges, findings } = readLog(
      NDES_PLUGIN,
      a.flatMap((line, index) => [line, b[index] ?? '']),
    );
    expect(findings).toEqual([]);
    expect(exchanges.map(({ status }) => status)).toEqual([201, 201]);
  });

  test('shows a rejected challenge', () => {
    const lines = [...GOOD.slice(0, 2), 'Verify challenge returns false', 'Exiting VerifyRequest with 0x80004005'];
    const { codes, exchanges } = readLog(NDES_PLUGIN, lines);
    expect(codes).toEqual(['log-challenge-rejected']);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).not.toHaveProperty('status');
  });

  test('shows a TLS failure with its reason', () => {
    const { findings } = readLog(NDES_PLUGIN, [
      ...GOOD.slice(0, 2),
      'WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID',
      'Failed to send http request /CertificateRegistrationSvc/Certificate/VerifyRequest. Error 12175',
      'Exiting VerifyRequest with 0x80072f8f',
    ]);
    expect(findings).toMatchObject([
      {
        code: 'log-policy-module-tls-failed',
        detail: expect.stringMatching(/^WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID, WinHTTP error 12175: /),
      },
    ]);
  });

  test('shows other failures of sending as what they are', () => {
    const { findings } = readLog(NDES_PLUGIN, [
      ...GOOD.slice(0, 2),
      'Failed to send http request /CertificateRegistrationSvc/Certificate/VerifyRequest. Error 12029',
    ]);
    expect(findings).toMatchObject([{ code: 'log-verify-request-failed', detail: expect.stringMatching(/^WinHTTP error 12029/) }]);
  });

  test('shows the page of a 403, in one line or in several', () => {
    expect(readLog(NDES_PLUGIN, FORBIDDEN).codes).toEqual(['log-verify-certificate-untrusted']);
    expect(readLog(NDES_PLUGIN, [...FORBIDDEN.slice(0, 2), FORBIDDEN.slice(2).join(' ')]).codes).toEqual([
      'log-verify-certificate-untrusted',
    ]);
    expect(readLog(NDES_PLUGIN, FORBIDDEN.join('\n').replace('403 - Forbidden', '500 - Internal')).codes).toEqual([
      'log-verify-request-failed',
    ]);
  });

  test('forgets the oldest of very many threads instead of growing', () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => traced(GOOD.slice(0, 2), String(index))).flat();
    expect(readLog(NDES_PLUGIN, lines).findings.length).toBeLessThanOrEqual(64);
  });
});

describe('recognising NDESPlugin.log', () => {
  test.each([GOOD, NOTIFY, traced(GOOD), shown(GOOD), FORBIDDEN].map((lines) => [lines]))(
    'is surer of the samples than of any other log',
    (lines) => {
      const own = NDES_PLUGIN.recognise(lines);
      expect(own).toBeGreaterThan(0.5);
      for (const reader of LOG_READERS) if (reader.format !== 'ndes-plugin') expect(reader.recognise(lines)).toBeLessThan(own);
    },
  );

  test('leaves an IIS log with the calls of the module to the IIS reader', () => {
    const line =
      '2026-11-24 20:22:16 10.0.0.4 POST /CertificateRegistrationSvc/Certificate/VerifyRequest - 443 - 10.0.0.4 NDES_Plugin - 201 0 0 341 875';
    expect(NDES_PLUGIN.recognise([line])).toBeLessThan(0.1);
    expect(NDES_PLUGIN.recognise(['nothing'])).toBe(0);
  });
});
