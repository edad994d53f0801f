import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { errorCodesIn, errorLine, explainErrorCode } from '../../src/core/diagnose/error-codes.ts';
import { ANDROID_OMADM } from '../../src/core/diagnose/formats/android-omadm.ts';
import { APPLE_DEBUG } from '../../src/core/diagnose/formats/apple-debug.ts';
import { WINDOWS_EVENT_TEXT } from '../../src/core/diagnose/formats/windows-event-text.ts';
import { WINDOWS_EVENT_XML } from '../../src/core/diagnose/formats/windows-event-xml.ts';
import { LOG_CODES } from '../../src/core/diagnose/log-code.ts';
import type { LogReader } from '../../src/core/diagnose/log-format.ts';
import { LOG_OPERATIONS, PLATFORMS } from '../../src/core/diagnose/scep-exchange.ts';
import { readLog, type ToldByLog } from '../support/device-logs.ts';
import { NASTY, nastyText, type Random, randomFrom, seeds, share, stopwatch } from '../support/fuzz.ts';

const watch = stopwatch();
afterAll(() => console.log(`device logs and events: ${watch.slowest()}`));

const READERS: readonly LogReader[] = [ANDROID_OMADM, APPLE_DEBUG, WINDOWS_EVENT_TEXT, WINDOWS_EVENT_XML];

const URL = 'https://ndes-contoso.msappproxy.net/certsrv/mscep/mscep.dll?operation=';
const ANDROID = '2018-02-27T05:16:08.2500000  VERB  Event  org.jscep.x  18327    10  ';
const APPLE = 'debug    18:30:53.691033 -0500    profiled    ';

/** Lines that mean something, of all formats: what one format makes of another's is tested as well. */
const LINES = [
  `${ANDROID}There are 1 requests`,
  `${ANDROID}Trying to enroll certificate request: ModelName=AC_1;Hash=1`,
  `${ANDROID}Sending GetCACaps(ca) to ${URL}GetCACaps&message=ca`,
  `${ANDROID}Received '200 OK' when sending GetCACaps(ca) to ${URL}GetCACaps&message=ca`,
  `${ANDROID}Received '500 No' when sending GetCACert(ca) to ${URL}GetCACert&message=ca`,
  `${ANDROID}Encoding message: org.jscep.message.PkcsReq@2b06f45f[messageType=PKCS_REQ]`,
  `${ANDROID}EnrollmentTransaction Sending org.x.cms.CMSSignedData@ad57775`,
  `${ANDROID}Response: org.jscep.message.CertRep@1[failInfo=<null>,pkiStatus=SUCCESS]`,
  `${ANDROID}Response: org.jscep.message.CertRep@1[failInfo=badTime,pkiStatus=FAILURE]`,
  `${ANDROID}SCEP cert 'a' state changed from CERT_ENROLLED to CERT_INSTALL_REQUESTED`,
  `${ANDROID}SCEP cert 'a' state changed from CERT_ACCESS_REQUESTED to CERT_ACCESS_GRANTED`,
  'Caused by: java.net.UnknownHostException: Unable to resolve host',
  '\tat org.jscep.transport.TransportException: 503 Service Unavailable',
  `${APPLE}Performing synchronous URL request: ${URL}GetCACert&message=SCEP%20Authority\\ `,
  `${APPLE}Performing synchronous URL request: ${URL}GetCACaps&message=SCEP%20Authority\\ `,
  `${APPLE}Performing synchronous URL request: ${URL}PKIOperation&message=MIAGCSqGSIb3DQEHAqCAMIACAQEx`,
  `${APPLE}Sending CSR via GET.\\ `,
  `${APPLE}Cannot retrieve SCEP identity: NSError:`,
  '    Desc   : The Registration Authority’s response is invalid.',
  `${APPLE}Error Domain=NSURLErrorDomain Code=-1003`,
  '2024-05-01 10:00:00.123456+0200  localhost profiled[150]: SCEP status code: 500',
  'May 23 14:15:42 -iPhone profiled[150] <Notice>: Profile www.windowsintune.com.SCEP.x installed.',
  'Event[0]:',
  '  Log Name: Application',
  'Source:        Microsoft-Windows-WAS',
  'Date:          8/20/2024 9:49:42 AM',
  'Date:          5/1/2024 9:49:42 AM',
  'Event ID:      36',
  'Event ID:      5057',
  'Computer:      PC1',
  'Description:',
  'SCEP: Certificate request generated successfully. NDES URL: (https://ndes)',
  'SCEP: Certificate enroll failed. Result: (Unknown Win32 Error code: 0x80190194).',
  "A process serving application pool 'SCEP' terminated unexpectedly.",
  'Faulting application name: w3wp.exe Exception code: 0xc0000005',
  'TimeCreated  : 01.05.2024 10:00:00',
  'ProviderName : Microsoft-Windows-NetworkDeviceEnrollmentService',
  'Id           : 31',
  'Message      : cannot submit the certificate request (0x800706ba).',
  '               continued',
  'Information\t8/20/2024 9:49:42 AM\tDeviceManagement-Enterprise-Diagnostics-Provider\t309\tNone\tSCEP: x',
  'Event Xml:',
  "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-CAPI2'/><EventID>30</EventID>",
  "<TimeCreated SystemTime='2024-05-01T10:00:00.1234567Z'/><Channel>Application</Channel><Computer>PC1</Computer></System>",
  "<EventData><Data Name='ErrorCode'>0x80070057</Data></EventData>",
  '<UserData><CertVerifyCertificateChainPolicy><EventAuxInfo ProcessName="w3wp.exe"/><Result value="800B0109">&lt;x&gt;</Result></CertVerifyCertificateChainPolicy></UserData>',
  '<RenderingInfo><Message><![CDATA[SCEP: Certificate installed successfully.]]></Message></RenderingInfo>',
  '</Event>',
  '<!-- a comment -->',
  '<!DOCTYPE lolz [<!ENTITY lol "lol">]>',
  '<?xml version="1.0"?>',
] as const;

/** What a mutation may put anywhere: the words and characters that readers stop at. */
const BITS = [
  ...NASTY,
  '<',
  '>',
  '</',
  '/>',
  "'",
  '"',
  '&',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  ': ',
  '=',
  '(',
  ')',
  '[',
  '0x8',
  '-2',
  '1',
] as const;

function mutated(line: string, random: Random): string {
  let text = line;
  for (let change = random.below(4); change > 0; change--) {
    const at = random.below(text.length + 1);
    const to = Math.min(text.length, at + random.below(12));
    const ways = [
      () => text.slice(0, at) + text.slice(to),
      () => text.slice(0, at) + random.pick(BITS) + text.slice(at),
      () => text.slice(0, to) + text.slice(at),
      () => text.slice(0, at),
      () => text.slice(at) + random.pick(LINES),
    ] as const;
    text = random.pick(ways)();
  }
  return text;
}

/** Logs of up to forty lines, of which about half are as they should be. */
const log = seeds.map((seed) => {
  const random = randomFrom(seed);
  return Array.from({ length: 1 + random.below(40) }, () => mutated(random.pick(LINES), random));
});

const reader = fc.constantFrom(...READERS);

function isSound(told: ToldByLog, lines: readonly string[]): void {
  for (const finding of told.findings) {
    expect(LOG_CODES).toContain(finding.code);
    expect(finding.line).toBeGreaterThanOrEqual(1);
    expect(finding.line).toBeLessThanOrEqual(lines.length);
    expect(finding.text.length).toBeLessThanOrEqual(2_000);
    expect(finding.detail?.length ?? 0).toBeLessThanOrEqual(2_000);
    expect(Number.isFinite(finding.at ?? 0)).toBe(true);
    if (finding.platform !== undefined) expect(PLATFORMS).toContain(finding.platform);
  }
  for (const exchange of told.exchanges) {
    expect(LOG_OPERATIONS).toContain(exchange.operation);
    expect(exchange.tookMs ?? 0).toBeGreaterThanOrEqual(0);
    expect(exchange.text?.length ?? 0).toBeLessThanOrEqual(2_000);
    expect(exchange.device?.length ?? 0).toBeLessThanOrEqual(256);
  }
  for (const at of told.seen) expect(Number.isFinite(at)).toBe(true);
}

const named =
  ({ format }: LogReader, lines: readonly string[]) =>
  () =>
    `${format}: ${JSON.stringify(lines.join('\n').slice(0, 300))}`;

describe('a reader of device logs', () => {
  test.each(READERS)('$format reads broken logs in time, and what it tells is sound', (one) => {
    fc.assert(
      fc.property(log, (lines) => {
        isSound(
          watch.time(() => readLog(one, lines), named(one, lines)),
          lines,
        );
      }),
      share(5),
    );
  });

  test('reads noise in time', () => {
    fc.assert(
      fc.property(reader, fc.array(fc.oneof(nastyText, fc.string({ unit: 'binary', maxLength: 200 })), { maxLength: 12 }), (one, lines) => {
        isSound(
          watch.time(() => readLog(one, lines), named(one, lines)),
          lines,
        );
      }),
      share(5),
    );
  });

  test('is as sure as a number from 0 to 1 can say, whatever the first lines are', () => {
    fc.assert(
      fc.property(reader, log, (one, lines) => {
        const sure = watch.time(() => one.recognise(lines), named(one, lines));
        expect(sure).toBeGreaterThanOrEqual(0);
        expect(sure).toBeLessThanOrEqual(1);
      }),
      share(3),
    );
  });

  test('tells the same of the same log', () => {
    fc.assert(
      fc.property(reader, log, (one, lines) => {
        expect(readLog(one, lines)).toEqual(readLog(one, lines));
      }),
      share(2),
    );
  });

  test('reads the same thing over and over, as one line of half a megabyte, in time', () => {
    fc.assert(
      fc.property(reader, fc.constantFrom(...LINES, ...BITS), fc.constantFrom(...LINES, ''), (one, piece, before) => {
        const line = before + piece.repeat(Math.ceil(500_000 / piece.length));
        isSound(
          watch.time(() => readLog(one, [line]), named(one, [line])),
          [line],
        );
        watch.time(() => one.recognise([line]), named(one, [line]));
      }),
      share(0.2),
    );
  });

  test('reads a tag, a value and a record that never end in time', () => {
    fc.assert(
      fc.property(reader, fc.constantFrom(...BITS), fc.constantFrom(...LINES), (one, piece, before) => {
        const lines = [before, ...Array.from({ length: 200 }, () => piece.repeat(Math.ceil(3_000 / piece.length)))];
        isSound(
          watch.time(() => readLog(one, lines), named(one, lines)),
          lines,
        );
      }),
      share(0.5),
    );
  });
});

describe('error codes', () => {
  test('of any text are known ones, each once', () => {
    const codes = fc.constantFrom('0x80190194', '800B0109', '2148204809', '-2146762487', '0x8007', '0x', '-', '8', '(', ')', ' ', 'x', '1');
    const text = fc.oneof(
      nastyText,
      fc.array(codes, { maxLength: 30 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (said) => {
        const found = watch.time(
          () => errorCodesIn(said),
          () => JSON.stringify(said.slice(0, 200)),
        );
        expect(new Set(found.map(({ code }) => code)).size).toBe(found.length);
        for (const error of found) {
          expect(explainErrorCode(error.code)).toEqual(error);
          expect(errorLine(error)).toMatch(/^0x[0-9A-F]{8} \S/);
        }
      }),
      share(3),
    );
  });

  test('are explained for every number, in all its spellings alike', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 0x8000_0000, max: 0xffff_ffff }), fc.integer({ min: 0x8007_0000, max: 0x801a_0000 })),
        (value) => {
          const error = explainErrorCode(`0x${value.toString(16)}`);
          expect(explainErrorCode(value.toString(16).toUpperCase())).toEqual(error);
          expect(explainErrorCode(String(value))).toEqual(error);
          expect(explainErrorCode(String(value - 0x1_0000_0000))).toEqual(error);
        },
      ),
      share(2),
    );
  });
});
