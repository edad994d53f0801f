import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { VerdictCode } from '../../src/core/verdict/code.ts';
import { control as controlRequest } from '../../src/simulator/control.ts';
import { FAULTS, selectFault } from '../../src/simulator/faults.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { needs } from '../support/needs.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'scepwatch-simulator-'));

/** Everything that comes back for these bytes until the server closes; nothing of ours reads it. */
async function exchange({ url, caPem }: Simulator, request: string | Buffer): Promise<Buffer> {
  const { port } = new URL(url);
  const socket =
    caPem === undefined
      ? connectTcp(Number(port), '127.0.0.1')
      : connectTls({ port: Number(port), host: '127.0.0.1', ca: caPem, servername: 'localhost' });
  socket.write(request);
  return buffer(socket);
}

async function get(simulator: Simulator, query = ''): Promise<{ readonly head: string; readonly body: Buffer }> {
  const { pathname } = new URL(simulator.url);
  const bytes = await exchange(simulator, `GET ${pathname}${query} HTTP/1.1\r\nHost: ndes.contoso.test\r\nConnection: close\r\n\r\n`);
  const end = bytes.indexOf('\r\n\r\n');
  return { head: bytes.toString('latin1', 0, end), body: bytes.subarray(end + 4) };
}

describe('a healthy server', () => {
  it('answers the bare URL with the 403 that IIS shows to remote clients', async () => {
    await using simulator = await startSimulator();
    const { head, body } = await get(simulator);
    expect(head).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(head).toMatch(/\r\nServer: Microsoft-IIS\/10\.0\r\n/);
    expect(body.toString('latin1')).toContain('<title>403 - Forbidden: Access is denied.</title>');
    expect(body.length).toBe(1233);
  });

  it('lists capabilities with CRLF and without a Content-Type', async () => {
    await using simulator = await startSimulator();
    const { head, body } = await get(simulator, '?operation=GetCACaps&message=ca');
    expect(head).not.toMatch(/content-type/i);
    expect(body.toString('latin1')).toBe('POSTPKIOperation\r\nRenewal\r\nSHA-512\r\nSHA-256\r\nSHA-1\r\nDES3\r\n');
  });

  it('carries the headers of application proxy, with a connector, unless told otherwise', async () => {
    await using proxied = await startSimulator();
    expect((await get(proxied)).head).toMatch(/x-ms-proxy-connector-id: [0-9a-f-]{36}/);
    await using direct = await startSimulator({ behindProxy: false });
    expect((await get(direct)).head).not.toMatch(/x-ms-proxy/);
    const robots = 'GET /robots.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    expect((await exchange(direct, robots)).toString('latin1')).not.toMatch(/x-ms-proxy/);
  });

  it('answers no request behind the one that closes the connection', async () => {
    await using simulator = await startSimulator();
    const { pathname } = new URL(simulator.url);
    const last = `GET ${pathname}?operation=GetCACert HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const bytes = (await exchange(simulator, last + last)).toString('latin1');
    expect(bytes.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200']);
    expect(bytes.length - bytes.indexOf('\r\n\r\n') - 4).toBe(Number(/Content-Length: (\d+)/.exec(bytes)?.[1]));
  });

  it('keeps a connection open and answers pipelined requests in order', async () => {
    await using simulator = await startSimulator();
    const { pathname } = new URL(simulator.url);
    const one = (query: string, more = ''): string => `GET ${pathname}${query} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
    const bytes = await exchange(simulator, one('') + one('?operation=GetCACaps') + one('?operation=GetCACert', 'Connection: close\r\n'));
    expect(bytes.toString('latin1').match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 403', 'HTTP/1.1 200', 'HTTP/1.1 200']);
  });
});

const { suite, paths } = needs('openssl');

/** The certificates of a GetCACert answer as the openssl command sees them. */
async function certificates(simulator: Simulator): Promise<readonly { readonly text: string; readonly pem: string }[]> {
  const { body } = await get(simulator, '?operation=GetCACert&message=ca');
  const pems =
    execFileSync(paths.openssl, ['pkcs7', '-inform', 'DER', '-print_certs'], { input: body, encoding: 'utf8' }).match(
      /-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g,
    ) ?? [];
  return pems.map((pem) => ({ pem, text: execFileSync(paths.openssl, ['x509', '-noout', '-text'], { input: pem, encoding: 'utf8' }) }));
}

describe('the certificates, read by openssl', suite, () => {
  it('are the CA chain and two RA certificates that only key usage tells apart', async () => {
    await using simulator = await startSimulator();
    const all = await certificates(simulator);
    expect(all).toHaveLength(4);
    const ra = all.filter(({ text }) => text.includes('1.3.6.1.4.1.311.20.2.1'));
    expect(ra.map(({ text }) => /Key Usage: critical\s+(.*)/.exec(text)?.[1]).toSorted()).toEqual([
      'Digital Signature',
      'Key Encipherment',
    ]);
    expect(ra.map(({ text }) => /Subject: (.*)/.exec(text)?.[1])).toEqual([
      'C = US, O = Contoso, CN = NDES01-MSCEP-RA',
      'C = US, O = Contoso, CN = NDES01-MSCEP-RA',
    ]);
    // BMPString: every second byte is zero, which openssl prints as a dot.
    expect(ra.some(({ text }) => /1\.3\.6\.1\.4\.1\.311\.20\.2:\s+\S*C\.E\.P\.E\.n\.c\.r\.y\.p\.t\.i\.o\.n/.test(text))).toBe(true);
    expect(ra.some(({ text }) => /E\.n\.r\.o\.l\.l\.m\.e\.n\.t\.A\.g\.e\.n\.t\.O\.f\.f\.l\.i\.n\.e/.test(text))).toBe(true);
  });

  it('form a chain that verifies', async () => {
    await using simulator = await startSimulator();
    const all = await certificates(simulator);
    const roots = all.filter(({ text }) => /CN = Contoso Root CA/.test(text.split('Subject:')[1] ?? ''));
    const issuing = all.filter(({ text }) => /Subject: .*CN = Contoso Issuing CA 1/.test(text));
    writeFileSync(join(FOLDER, 'root.pem'), roots.map(({ pem }) => pem).join('\n'));
    writeFileSync(join(FOLDER, 'issuing.pem'), issuing.map(({ pem }) => pem).join('\n'));
    for (const [index, { pem }] of all.filter(({ text }) => text.includes('MSCEP-RA')).entries()) {
      const file = join(FOLDER, `ra${index}.pem`);
      writeFileSync(file, pem);
      expect(
        execFileSync(paths.openssl, ['verify', '-CAfile', join(FOLDER, 'root.pem'), '-untrusted', join(FOLDER, 'issuing.pem'), file], {
          encoding: 'utf8',
        }),
      ).toContain('OK');
    }
  });

  it.each([
    [
      'ra-certificate-expired',
      /notAfter/,
      (all: readonly { readonly pem: string; readonly text: string }[]) =>
        all.some(({ pem, text }) => text.includes('MSCEP-RA') && expired(pem)),
    ],
    [
      'weak-or-unsupported-signature',
      /sha1/,
      (all: readonly { readonly text: string }[]) => all.some(({ text }) => /sha1WithRSAEncryption|rsassaPss/.test(text)),
    ],
    [
      'ra-certificate-missing',
      /one RA/,
      (all: readonly { readonly text: string }[]) => all.filter(({ text }) => text.includes('MSCEP-RA')).length < 2,
    ],
  ] as const)('of %s are what the fault says', async (fault, _what, holds) => {
    await using simulator = await startSimulator({ fault });
    expect(holds(await certificates(simulator))).toBe(true);
  });

  it('of the TLS side verify against the root that is handed out', async () => {
    await using simulator = await startSimulator({ tls: true });
    expect((await get(simulator)).head).toMatch(/^HTTP\/1\.1 403/);
  });
});

function expired(pem: string): boolean {
  try {
    execFileSync(paths.openssl, ['x509', '-noout', '-checkend', '0'], { input: pem, stdio: ['pipe', 'ignore', 'ignore'] });
    return false;
  } catch {
    return true;
  }
}

describe('pages with quirks', () => {
  it('have the general NDES page in UTF-16LE although META says UTF-8', async () => {
    await using simulator = await startSimulator({ fault: 'ndes-policy-module-not-loaded' });
    const { head, body } = await get(simulator);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK/);
    const text = body.toString('utf16le');
    expect(text).toContain('<Title>Network Device Enrollment Service</Title>');
    expect(text).toMatch(/charset=UTF-8/i);
    expect(body.toString('utf8')).not.toContain('Network Device');
  });

  it('have the HTTP.sys page with its missing space, its charset and its Server header', async () => {
    await using simulator = await startSimulator({ fault: 'ndes-app-pool-stopped' });
    const { head, body } = await get(simulator);
    expect(head).toMatch(/Server: Microsoft-HTTPAPI\/2\.0/);
    expect(body.toString('ascii')).toContain('"-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">');
    expect(body.toString('ascii')).toContain('<hr><p>HTTP Error 503. The service is unavailable.</p>');
  });

  it('leave the connector out where the cloud answers by itself', async () => {
    await using simulator = await startSimulator({ fault: 'approxy-no-active-connector' });
    const { head } = await get(simulator);
    expect(head).toMatch(/x-ms-proxy-service-name: proxy-appproxy-/);
    expect(head).not.toMatch(/x-ms-proxy-connector-id/);
  });
});

describe('switching while it runs', () => {
  const control = async (simulator: Simulator, method: string, path: string, body = ''): Promise<string> =>
    (
      await exchange(
        simulator,
        `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
    ).toString('utf8');

  it('shows the new fault from the next answer on', async () => {
    await using simulator = await startSimulator();
    expect(await control(simulator, 'PUT', '/simulator/fault', 'iis-auth-required')).toMatch(/^HTTP\/1\.1 200 /);
    expect((await get(simulator)).head).toMatch(/^HTTP\/1\.1 401 /);
    await simulator.setFault('healthy');
    expect((await get(simulator)).head).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('lists every code and does not count as a request', async () => {
    await using simulator = await startSimulator();
    const page = await control(simulator, 'GET', '/simulator');
    expect(Object.keys(FAULTS).filter((code) => !page.includes(code))).toEqual([]);
    expect(simulator.requests).toEqual([]);
  });

  it('is refused to other machines, whatever address it listens on', async () => {
    const healthy = selectFault('healthy');
    if (!healthy.ok) throw new Error(healthy.problem);
    const request = { method: 'PUT', target: '/simulator/fault', headers: new Map(), body: 'iis-auth-required', keepAlive: true };
    const answerTo = (peer: string | undefined) => controlRequest(request, healthy.fault, async () => {}, peer);
    for (const peer of ['192.0.2.7', '::ffff:192.0.2.7', '2001:db8::1', '127.0.0.1.example', undefined]) {
      expect((await answerTo(peer)).status, peer).toBe(403);
    }
    for (const peer of ['127.0.0.1', '127.8.9.10', '::ffff:127.0.0.1', '::1']) expect((await answerTo(peer)).status, peer).toBe(200);
  });

  it.each([
    ['nonsense', /is not a verdict code/],
    ['ndes-app-pool-stoped', /did you mean ndes-app-pool-stopped/],
    ['dns-name-not-found', /No server can show dns-name-not-found.*nosuchhost\.invalid/],
    ['healthy purple', /has no variant "purple"/],
    ['tls-untrusted', /needs TLS/],
  ])('refuses %s and says why', async (body, why) => {
    await using simulator = await startSimulator();
    const answer = await control(simulator, 'PUT', '/simulator/fault', body);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(why);
    expect(simulator.fault).toBe('healthy');
  });
});

describe('hostile clients', () => {
  it.each([
    ['bytes that are no request', Buffer.from([0xff, 0x00, 0x0d, 0x0a, 0x0d, 0x0a])],
    ['a request line of 200 KB', Buffer.from(`GET /${'a'.repeat(200_000)} HTTP/1.1\r\n\r\n`)],
    ['endless headers', Buffer.from(`GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(50_000)}`)],
    ['a negative length', Buffer.from('POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n')],
  ])('get a 400 and nobody else is disturbed: %s', async (_what, bytes) => {
    await using simulator = await startSimulator();
    expect((await exchange(simulator, bytes)).toString('latin1')).toMatch(/^HTTP\/1\.1 400 /);
    expect((await get(simulator)).head).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('cannot hold a connection open by sending a request byte by byte', async () => {
    await using simulator = await startSimulator({ idleMs: 100 });
    const socket = connectTcp(Number(new URL(simulator.url).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\n');
    const trickle = setInterval(() => socket.write('x'), 10);
    await once(socket, 'close');
    clearInterval(trickle);
    expect((await get(simulator)).head).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('that pipeline behind a request that hangs do not get the next answer in its place', async () => {
    await using simulator = await startSimulator({ fault: 'long-url-hangs' });
    const { pathname, port } = new URL(simulator.url);
    const socket = connectTcp(Number(port), '127.0.0.1');
    const received = buffer(socket).catch(() => Buffer.from('reset'));
    socket.write(`GET ${pathname}?operation=GetCACaps&message=${'a'.repeat(12_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
    // A whole exchange on another connection: by then the second request has been read if it ever will be.
    expect((await get(simulator)).head).toMatch(/^HTTP\/1\.1 403 /);
    await simulator.close();
    expect((await received).toString('latin1')).not.toMatch(/HTTP/);
  });

  it('that send nothing are disconnected when the server ends', async () => {
    const simulator = await startSimulator();
    const socket = connectTcp(Number(new URL(simulator.url).port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    const gone = once(socket, 'close');
    await simulator.close();
    await gone;
  });
});

describe('the table of faults', () => {
  it('explains every fault in a line, and what to do about those that no server can show', () => {
    for (const [code, fault] of Object.entries(FAULTS)) {
      expect(fault.kind === 'shown' ? fault.description : fault.reason, code).toMatch(/^\S[^\n]{8,}$/);
      if (fault.kind === 'not-shown') expect(fault.instead, code).toMatch(/\S/);
    }
    const hidden = Object.entries(FAULTS).flatMap(([code, fault]) => (fault.kind === 'not-shown' ? [code as VerdictCode] : []));
    expect(hidden).toEqual([
      'dns-name-not-found',
      'dns-lookup-failed',
      'probe-network-down',
      'tcp-refused',
      'tcp-timeout',
      'base-403-only',
    ]);
  });

  it('names the port that is taken and what to do', async () => {
    await using simulator = await startSimulator();
    const port = Number(new URL(simulator.url).port);
    await expect(startSimulator({ port })).rejects.toThrow(
      `Port ${port} is taken; choose another with --port, or --port 0 for any free one.`,
    );
  });
});
