import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from '../../../src/runner/run-app.ts';
import { freshFolder, HOST_JSON, type RunningFixture, runFixture } from './run-fixture.ts';

const KEY = 'a-function-key';

/** As it is given: fetch would resolve dots and refuse odd methods. */
async function send(
  { url }: RunningApp,
  path: string,
  options: RequestOptions & { readonly body?: string } = {},
): Promise<IncomingMessage> {
  const { hostname, port } = new URL(url);
  const client = request({ hostname, port, path, agent: false, ...options });
  // The server may close before it has read everything, after its answer.
  client.on('error', () => {});
  client.end(options.body);
  const [response] = await once(client, 'response');
  return response;
}

async function sent(app: RunningApp, path: string, options?: RequestOptions & { readonly body?: string }): Promise<string> {
  const response = await send(app, path, options);
  return `${response.statusCode} ${await text(response)}`;
}

describe('an app', () => {
  let app: RunningFixture;
  beforeAll(async () => {
    app = await runFixture('http-app', { key: KEY, settings: { 'AzureWebJobs.off.Disabled': 'true' } });
  });
  afterAll(() => app.close());

  describe('is reached', () => {
    it.each([
      ['/', 'page', {}],
      ['/targets/list', 'aLit', {}],
      ['/targets/ndes01', 'target', { id: 'ndes01' }],
      ['/TARGETS/ndes01/', 'target', { id: 'ndes01' }],
      ['/targets/a%20b%2Fc', 'target', { id: 'a b%2Fc' }],
      ['/x/../targets/./y', 'target', { id: 'y' }],
      ['/v2/summary.json', 'statuspage', { file: 'summary.json' }],
      ['/badge/ndes01.contoso.com.svg', 'badgeSvg', { id: 'ndes01.contoso.com' }],
      ['/badge/ndes01.json', 'badgeJson', { id: 'ndes01' }],
      ['/named', 'named', {}],
      ['/shared', 'onlyGet', {}],
      ['/no/such/page', 'zNotFound', { path: 'no/such/page' }],
      ['/unknown', 'zNotFound', { path: 'unknown' }],
      ['/off', 'zNotFound', { path: 'off' }],
      ['http://elsewhere.test/named', 'named', {}],
    ])('at %s by the function %s', async (path, name, params) => {
      expect(JSON.parse(await text(await send(app, path)))).toEqual({ name, params });
    });

    it('with a method by the function that lists it, and by the last one otherwise', async () => {
      expect(await sent(app, '/shared', { method: 'POST' })).toBe('200 {"name":"onlyPost","params":{}}');
      expect(await sent(app, '/shared', { method: 'PUT' })).toBe('404 {"name":"zNotFound","params":{"path":"shared"}}');
      expect((await send(app, '/', { method: 'HEAD' })).statusCode).toBe(200);
      expect((await send(app, '/named', { method: 'HEAD' })).statusCode).toBe(404);
      expect(await sent(app, '/named', { method: 'TRACE' })).toBe('404 ');
    });

    it('by nobody where the host keeps the path for itself', async () => {
      expect(await sent(app, '/admin/functions')).toBe('404 ');
      expect(await sent(app, '/Runtime/webhooks')).toBe('404 ');
      expect(await sent(app, '/administrators')).toBe('404 {"name":"zNotFound","params":{"path":"administrators"}}');
    });

    it('with everything that the request holds', async () => {
      const body = '{"some":"body"}';
      const echoed = await sent(app, '/echo/7?a=1&b=%C3%A4&A=2&name=EVIL&rest=evil', {
        method: 'POST',
        body,
        headers: { 'x-test': 'yes', host: 'monitor.test:8080' },
      });
      expect(JSON.parse(echoed.replace('200 ', ''))).toEqual({
        method: 'POST',
        url: 'http://monitor.test:8080/echo/7?a=1&b=%C3%A4&A=2&name=EVIL&rest=evil',
        query: { a: '1,2', b: 'ä', name: 'EVIL', rest: 'evil' },
        params: { id: '7' },
        header: 'yes',
        body,
      });
      expect(app.log).toContainEqual({ level: 'info', functionName: 'echo', text: 'echo was called' });
    });
  });

  describe('answers', () => {
    it('with its own status and headers, chunked', async () => {
      const response = await send(app, '/health');
      expect(response.statusCode).toBe(503);
      expect(response.headers).toMatchObject({
        'content-type': 'application/health+json',
        'retry-after': '30',
        'transfer-encoding': 'chunked',
      });
      expect(response.headers['content-length']).toBeUndefined();
      expect(await text(response)).toBe('{"status":"fail"}');
    });

    it('HEAD with the same headers and no body', async () => {
      const response = await send(app, '/health', { method: 'HEAD' });
      expect(`${response.statusCode} ${response.headers['retry-after']} ${await text(response)}`).toBe('503 30 ');
    });

    it('with all its cookies, written as the host writes them', async () => {
      expect((await send(app, '/cookies')).headers['set-cookie']).toEqual([
        'own=1',
        'session=a%20b%3Bc; max-age=60; path=/x; secure; samesite=strict; httponly',
        'seen=1; expires=Tue, 01 Jan 2030 00:00:00 GMT; domain=example.test; path=/; samesite=none',
      ]);
    });

    it('with a stream, put together', async () => {
      expect(await sent(app, '/stream')).toBe('200 one two three');
    });

    it('with bytes that are compressed already', async () => {
      const response = await send(app, '/compressed');
      expect(response.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(await buffer(response)).toString()).toBe('small'.repeat(100));
    });

    it('a conditional request by itself', async () => {
      expect(await sent(app, '/conditional')).toBe('200 fresh');
      const unchanged = await send(app, '/conditional', { headers: { 'if-none-match': '"v1"' } });
      expect(`${unchanged.statusCode} ${unchanged.headers.etag} ${await text(unchanged)}`).toBe('304 "v1" ');
    });

    it('204 when its handler returns nothing', async () => {
      expect(await sent(app, '/nothing')).toBe('204 ');
    });

    it.each([
      ['/throws', 'throws', 'TypeError: this handler is broken'],
      ['/throws-text', 'throwsText', 'only text'],
      ['/text', 'text', 'The HTTP response must be an object'],
      ['/bad-cookie', undefined, 'Invalid character in header content'],
    ])('%s with an empty 500 and a line in the log', async (path, functionName, what) => {
      expect(await sent(app, path)).toBe('500 ');
      const line = app.log.findLast(({ level }) => level === 'error');
      expect(line?.functionName).toBe(functionName);
      expect(line?.text).toContain(what);
    });
  });

  describe('asks for its key', () => {
    it.each([
      ['none', {}, ''],
      ['a wrong one', { 'x-functions-key': 'wrong' }, ''],
      ['a wrong one in the query', {}, '?code=wrong'],
      ['a wrong header beside a right query', { 'x-functions-key': 'wrong' }, `?code=${KEY}`],
      ['an empty one', { 'x-functions-key': '' }, ''],
    ])('and refuses %s with an empty 401', async (_what, headers, query) => {
      expect(await sent(app, `/guarded${query}`, { headers })).toBe('401 ');
      expect(await sent(app, `/master${query}`, { headers })).toBe('401 ');
    });

    it('and takes it from the header and from the query', async () => {
      expect(await sent(app, '/guarded', { headers: { 'x-functions-key': KEY } })).toContain('200 ');
      expect(await sent(app, `/guarded?Code=${KEY}`)).toContain('200 ');
      expect(await sent(app, `/master?code=${KEY}`)).toContain('200 ');
    });

    it('before it reads a body', async () => {
      const { port } = new URL(app.url);
      const socket = connect(Number(port), '127.0.0.1');
      socket.write('POST /guarded HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n');
      expect((await buffer(socket)).toString()).toMatch(/^HTTP\/1\.1 401 /);
    });
  });

  describe('is protected', () => {
    it('from long targets and headers, but not from 7,000 characters of query', async () => {
      expect(await sent(app, `/named?${'a'.repeat(7_000)}`)).toContain('200 ');
      expect(await sent(app, `/named?${'a'.repeat(30_000)}`)).toBe('414 ');
      expect(await sent(app, '/named', { headers: { 'x-long': 'a'.repeat(40_000) } })).toBe('431 ');
      expect((await send(app, '/named', { headers: { 'x-long': 'a'.repeat(200_000) } })).statusCode).toBe(431);
    });

    it.each(['a b', 'x/y', 'user@host', 'host:99999'])('from the Host header %j', async (host) => {
      expect(await sent(app, '/named', { headers: { host } })).toBe('400 ');
    });

    it('from targets that are no path', async () => {
      expect(await sent(app, '*', { method: 'OPTIONS' })).toBe('400 ');
      expect(await sent(app, '/a%00b')).toBe('400 ');
    });

    it('from bodies that are announced too large, without reading them', async () => {
      const { port } = new URL(app.url);
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(`POST /echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${101 * 1024 * 1024}\r\n\r\n`);
      expect((await buffer(socket)).toString()).toMatch(/^HTTP\/1\.1 500 [\s\S]*\r\n\r\n$/);
    });
  });

  it('lists its functions in the order in which routes are matched, with what is wrong with them', () => {
    const listed = app.functions.map(({ name }) => name);
    expect(listed).toEqual(listed.toSorted((one, other) => (one.toLowerCase() < other.toLowerCase() ? -1 : 1)));
    expect(app.functions.filter(({ error }) => error !== undefined)).toEqual([
      { name: 'admins', trigger: 'http', error: 'The specified route conflicts with one or more built in routes.' },
      { name: 'off', trigger: 'http', error: 'it is disabled by the setting AzureWebJobs.off.Disabled' },
      { name: 'queued', trigger: 'queue', error: 'the local runner has no trigger of type queueTrigger' },
      {
        name: 'unknown',
        trigger: 'http',
        error:
          'the route "{id:regex(x)}" is not understood: the constraint :regex is not one of int, alpha, guid, length, minlength, maxlength, min, max, range',
      },
    ]);
    expect(app.functions.find(({ name }) => name === 'badgeSvg')).toEqual({ name: 'badgeSvg', trigger: 'http', route: '/badge/{id}.svg' });
    expect(app.log).toContainEqual({
      level: 'error',
      text: "The 'queued' function is in error: the local runner has no trigger of type queueTrigger",
    });
  });
});

describe('the runner', () => {
  it('puts the prefix of host.json in front, api when it has none', async () => {
    const app = await runFixture('plain-app', { hostJson: { version: '2.0' } });
    expect(app.functions.map(({ route }) => route)).toEqual(['/api/hello', '/api/late']);
    expect(await sent(app, '/api/late')).toBe('200 late');
    expect(await sent(app, '/late')).toBe('404 ');
    await app.close();
  });

  it('answers / with 404 when no function takes it', async () => {
    const app = await runFixture('plain-app');
    expect(await sent(app, '/')).toBe('404 ');
    await app.close();
  });

  it('gives the app its settings, but for variables that are there already, and takes them away at the end', async () => {
    const app = await runFixture('plain-app', { settings: { HELLO_FROM: 'the settings', PATH: 'nowhere' } });
    expect(await sent(app, '/hello')).toBe('200 hello from the settings');
    expect(process.env.PATH).not.toBe('nowhere');
    await app.close();
    expect(process.env.HELLO_FROM).toBeUndefined();
  });

  it('asks nobody for a key when it has none', async () => {
    const app = await runFixture('http-app');
    expect(await sent(app, '/guarded')).toContain('200 ');
    await app.close();
  });

  it('calls the hooks of the app', async () => {
    const app = await runFixture('hooked-app');
    const response = await send(app, '/hooked');
    expect(`${response.headers['x-hooked']} ${await text(response)}`).toBe('before hooked');
    expect(app.log).toContainEqual({ level: 'info', functionName: 'hooked', text: 'hook: after, with hook, fine' });
    expect(process.env.HOOKED_APP).toBe('runs');
    await app.close();
    expect(process.env.HOOKED_APP).toBe('has ended');
  });

  it.each([
    ['broken-app', /broken-app\.ts does not load: the settings are wrong$/],
    ['empty-app', /the app registers no functions|empty-app\.ts registers no functions$/],
    ['missing-app', /missing-app\.ts does not load: /],
  ])('says why %s does not start', async (app, why) => {
    await expect(runFixture(app)).rejects.toThrow(why);
  });

  it('refuses an app that streams, which it cannot do', async () => {
    // In a process of its own: the library is set up once.
    const script = `
      import { runApp } from ${JSON.stringify(new URL('../../../src/runner/run-app.ts', import.meta.url).href)};
      const entry = new URL(${JSON.stringify(new URL('../../fixtures/functions/streaming-app.ts', import.meta.url).href)});
      await runApp({ entry, settings: {}, port: 0, dataFolder: ${JSON.stringify(freshFolder())}, hostJson: {}, log: () => {}, now: Date.now })
        .catch(({ message }) => console.log(message));
      process.exit();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
    expect(stdout).toMatch(/streaming-app\.ts sets enableHttpStream, which the local runner does not have\n$/);
  });

  it('names the port that is taken and what to do', async () => {
    const app = await runFixture('plain-app');
    const port = Number(new URL(app.url).port);
    await expect(runFixture('plain-app', { port })).rejects.toThrow(
      `Port ${port} is taken; choose another with --port, or --port 0 for any free one.`,
    );
    await app.close();
  });

  it('tells when a function takes longer than Azure would let it', async () => {
    const app = await runFixture('http-app', { hostJson: { ...HOST_JSON, functionTimeout: '00:00:01' } });
    expect(await sent(app, '/slow?ms=1100')).toBe('200 done');
    expect(app.log.find(({ functionName }) => functionName === 'slow')?.text).toMatch(/^still runs after 1 s/);
    await app.close();
  });
});

describe('the end', () => {
  it('lets a request that runs finish, and takes no new ones', async () => {
    const app = await runFixture('http-app');
    const slow = sent(app, '/slow?ms=300');
    await delay(50);
    const closed = app.close();
    expect(await slow).toBe('200 done');
    await closed;
    await expect(sent(app, '/named')).rejects.toThrow('ECONNREFUSED');
  });

  it('does not wait for connections that send nothing', async () => {
    const app = await runFixture('http-app');
    const { port } = new URL(app.url);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    const gone = once(socket.resume(), 'close');
    const started = performance.now();
    await app.close();
    await gone;
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('comes after some seconds whatever runs', async () => {
    const app = await runFixture('http-app', { httpLimits: { drainMs: 100 } });
    const hanging = sent(app, '/slow?ms=3000').catch((error: unknown) => (error instanceof Error ? error.message : ''));
    await delay(50);
    await app.close();
    expect(await hanging).toMatch(/socket hang up|ECONNRESET/);
  });
});

describe('a client', () => {
  it('that sends its request too slowly is cut off', async () => {
    const app = await runFixture('http-app', { httpLimits: { arrivalMs: 200 } });
    const { port } = new URL(app.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('POST /echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n');
    socket.on('error', () => {});
    const trickle = setInterval(() => socket.write('x'), 20);
    await once(socket.resume(), 'close');
    clearInterval(trickle);
    expect(await sent(app, '/named')).toContain('200 ');
    await app.close();
  });

  it('whose body grows too large on the way gets an empty 500', async () => {
    const app = await runFixture('http-app', { httpLimits: { bodyBytes: 1_000 } });
    const { port } = new URL(app.url);
    const socket = connect(Number(port), '127.0.0.1');
    const chunk = `400\r\n${'x'.repeat(1_024)}\r\n`;
    socket.write(`POST /echo/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`);
    expect((await buffer(socket)).toString()).toMatch(/^HTTP\/1\.1 500 [\s\S]*\r\n\r\n$/);
    await app.close();
  });

  it('that hangs up disturbs nobody', async () => {
    const app = await runFixture('http-app');
    const { port } = new URL(app.url);
    for (const bytes of [
      'POST /echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf',
      'GET /slow?ms=100 HTTP/1.1\r\nHost: x\r\n\r\n',
      '\x16\x03\x01',
    ]) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(bytes);
      await delay(20);
      socket.destroy();
    }
    expect(await sent(app, '/named')).toContain('200 ');
    expect(app.log.filter(({ level }) => level === 'error' || level === 'warning').map(({ text: line }) => line)).toEqual(
      app.functions.flatMap(({ name, error }) => (error === undefined ? [] : [`The '${name}' function is in error: ${error}`])),
    );
    await app.close();
  });
});
