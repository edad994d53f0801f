import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { addDiagnoseCommand } from '../../../src/cli/diagnose.ts';
import { addExplainCommand } from '../../../src/cli/explain.ts';
import { progressText, readingLine } from '../../../src/cli/reading-progress.ts';
import { plain } from '../../../src/core/render/paint.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'scepwatch-diagnose-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(FOLDER, name);
  writeFileSync(path, content);
  return path;
}

/** The line of the article, as one would paste it. */
const ARTICLE_500 = file(
  '500.log',
  '2017-08-08 20:22:16 IP_address GET /certsrv/mscep/mscep.dll operation=GetCACert&message=SCEP%20Authority 443 - 10.5.14.22 profiled/1.0+CFNetwork/811.5.4+Darwin/16.6.0 - 500 0 1346 31\n',
);
const SETUP = file(
  'SetupMsi.log',
  'MSI (c) (28:54) [16:13:11:905]: Product: Microsoft Intune Connector -- Installation completed successfully.\n',
);
const JUNK = file('junk.bin', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3, 0xff, 0xfe, 0, 0]));

async function run(...argv: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let [code, out, err] = [-1, '', ''];
  const program = new Command('scepwatch').exitOverride().configureOutput({ writeErr: () => {} });
  const terminal = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    width: 100,
    paint: plain,
    live: false,
  };
  for (const add of [addDiagnoseCommand, addExplainCommand])
    add(program, terminal, (exit) => {
      code = exit;
    });
  await program.parseAsync([...argv], { from: 'user' });
  return { code, out, err };
}

describe('scepwatch diagnose', () => {
  test('says what the line of the article means, and exits by its severity', async () => {
    const { code, out } = await run('diagnose', ARTICLE_500);
    expect(code).toBe(2);
    expect(out).toMatch(/^✗ CRITICAL {2}IIS_IUSRS lacks/);
    expect(out).not.toContain('10.5.14.22');
  });

  test('shows identities when it is told to', async () => {
    expect((await run('diagnose', ARTICLE_500, '--show-identities')).out).toContain('10.5.14.22');
  });

  test('prints one JSON object', async () => {
    const { out } = await run('diagnose', ARTICLE_500, JUNK, '--json');
    expect(JSON.parse(out)).toMatchObject({
      schema: 'scepwatch.diagnose/1',
      severity: 'crit',
      findings: [{ code: 'log-impersonation-right-missing', evidence: { line: 1 } }],
      summary: { logs: [{ format: 'iis-w3c' }, { format: null, problems: [expect.any(String)] }] },
    });
  });

  test('reads the rest when one file cannot be read, and exits 3 only when none could', async () => {
    expect((await run('diagnose', SETUP, join(FOLDER, 'missing.log'))).code).toBe(0);
    const { code, out } = await run('diagnose', JUNK, join(FOLDER, 'missing.log'));
    expect(code).toBe(3);
    expect(out).toMatch(/^\? UNKNOWN {2}Nothing could be read[\s\S]*there is no such file/);
  });

  test('keeps to the time and the platform that are asked for', async () => {
    expect((await run('diagnose', ARTICLE_500, '--since', '2020-01-01')).out).not.toContain('log-impersonation');
    expect((await run('diagnose', ARTICLE_500, '--until', '2017-08-08')).code).toBe(2);
    expect((await run('diagnose', ARTICLE_500, '--platform', 'windows')).out).not.toContain('log-impersonation');
  });

  test.each([
    [['--with', 'not a url'], /./],
    [['--ca', 'ca.pem'], /--ca goes with --with/],
    [['--since', 'yesterday'], /--since takes/],
  ])('refuses %s before it reads', async (options, message) => {
    await expect(run('diagnose', ARTICLE_500, ...options)).rejects.toThrow(message);
  });

  test('joins the view from outside', async () => {
    const { out, code } = await run('diagnose', SETUP, '--with', 'http://127.0.0.1:9/certsrv/mscep/mscep.dll');
    expect(code).toBe(2);
    expect(out).toContain('Both views together');
  });
});

describe('scepwatch explain', () => {
  test.each([
    ['log-challenge-rejected', /The challenge of a device was rejected[\s\S]*found in logs/],
    ['0x80090005', /^0x80090005 {2}NTE_BAD_DATA[\s\S]*log-ndes-ra-certificate-unusable/],
    ['800B0109', /log-chain-not-trusted/],
    ['1346', /log-impersonation-right-missing/],
    ['2148204809', /CERT_E_UNTRUSTEDROOT/],
    ['ndes-app-pool-stopped', /row 35 of the decision table/],
  ])('knows %s', async (code, expected) => {
    expect((await run('explain', code)).out).toMatch(expected);
  });

  test('lists verdicts and findings', async () => {
    const { out } = await run('explain');
    expect(out).toMatch(/What a probe says[\s\S]*tcp-refused[\s\S]*What only logs say[\s\S]*log-ndes-cannot-start/);
  });

  test('prints JSON of an error code with the codes in which it plays a part', async () => {
    expect(JSON.parse((await run('explain', '0x80090005', '--json')).out)).toMatchObject({
      schema: 'scepwatch.explain-error/1',
      code: '0x80090005',
      related: ['log-ndes-ra-certificate-unusable'],
    });
  });

  test.each([
    ['log-chalenge-rejected', /did you mean log-challenge-rejected/],
    ['0xdeadbeef', /no error code that scepwatch knows/],
    ['zzz', /is not a verdict code/],
  ])('refuses %s', async (code, message) => {
    await expect(run('explain', code)).rejects.toThrow(message);
  });
});

describe('the progress line', () => {
  test('tells how much is read, how fast, and how long it takes', () => {
    expect(progressText({ name: '/var/log/u_ex.log', readBytes: 500_000_000, totalBytes: 2_000_000_000 }, 5_000)).toBe(
      `${'█'.repeat(6)}${'░'.repeat(18)} 500 of 2000 MB, 100 MB/s, 15 s left: u_ex.log`,
    );
    expect(progressText({ name: '-', readBytes: 1_000_000 }, 0)).toMatch(/^1 MB, \d+ MB\/s: -$/);
  });

  test('is silent without a terminal and for what is read at once', () => {
    let written = '';
    let now = 0;
    const line = readingLine({ out: () => {}, err: (text) => (written += text), width: 80, paint: plain, live: true }, () => now);
    line.show({ name: 'x', readBytes: 1 });
    line.clear();
    expect(written).toBe('');
    now = 400;
    line.show({ name: 'x', readBytes: 1 });
    line.clear();
    expect(written).toMatch(/^\r.*x\r.*$/);
  });
});
