import { describe, expect, test } from 'vitest';
import { HTTPERR } from '../../../src/core/diagnose/formats/httperr.ts';
import type { LogCode } from '../../../src/core/diagnose/log-code.ts';
import { readLines } from '../../support/log-sink.ts';

const HEAD = [
  '#Software: Microsoft HTTP API 2.0',
  '#Version: 1.0',
  '#Date: 2026-11-24 06:06:19',
  '#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename',
] as const;

const CAPS = '/certsrv/mscep/mscep.dll?operation=GetCACaps&message=ca';
const PKI = '/certsrv/mscep/mscep.dll?operation=PKIOperation&message=MIAGCSqGSIb3DQEHAqCAMIACAQEx';

interface Parts {
  readonly method?: string;
  readonly uri?: string;
  readonly status?: string;
  readonly reason: string;
  readonly queue?: string;
}

const entry = ({ method = 'GET', uri = CAPS, status = '503', reason, queue = '-' }: Parts): string =>
  `2026-11-24 06:06:19 10.5.14.22 49731 10.0.0.4 443 HTTP/1.1 ${method} ${uri} ${status} 1 ${reason} ${queue}`;

const AT = Date.UTC(2026, 10, 24, 6, 6, 19);
const read = (...lines: readonly string[]) => readLines(HTTPERR, lines);
const codesOf = (parts: Parts): readonly LogCode[] => read(...HEAD, entry(parts)).findings.map(({ code }) => code);

describe('a line of an HTTPERR log', () => {
  test('about a stopped pool is an exchange and a finding', () => {
    const line = entry({ reason: 'AppOffline', queue: 'SCEP' });
    expect(read(...HEAD, line)).toEqual({
      exchanges: [
        { file: 'log', line: 5, at: AT, platform: 'android', operation: 'GetCACaps', status: 503, device: '10.5.14.22', text: line },
      ],
      findings: [
        {
          code: 'ndes-app-pool-stopped',
          file: 'log',
          line: 5,
          at: AT,
          platform: 'android',
          text: line,
          detail: '503 AppOffline: the application pool is off after errors of its application; application pool SCEP',
        },
      ],
      seen: [AT],
      unreadable: [],
    });
  });

  const short = { uri: CAPS } as const;
  const long = { uri: PKI } as const;
  const other = { uri: '/owa/' } as const;
  const unknown = { uri: '-', method: '-' } as const;
  const REASONS: readonly (readonly [
    status: string,
    reason: string,
    what: string,
    parts: Omit<Parts, 'reason'>,
    code: LogCode | 'none',
  ])[] = [
    ['503', 'AppOffline', 'SCEP', short, 'ndes-app-pool-stopped'],
    ['503', 'AppShutdown', 'SCEP', short, 'ndes-app-pool-stopped'],
    ['503', 'Disabled', 'SCEP', short, 'ndes-app-pool-stopped'],
    ['503', 'AppOffline', 'something else', { ...other, queue: 'DefaultAppPool' }, 'none'],
    ['503', 'AppOffline', "something else in NDES's pool", { ...other, queue: 'SCEP' }, 'ndes-app-pool-stopped'],
    ['503', 'QueueFull', 'SCEP', short, 'service-unavailable'],
    ['503', 'AppPoolTimer', 'SCEP', short, 'service-unavailable'],
    ['503', 'ConnLimit', 'SCEP', short, 'service-unavailable'],
    ['503', 'N/A', 'SCEP', short, 'service-unavailable'],
    ['503', 'SomethingNew', 'SCEP', short, 'service-unavailable'],
    ['-', 'Timer_AppPool', 'SCEP', short, 'service-unavailable'],
    ['500', 'Internal', 'SCEP', short, 'ndes-internal-error'],
    ['-', 'Connection_Abandoned_By_ReqQueue', 'SCEP', short, 'log-worker-process-crashed'],
    ['-', 'Connection_Abandoned_By_AppPool', 'SCEP', short, 'log-worker-process-crashed'],
    ['-', 'Connection_Abandoned_By_ReqQueue', 'something else', other, 'none'],
    ['-', 'Connection_Dropped', 'SCEP', short, 'log-client-gave-up'],
    ['-', 'Client_Reset', 'SCEP', short, 'log-client-gave-up'],
    ['-', 'Timer_EntityBody', 'a POST', { uri: '/certsrv/mscep/mscep.dll?operation=PKIOperation', method: 'POST' }, 'log-client-gave-up'],
    ['-', 'Timer_MinBytesPerSecond', 'SCEP', short, 'log-client-gave-up'],
    ['-', 'Timer_ConnectionIdle', 'nothing', unknown, 'none'],
    ['-', 'Timer_ConnectionIdle', 'SCEP', short, 'none'],
    ['400', 'Hostname', 'SCEP', short, 'iis-host-binding-mismatch'],
    ['400', 'Hostname', 'a scanner', { uri: '/' }, 'none'],
    ['414', 'URL_Length', 'PKIOperation', long, 'long-url-blocked-414'],
    ['414', 'URL_Length', 'GetCACaps', short, 'url-too-long'],
    ['414', 'URL_Length', 'an unknown URL', unknown, 'long-url-blocked-414'],
    ['400', 'FieldLength', 'PKIOperation', long, 'long-url-blocked-400'],
    ['400', 'RequestLength', 'an unknown URL', unknown, 'long-url-blocked-400'],
    ['400', 'RequestLength', 'something else', other, 'none'],
    ['400', 'BadRequest', 'an unknown URL', unknown, 'none'],
    ['400', 'BadRequest', 'SCEP', short, 'iis-bad-request'],
    ['400', 'URL', 'SCEP', short, 'iis-bad-request'],
    ['403', 'Forbidden', 'SCEP', short, 'scep-operation-forbidden'],
    ['413', 'EntityTooLarge', 'SCEP', short, 'iis-bad-request'],
  ];
  test.each(REASONS)('with %s %s for %s (%o) means %s', (status, reason, _, parts, code) => {
    expect(codesOf({ ...parts, status, reason })).toEqual(code === 'none' ? [] : [code]);
  });

  test('counts as an exchange only for SCEP', () => {
    const { exchanges } = read(
      ...HEAD,
      entry({ reason: 'AppOffline', uri: '/owa/' }),
      entry({ reason: 'URL_Length', uri: '-' }),
      entry({ reason: 'QueueFull' }),
    );
    expect(exchanges.map(({ line }) => line)).toEqual([7]);
  });

  test('without a URL says so', () => {
    expect(read(...HEAD, entry({ reason: 'FieldLength', status: '400', uri: '-' })).findings).toMatchObject([
      { detail: '400 FieldLength: a header or the URL is longer than MaxFieldLength; HTTP.sys does not say which URL' },
    ]);
  });

  test('of the policy module is its call to the registration point', () => {
    const uri = '/CertificateRegistrationSvc/Certificate/VerifyRequest';
    expect(read(...HEAD, entry({ reason: 'Disabled', method: 'POST', uri })).exchanges).toMatchObject([
      { operation: 'verify', platform: 'policy-module', status: 503 },
    ]);
  });

  test('may have a URL with its host', () => {
    expect(read(...HEAD, entry({ reason: 'QueueFull', uri: `https://ndes.contoso.com${CAPS}` })).exchanges).toMatchObject([
      { operation: 'GetCACaps', platform: 'android' },
    ]);
  });
});

describe('the fields of an HTTPERR log', () => {
  test('may be those of a later Windows, and change in the middle', () => {
    const { findings, unreadable } = read(
      ...HEAD,
      entry({ reason: 'AppOffline' }),
      '#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename',
      `2026-11-24 06:06:20 10.5.14.22 49731 10.0.0.4 443 HTTP/2.0 GET ${CAPS} 5 503 1 QueueFull SCEP`,
      '#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid streamid_ex sc-status s-siteid s-reason s-queuename transport',
      `2026-11-24 06:06:21 10.5.14.22 49731 10.0.0.4 443 HTTP/2.0 GET ${CAPS} 5 - 503 1 Disabled SCEP TCP`,
    );
    expect(findings.map(({ code, line }) => [code, line])).toEqual([
      ['ndes-app-pool-stopped', 5],
      ['service-unavailable', 7],
      ['ndes-app-pool-stopped', 9],
    ]);
    expect(unreadable).toEqual([]);
  });

  test('are known without a head, with and without the queue', () => {
    const lines = [
      `2026-11-24 06:06:19 10.5.14.22 49731 10.0.0.4 443 HTTP/1.1 GET ${CAPS} 503 1 AppOffline SCEP`,
      `2026-11-24 06:06:20 10.5.14.22 49731 10.0.0.4 443 HTTP/1.1 GET ${CAPS} 503 - AppOffline`,
      `2026-11-24 06:06:21 10.5.14.22 49731 10.0.0.4 443 HTTP/1.1 GET ${CAPS}&x=a b 503 1 AppOffline SCEP`,
      '2026-11-24 06:06:22 10.5.14.22 64388 10.0.0.4 80 - - - - - Timer_MinBytesPerSecond',
      '2007-04-12 07:37:51 10.201.25.27 1682 10.248.10.65 80 HTTP/1.1 GET /clm 400 - RequestLength',
    ];
    expect(HTTPERR.recognise(lines)).toBeGreaterThan(0.5);
    const { findings, seen, unreadable } = read(...lines);
    expect(findings.map(({ code, line }) => [code, line])).toEqual([
      ['ndes-app-pool-stopped', 1],
      ['ndes-app-pool-stopped', 2],
      ['ndes-app-pool-stopped', 3],
    ]);
    expect(seen).toHaveLength(5);
    expect(unreadable).toEqual([]);
  });

  test('that a line does not have make it unreadable when it is about SCEP', () => {
    expect(read(...HEAD, `2026-11-24 06:06:19 10.5.14.22 GET ${CAPS}`, 'x', '', '\0\0').unreadable).toEqual([5]);
  });
});

describe('the recogniser of HTTPERR logs', () => {
  test.each([
    ['the head', HEAD, 1],
    ['the fields alone', HEAD.slice(3), 1],
    ['a line alone', [entry({ reason: 'AppOffline' })], 0.8],
    ['IIS', ['#Software: Microsoft Internet Information Services 10.0', '#Fields: date time cs-uri-stem sc-status'], 0],
    ['prose', ['AppOffline is a reason phrase of HTTP.sys', '2026-11-24 is a day'], 0],
    ['nothing', [], 0],
  ] as const)('is as sure of %s as it can be', (_, lines, sure) => {
    expect(HTTPERR.recognise(lines)).toBe(sure);
  });
});
