import { describe, expect, test } from 'vitest';
import { IIS_W3C } from '../../../src/core/diagnose/formats/iis-w3c.ts';
import type { LogCode } from '../../../src/core/diagnose/log-code.ts';
import type { LogOperation, Platform } from '../../../src/core/diagnose/scep-exchange.ts';
import { readLines } from '../../support/log-sink.ts';

const FIELDS =
  '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken';
const HEAD = ['#Software: Microsoft Internet Information Services 10.0', '#Version: 1.0', '#Date: 2026-11-24 00:00:00', FIELDS] as const;

const IOS = 'profiled/1.0+CFNetwork/811.5.4+Darwin/16.6.0';
const ANDROID = 'Dalvik/2.1.0+(Linux;+U;+Android+13;+SM-G991B+Build/TP1A.220624.014)';
const WINDOWS = 'Mozilla/4.0+(compatible;+Win32;+NDES+client+10.0.22621.2506/ni_release_svc_prod3)';
const NDES = '/certsrv/mscep/mscep.dll';
const VERIFY = '/CertificateRegistrationSvc/Certificate/VerifyRequest';
const NOTIFY = '/CertificateRegistrationSvc/Certificate/Notify';
const LONG_MESSAGE = `operation=PKIOperation&message=${'MIAGCSqGSIb3DQEHAqCAMIACAQEx'.repeat(400)}`;

interface Parts {
  readonly method?: string;
  readonly stem?: string;
  readonly query?: string;
  readonly agent?: string;
  readonly client?: string;
  /** Status, substatus and Windows code. */
  readonly status?: string;
  readonly took?: number | string;
}

const entry = ({
  method = 'GET',
  stem = NDES,
  query = 'operation=GetCACert&message=ca',
  agent = ANDROID,
  client = '10.5.14.22',
  status = '200 0 0',
  took = 31,
}: Parts = {}): string => `2026-11-24 20:22:16 10.0.0.4 ${method} ${stem} ${query} 443 - ${client} ${agent} - ${status} ${took}`;

const AT = Date.UTC(2026, 10, 24, 20, 22, 16);

const read = (...lines: readonly string[]) => readLines(IIS_W3C, lines);
const readEntry = (parts: Parts) => read(...HEAD, entry(parts));
const codesOf = (parts: Parts): readonly LogCode[] => readEntry(parts).findings.map(({ code }) => code);

describe('a line of an IIS log', () => {
  test('is an exchange with all that its columns tell', () => {
    expect(readEntry({})).toEqual({
      exchanges: [
        {
          file: 'log',
          line: 5,
          at: AT,
          platform: 'android',
          operation: 'GetCACert',
          status: 200,
          substatus: 0,
          win32: 0,
          tookMs: 31,
          device: '10.5.14.22',
        },
      ],
      findings: [],
      seen: [AT],
      unreadable: [],
    });
  });

  const AGENTS: readonly (readonly [agent: string, platform: Platform])[] = [
    [IOS, 'ios'],
    ['profiled/1.0+CFNetwork/975.0.3+Darwin/18.2.0', 'ios'],
    ['profiled+(unknown+version)+CFNetwork/3826.400.120+Darwin/24.3.0', 'ios'],
    ['mdmclient/1.0+CFNetwork/811.5.4+Darwin/16.6.0+(x86_64)', 'macos'],
    ['profiled/1.0+CFNetwork/811.5.4+Darwin/16.6.0+(x86_64)', 'macos'],
    ['XPCAcmeService', 'macos'],
    [ANDROID, 'android'],
    ['okhttp/4.12.0', 'android'],
    [WINDOWS, 'windows'],
    ['Mozilla/4.0+(compatible;+Win32;+NDES+client)', 'windows'],
    ['scepwatch/0.1.0+(synthetic+SCEP+monitor;+ios)', 'probe'],
    ['NDES_Plugin', 'policy-module'],
    ['Wget/1.21', 'other'],
    ['-', 'other'],
  ];
  test.each(AGENTS)('with the user agent %s is of platform %s', (agent, platform) => {
    expect(readEntry({ agent }).exchanges.map((exchange) => exchange.platform)).toEqual([platform]);
  });

  const REQUESTS: readonly (readonly [method: string, stem: string, query: string, operation: LogOperation | undefined])[] = [
    ['GET', NDES, 'operation=GetCACaps&message=ca', 'GetCACaps'],
    ['GET', `${NDES}/pkiclient.exe`, 'operation=GetCACert&message=default', 'GetCACert'],
    ['GET', '/CertSrv/MSCEP/MSCEP.DLL/PKICLIENT.EXE', 'OPERATION=getcacert', 'GetCACert'],
    ['GET', NDES, 'message=ca&operation=GetCACaps', 'GetCACaps'],
    ['GET', NDES, LONG_MESSAGE, 'PKIOperation'],
    ['POST', NDES, 'operation=PKIOperation', 'PKIOperation'],
    ['GET', NDES, 'operation=GetNextCACert', 'GetNextCACert'],
    ['GET', NDES, 'operation=GetCACerts', 'other'],
    ['GET', NDES, '-', 'base-url'],
    ['GET', `${NDES}/pkiclient.exe`, '-', 'base-url'],
    ['POST', NDES, '-', 'other'],
    ['GET', '/certsrv/mscep_admin/', '-', 'admin'],
    ['POST', VERIFY, '-', 'verify'],
    ['POST', NOTIFY, '-', 'notify'],
    ['GET', '/scep/wrong.dll', 'operation=GetCACaps&message=ca', 'GetCACaps'],
    ['GET', '/CertificateRegistrationSvc/Certificate.svc', '-', undefined],
    ['GET', '/api/jobs', 'operation=list', undefined],
    ['GET', '/owa/', '-', undefined],
  ];
  test.each(REQUESTS)('with %s %s %.60s asks for %s', (method, stem, query, operation) => {
    expect(readEntry({ method, stem, query }).exchanges.map((exchange) => exchange.operation)).toEqual(
      operation === undefined ? [] : [operation],
    );
  });

  test('is of the policy module when it calls the registration point, whatever the user agent', () => {
    expect(readEntry({ stem: VERIFY, method: 'POST', query: '-', agent: '-', status: '201 0 0' }).exchanges).toMatchObject([
      { platform: 'policy-module', operation: 'verify', status: 201 },
    ]);
  });

  const device = { stem: NDES } as const;
  const base = { stem: NDES, query: '-' } as const;
  const verify = { stem: VERIFY, method: 'POST', query: '-', agent: 'NDES_Plugin' } as const;
  const admin = { stem: '/certsrv/mscep_admin/', query: '-' } as const;
  const pki = { query: LONG_MESSAGE } as const;
  /** One line for each status, substatus and Windows code that means something of its own. */
  const ANSWERS: readonly (readonly [status: string, what: string, parts: Parts, code: LogCode | 'none'])[] = [
    ['200 0 0', 'GetCACert', device, 'none'],
    ['200 0 0', 'PKIOperation', pki, 'none'],
    ['201 0 0', 'VerifyRequest', verify, 'none'],
    ['204 0 0', 'Notify', { ...verify, stem: NOTIFY }, 'none'],
    ['403 0 0', 'the address itself', base, 'none'],
    ['403 0 5', 'the address itself', base, 'none'],
    ['500 0 1346', 'GetCACert', device, 'log-impersonation-right-missing'],
    ['500 0 0', 'GetCACert', device, 'ndes-internal-error'],
    ['500 0 64', 'a quick answer nobody waited for', device, 'ndes-internal-error'],
    ['500 19 13', 'GetCACert', device, 'iis-config-invalid'],
    ['503 0 0', 'GetCACert', device, 'ndes-app-pool-stopped'],
    ['503 2 0', 'GetCACert', device, 'service-unavailable'],
    ['502 3 12030', 'GetCACert', device, 'service-unavailable'],
    ['404 15 0', 'PKIOperation', pki, 'long-url-blocked-404-15'],
    ['404 14 0', 'PKIOperation', pki, 'long-url-blocked-404-14'],
    ['404 2 1260', 'GetCACert', device, 'ndes-isapi-blocked'],
    ['404 3 50', 'GetCACert', device, 'ndes-isapi-blocked'],
    ['404 17 0', 'GetCACert', device, 'ndes-isapi-blocked'],
    ['404 0 2', 'GetCACert', device, 'ndes-path-not-found'],
    ['404 0 3', 'GetCACert', device, 'ndes-path-not-found'],
    ['404 6 0', 'a POST', { ...device, method: 'POST' }, 'scep-operation-forbidden'],
    ['404 13 0', 'a POST', { ...device, method: 'POST' }, 'iis-bad-request'],
    ['403 0 0', 'GetCACert', device, 'scep-operation-forbidden'],
    ['403 4 5', 'the address itself', base, 'scep-operation-forbidden'],
    ['405 0 1', 'a POST', { ...device, method: 'POST' }, 'scep-operation-forbidden'],
    ['401 2 5', 'GetCACert', device, 'iis-auth-required'],
    ['401 1 1326', 'GetCACert', device, 'log-service-account-refused'],
    ['401 1 1330', 'GetCACert', device, 'log-service-account-refused'],
    ['500 0 1907', 'GetCACert', device, 'log-service-account-refused'],
    ['401 1 1909', 'the address itself', base, 'log-service-account-refused'],
    ['401 2 5', 'mscep_admin', admin, 'none'],
    ['401 1 1326', 'mscep_admin', admin, 'none'],
    ['403 0 0', 'mscep_admin', admin, 'none'],
    ['500 0 1346', 'mscep_admin', admin, 'log-impersonation-right-missing'],
    ['400 0 0', 'GetCACert', device, 'iis-bad-request'],
    ['400 0 0', 'PKIOperation', pki, 'long-url-blocked-400'],
    ['414 0 0', 'GetCACert', device, 'url-too-long'],
    ['414 0 0', 'PKIOperation', pki, 'long-url-blocked-414'],
    ['403 16 2148204809', 'VerifyRequest', verify, 'log-verify-certificate-untrusted'],
    ['403 16 0', 'VerifyRequest', verify, 'log-verify-certificate-untrusted'],
    ['403 17 2148204801', 'VerifyRequest', verify, 'log-policy-certificate-expired'],
    ['403 7 5', 'VerifyRequest', verify, 'log-verify-request-failed'],
    ['500 0 0', 'VerifyRequest', verify, 'log-verify-request-failed'],
    ['401 2 5', 'VerifyRequest', verify, 'log-verify-request-failed'],
    ['302 0 0', 'GetCACert', device, 'none'],
  ];
  test.each(ANSWERS)('with %s for %s (%o) means %s', (status, _, parts, code) => {
    expect(codesOf({ ...parts, status })).toEqual(code === 'none' ? [] : [code]);
  });

  test.each([64, 121, 995, 1229, 1236])('with Windows code %i after a long time means that the client gave up', (win32) => {
    expect(codesOf({ status: `200 0 ${win32}`, took: 85_012 })).toEqual(['log-client-gave-up']);
    expect(codesOf({ status: `500 0 ${win32}`, took: 85_012 })).toEqual(['log-client-gave-up']);
    expect(codesOf({ status: `200 0 ${win32}`, took: 3_000 })).toEqual([]);
  });

  test('is evidence, whole and explained, when it says something', () => {
    const line = entry({ agent: IOS, status: '500 0 1346' });
    const { exchanges, findings } = read(...HEAD, line);
    expect(exchanges).toMatchObject([{ text: line }]);
    expect(findings).toEqual([
      {
        code: 'log-impersonation-right-missing',
        platform: 'ios',
        at: AT,
        file: 'log',
        line: 5,
        text: line,
        detail: 'GetCACert: 500.0, Windows code 1346 (the worker may not impersonate the client)',
      },
    ]);
    expect(readEntry({ ...verify, status: '403 16 2148204809' }).findings).toMatchObject([
      { detail: 'VerifyRequest: 403.16, Windows code 2148204809 (0x800B0109: the chain ends in a root that is not trusted)' },
    ]);
    expect(readEntry({ status: '200 0 64', took: 85_012 }).findings).toMatchObject([
      { detail: 'GetCACert: 200.0, Windows code 64 (the client or a proxy closed the connection before the answer), after 85.0 s' },
    ]);
  });

  test('is shown without the middle of an encrypted request, but with the status', () => {
    const [exchange] = readEntry({ query: LONG_MESSAGE, status: '404 15 0' }).exchanges;
    expect(exchange?.text).toHaveLength(2_000);
    expect(exchange?.text).toMatch(/^2026-11-24 20:22:16 .*…[^\s…]+ 443 - 10\.5\.14\.22 Dalvik.* 404 15 0 31$/);
  });

  test('gives no text when it is the usual answer', () => {
    expect(readEntry({ query: LONG_MESSAGE }).exchanges[0]).not.toHaveProperty('text');
    expect(readEntry({ query: '-', status: '403 0 0' }).exchanges[0]).not.toHaveProperty('text');
    expect(readEntry({ status: '302 0 0' }).exchanges[0]).toHaveProperty('text');
  });
});

describe('the fields of an IIS log', () => {
  test('may stand in any order, and change in the middle', () => {
    const { exchanges, findings, unreadable } = read(
      ...HEAD,
      entry(),
      '#Software: Microsoft Internet Information Services 10.0',
      '#Fields: date time cs-uri-query cs-uri-stem cs-method sc-status sc-win32-status sc-substatus cs(User-Agent) c-ip',
      `2026-11-24 21:00:00 operation=GetCACaps&message=ca ${NDES} GET 500 1346 0 ${IOS} 10.9.9.9`,
      FIELDS,
      entry({ agent: WINDOWS }),
    );
    expect(exchanges.map(({ line, operation, platform, status, device }) => [line, operation, platform, status, device])).toEqual([
      [5, 'GetCACert', 'android', 200, '10.5.14.22'],
      [8, 'GetCACaps', 'ios', 500, '10.9.9.9'],
      [10, 'GetCACert', 'windows', 200, '10.5.14.22'],
    ]);
    expect(findings.map(({ code, line }) => [code, line])).toEqual([['log-impersonation-right-missing', 8]]);
    expect(unreadable).toEqual([]);
  });

  test('may be more than the default: bytes, the host, the site, what stands behind a proxy', () => {
    const fields =
      '#Fields: date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken X-Forwarded-For';
    const { exchanges } = read(
      fields,
      `2026-11-24 20:22:16 W3SVC1 NDES01 10.0.0.4 GET ${NDES} operation=GetCACaps&message=ca 443 - 10.0.0.9 HTTP/1.1 ${ANDROID} - - ndes.contoso.com 200 0 0 421 310 47 198.51.100.7`,
    );
    expect(exchanges).toMatchObject([{ tookMs: 47, device: '198.51.100.7', status: 200 }]);
  });

  test('without a user agent leave the platform to what the request looks like', () => {
    const fields = '#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status sc-substatus sc-win32-status';
    const line = (stem: string, query: string) => `2026-11-24 20:22:16 GET ${stem} ${query} 200 0 0`;
    const { exchanges } = read(
      fields,
      line(NDES, 'operation=GetCACaps&message=ca'),
      line(NDES, 'operation=GetCACaps&message=SCEP%20Authority'),
      line(`${NDES}/pkiclient.exe`, 'operation=PKIOperation'),
      line(NDES, 'operation=GetCACaps&message=test'),
    );
    expect(exchanges.map(({ platform }) => platform)).toEqual(['android', 'ios', 'windows', 'other']);
    expect(exchanges[0]).not.toHaveProperty('device');
    expect(exchanges[0]).not.toHaveProperty('tookMs');
  });

  test('without a date count the days from the head', () => {
    const line = (time: string) => `${time} GET ${NDES} operation=GetCACaps 200 0 0`;
    const { seen } = read(
      '#Date: 2026-11-24 22:00:00',
      '#Fields: time cs-method cs-uri-stem cs-uri-query sc-status sc-substatus sc-win32-status',
      line('23:59:58'),
      line('23:59:57'),
      line('00:00:01'),
    );
    expect(seen).toEqual([Date.UTC(2026, 10, 24, 23, 59, 58), Date.UTC(2026, 10, 24, 23, 59, 57), Date.UTC(2026, 10, 25, 0, 0, 1)]);
  });

  test('let other lines be read where the log says something else', () => {
    const { exchanges, seen } = read(...HEAD, entry({ stem: '/owa/', query: '-' }), '', '\0\0\0\0', entry());
    expect(exchanges.map(({ line }) => line)).toEqual([8]);
    expect(seen).toHaveLength(2);
  });

  test('that a line does not fit make it unreadable only when nothing can be made of it', () => {
    const cut = `2026-11-24 20:22:16 10.0.0.4 GET ${NDES} operation=GetCACert&mess`;
    expect(read(...HEAD, cut, entry())).toMatchObject({ exchanges: [{ line: 6 }], unreadable: [5] });
    expect(read(...HEAD, cut)).toMatchObject({ exchanges: [], unreadable: [5] });
    expect(read(...HEAD, entry({ took: '' }).trimEnd()).exchanges).toMatchObject([{ status: 200, win32: 0 }]);
  });
});

/** As the article quotes them, with what a person who copies them takes along. */
const ARTICLE = {
  windows: `    fe80::f53d:89b8:c3e8:5fec%13 GET /certsrv/mscep/mscep.dll/pkiclient.exe operation=GetCACaps&message=default 80 - fe80::f53d:89b8:c3e8:5fec%13 Mozilla/4.0+(compatible;+Win32;+NDES+client) - 200 0 0 186 0.

    orazAnd

    fe80::f53d:89b8:c3e8:5fec%13 GET /certsrv/mscep/mscep.dll/pkiclient.exe operation=GetCACert&message=default 80 - fe80::f53d:89b8:c3e8:5fec%13 Mozilla/4.0+(compatible;+Win32;+NDES+client) - 200 0 0 3567 0`,
  android: `Połączenie jest również rejestrowane przez usługi IIS w folderze %SystemDrive%\\inetpub\\logs\\LogFiles\\W3SVC1\\ serwera usług NDES.The connection is also logged by IIS in the %SystemDrive%\\inetpub\\logs\\LogFiles\\W3SVC1\\ folder of the NDES server. Poniżej przedstawiono przykład:The following is an example:

fe80::f53d:89b8:c3e8:5fec%13 GET /certsrv/mscep/mscep.dll operation=GetCACert&message=ca 443 - 
fe80::f53d:89b8:c3e8:5fec%13 Dalvik/2.1.0+(Linux;+U;+Android+5.0;+P01M+Build/LRX21V) - 200 0 0 3909 0
fe80::f53d:89b8:c3e8:5fec%13 GET /certsrv/mscep/mscep.dll operation=GetCACaps&message=ca 443 - 
fe80::f53d:89b8:c3e8:5fec%13 Dalvik/2.1.0+(Linux;+U;+Android+5.0;+P01M+Build/LRX21V) - 200 0 0 421 
`,
  ios: '2017-08-08 20:22:16 IP_address GET /certsrv/mscep/mscep.dll operation=GetCACert&message=SCEP%20Authority 443 - 10.5.14.22 profiled/1.0+CFNetwork/811.5.4+Darwin/16.6.0 - 500 0 1346 31',
} as const;

describe('lines pasted from a document', () => {
  const LINK_LOCAL = 'fe80::f53d:89b8:c3e8:5fec%13';

  test('of the Windows sample are two good answers', () => {
    expect(IIS_W3C.recognise(ARTICLE.windows.split('\n'))).toBeGreaterThan(0.5);
    expect(read(...ARTICLE.windows.split('\n'))).toEqual({
      exchanges: [
        {
          file: 'log',
          line: 1,
          platform: 'windows',
          operation: 'GetCACaps',
          status: 200,
          substatus: 0,
          win32: 0,
          tookMs: 0,
          device: LINK_LOCAL,
        },
        {
          file: 'log',
          line: 5,
          platform: 'windows',
          operation: 'GetCACert',
          status: 200,
          substatus: 0,
          win32: 0,
          tookMs: 0,
          device: LINK_LOCAL,
        },
      ],
      findings: [],
      seen: [],
      unreadable: [],
    });
  });

  test('of the Android sample are read across the line break, the cut one without its time', () => {
    expect(IIS_W3C.recognise(ARTICLE.android.split('\n'))).toBeGreaterThan(0.5);
    expect(read(...ARTICLE.android.split('\n'))).toEqual({
      exchanges: [
        {
          file: 'log',
          line: 3,
          platform: 'android',
          operation: 'GetCACert',
          status: 200,
          substatus: 0,
          win32: 0,
          tookMs: 0,
          device: LINK_LOCAL,
        },
        { file: 'log', line: 5, platform: 'android', operation: 'GetCACaps', status: 200, substatus: 0, win32: 0, device: LINK_LOCAL },
      ],
      findings: [],
      seen: [],
      unreadable: [],
    });
  });

  test('of the sample with status 500 say that the right to impersonate is missing', () => {
    expect(IIS_W3C.recognise([ARTICLE.ios])).toBeGreaterThan(0.5);
    expect(read(ARTICLE.ios)).toMatchObject({
      exchanges: [{ platform: 'ios', operation: 'GetCACert', status: 500, substatus: 0, win32: 1346, tookMs: 31, device: '10.5.14.22' }],
      findings: [{ code: 'log-impersonation-right-missing', at: Date.UTC(2017, 7, 8, 20, 22, 16), platform: 'ios', text: ARTICLE.ios }],
      seen: [Date.UTC(2017, 7, 8, 20, 22, 16)],
    });
  });

  test('of the policy module are its calls to the registration point', () => {
    const line = (path: string, rest: string) =>
      `10.0.0.4 POST /CertificateRegistrationSvc/Certificate/${path} - 443 - 10.0.0.4 NDES_Plugin - ${rest}`;
    const { exchanges, findings } = read(
      line('VerifyRequest', '201 0 0 341 875'),
      line('Notify', '204 0 0 277 62'),
      line('VerifyRequest', '403 16 2148204809 453'),
      line('VerifyRequest', '500 0 0 359'),
    );
    expect(exchanges.map(({ operation, status, tookMs }) => [operation, status, tookMs])).toEqual([
      ['verify', 201, 875],
      ['notify', 204, 62],
      ['verify', 403, undefined],
      ['verify', 500, undefined],
    ]);
    expect(findings.map(({ code, line }) => [code, line])).toEqual([
      ['log-verify-certificate-untrusted', 3],
      ['log-verify-request-failed', 4],
    ]);
  });

  const WIDTHS = [30, 40, 60, 72, 80, 100, 132] as const;
  const words = (text: string, width: number): readonly string[] => {
    const lines: string[] = [];
    let current = '';
    for (const word of text.split(' ')) {
      if (current !== '' && current.length + 1 + word.length > width) {
        lines.push(current);
        current = word;
      } else current = current === '' ? word : `${current} ${word}`;
    }
    return [...lines, current];
  };
  const cells = (text: string, width: number): readonly string[] => text.match(new RegExp(`.{1,${width}}`, 'gs')) ?? [];

  test.each(WIDTHS)('wrapped at words by a mail program %i columns wide say the same', (width) => {
    const wrapped = words(ARTICLE.ios, width);
    expect(read('See below:', ...wrapped, 'Any idea?', 'Thanks')).toMatchObject({
      exchanges: [{ platform: 'ios', status: 500, win32: 1346, tookMs: 31 }],
      findings: [{ code: 'log-impersonation-right-missing' }],
      unreadable: [],
    });
  });

  test.each(WIDTHS.slice(2))('with an encrypted request cut by a terminal %i columns wide say the same', (width) => {
    const line = `2026-11-24 20:22:16 10.0.0.4 GET ${NDES} ${LONG_MESSAGE} 443 - 10.5.14.22 ${IOS} - 404 15 0 31`;
    const { findings, exchanges } = read(...cells(line, width), entry());
    expect(findings).toMatchObject([{ code: 'long-url-blocked-404-15', line: 1 }]);
    expect(exchanges).toMatchObject([{ operation: 'PKIOperation', status: 404, substatus: 15 }, { operation: 'GetCACert' }]);
  });

  test('may have the marks of a quotation, the name of a file, or tabs', () => {
    for (const line of [
      `> ${ARTICLE.ios}`,
      `u_ex170808.log:412:${ARTICLE.ios}`,
      ARTICLE.ios.replaceAll(' ', '\t'),
      `  • ${ARTICLE.ios}  `,
    ]) {
      expect(read(line).findings, line).toMatchObject([{ code: 'log-impersonation-right-missing', at: Date.UTC(2017, 7, 8, 20, 22, 16) }]);
    }
  });

  test.each(['- 200', '- 200 0', '- 200 0 0'])('may end in %j', (end) => {
    const line = `10.0.0.4 GET ${NDES} operation=GetCACaps&message=ca 443 - 10.5.14.22 ${ANDROID} ${end}`;
    expect(read(line, 'That is all.')).toMatchObject({ exchanges: [{ status: 200, platform: 'android' }], unreadable: [] });
  });

  test('that go on with numbers after the status are read on', () => {
    const line = `10.0.0.4 GET ${NDES} operation=GetCACaps&message=ca 443 - 10.5.14.22 ${IOS} - 500`;
    expect(read(line, '0 1346 31', 'more')).toMatchObject({ exchanges: [{ status: 500, win32: 1346, tookMs: 31 }], findings: [{}] });
  });

  test('of prose that mentions the address are nothing', () => {
    expect(
      read(
        'Biblioteka mscep.dll to rozszerzenie ISAPI, mscep.dll is an ISAPI extension that intercepts incoming request.',
        'An example of this URL is https://contoso.com/certsrv/mscep/mscep.dll.',
        'When the device contacts IIS, an HTTP GET request for mscep.dll is logged. It took 500 0 1346 years.',
      ),
    ).toEqual({ exchanges: [], findings: [], seen: [], unreadable: [] });
  });
});

describe('the recogniser of IIS logs', () => {
  test.each([
    ['the head', HEAD, 1],
    ['the fields alone', [FIELDS], 0.95],
    ['requests without a head', [entry({ stem: '/owa/', query: '-' }), entry({ stem: '/ews/', query: '-' })], 0.6],
  ] as const)('knows %s', (_, lines, sure) => {
    expect(IIS_W3C.recognise(lines)).toBe(sure);
  });

  test.each([
    [
      'HTTPERR',
      [
        '#Software: Microsoft HTTP API 2.0',
        '#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason',
      ],
    ],
    ['prose', ['When the device contacts IIS, an HTTP GET request for mscep.dll is logged.']],
    ['nothing', []],
    ['an FTP log', ['#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem']],
  ] as const)('leaves %s to others', (_, lines) => {
    expect(IIS_W3C.recognise(lines)).toBe(0);
  });

  test('lets lines be left out only when the log has its head', () => {
    const wanted = IIS_W3C.wanted?.([...HEAD, entry()]);
    for (const line of [
      entry(),
      FIELDS,
      '#Date: 2026-11-24 00:00:00',
      entry({ stem: '/CERTSRV/MSCEP/MSCEP.DLL' }),
      entry({ stem: VERIFY }),
    ])
      expect(wanted?.test(line), line).toBe(true);
    expect(wanted?.test(entry({ stem: '/owa/', query: '-' }))).toBe(false);
    expect(IIS_W3C.wanted?.(ARTICLE.android.split('\n'))).toBeUndefined();
  });
});
