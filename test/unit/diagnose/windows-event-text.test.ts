import { describe, expect, test } from 'vitest';
import { WINDOWS_EVENT_TEXT } from '../../../src/core/diagnose/formats/windows-event-text.ts';
import { readLog, wrapped } from '../../support/device-logs.ts';

/** Event 36 of the article, indented as it is there. */
const EVENT_36 = `    Event ID:      36
    Task Category: None
    Level:         Information
    Keywords:
    User:          <UserSid>
    Computer:      <Computer Name>
    Description:
    SCEP: Certificate request generated successfully. Enhanced Key Usage: (1.3.6.1.5.5.7.3.2), NDES URL: (https://<server>/certsrv/mscep/mscep.dll/pkiclient.exe), Container Name: (), KSP Setting: (0x2), Store Location: (0x1).
    `;

/** Event 1000 of the article. */
const EVENT_1000 = `    Log Name:      Application
    Source:        Application Error
    Event ID:      1000
    Task Category: Application Crashing Events
    Level:         Error
    Keywords:      Classic
    Description: Faulting application name: w3wp.exe, version: 8.5.9600.16384, time stamp: 0x5215df96
    Faulting module name: ntdll.dll, version: 6.3.9600.18821, time stamp: 0x59ba86db
    Exception code: 0xc0000005
    `;

const read = (log: string): ReturnType<typeof readLog> => readLog(WINDOWS_EVENT_TEXT, log);
const recognised = (log: string): number => WINDOWS_EVENT_TEXT.recognise(log.split('\n'));

describe('event 36 of the article', () => {
  test('is a certificate request, and nothing tells how it ended', () => {
    const told = read(EVENT_36);
    expect(recognised(EVENT_36)).toBeGreaterThan(0.9);
    expect(told.exchanges).toEqual([{ file: 'device.log', line: 1, platform: 'windows', operation: 'PKIOperation' }]);
    expect(told.findings).toEqual([
      expect.objectContaining({
        code: 'log-enrolment-incomplete',
        platform: 'windows',
        line: 1,
        text: expect.stringContaining('Event ID'),
      }),
    ]);
  });

  test.each([60, 72, 100])('says the same when a mail has wrapped it at %i characters', (width) => {
    expect(read(wrapped(EVENT_36, width)).exchanges).toEqual(read(EVENT_36).exchanges);
    expect(read(wrapped(EVENT_36, width)).codes).toEqual(['log-enrolment-incomplete']);
  });

  test('is understood when only its description is pasted', () => {
    const description = 'SCEP: Certificate request generated successfully. Enhanced Key Usage: (1.3.6.1.5.5.7.3.2)';
    expect(recognised(description)).toBe(0.6);
    expect(read(description).exchanges).toHaveLength(1);
  });

  test('is complete with event 39, in either order', () => {
    const event39 = 'Event ID: 39\nLevel: Information\nComputer: PC1\nDescription:\nSCEP: Certificate installed successfully.';
    const event36 = EVENT_36.replace('<Computer Name>', 'PC1');
    expect(read(`${event36}\n${event39}`).codes).toEqual(['log-enrolment-succeeded']);
    expect(read(`${event39}\n${event36}`).codes).toEqual(['log-enrolment-succeeded']);
    expect(read(`${event36}\n${event39}`).exchanges[0]).toMatchObject({ device: 'PC1' });
  });

  test('stays incomplete when only another computer has an end', () => {
    const told = read(
      `${EVENT_36.replace('<Computer Name>', 'PC1')}\nEvent ID: 39\nComputer: PC2\nDescription: SCEP: Certificate installed successfully.`,
    );
    expect(told.codes).toEqual(['log-enrolment-succeeded', 'log-enrolment-incomplete']);
  });
});

describe('event 1000 of the article', () => {
  test('says that the worker process crashed, and what the exception means', () => {
    const told = read(EVENT_1000);
    expect(recognised(EVENT_1000)).toBeGreaterThan(0.9);
    expect(told.codes).toEqual(['log-worker-process-crashed']);
    expect(told.findings[0]?.detail).toContain('0xC0000005 STATUS_ACCESS_VIOLATION');
    expect(told.findings[0]?.text).toContain('ntdll.dll');
  });

  test('of another program is no concern', () => {
    expect(read(EVENT_1000.replace('w3wp.exe', 'notepad.exe')).codes).toEqual([]);
  });

  test.each([40, 72])('says the same when a mail has wrapped it at %i characters', (width) => {
    expect(read(wrapped(EVENT_1000, width)).codes).toEqual(['log-worker-process-crashed']);
  });
});

describe('events copied from Event Viewer', () => {
  const copied = `Log Name:      Application
Source:        Microsoft-Windows-CertificateServicesClient-CertEnroll
Date:          10/22/2020 3:59:03 PM
Event ID:      87
Task Category: None
Level:         Error
Keywords:      Classic
User:          INTRA\\rudi
Computer:      CLIENT1.intra.contoso.com
Description:
SCEP Certificate enrollment for INTRA\\rudi via http://ndes01.contoso.com/certsrv/mscep/mscep.dll/pkiclient.exe failed:

PkiStatus(2): SCEPDispositionFailure
FailInfo(2): SCEPFailBadRequest
The public key does not meet the minimum size required by the specified certificate template. 0x80094811 (-2146875375 CERTSRV_E_KEY_LENGTH)
HTTP/1.1 200 OK
Date: Thu, 22 Oct 2020 13:59:03 GMT
Content-Type: application/x-pki-message

Method: POST(31ms)
Stage: ProcessResponseMessage

Event Xml:
<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">
  <System>
    <TimeCreated SystemTime="2020-10-22T13:59:03.5123456Z" />
  </System>
</Event>
Log Name:      Application
Source:        Microsoft-Windows-CertificateServicesClient-CertEnroll
Date:          10/2/2020 3:59:03 PM
Event ID:      86
Level:         Error
Computer:      CLIENT1.intra.contoso.com
Description:
SCEP Certificate enrollment initialization for INTRA\\rudi via https://ndes01.contoso.com/certsrv/mscep/mscep.dll/pkiclient.exe failed:

GetCACaps
Method: GET(47ms)
Stage: GetCACaps
A security error occurred 0x80072f8f (WinHttp: 12175 ERROR_WINHTTP_SECURE_FAILURE)
`;
  const told = read(copied);

  test('are told apart from the headers that a description repeats', () => {
    expect(told.codes).toEqual(['log-enrolment-failed', 'tls-untrusted']);
    expect(told.findings[0]?.detail).toContain('0x80094811 CERTSRV_E_KEY_LENGTH');
    expect(told.findings[0]?.detail).toContain('http://ndes01.contoso.com/');
    expect(told.findings.map(({ line }) => line)).toEqual([1, 29]);
  });

  test('have the exact time of the XML behind them, else the local one', () => {
    expect(told.seen.map((at) => new Date(at).toISOString())).toEqual(['2020-10-22T13:59:03.512Z', '2020-10-02T15:59:03.000Z']);
  });

  test('tell of the exchange with its stage, its status and its time', () => {
    expect(told.exchanges).toEqual([
      expect.objectContaining({ operation: 'PKIOperation', status: 200, tookMs: 31, device: 'CLIENT1.intra.contoso.com' }),
      expect.objectContaining({ operation: 'GetCACaps', tookMs: 47 }),
    ]);
  });

  test('are recognised as text in spite of the XML', () => {
    expect(recognised(copied)).toBeGreaterThan(0.9);
  });
});

describe('other exports as text', () => {
  test('wevtutil', () => {
    const log = `Event[0]:
  Log Name: System
  Source: Microsoft-Windows-WAS
  Date: 2024-05-01T10:00:00.123
  Event ID: 5009
  Task: N/A
  Level: Warning
  Opcode: N/A
  Keyword: Classic
  User: N/A
  User Name: N/A
  Computer: NDES01.contoso.com
  Description: 
A process serving application pool 'SCEP' terminated unexpectedly. The process id was '1234'. The process exit code was '0x0000374'.

Event[1]:
  Log Name: System
  Source: Microsoft-Windows-WAS
  Date: 2024-05-01T11:00:00.123
  Event ID: 5009
  Computer: NDES01.contoso.com
  Description: 
A process serving application pool 'DefaultAppPool' terminated unexpectedly.
`;
    const told = read(log);
    expect(recognised(log)).toBeGreaterThan(0.9);
    expect(told.codes).toEqual(['ndes-app-pool-stopped']);
    expect(told.findings[0]).toMatchObject({ line: 1, at: Date.parse('2024-05-01T10:00:00.123Z') });
    expect(told.seen).toHaveLength(2);
  });

  test('Get-WinEvent | Format-List, with its lines wrapped and its events parted by blank lines', () => {
    const log = `

TimeCreated  : 01.05.2024 10:00:00
ProviderName : Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider
Id           : 32
Message      : SCEP: Certificate enroll failed. Result: (Unknown Win32 Error code:
               0x801901f7).

TimeCreated  : 02.05.2024 10:00:00
ProviderName : Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider
Id           : 39
Message      : SCEP: Certificate installed successfully.


`;
    const told = read(log);
    expect(recognised(log)).toBe(0.9);
    expect(told.codes).toEqual(['service-unavailable', 'log-enrolment-succeeded']);
    expect(told.findings.map(({ line }) => line)).toEqual([3, 9]);
    expect(told.seen).toEqual([Date.parse('2024-05-01T10:00:00Z'), Date.parse('2024-05-02T10:00:00Z')]);
  });

  test('Format-List of all properties, the message first', () => {
    const log = ['29', '10']
      .map(
        (id) => `Message              : The Network Device Enrollment Service cannot do it (0x80070057).
                       Date: not a field
Id                   : ${id}
Level                : 2
ProviderName         : Microsoft-Windows-NetworkDeviceEnrollmentService
LogName              : Application
MachineName          : NDES01
TimeCreated          : 5/20/2024 10:00:00 AM
`,
      )
      .join('\n');
    expect(recognised(log)).toBe(0.9);
    expect(read(log).codes).toEqual(['log-ndes-password-not-verified', 'log-ndes-ra-certificate-unusable']);
  });

  test('Get-EventLog, by the number of the instance', () => {
    const log = `Index              : 1
EntryType          : Error
InstanceId         : 3221487623
Message            : The application pool 'SCEP' failed.
Source             : Microsoft-Windows-WAS
TimeGenerated      : 5/20/2024 10:00:00 AM
`.replace('3221487623', String(0xc000_138a));
    expect(recognised(log)).toBe(0.9);
    expect(read(log).codes).toEqual(['ndes-app-pool-stopped']);
  });

  test.each(['\t', ','])('the table that Event Viewer saves', (separator) => {
    const cells = (...all: readonly string[]): string => all.join(separator);
    const log = [
      cells('Level', 'Date and Time', 'Source', 'Event ID', 'Task Category'),
      cells(
        'Information',
        '8/20/2024 9:49:42 AM',
        'Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider',
        '36',
        'None',
        '"SCEP: Certificate request generated',
      ),
      'successfully. NDES URL: (https://ndes)"',
      cells('Error', '8/20/2024 9:49:43 AM', 'DeviceManagement-Enterprise-Diagnostics-Provider', '32', 'None'),
      'SCEP: Certificate enroll failed. Result: (Unknown Win32 Error code: 0x80072ee7)',
    ].join('\n');
    const told = read(log);
    expect(recognised(log)).toBe(0.9);
    expect(told.codes).toEqual(['dns-name-not-found']);
    expect(told.exchanges).toHaveLength(1);
    expect(told.seen).toHaveLength(2);
  });

  test.each([
    [
      'German',
      'Protokollname: Application\nQuelle:        Application Error\nDatum:         20.05.2024 10:00:00\nEreignis-ID:   1000\nEbene:         Fehler\nBeschreibung:\n',
    ],
    [
      'Polish',
      'Nazwa dziennika:Application\nŹródło:        Application Error\nData:          20.05.2024 10:00:00\nIdentyfikator zdarzenia:1000\nPoziom:        Błąd\nOpis:\n',
    ],
    [
      'French',
      'Nom du journal :Application\nSource :       Application Error\nDate :         20/05/2024 10:00:00\nID de l’événement :1000\nNiveau :       Erreur\nDescription :\n',
    ],
  ])('%s', (_, head) => {
    const log = `${head}Faulting application name: w3wp.exe`;
    expect(recognised(log)).toBeGreaterThan(0.9);
    expect(read(log).codes).toEqual(['log-worker-process-crashed']);
    expect(read(log).seen).toEqual([Date.parse('2024-05-20T10:00:00Z')]);
  });

  test('an ambiguous date is no date', () => {
    const told = read(
      'Log Name: Application\nSource: Application Error\nDate: 5/1/2024 10:00:00 AM\nEvent ID: 1000\nDescription: w3wp.exe',
    );
    expect(told.codes).toEqual(['log-worker-process-crashed']);
    expect(told.findings[0]).not.toHaveProperty('at');
    expect(told.seen).toEqual([]);
  });
});

describe('an event within a document', () => {
  test('ends at two empty lines, with what follows left out', () => {
    const told = read(`${EVENT_1000}\n\nCommon causes: see https://contoso.com/help, 0x80070005 and event 36.`);
    expect(told.findings[0]?.text).not.toContain('Common causes');
    expect(told.findings[0]?.detail).toBe(
      'the IIS worker process crashed; 0xC0000005 STATUS_ACCESS_VIOLATION: the process crashed on an access violation',
    );
  });

  test('goes on behind empty lines of a message that PowerShell has put first', () => {
    const log = `Message      : SCEP: Certificate enroll failed.
               
               
               Result: (Unknown Win32 Error code: 0x80190194)
Id           : 32
ProviderName : Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider`;
    expect(read(log).codes).toEqual(['ndes-path-not-found']);
  });
});

describe('what is no event', () => {
  test.each(['', 'Date: today\nSubject: hello', 'Source: a\nDate: b', 'error: x', '#Fields: date time'])('%j is not recognised', (log) => {
    expect(recognised(log)).toBe(0);
    expect(read(log).codes).toEqual([]);
  });

  test('an event without a number is told as unreadable', () => {
    expect(read('Log Name: A\nSource: B\nLevel: Error\nComputer: C').unreadable).toEqual([1]);
  });

  test.each(['Event ID: 999999', 'Event ID: 4711\nSource: Unknown\nDescription: x', 'Event ID: abc\nLevel: 1\nUser: 2'])(
    '%j means nothing',
    (log) => {
      expect(read(log).codes).toEqual([]);
    },
  );
});

describe('hostile events as text', () => {
  test('with megabytes in a line are read in time, and what is kept stays short', () => {
    const megabyte = 'SCEP:scep 0x80070005 '.repeat(50_000);
    const started = performance.now();
    const told = read(
      [
        EVENT_36,
        megabyte,
        `Description: ${megabyte}`,
        `Computer: ${megabyte}`,
        'Event ID: 32',
        `Source: ${megabyte}`,
        `Event ID: ${'1'.repeat(1_000_000)}`,
        ':'.repeat(1_000_000),
        ' '.repeat(1_000_000),
        `Error\t8/20/2024\t${'x'.repeat(1_000_000)}`,
        `Message : ${megabyte}`,
      ].join('\n'),
    );
    expect(performance.now() - started).toBeLessThan(1_000);
    for (const { text } of told.findings) expect(text.length).toBeLessThan(5_000);
  });

  test('of very many computers keep a bounded number of them', () => {
    const log = Array.from({ length: 3_000 }, (_, index) => `Event ID: 36\nComputer: PC${index}\nDescription: SCEP: x`).join('\n');
    const told = read(log);
    expect(told.exchanges).toHaveLength(3_000);
    expect(told.findings).toHaveLength(256);
  });
});
