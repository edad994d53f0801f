import { describe, expect, it, test } from 'vitest';
import { SETUP_MSI } from '../../../src/core/diagnose/formats/setup-msi.ts';
import { LOG_READERS } from '../../../src/core/diagnose/readers.ts';
import { readLog, wrapped } from '../../support/device-logs.ts';

/** The sample of the article. */
const ARTICLE = `    MSI (c) (28:54) [16:13:11:905]: Product: Microsoft Intune Connector -- Installation completed successfully.
    MSI (c) (28:54) [16:13:11:999]: Windows Installer installed the product. Product Name: Microsoft Intune Connector. Product Version: 6.1711.4.0. Product Language: 1033. Manufacturer: Microsoft Corporation. Installation success or error status: 0.
    `;

/** From Microsoft's page about 0x80090014, the first letter of its first line lost as there. */
const PRIVATE_KEY = `SI (s) (64:4C) [12:00:00:000]: Invoking remote custom action. DLL: C:\\Windows\\Installer\\MSID8CB.tmp, Entrypoint: AddNDESToCertPrivKey
AddNDESToCertPrivKey: Giving read access to the account CONTOSO\\ndes on the private key of the cert with thumbprint: 3F2504E04F8911D39A0C0305E82C33013F2504E0
AddNDESToCertPrivKey: Error 0x80090014: CryptAcquireContext failed. Error hr = 80090014lx
CustomAction AddNDESToCertPrivKey returned actual error code 1603`;

/** From Microsoft's page about a renamed site. */
const RENAMED_SITE = `MSI (s) (20:5C) [09:17:19:129]: Product: Microsoft Intune Connector
CustomAction ConfigureIISLimits returned actual error code 1168 but will be translated to success due to continue marking
WriteIIS7ConfigChanges:  Error 0x80070002: Site not found for create application
WriteIIS7ConfigChanges:  Error 0x80070002: Failed to configure IIS application.
WriteIIS7ConfigChanges:  Error 0x80070002: WriteIIS7ConfigChanges Failed.
CustomAction WriteIIS7ConfigChanges returned actual error code 1603`;

const head = (product: string): string => `=== Verbose logging started: 8/8/2017  16:13:01  Build type: SHIP UNICODE ===
MSI (c) (28:54) [16:13:01:000]: Product: ${product}`;

describe('SetupMsi.log', () => {
  test('of the article is one successful installation', () => {
    const { findings } = readLog(SETUP_MSI, ARTICLE);
    expect(findings).toEqual([
      {
        code: 'log-connector-installed',
        file: 'device.log',
        line: 1,
        text: expect.stringMatching(/completed successfully\.[\s\S]*error status: 0\.$/),
      },
    ]);
  });

  test.each([40, 72, 80, 100])('of the article is the same when its lines were wrapped at %i characters', (width) => {
    expect(readLog(SETUP_MSI, wrapped(ARTICLE, width)).codes).toEqual(['log-connector-installed']);
  });

  test('names the key of the certificate as the step that failed', () => {
    const { codes, findings } = readLog(SETUP_MSI, PRIVATE_KEY);
    expect(codes).toEqual(['log-connector-installation-failed', 'log-connector-installation-failed']);
    expect(findings[0]).toMatchObject({ line: 3, detail: expect.stringMatching(/^AddNDESToCertPrivKey: 0x80090014 \w+: /) });
    expect(findings[1]?.detail).toBe('AddNDESToCertPrivKey: exit status 1603 (fatal error during installation)');
  });

  test('names the renamed site, and not the step that setup went on after', () => {
    const { findings } = readLog(SETUP_MSI, RENAMED_SITE);
    expect(findings.map(({ line }) => line)).toEqual([3, 4, 5, 6]);
    expect(findings[0]?.text).toContain('Site not found for create application');
  });

  it.each([
    ['1603', 'log-connector-installation-failed', /1603 \(fatal error/],
    ['1602', 'log-connector-installation-failed', /cancelled by the user/],
    ['3010', 'log-connector-installed', /has to be restarted/],
    ['0', 'log-connector-installed', undefined],
  ])('takes exit status %s for %s', (status, code, detail) => {
    const { findings } = readLog(
      SETUP_MSI,
      `${head('Microsoft Intune Connector')}\nMSI (c) (1:2) [16:13:11:999]: Windows Installer installed the product. Product Name: Microsoft Intune Connector. Installation success or error status: ${status}.`,
    );
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    if (detail === undefined) expect(findings[0]?.detail).toBeUndefined();
    else expect(findings[0]?.detail).toMatch(detail);
  });

  test('in another language is judged by the exit code of the engine', () => {
    const german = (code: number): string =>
      `${head('Microsoft Intune Connector')}\nMSI (s) (1:2) [1:2:3:4]: Das Produkt wurde installiert.\nMSI (c) (1:2) [1:2:3:4]: MainEngineThread is returning ${code}`;
    expect(readLog(SETUP_MSI, german(0)).codes).toEqual(['log-connector-installed']);
    expect(readLog(SETUP_MSI, german(1603)).codes).toEqual(['log-connector-installation-failed']);
  });

  test('of another product says nothing about the connector', () => {
    expect(readLog(SETUP_MSI, ARTICLE.replaceAll('Microsoft Intune Connector', 'Contoso Reader')).findings).toEqual([]);
  });

  test('keeps both of two installations', () => {
    expect(readLog(SETUP_MSI, `${PRIVATE_KEY}\n${ARTICLE}`).codes.at(-1)).toBe('log-connector-installed');
  });
});

describe('recognising SetupMsi.log', () => {
  test.each([ARTICLE, PRIVATE_KEY, RENAMED_SITE, wrapped(ARTICLE, 60)])(
    'is sure of the samples, and surer than of any other log',
    (log) => {
      const lines = log.split('\n');
      const own = SETUP_MSI.recognise(lines);
      expect(own).toBeGreaterThan(0.5);
      expect(LOG_READERS.filter((reader) => reader.format !== 'setup-msi').every((reader) => reader.recognise(lines) < own)).toBe(true);
    },
  );

  test('takes nothing else for it', () => {
    expect(SETUP_MSI.recognise([])).toBe(0);
    expect(SETUP_MSI.recognise(['#Software: Microsoft Internet Information Services 10.0', 'Product: 1'])).toBe(0);
  });
});
