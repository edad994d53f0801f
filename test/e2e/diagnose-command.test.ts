import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/server.ts';
import { startMonitorProcess } from '../support/monitor-process.ts';
import { schemaProblems } from '../support/published-schema.ts';
import { scepwatch } from '../support/scepwatch.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'scepwatch-diagnose-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(FOLDER, name);
  writeFileSync(path, content);
  return path;
}

/** As Microsoft's article has it. */
const STATUS_500 =
  '2017-08-08 20:22:16 IP_address GET /certsrv/mscep/mscep.dll operation=GetCACert&message=SCEP%20Authority 443 - 10.5.14.22 profiled/1.0+CFNetwork/811.5.4+Darwin/16.6.0 - 500 0 1346 31\n';
const WRAPPED_ANDROID = [
  'fe80::f53d:89b8:c3e8:5fec%13 GET /certsrv/mscep/mscep.dll operation=GetCACert&message=ca 443 - ',
  'fe80::f53d:89b8:c3e8:5fec%13 Dalvik/2.1.0+(Linux;+U;+Android+5.0;+P01M+Build/LRX21V) - 200 0 0 3909 0',
  'fe80::f53d:89b8:c3e8:5fec%13 GET /certsrv/mscep/mscep.dll operation=GetCACaps&message=ca 443 - ',
  'fe80::f53d:89b8:c3e8:5fec%13 Dalvik/2.1.0+(Linux;+U;+Android+5.0;+P01M+Build/LRX21V) - 200 0 0 421 ',
].join('\n');
const SETUP =
  'MSI (s) (28:10) [14:31:24:270]: Product: Microsoft Intune Connector -- Installation completed successfully.\nMSI (s) (28:10) [14:31:24:270]: Windows Installer installed the product. Product Name: Microsoft Intune Connector. Product Version: 6.1711.4.1504. Product Language: 1033. Manufacturer: Microsoft Corporation. Installation success or error status: 0.\n';

describe('scepwatch diagnose', () => {
  it('says what a 500 with 1346 means, and what to do', async () => {
    const { code, stdout } = await scepwatch(['diagnose', file('ex.log', STATUS_500)]);
    expect(code).toBe(2);
    expect(stdout).toContain('log-impersonation-right-missing');
    expect(stdout).toMatch(/secpol\.msc/);
    expect(stdout).toMatch(/ex\.log:1/);
    expect(stdout).not.toContain('10.5.14.22');
  });

  it('reads lines that were wrapped in an article, and finds nothing wrong with them', async () => {
    const { code, stdout } = await scepwatch(['diagnose', file('android.log', WRAPPED_ANDROID), '--json']);
    const report = JSON.parse(stdout);
    expect(schemaProblems('diagnose-1.schema.json', stdout)).toBe('');
    expect(report.summary.platforms).toMatchObject([{ platform: 'android' }]);
    expect(report.findings.filter(({ severity }: { severity: string }) => severity === 'crit')).toEqual([]);
    expect(code).toBeLessThan(2);
  });

  it('puts several logs together, packed or not, and tells which of them cannot be read', async () => {
    const files = [
      file('a.log.gz', gzipSync(STATUS_500)),
      file('SetupMsi.log', SETUP),
      file('junk.bin', Buffer.alloc(4_096, 0x8f)),
      file('empty.log', ''),
    ];
    const { code, stdout } = await scepwatch(['diagnose', ...files, '--json']);
    const report = JSON.parse(stdout);
    expect(schemaProblems('diagnose-1.schema.json', stdout)).toBe('');
    expect(code).toBe(2);
    const formats = report.summary.logs.map(({ format, problems }: { format: string | null; problems: readonly string[] }) => [
      format,
      problems.length,
    ]);
    expect(formats).toEqual([
      ['iis-w3c', 0],
      ['setup-msi', 0],
      [null, 1],
      [null, 1],
    ]);
    expect(report.findings.map((finding: { code: string }) => finding.code)).toEqual(
      expect.arrayContaining(['log-impersonation-right-missing', 'log-connector-installed']),
    );
  });

  it('joins the logs with what is seen from outside', async () => {
    await using simulator = await startSimulator({ fault: 'healthy' });
    const { stdout } = await scepwatch(['diagnose', file('with.log', STATUS_500), '--with', simulator.url, '--json']);
    const report = JSON.parse(stdout);
    expect(schemaProblems('diagnose-1.schema.json', stdout)).toBe('');
    expect(JSON.stringify(report)).toMatch(/healthy/);
  });

  it('joins the logs with what the running monitor knows of a target', async () => {
    const folder = mkdtempSync(join(FOLDER, 'monitor-'));
    await using monitor = startMonitorProcess(['--port', '0', '--simulate', 'ndes-internal-error'], { folder });
    await monitor.saying(/● the first cycle is committed/);
    const data = join(folder, '.scepwatch');
    const log = file('id.log', STATUS_500);
    const { stdout } = await scepwatch(['diagnose', log, '--with', 'simulator', '--data', data]);
    expect(stdout).toMatch(/Both views together/);
    expect(stdout).toMatch(/ndes-internal-error/);
    const unknown = await scepwatch(['diagnose', log, '--with', 'simulater', '--data', data]);
    expect([unknown.code, unknown.stderr]).toEqual([3, 'scepwatch: "simulater" is the id of no target; did you mean simulator?\n']);
  });

  it.each([
    ['a file that is not there', ['nope.log'], 3, /nope\.log.*(?:no such file|does not exist)/s],
    ['only junk', [file('only.bin', Buffer.alloc(4_096, 0x8f))], 3, /only\.bin/],
    ['a time that is none', [file('t.log', STATUS_500), '--since', 'yesterday-ish'], 3, /--since/],
    ['a platform that is none', [file('p.log', STATUS_500), '--platform', 'linux'], 3, /platform/],
    ['a URL that is none', [file('u.log', STATUS_500), '--with', 'ftp://x'], 3, /URL/],
  ])('ends with 3 for %s', async (_, args, exit, message) => {
    const { code, stdout, stderr } = await scepwatch(['diagnose', ...args]);
    expect(code).toBe(exit);
    expect(`${stdout}${stderr}`).toMatch(message);
  });

  it('explains log codes and Windows error codes', async () => {
    expect((await scepwatch(['explain', 'log-impersonation-right-missing'])).stdout).toMatch(/IIS_IUSRS/);
    expect((await scepwatch(['explain', '0x80090005'])).stdout).toMatch(/0x80090005/i);
  });
});
