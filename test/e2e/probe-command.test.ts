import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/server.ts';
import { needs } from '../support/needs.ts';
import { startNginx } from '../support/nginx.ts';
import { schemaProblems } from '../support/published-schema.ts';
import { startScepserver } from '../support/scepserver.ts';
import { scepwatch } from '../support/scepwatch.ts';
import { tlsMaterial } from '../support/tls-material.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'scepwatch-e2e-'));

/** Control characters other than line feed, and invisible or direction-changing ones. */
const HARMFUL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

describe('scepwatch probe', () => {
  it('prints verdict, path, evidence, causes and fixes for the simulated fault', async () => {
    const { code, stdout, stderr } = await scepwatch(['probe', '--simulate', 'ndes-app-pool-stopped']);
    expect(code).toBe(2);
    expect(stderr).toBe('');
    expect(stdout).toContain('✗ CRITICAL');
    expect(stdout).toContain('ndes-app-pool-stopped · at NDES');
    expect(stdout).toMatch(/probe ─ DNS ─ TCP ─ TLS ─ app proxy ─ connector ─ IIS ─ NDES ─ policy module ─ RA\/CA/);
    expect(stdout).toContain('╰─ ndes-app-pool-stopped');
    expect(stdout).toMatch(/✗ base-url {2}HTTP 503 Service Unavailable/);
    expect(stdout).toContain('Why, and what to do');
    expect(stdout).not.toMatch(HARMFUL);
  });

  it.each([
    ['healthy', 0],
    ['ra-certificate-expiring:45-days', 0],
    ['ra-certificate-expiring:20-days', 1],
    ['ra-certificate-expired', 2],
    ['unclassified', 3],
  ])('exits by severity: %s gives %i', async (fault, expected) => {
    expect((await scepwatch(['probe', '--simulate', fault])).code).toBe(expected);
  });

  it('prints one JSON object that fits the published schema', async () => {
    await using simulator = await startSimulator({ fault: 'ra-certificate-expired' });
    const { code, stdout, stderr } = await scepwatch(['probe', simulator.url, '--json']);
    const report = JSON.parse(stdout);
    expect(schemaProblems('probe-1.schema.json', stdout)).toBe('');
    expect(report).toMatchObject({
      schema: 'scepwatch.probe/1',
      target: { url: simulator.url },
      verdict: { code: 'ra-certificate-expired', severity: 'crit', layer: 'ca' },
    });
    expect(report.checks.map(({ operation, status }: { operation: string; status: number }) => `${operation} ${status}`)).toEqual([
      'base-url 403',
      'ca-caps 200',
      'ca-cert 200',
    ]);
    expect(report.certificates.map(({ role }: { role: string }) => role)).toContain('ra-signing');
    expect(code).toBe(2);
    expect(stderr).toBe('');
  });

  it('prints one JSON object for several URLs too, and exits by the worst', async () => {
    await using healthy = await startSimulator();
    await using broken = await startSimulator({ fault: 'iis-auth-required' });
    const { code, stdout } = await scepwatch(['probe', healthy.url, broken.url, '--json']);
    const list = JSON.parse(stdout);
    expect(schemaProblems('probe-list-1.schema.json', stdout)).toBe('');
    expect(list.results.map(({ verdict }: { verdict: { code: string } }) => verdict.code)).toEqual([
      'healthy-long-url-untested',
      'iis-auth-required',
    ]);
    expect(code).toBe(2);
  });

  it('prints one line with performance data for Nagios', async () => {
    await using simulator = await startSimulator();
    const { code, stdout } = await scepwatch(['probe', simulator.url, '--format', 'nagios']);
    expect(stdout).toMatch(
      /^SCEP OK - healthy-long-url-untested: [^|\n]+ \| time=\d+\.\d{3}s;;;0 base_url=\S+ ca_caps=\S+ ca_cert=\S+ ra_days=\d+;30:;7: ca_days=\d+;90:;30:\n$/,
    );
    expect(code).toBe(0);
  });

  it('sends a long URL on request, of the length that was asked for', async () => {
    await using simulator = await startSimulator();
    expect((await scepwatch(['probe', simulator.url, '--long-url'])).code).toBe(0);
    expect((await scepwatch(['probe', simulator.url, '--long-url', '30000'])).code).toBe(0);
    expect((await scepwatch(['probe', '--long-url', simulator.url, '--json'])).stdout).toContain('"code": "healthy"');
    const lengths = simulator.requests.map(({ target }) => (target.split('?')[1] ?? '').length).filter((length) => length > 1_000);
    expect(lengths).toEqual([12_000, 30_000, 12_000]);
  });

  it('asks in each dialect, says who it is and never imitates a device', async () => {
    await using simulator = await startSimulator();
    await scepwatch(['probe', simulator.url, '--dialect', 'all']);
    expect(simulator.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'GET /certsrv/mscep/mscep.dll',
      ...['GetCACaps', 'GetCACert'].map((operation) => `GET /certsrv/mscep/mscep.dll?operation=${operation}&message=ca-scepwatch`),
      ...['GetCACaps', 'GetCACert'].map(
        (operation) => `GET /certsrv/mscep/mscep.dll?operation=${operation}&message=SCEP%20Authority-scepwatch`,
      ),
      ...['GetCACaps', 'GetCACert'].map(
        (operation) => `GET /certsrv/mscep/mscep.dll/pkiclient.exe?operation=${operation}&message=default-scepwatch`,
      ),
    ]);
    expect(new Set(simulator.requests.map(({ userAgent }) => userAgent?.split(' ')[0]))).toEqual(new Set(['scepwatch/0.1.0']));
    expect(simulator.requests.map(({ userAgent }) => userAgent).join()).not.toMatch(/NDES client|profiled|Dalvik/);
  });

  it('shows every byte-level fact with --debug and keeps the report clean', async () => {
    await using simulator = await startSimulator({ fault: 'ndes-policy-module-not-loaded' });
    const { stdout, stderr } = await scepwatch(['probe', simulator.url, '--debug', '--json']);
    expect(JSON.parse(stdout).verdict.code).toBe('ndes-policy-module-not-loaded');
    expect(stderr).toMatch(/^> GET http:/m);
    expect(stderr).toMatch(/read as utf-16le \((?:bom|null-bytes)\)/);
    expect(stderr).toMatch(/^ {2}0000 {2}(?:[0-9a-f]{2} ){15}/m);
    expect(stderr).toContain('x-ms-proxy-subscription-id: <redacted>');
    expect(stderr).toMatch(/x-ms-proxy-transaction-id: [0-9a-f-]{36}/);
    expect(stderr).not.toMatch(HARMFUL);
  });

  it.each([
    ['preauth-entra-id-enabled', /authorize\?…/],
    ['ndes-admin-page-exposed', /challenge password is:.*<redacted>/],
  ])('shows no secret of %s with --debug, in text or in bytes', async (fault, shown) => {
    await using simulator = await startSimulator({ fault: fault as 'healthy' });
    const { stdout, stderr } = await scepwatch(['probe', simulator.url, '--debug']);
    expect(stderr).toMatch(shown);
    const withoutTransaction = (stdout + stderr).replace(/transaction-?\s?id[^\n]*/gi, '');
    expect(withoutTransaction).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/);
    expect(withoutTransaction).not.toMatch(/client_id|AppProxyState|[0-9A-F]{16}/);
    // The bytes of a body that holds a secret stop after the first row.
    const base = stderr.slice(stderr.indexOf('--- base-url'), stderr.indexOf('--- ca-caps'));
    expect(base).toMatch(/^ {2}0000 {2}/m);
    expect(base).not.toMatch(/^ {2}0010 {2}/m);
  });

  it('uses colour only where it is wanted', async () => {
    expect((await scepwatch(['probe', '--simulate'])).stdout).not.toContain('\u001b');
    expect((await scepwatch(['probe', '--simulate'], { FORCE_COLOR: '1' })).stdout).toContain('\u001b[');
    expect((await scepwatch(['probe', '--simulate'], { FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).not.toContain('\u001b');
  });
});

describe('a monitoring system', () => {
  it('is told about wrong usage on standard output, as plugins do', async () => {
    const { code, stdout } = await scepwatch(['probe', 'https://ndes.contoso.com/x?y', '--format', 'nagios']);
    expect(stdout).toMatch(/^SCEP UNKNOWN - the URL has a query[^|\n]*\n$/);
    expect(code).toBe(3);
  });
});

describe('a reader that goes away', () => {
  it('changes neither the exit code nor what stands on standard error', async () => {
    await using simulator = await startSimulator({ fault: 'ndes-app-pool-stopped' });
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/cli/scepwatch.mjs'), 'probe', simulator.url], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const [stderr] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(stderr).toBe('');
    expect(child.exitCode).toBe(2);
  });
});

/** Command line, and what the one line on standard error has to say. */
const MISTAKES: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['probe'], /give at least one SCEP URL/],
  [['probe', 'not a url'], /"not a url" is not a URL; a SCEP server URL looks like https:/],
  [['probe', 'ndes.contoso.com/certsrv/mscep/mscep.dll'], /did you mean https:\/\/ndes\.contoso\.com/],
  [['probe', 'ftp://ndes.contoso.com/'], /starts with https:\/\//],
  [['probe', 'https://admin:hunter2@ndes.contoso.com/certsrv/mscep/mscep.dll'], /carries a user name or password/],
  [['probe', 'https:/admin:hunter2@'], /scepwatch: /],
  [
    ['probe', 'https://ndes.contoso.com/certsrv/mscep/mscep.dll?operation=GetCACaps'],
    /has a query.*https:\/\/ndes\.contoso\.com\/certsrv\/mscep\/mscep\.dll$/,
  ],
  [
    ['probe', 'https://ndes.contoso.com/certsrv/mscep_admin/'],
    /admin page: every visit uses up a challenge password; probe https:\/\/ndes\.contoso\.com\/certsrv\/mscep\/mscep\.dll/,
  ],
  [['probe', 'https://ndes.contoso.com/CertSrv/MSCEP_Admin'], /admin page/],
  [['probe', 'https://ndes.contoso.com/', '--ca', join(FOLDER, 'missing.pem')], /--ca: cannot read .*missing\.pem \(ENOENT\)/],
  [['probe', 'https://ndes.contoso.com/', '--ca', join(FOLDER, 'junk.pem')], /holds no PEM certificate/],
  [['probe', 'https://ndes.contoso.com/', '--ca', join(FOLDER, 'damaged.pem')], /damaged\.pem: certificate 1 of 1 is damaged/],
  [['probe', 'https://ndes.contoso.com/', '--timeout', 'soon'], /--timeout.*whole number from 100 to 600000/],
  [['probe', 'https://ndes.contoso.com/', '--long-url', '99999'], /--long-url takes a whole number from 1000 to 31000, not "99999"/],
  [['probe', 'https://ndes.contoso.com/', '--dialect', 'symbian'], /--dialect.*android, ios, windows, all/],
  [['probe', 'https://ndes.contoso.com/', '--ca-pin', 'abc'], /SHA-256/],
  [['probe', '--jsn'], /unknown option '--jsn' \(did you mean --json\?\)/],
  [['probe', '--simulate', 'ndes-app-pool-stoped'], /ndes-app-pool-stopped/],
  [['probe', '--simulate', 'tcp-timeout'], /tcp-timeout/],
  [['explain', 'ndes-app-pool-stoped'], /did you mean ndes-app-pool-stopped/],
  [['https://admin:hunter2@ndes.contoso.com/'], /unknown command/],
  [['explain', 'https://admin:hunter2@ndes.contoso.com/'], /is not a verdict code/],
  [['probe', '--compare-backends', 'https://admin:hunter2@ndes.contoso.com/'], /carries a user name or password/],
  [['probe', '--timeout', 'https://admin:hunter2@ndes.contoso.com/'], /whole number/],
  [['probe', '--ca', 'https://admin:hunter2@ndes.contoso.com/', 'https://ndes.contoso.com/'], /cannot read/],
  [['probe', '--config', 'https://admin:hunter2@ndes.contoso.com/'], /no such file/],
  [['probe', 'https://admin:hunter2%40ndes.contoso.com:99999/'], /is not a URL/],
  [['probe', 'ndes.contoso.com/x?challenge=hunter2'], /is not a URL/],
  [['explian'], /unknown command 'explian' \(did you mean explain\?\)/],
];

writeFileSync(join(FOLDER, 'junk.pem'), 'hello');
writeFileSync(join(FOLDER, 'damaged.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');

describe('a mistake on the command line', () => {
  it.each(MISTAKES)('%j is one line that says what would be right', async (args, says) => {
    const { code, stdout, stderr } = await scepwatch(args);
    expect(stderr.trimEnd()).toMatch(says);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(3);
    expect(stderr).not.toContain('hunter2');
  });

  it.each(MISTAKES)('%j is one JSON object with --json', async (args, says) => {
    const { code, stdout, stderr } = await scepwatch([...args, '--json']);
    const report = JSON.parse(stdout);
    expect(schemaProblems('error-1.schema.json', stdout)).toBe('');
    expect(report.error.message).toMatch(new RegExp(says.source.replace('scepwatch: ', '')));
    expect(stderr).toBe('');
    expect(code).toBe(3);
    expect(stdout).not.toContain('hunter2');
  });
});

const { suite } = needs('scepserver', 'nginx', 'openssl');

describe('a real SCEP server that is no NDES', suite, () => {
  it('is told the truth about', async () => {
    await using server = await startScepserver();
    const { code, stdout } = await scepwatch(['probe', server.url, '--json']);
    const report = JSON.parse(stdout);
    expect(schemaProblems('probe-1.schema.json', stdout)).toBe('');
    expect(report.verdict.code).toBe('ndes-internal-error');
    expect(report.verdict.evidence.join('\n')).toContain('This does not look like NDES');
    expect(report.alsoFound.map(({ code: other }: { code: string }) => other)).toContain('ra-certificate-missing');
    expect(report.checks.map(({ operation, status }: { operation: string; status: number }) => `${operation} ${status}`)).toEqual([
      'base-url 500',
      'ca-caps 200',
      'ca-cert 200',
    ]);
    expect(report.certificates).toMatchObject([{ role: 'ca' }]);
    expect(code).toBe(2);
  });

  it('answers the same behind nginx with TLS', async () => {
    await using server = await startScepserver();
    const { good, caPem } = tlsMaterial();
    await using nginx = await startNginx({ upstream: new URL(server.url).origin, tls: good });
    const ca = join(FOLDER, 'nginx-ca.pem');
    writeFileSync(ca, caPem);
    const url = `${nginx.url}/scep`;
    const trusted = JSON.parse((await scepwatch(['probe', url, '--ca', ca, '--json'])).stdout);
    expect(trusted.verdict.code).toBe('ndes-internal-error');
    expect(trusted.tls).toMatchObject({ verified: true });
    const untrusted = JSON.parse((await scepwatch(['probe', url, '--json'])).stdout);
    expect(untrusted.verdict.code).toBe('tls-untrusted');
    expect(untrusted.tls.chain.length).toBeGreaterThan(0);
    expect(untrusted.checks.map(({ skipped }: { skipped?: { reason: string } }) => skipped?.reason)).toEqual([
      undefined,
      'connection-failed',
      'connection-failed',
    ]);
    const insecure = JSON.parse((await scepwatch(['probe', url, '--insecure', '--json'])).stdout);
    expect(insecure.verdict.code).toBe('ndes-internal-error');
    expect(insecure.tls).toMatchObject({ verified: false });
  });
});
