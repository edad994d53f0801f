import { X509Certificate } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { rawServer, respond } from '../support/raw-server.ts';
import { type Scepserver, startScepserver } from '../support/scepserver.ts';
import { type TlsMaterial, tlsMaterial } from '../support/tls-material.ts';

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Node's own client and not the product's, as the servers are what is tested here. */
function get(url: string, ca?: string): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = { agent: false, signal: AbortSignal.timeout(10_000) };
  const request = url.startsWith('https:') ? httpsRequest(url, { ...options, ca }) : httpRequest(url, options);
  request.on('error', reject);
  request.on('response', (response) => {
    buffer(response).then((body) => resolve({ status: response.statusCode, headers: response.headers, body }), reject);
  });
  request.end();
  return promise;
}

const scep = needs('scepserver');
const proxy = needs('nginx');
const proxiedScep = needs('scepserver', 'nginx', 'openssl');
const certificates = needs('openssl');
const proxyWithTls = needs('nginx', 'openssl');

describe('scepserver', scep.suite, () => {
  let server: Scepserver;
  beforeAll(async () => {
    server = await startScepserver();
  });
  afterAll(() => server.close());

  test('lists its capabilities, the last line without a line feed', async () => {
    const { status, headers, body } = await get(`${server.url}?operation=GetCACaps`);
    expect([status, headers['content-type']]).toEqual([200, 'text/plain']);
    expect(body.toString()).toBe('Renewal\nSHA-1\nSHA-256\nAES\nDES3\nSCEPStandard\nPOSTPKIOperation');
  });

  test('answers GetCACert with its one CA certificate', async () => {
    const { status, headers, body } = await get(`${server.url}?operation=GetCACert`);
    expect([status, headers['content-type']]).toEqual([200, 'application/x-x509-ca-cert']);
    const certificate = new X509Certificate(body);
    expect([certificate.subject, certificate.ca]).toEqual(['C=US\nO=scep-ca\nOU=SCEP CA', true]);
    expect(certificate.raw).toEqual(new X509Certificate(server.caPem).raw);
  });

  test.each(['', '?operation=', '?operation=Nope', '?operation=getcacaps', '?operation=GetNextCACert'])(
    'answers 500 "operation not implemented" to /scep%s',
    async (query) => {
      const { status, body } = await get(`${server.url}${query}`);
      expect([status, body.toString()]).toEqual([500, 'operation not implemented']);
    },
  );

  test('answers 404 beside /scep', async () => {
    const { status, body } = await get(`http://127.0.0.1:${server.port}/certsrv/mscep/mscep.dll?operation=GetCACaps`);
    expect([status, body.toString()]).toEqual([404, '404 page not found\n']);
  });

  test('runs beside a second one with another CA and port', async () => {
    await using other = await startScepserver({ challenge: 'secret' });
    expect(other.port).not.toBe(server.port);
    expect(other.caPem).not.toBe(server.caPem);
  });
});

describe('nginx in front of scepserver, with TLS', proxiedScep.suite, () => {
  let server: Scepserver;
  let front: Nginx;
  let tls: TlsMaterial;
  beforeAll(async () => {
    tls = tlsMaterial();
    server = await startScepserver();
    front = await startNginx({ upstream: server.url, tls: tls.good });
  });
  afterAll(async () => {
    await front.close();
    await server.close();
  });

  test.each(['?operation=GetCACaps', '?operation=GetCACert', ''])('passes the same bytes for /scep%s', async (query) => {
    const direct = await get(`${server.url}${query}`);
    const proxied = await get(`${front.url}/scep${query}`, tls.caPem);
    expect(proxied.headers.server).toMatch(/^nginx\//);
    expect([proxied.status, proxied.headers['content-type'], proxied.body]).toEqual([
      direct.status,
      direct.headers['content-type'],
      direct.body,
    ]);
  });

  test('takes a URL of 32 KB', async () => {
    const { status } = await get(`${front.url}/scep?operation=GetCACaps&message=${'A'.repeat(32_768)}`, tls.caPem);
    expect(status).toBe(200);
  });

  test('answers 502 once the server behind it is gone', async () => {
    const gone = await startScepserver();
    await using lonely = await startNginx({ upstream: gone.url });
    await gone.close();
    expect((await get(`${lonely.url}/scep`)).status).toBe(502);
    expect(lonely.errorLog()).toContain('Connection refused');
  });
});

describe('nginx alone', proxy.suite, () => {
  test('answers 414 to a request line longer than its buffer', async () => {
    await using server = await startNginx({ largeClientHeaderBuffers: '2 2k', locations: 'location / { return 204; }' });
    expect((await get(`${server.url}/?${'A'.repeat(1_900)}`)).status).toBe(204);
    expect((await get(`${server.url}/?${'A'.repeat(2_100)}`)).status).toBe(414);
  });

  test('says in the error what nginx said about a wrong configuration', async () => {
    await expect(startNginx({ server: 'no_such_directive on;' })).rejects.toThrow('unknown directive "no_such_directive"');
  });
});

describe('nginx with each certificate', proxyWithTls.suite, () => {
  test.each([
    ['good', 204],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['notYetValid', 'CERT_NOT_YET_VALID'],
    ['wrongName', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['missingIntermediate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ] as const)('a client that trusts the root gets from the %s one: %s', async (kind, expected) => {
    const tls = tlsMaterial();
    await using server = await startNginx({ tls: tls[kind], locations: 'location / { return 204; }' });
    const answer = get(server.url, tls.caPem).then(
      ({ status }) => status,
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(await answer).toBe(expected);
  });
});

describe('rawServer', () => {
  /** What one connection gets for one request text, or the code of the error that broke it. */
  async function exchange(port: number, request: string): Promise<string> {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    return text(socket).catch((error: NodeJS.ErrnoException) => String(error.code));
  }
  const REQUEST = 'GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: x\r\n\r\n';

  test('writes exactly the bytes it was given', async () => {
    await using server = await rawServer(respond('HTTP/1.1 777 ?\n\xff\0no header'));
    const socket = connect(server.port, '127.0.0.1', () => socket.write(REQUEST));
    expect(await buffer(socket)).toEqual(Buffer.from('HTTP/1.1 777 ?\n\xff\0no header', 'latin1'));
    expect(server.requests).toEqual([REQUEST]);
  });

  test('waits for the end of the request head, in however many pieces it comes', async () => {
    await using server = await rawServer(respond(['one', 'two']));
    const socket = connect(server.port, '127.0.0.1');
    socket.write(REQUEST.slice(0, -1));
    await expect.poll(server.connections).toBe(1);
    expect(server.requests).toEqual([]);
    socket.write(REQUEST.slice(-1));
    expect(await text(socket)).toBe('onetwo');
  });

  test('waits for the announced body and takes a second request on the same connection', async () => {
    const post = 'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello';
    await using server = await rawServer((socket, request) => (server.requests.length === 2 ? socket.end(request) : undefined));
    expect(await exchange(server.port, post + REQUEST)).toBe(REQUEST);
    expect(server.requests).toEqual([post, REQUEST]);
  });

  test('breaks off with a reset', async () => {
    await using server = await rawServer(respond('HTTP/1.1 200 OK\r\n', 'reset'));
    expect(await exchange(server.port, REQUEST)).toBe('ECONNRESET');
  });

  test('speaks before it is asked', async () => {
    await using server = await rawServer(respond(''), { onConnect: (socket) => socket.end('220 smtp') });
    expect(await exchange(server.port, '')).toBe('220 smtp');
  });

  test('closes although a client keeps its connection open', async () => {
    const server = await rawServer(respond('HTTP/1.1 200 OK\r\n', 'keep-open'));
    const answer = exchange(server.port, REQUEST);
    await expect.poll(() => server.requests.length).toBe(1);
    await server.close();
    await server.close();
    await answer;
    await expect(get(server.url)).rejects.toThrow('ECONNREFUSED');
  });

  test('speaks TLS with the chain it was given', certificates.suite, async () => {
    const tls = tlsMaterial();
    await using server = await rawServer(respond('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), { tls: tls.good });
    expect((await get(server.url, tls.caPem)).body.toString()).toBe('ok');
    await expect(get(server.url)).rejects.toThrow('unable to get local issuer certificate');
  });

  test('closes although a client never finishes the TLS handshake', certificates.suite, async () => {
    const server = await rawServer(respond(''), { tls: tlsMaterial().good });
    const socket = connect(server.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    await server.close();
    expect(await text(socket).catch(() => 'broken')).toMatch(/^(broken)?$/);
  });
});

describe('tlsMaterial', certificates.suite, () => {
  test('is made once per process', () => {
    expect(tlsMaterial()).toBe(tlsMaterial());
  });

  test('issues a leaf for the names and dates that a test asks for', async () => {
    const tls = tlsMaterial();
    const notBefore = new Date('2026-01-02T03:04:05Z');
    const notAfter = new Date('2049-12-31T23:59:59Z');
    const leaf = tls.issue({ names: ['DNS:scep.example.test', 'IP:127.0.0.2'], notBefore, notAfter });
    const certificate = new X509Certificate(leaf.certPem);
    expect(certificate.subjectAltName).toBe('DNS:scep.example.test, IP Address:127.0.0.2');
    expect([certificate.validFromDate, certificate.validToDate]).toEqual([notBefore, notAfter]);
    await using server = await rawServer(respond(''), { tls: leaf });
    const socket: TLSSocket = connectTls({
      port: server.port,
      host: '127.0.0.1',
      ca: tls.caPem,
      servername: 'scep.example.test',
    });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });
});
