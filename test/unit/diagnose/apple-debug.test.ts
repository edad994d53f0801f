import { describe, expect, test } from 'vitest';
import { APPLE_DEBUG } from '../../../src/core/diagnose/formats/apple-debug.ts';
import { readLog, wrapped } from '../../support/device-logs.ts';

const CSR =
  'MIAGCSqGSIb3DQEHAqCAMIACAQExDzANBglghkgBZQMEAgMFADCABgkqhkiG9w0BBwGggCSABIIZfzCABgkqhkiG9w0BBwOggDCAAgEAMYIBgjCCAX4CAQAwZjBPMRUwEwYKCZImiZPyLGQBGRYFbG9jYWwxHDAaBgoJkiaJk/IsZAEZFgxmb3VydGhjb2ZmZWUxGDAWBgNVBAMTD0ZvdXJ0aENvZmZlZSBDQQITaAAAAAmaneVjEPlcTwAAAAAACTANBgkqhkiG9w0BAQEFAASCAQCqfsOYpuBToerQLkw/tl4tH9E';

/** The log of the article, as it is pasted from there: without a date, with the backslashes of the editor. */
const ARTICLE = `debug    18:30:53.691033 -0500    profiled    Performing synchronous URL request: https://<server>-contoso.msappproxy.net/certsrv/mscep/mscep.dll?operation=GetCACert&message=SCEP%20Authority\\ \ndebug    18:30:54.640644 -0500    profiled    Performing synchronous URL request: https://<server>-contoso.msappproxy.net/certsrv/mscep/mscep.dll?operation=GetCACaps&message=SCEP%20Authority\\ \ndefault    18:30:55.483977 -0500    profiled    Attempting to retrieve issued certificate...\\ \ndebug    18:30:55.487798 -0500    profiled    Sending CSR via GET.\\  \ndebug    18:30:55.487908 -0500    profiled    Performing synchronous URL request: https://<server>-contoso.msappproxy.net/certsrv/mscep/mscep.dll?operation=PKIOperation&message=${CSR}`;

const url = (operation: string): string =>
  `https://ndes-contoso.msappproxy.net/certsrv/mscep/mscep.dll?operation=${operation}&message=SCEP%20Authority\\ `;
const debug = (time: string, message: string, process = 'profiled'): string => `debug\t${time} -0500\t${process}\t${message}`;
const performing = (time: string, operation: string): string => debug(time, `Performing synchronous URL request: ${url(operation)}`);
const CERT = performing('18:30:53.691033', 'GetCACert');
const CAPS = performing('18:30:54.640644', 'GetCACaps');
const PKI = performing('18:30:55.487908', 'PKIOperation');
const INSTALLED =
  "default 18:30:57.320616 -0500 profiled Profile \\'93www.windowsintune.com.SCEP.ModelName=AC_51bad41f.../LogicalName_1892fe4c...;Hash=-912418295\\'94 installed.\\ ";

describe('the iOS log of the article', () => {
  const told = readLog(APPLE_DEBUG, ARTICLE);

  test('is recognised', () => {
    expect(APPLE_DEBUG.recognise(ARTICLE.split('\n'))).toBeGreaterThan(0.9);
  });

  test('tells of three requests in their order, without a date', () => {
    expect(told.exchanges).toEqual([
      { file: 'device.log', line: 1, platform: 'ios', operation: 'GetCACert' },
      { file: 'device.log', line: 2, platform: 'ios', operation: 'GetCACaps' },
      { file: 'device.log', line: 5, platform: 'ios', operation: 'PKIOperation' },
    ]);
    expect(told.seen).toEqual([]);
  });

  test('ends before the certificate comes', () => {
    expect(told.codes).toEqual(['log-enrolment-incomplete']);
    expect(told.findings[0]).toMatchObject({ line: 5, platform: 'ios' });
  });

  test.each([72, 80, 120])('says the same when a mail has wrapped it at %i characters', (width) => {
    const again = readLog(APPLE_DEBUG, wrapped(ARTICLE, width));
    expect(again.exchanges.map(({ operation }) => operation)).toEqual(['GetCACert', 'GetCACaps', 'PKIOperation']);
    expect(again.codes).toEqual(told.codes);
  });
});

describe('an iOS log within a document', () => {
  test('ends at the empty line before the text around it', () => {
    const told = readLog(APPLE_DEBUG, `Review SCEP operation=GetCACaps in https://x\n\n${ARTICLE}\n\nKey entries: Profile SCEP installed.`);
    expect(told.codes).toEqual(['log-enrolment-incomplete']);
    expect(told.exchanges).toHaveLength(3);
  });
});

describe('an enrolment of iOS', () => {
  test('succeeds when its profile is installed', () => {
    expect(readLog(APPLE_DEBUG, [CERT, CAPS, PKI, INSTALLED]).codes).toEqual(['log-enrolment-succeeded']);
  });

  test('does not trust the chain when no GetCACaps follows GetCACert', () => {
    const told = readLog(APPLE_DEBUG, [CERT, debug('18:30:54', 'something else')]);
    expect(told.findings).toEqual([expect.objectContaining({ code: 'log-ios-chain-not-trusted', line: 1, platform: 'ios' })]);
  });

  test('does not trust the chain each time that it asks again', () => {
    expect(readLog(APPLE_DEBUG, [CERT, CERT, CERT, CAPS, PKI, INSTALLED]).codes).toEqual([
      'log-ios-chain-not-trusted',
      'log-ios-chain-not-trusted',
      'log-enrolment-succeeded',
    ]);
  });

  test.each(["Authority's", 'Authority’s', 'Authority...s', "Authority\\'92s"])(
    'does not trust the chain by its own words, written %s',
    (authority) => {
      const told = readLog(APPLE_DEBUG, [
        CERT,
        'default\t18:30:54.700000 -0500\tprofiled\tCannot retrieve SCEP identity: NSError:',
        `    Desc   : The Registration ${authority} response is invalid.`,
        `    US Desc: The Registration ${authority} response is invalid.`,
        '    Domain : MCSCEPErrorDomain',
        '    Code   : 22003',
      ]);
      expect(told.codes).toEqual(['log-ios-chain-not-trusted']);
      expect(told.findings[0]).toMatchObject({ line: 2 });
    },
  );

  test('fails with the reason that the device gives', () => {
    const told = readLog(APPLE_DEBUG, [
      CERT,
      CAPS,
      PKI,
      'default\t18:30:56.700000 -0500\tprofiled\tCannot retrieve SCEP identity: NSError:',
      '    Desc   : The SCEP server returned an invalid response.',
      '    Domain : MCSCEPErrorDomain',
      '    Code   : 22013',
      'default\t18:30:56.800000 -0500\tprofiled\tInstallation failed: The SCEP server returned an invalid response.',
    ]);
    expect(told.codes).toEqual(['log-enrolment-failed']);
    expect(told.findings[0]?.detail).toBe(
      'the device got no SCEP identity; The SCEP server returned an invalid response.; MCSCEPErrorDomain 22013',
    );
  });

  test.each([
    ['-1003', 'dns-name-not-found'],
    ['-1200', 'tls-untrusted'],
    ['-1201', 'tls-certificate-expired'],
    ['-1202', 'tls-untrusted'],
    ['-1001', 'log-enrolment-failed'],
    ['-1004', 'log-enrolment-failed'],
  ])('meets NSURLErrorDomain %s', (error, code) => {
    expect(readLog(APPLE_DEBUG, [CERT, debug('18:30:54', `Error Domain=NSURLErrorDomain Code=${error} "x" UserInfo={}`)]).codes).toEqual([
      code,
    ]);
  });

  test.each([
    [PKI, 414, 'long-url-blocked-414'],
    [PKI, 404, 'long-url-blocked-404-15'],
    [CERT, 500, 'ndes-internal-error'],
    [CERT, 503, 'service-unavailable'],
    [CAPS, 504, 'log-enrolment-failed'],
  ])('meets an HTTP status', (asked, status, code) => {
    expect(
      readLog(APPLE_DEBUG, [CERT, ...(asked === CERT ? [] : [asked]), debug('18:30:54', `SCEP response, status code: ${status}`)]).codes,
    ).toEqual([code]);
  });
});

describe('the other forms of the log', () => {
  test.each([
    [
      'Console with dates',
      'default 2024-05-01 10:00:00.123456+0200 profiled Performing synchronous URL request: ',
      'ios',
      '2024-05-01T08:00:00.123Z',
    ],
    [
      'log show',
      '2024-05-01 10:00:00.123456-0600 0x137ae    Debug       0x0                  2183   0    mdmclient: [com.apple.ManagedClient:MDM] Performing synchronous URL request: ',
      'macos',
      '2024-05-01T16:00:00.123Z',
    ],
    [
      'log show in the form of syslog',
      '2024-05-01 10:00:00.123456+0000  localhost profiled[150]: (ConfigurationProfiles) Performing synchronous URL request: ',
      'ios',
      '2024-05-01T10:00:00.123Z',
    ],
    [
      'compact log show',
      '2024-05-01 10:00:00.123 Df profiled[150:1a2b] Performing synchronous URL request: ',
      'ios',
      '2024-05-01T10:00:00.123Z',
    ],
  ])('%s has dates', (_, prefix, platform, time) => {
    const log = [`${prefix}${url('GetCACert')}`, `${prefix}${url('GetCACaps')}`];
    expect(APPLE_DEBUG.recognise(log)).toBeGreaterThan(0.9);
    const told = readLog(APPLE_DEBUG, log);
    expect(told.exchanges.map(({ operation }) => operation)).toEqual(['GetCACert', 'GetCACaps']);
    expect(told.exchanges[0]).toMatchObject({ platform, at: Date.parse(time) });
    expect(told.seen).toHaveLength(2);
  });

  test('syslog, with the first line cut off, says that the chain is not trusted', () => {
    const told = readLog(
      APPLE_DEBUG,
      `Desc   : The Registration Authority...s response is invalid.
May 23 14:15:36 -iPhone profiled[150] <Error>:  SecTrustEvaluate  [leaf AnchorTrusted]
May 23 14:15:42 -iPhone profiled[150] <Notice>: (Error) MC: Cannot retrieve SCEP identity: NSError:
Desc   : The Registration Authority...s response is invalid`,
    );
    expect(new Set(told.codes)).toEqual(new Set(['log-ios-chain-not-trusted']));
    expect(told.seen).toEqual([]);
  });

  test('lines of other processes are left alone', () => {
    expect(
      readLog(APPLE_DEBUG, [
        debug('18:30:54', 'Error Domain=NSURLErrorDomain Code=-1003', 'Safari'),
        debug('18:30:54', 'status code: 500', 'nsurlsessiond'),
      ]).codes,
    ).toEqual([]);
  });
});

describe('hostile iOS logs', () => {
  test('with megabytes in a line are read in time, and evidence stays short', () => {
    const started = performance.now();
    const told = readLog(APPLE_DEBUG, [
      `${CERT}${'operation='.repeat(100_000)}`,
      `${PKI}${CSR.repeat(10_000)}`,
      debug('18:30:54', 'profile'.repeat(150_000)),
      debug('18:30:54', 'profile scep '.repeat(80_000)),
      ...Array.from({ length: 50 }, () => 'nsurlerrordomain'.repeat(60_000)),
    ]);
    expect(performance.now() - started).toBeLessThan(1_000);
    for (const { text } of told.findings) expect(text.length).toBeLessThan(5_000);
  });
});
