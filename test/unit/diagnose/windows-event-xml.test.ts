import { describe, expect, test } from 'vitest';
import { WINDOWS_EVENT_XML } from '../../../src/core/diagnose/formats/windows-event-xml.ts';
import { readLog } from '../../support/device-logs.ts';

const NS = 'http://schemas.microsoft.com/win/2004/08/events/event';
const read = (log: string): ReturnType<typeof readLog> => readLog(WINDOWS_EVENT_XML, log);
const recognised = (log: string): number => WINDOWS_EVENT_XML.recognise(log.split('\n'));

function event(provider: string, id: number, rest: string, channel = 'Application'): string {
  return `<Event xmlns='${NS}'><System><Provider Name='${provider}' Guid='{73144342-19d1-47a4-94de-d38e6a054ad5}'/><EventID Qualifiers='0'>${id}</EventID><Version>0</Version><Level>2</Level><TimeCreated SystemTime='2024-05-01T10:00:00.1234567Z'/><EventRecordID>${id}</EventRecordID><Channel>${channel}</Channel><Computer>PC1.contoso.com</Computer><Security UserID='S-1-5-18'/></System>${rest}</Event>`;
}

const data = (...values: readonly (readonly [string, string])[]): string =>
  `<EventData>${values.map(([name, value]) => (name === '' ? `<Data>${value}</Data>` : `<Data Name='${name}'>${value}</Data>`)).join('')}</EventData>`;
const rendered = (message: string): string =>
  `<RenderingInfo Culture='en-US'><Message>${message}</Message><Level>Error</Level></RenderingInfo>`;
/** What an XML editor makes of it. */
const pretty = (xml: string): string => xml.replaceAll('><', '>\n  <').replaceAll(" Name='", "\n    Name='");

const MDM = 'Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider';

describe('an event as XML', () => {
  const log = event(
    MDM,
    32,
    `${data(['Message1', 'x'])}${rendered('SCEP: Certificate enroll failed. Result: (Unknown Win32 Error code: 0x80190194).')}`,
  );

  test.each([
    ['in one line', log],
    ['pretty-printed', pretty(log)],
    ['below a root', `<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<Events>${log}</Events>`],
    ['with a prefix', log.replaceAll('<', '<e:').replaceAll('<e:/', '</e:').replace('xmlns=', 'xmlns:e=')],
    ['cut off', log.slice(0, -20)],
    [
      'with CDATA',
      log.replace(
        'SCEP: Certificate enroll failed. Result: (Unknown Win32 Error code: 0x80190194).',
        '<![CDATA[SCEP <failed> 0x80190194]]>',
      ),
    ],
    ['with references', log.replace('0x80190194', '&#48;x80190194&#x29;').replace('failed', '&lt;failed&gt;')],
  ])('%s is read', (_, text) => {
    expect(recognised(text)).toBeGreaterThan(0.75);
    const told = read(text);
    expect(told.codes).toEqual(['ndes-path-not-found']);
    expect(told.findings[0]).toMatchObject({ platform: 'windows', at: Date.parse('2024-05-01T10:00:00.123Z') });
    expect(told.findings[0]?.text).toMatch(/^Event 32, Microsoft-Windows-DeviceManagement/);
    expect(told.seen).toHaveLength(1);
  });

  test('has the line at which it begins, and its text decoded', () => {
    const told = read(`<Events>\n\n${pretty(log.replace('failed.', '&lt;failed&gt; &amp;amp; &unknown;'))}\n</Events>`);
    expect(told.findings[0]?.line).toBe(3);
    expect(told.findings[0]?.text).toContain('<failed> &amp; &unknown;');
  });

  test('is counted as unreadable without a number', () => {
    expect(read(`<Event xmlns="${NS}"><System></System></Event>`).unreadable).toEqual([1]);
  });

  test('is not looked for in other XML', () => {
    expect(recognised('<html><body>Event</body></html>')).toBe(0);
    expect(recognised('<Envelope xmlns="http://schemas.microsoft.com/win"><x/></Envelope>')).toBe(0);
    expect(recognised('Event Xml:\n<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">')).toBeLessThan(0.5);
    expect(read('<html><body>Event</body></html>').unreadable).toEqual([]);
  });
});

describe('events without their description', () => {
  test.each([
    [
      'Microsoft-Windows-NetworkDeviceEnrollmentService',
      2,
      [
        ['ErrorCode', '0x80070057'],
        ['ErrorMessage', 'The parameter is incorrect.'],
      ],
      'log-ndes-ra-certificate-unusable',
    ],
    ['Microsoft-Windows-NetworkDeviceEnrollmentService', 2, [['ErrorCode', '0x80070002']], 'log-ndes-cannot-start'],
    ['Microsoft-Windows-WAS', 5002, [['AppPoolID', 'SCEP']], 'ndes-app-pool-stopped'],
    [
      'Application Error',
      1000,
      [
        ['', 'w3wp.exe'],
        ['', '10.0'],
        ['', 'ntdll.dll'],
        ['', 'c0000005'],
      ],
      'log-worker-process-crashed',
    ],
    [MDM, 39, [['', '']], 'log-enrolment-succeeded'],
    [MDM, 309, [['HRESULT', '0x0']], 'log-enrolment-succeeded'],
    [MDM, 309, [['HRESULT', '-2147012889']], 'dns-name-not-found'],
  ] as const)('%s %i are understood by their values', (provider, id, values, code) => {
    expect(read(event(provider, id, data(...values))).codes).toEqual([code]);
  });

  test('of another application pool are no concern', () => {
    expect(read(event('Microsoft-Windows-WAS', 5002, data(['AppPoolID', 'DefaultAppPool']))).codes).toEqual([]);
  });

  test('of CAPI2 are understood by the elements of their own', () => {
    const chain = (process: string, result: string): string =>
      event(
        'Microsoft-Windows-CAPI2',
        30,
        `<UserData><CertVerifyCertificateChainPolicy><Policy type="CERT_CHAIN_POLICY_BASE"/><Certificate fileRef="34A2F214EBABF43CA29A70786CAE64B34426AFD5.cer" subjectName="NDES01-MSCEP-RA"/><EventAuxInfo ProcessName="${process}"/><Result value="${result}">A certificate chain processed, but terminated in a root certificate which is not trusted by the trust provider.</Result></CertVerifyCertificateChainPolicy></UserData>`,
        'Microsoft-Windows-CAPI2/Operational',
      );
    const told = read(chain('omadmclient.exe', '800B0109'));
    expect(told.codes).toEqual(['log-chain-not-trusted']);
    expect(told.findings[0]?.text).toContain('subjectName: NDES01-MSCEP-RA');
    expect(read(chain('w3wp.exe', '800B0101')).codes).toEqual(['log-policy-certificate-expired']);
    expect(read(chain('svchost.exe', '800B0101')).codes).toEqual([]);
    expect(read(chain('chrome.exe', '800B0109')).codes).toEqual([]);
    expect(read(chain('w3wp.exe', '0')).codes).toEqual([]);
  });
});

describe('hostile XML', () => {
  const good = event(MDM, 39, '');

  test.each([
    ['a tag that never ends', `<Event ${'a'.repeat(100)}\n`],
    ['a quote that never ends', '<Data Name="\n<x>\n'],
    ['an attribute that never ends', '<Event><System><Provider Name="x\n'],
    ['closing tags alone', '</Event></System></Event>\n'],
    ['half an event', '<Event><System><EventID>36</EventID>\n'],
    ['a document type with entities', '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>\n'],
    ['instructions', '<?xml version="1.0"?><?pi a="b"?>\n'],
    ['stray brackets', '<<<<>>>>< > <1> </> <!>\n'],
    ['a closed comment', '<!-- <Event> -- > -->\n'],
  ])('%s does not hide the event after it', (_, before) => {
    expect(read(before + good).codes).toContain('log-enrolment-succeeded');
  });

  test.each([
    ['a comment that never ends', '<!--\n'],
    ['CDATA that never ends', '<![CDATA[\n'],
    ['an instruction that never ends', '<?>\n'],
  ])('%s swallows the rest without harm', (_, before) => {
    expect(read(before + good).codes).toEqual([]);
  });

  test('entities are not expanded', () => {
    const told = read(event(MDM, 32, rendered('&lol;&#0;&#x110000;&#xD800;&#99999999;')));
    expect(told.findings[0]?.text).toContain('&lol;&#0;&#x110000;');
  });

  test('of megabytes in a line is read in time, and what is kept stays short', () => {
    const megabyte = 1_000_000;
    const lines = [
      `<Event><System><EventID>32</EventID></System><EventData><Data Name="${'x'.repeat(megabyte)}">${'0x80070005 '.repeat(100_000)}</Data></EventData></Event>`,
      `<Event><System><EventID>32</EventID></System><UserData>${'<a b="c" d=\'e\'>f</a>'.repeat(50_000)}</UserData></Event>`,
      `<Event><UserData>${'<a '.repeat(300_000)}`,
      `<Event><UserData><a ${'b=">" '.repeat(150_000)}/>`,
      `<Event><UserData><a "${'>'.repeat(megabyte)}`,
      `<Event><UserData><a ${'='.repeat(megabyte)}>`,
      `<Event><UserData>${`<a ${'= '.repeat(2_000)}>`.repeat(250)}`,
      `<Event><System><EventID>32</EventID></System><RenderingInfo><Message>${'&amp;'.repeat(200_000)}</Message></RenderingInfo></Event>`,
      '<'.repeat(megabyte),
      '>'.repeat(megabyte),
      '<Event>'.repeat(100_000),
      '</Event>'.repeat(100_000),
    ];
    for (const line of lines) {
      const started = performance.now();
      const told = read(line);
      expect(performance.now() - started, line.slice(0, 60)).toBeLessThan(500);
      for (const { text } of told.findings) expect(text.length).toBeLessThan(5_000);
    }
  });
});
