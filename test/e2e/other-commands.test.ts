import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERDICT_CODES } from '../../src/core/verdict/code.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { schemaProblems } from '../support/published-schema.ts';
import { scepwatch } from '../support/scepwatch.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = mkdtempSync(join(tmpdir(), 'scepwatch-commands-'));

describe('scepwatch explain', () => {
  it('prints every step of every fix', async () => {
    const { code, stdout } = await scepwatch(['explain', 'ra-certificate-expired']);
    expect(code).toBe(0);
    expect(stdout).toContain('Exchange Enrollment Agent (Offline request)');
    expect(stdout).toMatch(/Manage\s+Private\s+Keys/);
  });

  it('lists every code', async () => {
    expect(schemaProblems('codes-1.schema.json', (await scepwatch(['explain', '--json'])).stdout)).toBe('');
    const { stdout } = await scepwatch(['explain']);
    expect(VERDICT_CODES.filter((code) => !stdout.includes(code))).toEqual([]);
  });

  it('prints JSON', async () => {
    expect(schemaProblems('explain-1.schema.json', (await scepwatch(['explain', 'tcp-refused', '--json'])).stdout)).toBe('');
    expect(JSON.parse((await scepwatch(['explain', 'tcp-refused', '--json'])).stdout)).toMatchObject({
      schema: 'scepwatch.explain/1',
      code: 'tcp-refused',
      layer: 'tcp',
    });
  });
});

describe('scepwatch check-config', () => {
  it('accepts the example', async () => {
    const { code, stdout } = await scepwatch(['check-config', join(ROOT, 'examples/scepwatch.config.yaml')]);
    expect(stdout).toContain('2 targets');
    expect(code).toBe(0);
  });

  it('names file, line, column and setting of every problem', async () => {
    const file = join(FOLDER, 'bad.yaml');
    writeFileSync(file, 'targets:\n  - id: a\n    url: nowhere\n    colour: red\n');
    const { code, stdout, stderr } = await scepwatch(['check-config', file]);
    expect(stderr).toMatch(/bad\.yaml:3:10: targets\[0\]\.url: "nowhere" is not a URL/);
    expect(stderr).toMatch(/bad\.yaml:4:5: targets\[0\]\.colour: is no setting/);
    expect(stdout).toBe('');
    expect(code).toBe(3);
    expect(JSON.parse((await scepwatch(['check-config', file, '--json'])).stdout)).toMatchObject({
      schema: 'scepwatch.check-config/1',
      ok: false,
      problems: [{ line: 3 }, { line: 4 }],
    });
  });

  it('says so when there is no such file', async () => {
    const { code, stderr } = await scepwatch(['check-config', join(FOLDER, 'none.yaml')]);
    expect(stderr).toMatch(/none\.yaml: no such file/);
    expect(code).toBe(3);
  });
});

describe('scepwatch probe --config', () => {
  it('probes every target of the file with its own settings', async () => {
    await using healthy = await startSimulator();
    await using broken = await startSimulator({ fault: 'long-url-blocked-404-15' });
    const file = join(FOLDER, 'two.yaml');
    writeFileSync(
      file,
      `vantage: the cellar\ntargets:\n  - id: one\n    url: ${healthy.url}\n  - id: two\n    url: ${broken.url}\n    longUrlBytes: 9000\n    dialects: [windows]\n`,
    );
    const { code, stdout } = await scepwatch(['probe', '--config', file, '--json']);
    const { results } = JSON.parse(stdout) as { results: readonly { vantage: string; verdict: { code: string } }[] };
    expect(results.map(({ verdict, vantage }) => `${verdict.code} from ${vantage}`)).toEqual([
      'healthy-long-url-untested from the cellar',
      'long-url-blocked-404-15 from the cellar',
    ]);
    expect(broken.requests.at(-1)?.target.length).toBe('/certsrv/mscep/mscep.dll/pkiclient.exe?'.length + 9000);
    expect(code).toBe(2);
  });

  it('refuses a bad file in one line', async () => {
    const file = join(FOLDER, 'two-problems.yaml');
    writeFileSync(file, 'targets:\n  - id: A\n    url: x\n');
    const { code, stderr } = await scepwatch(['probe', '--config', file]);
    expect(stderr).toMatch(/^scepwatch: --config: .*two-problems\.yaml:2:9: targets\[0\]\.id: .*\(and 1 more; scepwatch check-config/);
    expect(code).toBe(3);
  });
});

describe('scepwatch simulate', () => {
  it('says where it is, switches on a typed line and over HTTP, and ends cleanly on SIGINT', async () => {
    const ca = join(FOLDER, 'ca.pem');
    const child = spawn(process.execPath, [join(ROOT, 'src/cli/scepwatch.mjs'), 'simulate', '--port', '0', '--tls', '--ca-out', ca], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
    });
    const saying = async (wanted: RegExp): Promise<RegExpExecArray> => {
      for (;;) {
        const match = wanted.exec(said);
        if (match !== null) return match;
        await once(child.stdout, 'data');
      }
    };
    const [, url = ''] = await saying(/showing healthy at (\S+)/);
    expect(readFileSync(ca, 'utf8')).toContain('BEGIN CERTIFICATE');
    expect(JSON.parse((await scepwatch(['probe', url, '--ca', ca, '--json'])).stdout).verdict.code).toBe('healthy-long-url-untested');
    child.stdin.write('ndes-internal-error\n');
    await saying(/showing ndes-internal-error/);
    expect(JSON.parse((await scepwatch(['probe', url, '--ca', ca, '--json'])).stdout).verdict.code).toBe('ndes-internal-error');
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    expect((await exited)[0]).toBe(0);
  });

  it('lists what it can show', async () => {
    expect(schemaProblems('faults-1.schema.json', (await scepwatch(['simulate', '--list', '--json'])).stdout)).toBe('');
    const { stdout } = await scepwatch(['simulate', '--list']);
    expect(VERDICT_CODES.filter((code) => !stdout.includes(code))).toEqual([]);
  });

  it.each([
    [['--fault', 'tcp-timeout'], /No server can show tcp-timeout/],
    [['--fault', 'healthyy'], /did you mean healthy/],
    [['--port', '70000'], /port number from 0 to 65535/],
    [['--ca-out', '/nonexistent/ca.pem', '--tls', '--port', '0'], /--ca-out: cannot write/],
  ])('refuses %j in one line', async (args, says) => {
    const { code, stderr } = await scepwatch(['simulate', ...args]);
    expect(stderr).toMatch(says);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(3);
  });
});
