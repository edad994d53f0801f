import {
  createHttpHeaders,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
  type RawHttpHeadersInput,
  RestError,
} from '@azure/core-rest-pipeline';
import { describe, expect, it } from 'vitest';
import { type RowChange, StoreError } from '../../../src/store/rows.ts';
import { connectTable } from '../../../src/store/tables/connect.ts';

const KEY = 'c2VjcmV0LWtleS10aGF0LW5vYm9keS1tYXktc2Vl';
const SECRETS = /c2VjcmV0|SharedKey|sig=|Bearer|eyJ/;
const ETAG = `W/"datetime'2026-11-24T03%3A10%3A28.9348688Z'"`;
const INSERT: RowChange = { kind: 'insert', row: { rowKey: 'r', values: { n: 1 } } };
const UPSERT: RowChange = { kind: 'upsert', row: { rowKey: 'r', values: { n: 1 } } };
const DELETE: RowChange = { kind: 'delete', rowKey: 'gone' };

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: RawHttpHeadersInput;
}

/** Answers one request; a thrown error is what the network did. */
type Step = (request: PipelineRequest) => Answer | Promise<Answer>;

const JSON_TYPE = { 'content-type': 'application/json;odata=minimalmetadata' };

function json(status: number, body: unknown, headers: RawHttpHeadersInput = {}): Step {
  return () => ({ status, body: JSON.stringify(body), headers: { ...JSON_TYPE, ...headers } });
}

function problem(status: number, code: string, headers: RawHttpHeadersInput = {}): Step {
  const message = { lang: 'en-US', value: `SharedKey contoso:${KEY} sig=${KEY}` };
  return json(status, { 'odata.error': { code, message } }, headers);
}

function entity(rowKey: string, etag = ETAG): Readonly<Record<string, unknown>> {
  return { 'odata.etag': etag, PartitionKey: 'p', RowKey: rowKey, Timestamp: '2026-11-24T03:10:28.9348688Z', n: 1 };
}

const ENTITY = json(200, { 'odata.metadata': 'x', ...entity('r') });
const CREATED: Step = () => ({ status: 204 });

function page(rowKeys: readonly string[], next?: string): Step {
  const headers = next === undefined ? {} : { 'x-ms-continuation-NextPartitionKey': 'p', 'x-ms-continuation-NextRowKey': next };
  return json(200, { value: rowKeys.map((key) => entity(key)) }, headers);
}

/** The answer to a transaction, one part for each status; a part that failed is the only one. */
function batch(parts: readonly string[]): Step {
  const lines = ['--batchresponse_1', 'Content-Type: multipart/mixed; boundary=changesetresponse_1', ''];
  for (const part of parts) lines.push('--changesetresponse_1', 'Content-Type: application/http', '', part, '');
  const body = [...lines, '--changesetresponse_1--', '--batchresponse_1--', ''].join('\r\n');
  return () => ({ status: 202, body, headers: { 'content-type': 'multipart/mixed; boundary=batchresponse_1' } });
}

function written(count = 1): Step {
  return batch(Array.from({ length: count }, () => `HTTP/1.1 204 No Content\r\nETag: ${ETAG}\r\n`));
}

function declined(status: number, code: string): Step {
  const body = JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: `0:sig=${KEY}\nRequestId:1` } } });
  return batch([`HTTP/1.1 ${status} Reason\r\nContent-Type: application/json\r\n\r\n${body}`]);
}

function networkError(code: string): Step {
  return () => {
    throw new RestError(`${code} SharedKey contoso:${KEY}`, { code });
  };
}

const SILENCE: Step = () => new Promise<Answer>(() => {});

function table(steps: readonly Step[], options: { readonly tryMs?: number; readonly random?: number } = {}) {
  const left = [...steps];
  const requests: PipelineRequest[] = [];
  const waits: number[] = [];
  const httpClient: HttpClient = {
    sendRequest: async (request): Promise<PipelineResponse> => {
      requests.push(request);
      const step = left.shift();
      if (step === undefined) throw new Error(`a request that nobody expects: ${request.method} ${request.url}`);
      const { status, body, headers } = await step(request);
      return { request, status, headers: createHttpHeaders(headers), bodyAsText: body ?? '' };
    },
  };
  const connected = connectTable(
    { table: 'scepwatch', where: { kind: 'connection-string', connectionString: `AccountName=contoso;AccountKey=${KEY}` } },
    {
      httpClient,
      tryMs: options.tryMs ?? 10_000,
      random: () => options.random ?? 0.5,
      now: () => Date.UTC(2026, 10, 24),
      delay: async (ms) => {
        waits.push(ms);
      },
    },
  );
  return {
    ...connected,
    waits,
    requests,
    /** Steps that nobody asked for. */
    left,
    sent: () => requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`),
  };
}

async function storeError(promise: Promise<unknown>): Promise<StoreError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreError)) throw new Error('a StoreError is expected', { cause: error });
  expect(error.message).not.toMatch(SECRETS);
  expect(JSON.stringify(error.cause ?? null)).not.toMatch(SECRETS);
  return error;
}

describe('what passes', () => {
  const PASSING: readonly (readonly [string, Step, string])[] = [
    ...[408, 429, 500, 502, 503, 504].map((status): [string, Step, string] => [
      `status ${status}`,
      problem(status, 'ServerBusy'),
      `${status} ServerBusy`,
    ]),
    [
      'a 503 without a code',
      () => ({ status: 503, body: '<html>busy</html>', headers: { 'content-type': 'text/html' } }),
      '503 no error code',
    ],
    ['ECONNRESET', networkError('ECONNRESET'), 'ECONNRESET'],
    ['ECONNREFUSED', networkError('ECONNREFUSED'), 'nothing listens at the endpoint (ECONNREFUSED)'],
    ['an unknown name', networkError('ENOTFOUND'), 'the name of the endpoint is not known (ENOTFOUND)'],
    ['EAI_AGAIN', networkError('EAI_AGAIN'), 'EAI_AGAIN'],
    ['a request that is not sent', networkError('REQUEST_SEND_ERROR'), 'the request could not be sent'],
    ['a torn answer', networkError('PARSE_ERROR'), 'the connection broke in the middle of the answer'],
  ];

  it.each(PASSING)('is tried again when reading: %s', async (_, step) => {
    const { rows, sent, left } = table([step, ENTITY]);
    expect(await rows.get('p', 'r')).toEqual({ rowKey: 'r', values: { n: 1 }, etag: ETAG });
    expect(sent()).toEqual(Array(2).fill("GET /scepwatch(PartitionKey='p',RowKey='r')"));
    expect(left).toEqual([]);
  });

  it.each(PASSING)('is tried again when listing: %s', async (_, step) => {
    const { rows } = table([page(['a'], 'b'), step, step, page(['b'])]);
    expect((await rows.list({ partitionKey: 'p' })).map(({ rowKey }) => rowKey)).toEqual(['a', 'b']);
  });

  it.each(PASSING)('is tried again when writing: %s', async (_, step) => {
    const { rows, sent } = table([step, written()]);
    expect(await rows.commit('p', [UPSERT])).toBe('committed');
    expect(sent()).toEqual(['POST /$batch', 'POST /$batch']);
  });

  it.each(PASSING)('is unavailable after four tries: %s', async (_, step, what) => {
    const reading = table([step, step, step, step, ENTITY]);
    const error = await storeError(reading.rows.get('p', 'r'));
    expect(error.kind).toBe('unavailable');
    expect(error.message).toBe(`reading row "r" of partition "p": ${what} (last of 4 tries)`);
    expect(reading.requests).toHaveLength(4);
    const writing = table([step, step, step, step, written()]);
    expect((await storeError(writing.rows.commit('p', [UPSERT, DELETE]))).message).toBe(
      `writing to partition "p" (upsert "r", delete "gone"): ${what} (last of 4 tries)`,
    );
    expect(writing.requests).toHaveLength(4);
  });

  it('has no more than the code of its answer in the message', async () => {
    const strange = problem(503, 'x', { 'x-ms-error-code': `Server\u001b[31mBusy\u202e ${'y'.repeat(200)}` });
    const { message } = await storeError(table([strange, strange, strange, strange]).rows.get('p', 'r'));
    expect(message).toMatch(/: 503 Server31mBusyy{87} \(last of 4 tries\)$/);
  });

  it('is tried again when one change of a transaction met it', async () => {
    const { rows } = table([declined(503, 'ServerBusy'), declined(500, 'OperationTimedOut'), written(2)]);
    expect(await rows.commit('p', [UPSERT, DELETE])).toBe('committed');
  });

  it.each<[string, Step]>([
    ['HTML', () => ({ status: 200, body: '<html>Please sign in</html>', headers: { 'content-type': 'text/html' } })],
    ['half of its JSON', () => ({ status: 200, body: '{"odata.metadata":"x","RowK', headers: JSON_TYPE })],
    ['nothing', () => ({ status: 200, headers: JSON_TYPE })],
    ['JSON of another kind', json(200, ['x'])],
    ['null', json(200, null)],
    ['an entity without etag', json(200, { PartitionKey: 'p', RowKey: 'r' })],
    ['an Int64 that is none', json(200, { ...entity('r'), big: 'x', 'big@odata.type': 'Edm.Int64' })],
  ])('is an answer that makes no sense: %s', async (_, step) => {
    const reading = table([step, ENTITY]);
    expect((await reading.rows.get('p', 'r'))?.rowKey).toBe('r');
    const error = await storeError(table([step, step, step, step]).rows.get('p', 'r'));
    expect(error.kind).toBe('unavailable');
    expect(error.message).toContain('the answer made no sense');
  });

  it.each<[string, Step]>([
    ['HTML', () => ({ status: 200, body: '<html>Please sign in</html>', headers: { 'content-type': 'text/html' } })],
    ['JSON', json(200, {})],
    ['nothing', () => ({ status: 202 })],
    ['fewer parts than changes', written(1)],
    ['more parts than changes', written(3)],
    ['a part without a status', batch(['HTTP/1.1 204 No Content', 'nonsense'])],
    ['a status that is no success', batch(['HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified'])],
  ])('is an answer to a transaction that does not confirm it: %s', async (_, step) => {
    const { rows, requests } = table([step, written(2)]);
    expect(await rows.commit('p', [UPSERT, DELETE])).toBe('committed');
    expect(requests).toHaveLength(2);
    const error = await storeError(table([step, step, step, step]).rows.commit('p', [UPSERT, DELETE]));
    expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('the answer made no sense') });
  });
});

describe('waiting', () => {
  const busy = problem(503, 'ServerBusy');

  it('grows, with chance', async () => {
    const { rows, waits } = table([busy, busy, busy, ENTITY], { random: 0.5 });
    await rows.get('p', 'r');
    expect(waits).toEqual([100, 200, 400]);
    const lucky = table([busy, busy, busy, ENTITY], { random: 0 });
    await lucky.rows.get('p', 'r');
    expect(lucky.waits).toEqual([0, 0, 0]);
  });

  it('has a ceiling', async () => {
    const waits: number[] = [];
    const httpClient: HttpClient = { sendRequest: () => Promise.reject(new RestError('x', { code: 'ECONNRESET' })) };
    const { rows } = connectTable(
      { table: 'scepwatch', where: { kind: 'connection-string', connectionString: 'UseDevelopmentStorage=true' } },
      { httpClient, tries: 9, random: () => 0.999_999, delay: async (ms) => void waits.push(ms) },
    );
    await storeError(rows.get('p', 'r'));
    expect(waits).toEqual([200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  });

  it.each([
    ['3', 3_000],
    ['0', 100],
    ['Tue, 24 Nov 2026 00:00:07 GMT', 7_000],
    ['Mon, 23 Nov 2026 00:00:00 GMT', 100],
    ['3600', 10_000],
    ['soon', 100],
  ])('obeys Retry-After: %s, within reason', async (header, wait) => {
    for (const status of [429, 503]) {
      const { rows, waits } = table([problem(status, 'ServerBusy', { 'retry-after': header }), written()]);
      await rows.commit('p', [UPSERT]);
      expect(waits).toEqual([wait]);
    }
  });

  it('is really done', async () => {
    const httpClient: HttpClient = { sendRequest: () => Promise.reject(new RestError('x', { code: 'ECONNRESET' })) };
    const { rows } = connectTable(
      { table: 'scepwatch', where: { kind: 'connection-string', connectionString: 'UseDevelopmentStorage=true' } },
      { httpClient, tries: 2, random: () => 0.25 },
    );
    const started = performance.now();
    await storeError(rows.get('p', 'r'));
    expect(performance.now() - started).toBeGreaterThanOrEqual(49);
  });
});

describe('a try', () => {
  it('has a time limit', async () => {
    const { rows, requests } = table([SILENCE, ENTITY], { tryMs: 20 });
    expect((await rows.get('p', 'r'))?.rowKey).toBe('r');
    expect(requests[0]?.abortSignal?.aborted).toBe(true);
    expect(requests[1]?.abortSignal?.aborted).toBe(false);
  });

  it('leaves no timer behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    await table([ENTITY]).rows.get('p', 'r');
    expect(timers()).toBe(before);
  });

  it('that takes too long every time is unavailable', async () => {
    const { rows } = table([SILENCE, SILENCE, SILENCE, SILENCE], { tryMs: 5 });
    expect((await storeError(rows.commit('p', [INSERT]))).message).toBe(
      'writing to partition "p" (insert "r"): no answer within 5 ms (last of 4 tries)',
    );
  });

  it('is signed with the account key', async () => {
    const { rows, requests } = table([written(), ENTITY, page([])]);
    await rows.commit('p', [UPSERT]);
    await rows.get('p', 'r');
    await rows.list({ partitionKey: 'p' });
    expect(requests.map(({ headers }) => headers.get('authorization')?.startsWith('SharedKey'))).toEqual([true, true, true]);
  });

  it('carries a shared access signature, outside of the transaction only', async () => {
    const requests: PipelineRequest[] = [];
    const httpClient: HttpClient = {
      sendRequest: async (request) => {
        requests.push(request);
        const { status, body, headers } = await written()(request);
        return { request, status, headers: createHttpHeaders(headers), bodyAsText: body ?? '' };
      },
    };
    const connectionString = 'TableEndpoint=https://contoso.table.core.windows.net;SharedAccessSignature=sv=2019&sig=c2Vj';
    const { rows } = connectTable({ table: 'scepwatch', where: { kind: 'connection-string', connectionString } }, { httpClient });
    expect(await rows.commit('p', [UPSERT])).toBe('committed');
    expect(requests.map(({ url }) => url)).toEqual(['https://contoso.table.core.windows.net/$batch?sv=2019&sig=c2Vj']);
    expect(String(requests[0]?.body)).toContain(
      "PUT https://contoso.table.core.windows.net/scepwatch(PartitionKey='p',RowKey='r') HTTP/1.1",
    );
    expect(String(requests[0]?.body)).not.toContain('sig=');
  });
});

describe('a signal', () => {
  const REASON = new Error('the budget is spent');

  it.each<[string, Step]>([
    ['while nothing answers', SILENCE],
    ['while somebody answers who does not listen', async () => new Promise((resolve) => setTimeout(() => resolve({ status: 500 }), 1_000))],
  ])('ends a request %s', async (_, step) => {
    const abort = new AbortController();
    const { rows, requests } = table([step, step, step]);
    const started = performance.now();
    const results = [
      rows.get('p', 'r', abort.signal),
      rows.list({ partitionKey: 'p' }, abort.signal),
      rows.commit('p', [INSERT], abort.signal),
    ];
    setTimeout(() => abort.abort(REASON), 10);
    for (const result of await Promise.allSettled(results)) expect(result).toEqual({ status: 'rejected', reason: REASON });
    expect(performance.now() - started).toBeLessThan(500);
    expect(requests.every(({ abortSignal }) => abortSignal?.aborted)).toBe(true);
  });

  it('ends the last try too, and not as a failure of the store', async () => {
    const abort = new AbortController();
    const { rows } = table([problem(500, 'InternalError'), problem(500, 'InternalError'), problem(500, 'InternalError'), SILENCE]);
    setTimeout(() => abort.abort(REASON), 10);
    await expect(rows.get('p', 'r', abort.signal)).rejects.toBe(REASON);
  });

  it('ends the waiting between two tries', async () => {
    const abort = new AbortController();
    const httpClient: HttpClient = { sendRequest: () => Promise.reject(new RestError('x', { code: 'ECONNRESET' })) };
    const { rows } = connectTable(
      { table: 'scepwatch', where: { kind: 'connection-string', connectionString: 'UseDevelopmentStorage=true' } },
      { httpClient, random: () => 1 },
    );
    setTimeout(() => abort.abort(REASON), 20);
    const started = performance.now();
    await expect(rows.get('p', 'r', abort.signal)).rejects.toBe(REASON);
    expect(performance.now() - started).toBeLessThan(190);
  });

  it('that is aborted before sends nothing', async () => {
    const { rows, requests } = table([]);
    await expect(rows.commit('p', [INSERT], AbortSignal.abort(REASON))).rejects.toBe(REASON);
    expect(requests).toEqual([]);
  });
});

describe('what nobody waits for', () => {
  it.each<[number, string, string]>([
    [403, 'AuthorizationPermissionMismatch', 'Storage Table Data Contributor'],
    [403, 'KeyBasedAuthenticationNotPermitted', 'the storage account takes no account keys'],
    [403, 'AuthenticationFailed', 'the clock of this machine'],
    [403, 'AuthorizationFailure', 'the network rules of the storage account'],
    [401, 'InvalidAuthenticationInfo', 'the tenant of the identity'],
    [401, 'constructor', 'the tenant of the identity'],
    [403, 'SomethingNew', 'check the credentials, the role "Storage Table Data Contributor"'],
  ])('is %d %s', async (status, code, what) => {
    const { rows, requests, waits } = table([problem(status, code), problem(status, code), problem(status, code)]);
    for (const work of [rows.get('p', 'r'), rows.list({ partitionKey: 'p' }), rows.commit('p', [INSERT])]) {
      const error = await storeError(work);
      expect(error.kind).toBe('refused');
      expect(error.message).toContain(`${status} ${code}: `);
      expect(error.message).toContain(what);
    }
    expect(requests).toHaveLength(3);
    expect(waits).toEqual([]);
  });

  it('is an answer from something that is no table service', async () => {
    const page404: Step = () => ({ status: 404, body: '<html>not here</html>', headers: { 'content-type': 'text/html' } });
    const { rows, requests } = table([page404, page404]);
    const error = await storeError(rows.get('p', 'r'));
    expect(error).toMatchObject({ kind: 'refused', message: expect.stringContaining('is the endpoint right?') });
    expect((await storeError(rows.commit('p', [INSERT]))).kind).toBe('refused');
    expect(requests).toHaveLength(2);
  });

  it.each([
    [400, 'InvalidInput'],
    [413, 'RequestBodyTooLarge'],
  ])('is our own mistake: %d %s', async (status, code) => {
    for (const step of [problem(status, code), declined(status, code)]) {
      const { rows, requests } = table([step]);
      await expect(rows.commit('p', [INSERT])).rejects.toThrow(
        `writing to partition "p" (insert "r"): the service declined it with ${status} ${code}`,
      );
      expect(requests).toHaveLength(1);
    }
  });

  it('is an identity that gets no token', async () => {
    const credentialError = Object.assign(new Error(`No identity found for ${KEY}${KEY}.\nTried: everything`), {
      name: 'CredentialUnavailableError',
    });
    const fails: Step = () => {
      throw credentialError;
    };
    const error = await storeError(table([fails]).rows.get('p', 'r'));
    expect(error).toMatchObject({
      kind: 'refused',
      message: 'reading row "r" of partition "p": no token for the identity (No identity found for <redacted>.)',
    });
    const chain: Step = () => {
      const errors = [new Error('A: not configured'), new Error('B: az is not installed\nsee there')];
      throw Object.assign(new Error('ChainedTokenCredential authentication failed.'), { name: 'AggregateAuthenticationError', errors });
    };
    expect((await storeError(table([chain]).rows.get('p', 'r'))).message).toContain('(A: not configured; B: az is not installed)');
    const busy: Step = () => {
      throw Object.assign(new Error('busy'), { name: 'AuthenticationError', statusCode: 503 });
    };
    expect((await table([busy, ENTITY]).rows.get('p', 'r'))?.rowKey).toBe('r');
  });
});

describe('a conflict', () => {
  it.each([
    [409, 'EntityAlreadyExists'],
    [412, 'UpdateConditionNotSatisfied'],
    [412, 'ConditionNotMet'],
    [404, 'ResourceNotFound'],
  ])('is %d %s, without another try', async (status, code) => {
    const { rows, requests } = table([declined(status, code)]);
    expect(await rows.commit('p', [{ kind: 'replace', row: { rowKey: 'r', values: {} }, etag: ETAG }])).toBe('conflict');
    expect(requests).toHaveLength(1);
  });

  it('may follow a commit that was written although its answer was lost', async () => {
    const { rows } = table([networkError('ECONNRESET'), declined(409, 'EntityAlreadyExists')]);
    expect(await rows.commit('p', [INSERT])).toBe('conflict');
  });
});

describe('a delete of what is missing', () => {
  const MISSING = problem(404, 'ResourceNotFound');

  it('is fine on its own, without looking', async () => {
    const { rows, requests } = table([declined(404, 'ResourceNotFound')]);
    expect(await rows.commit('p', [DELETE])).toBe('committed');
    expect(requests).toHaveLength(1);
  });

  it('is left out of the transaction', async () => {
    const { rows, requests, sent } = table([declined(404, 'ResourceNotFound'), MISSING, written()]);
    expect(await rows.commit('p', [UPSERT, DELETE])).toBe('committed');
    expect(sent()).toEqual(['POST /$batch', "GET /scepwatch(PartitionKey='p',RowKey='gone')", 'POST /$batch']);
    expect(String(requests[2]?.body)).not.toContain('DELETE');
    expect(String(requests[2]?.body)).toContain('"RowKey":"r"');
  });

  it('does not hide that a row with a condition is missing too', async () => {
    const { rows } = table([declined(404, 'ResourceNotFound'), MISSING, declined(404, 'ResourceNotFound')]);
    expect(await rows.commit('p', [DELETE, { kind: 'delete', rowKey: 'r', etag: ETAG }])).toBe('conflict');
  });

  it('is tried a few times only when the row comes and goes', async () => {
    const round = [declined(404, 'ResourceNotFound'), ENTITY];
    const { rows, left } = table(Array.from({ length: 5 }, () => round).flat());
    const error = await storeError(rows.commit('p', [UPSERT, DELETE]));
    expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('rows came and went 5 times') });
    expect(left).toEqual([]);
  });
});

describe('a missing table', () => {
  const MISSING = problem(404, 'TableNotFound');

  it('is created by whatever needs it first', async () => {
    const reading = table([MISSING, CREATED, problem(404, 'ResourceNotFound')]);
    expect(await reading.rows.get('p', 'r')).toBeUndefined();
    expect(reading.sent()[1]).toBe('POST /Tables');
    const listing = table([MISSING, CREATED, page([])]);
    expect(await listing.rows.list({ partitionKey: 'p' })).toEqual([]);
    for (const step of [MISSING, declined(404, 'TableNotFound')]) {
      const writing = table([step, CREATED, written()]);
      expect(await writing.rows.commit('p', [INSERT])).toBe('committed');
    }
  });

  it('may be created by somebody else at the same time', async () => {
    const { rows } = table([MISSING, problem(409, 'TableAlreadyExists'), written()]);
    expect(await rows.commit('p', [INSERT])).toBe('committed');
  });

  it('is waited for while it is being deleted', async () => {
    const beingDeleted = problem(409, 'TableBeingDeleted');
    const { rows, waits } = table([MISSING, beingDeleted, beingDeleted, CREATED, written()]);
    expect(await rows.commit('p', [INSERT])).toBe('committed');
    expect(waits).toEqual([100, 200]);
    const error = await storeError(table([MISSING, ...Array(4).fill(beingDeleted)]).rows.commit('p', [INSERT]));
    expect(error).toMatchObject({ kind: 'unavailable', message: 'creating the table: 409 TableBeingDeleted (last of 4 tries)' });
  });

  it('is created once', async () => {
    const { rows, left } = table([MISSING, CREATED, MISSING]);
    const error = await storeError(rows.get('p', 'r'));
    expect(error).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('the table is missing although it has just been created'),
    });
    expect(left).toEqual([]);
  });

  it('can be created and deleted on purpose, also twice', async () => {
    const { createTable, deleteTable } = table([CREATED, problem(409, 'TableAlreadyExists'), CREATED, problem(404, 'ResourceNotFound')]);
    await createTable();
    await createTable();
    await deleteTable();
    await deleteTable();
  });

  it('that may not be created says what is to be done', async () => {
    const { rows, createTable } = table([
      MISSING,
      problem(403, 'AuthorizationPermissionMismatch'),
      problem(403, 'AuthorizationPermissionMismatch'),
    ]);
    expect((await storeError(rows.get('p', 'r'))).message).toContain(
      'creating the table: 403 AuthorizationPermissionMismatch: give the identity the role',
    );
    expect((await storeError(createTable())).kind).toBe('refused');
  });
});

describe('a list', () => {
  const listed = (steps: readonly Step[], limit?: number) => {
    const made = table(steps);
    return {
      ...made,
      keys: made.rows.list({ partitionKey: 'p', ...(limit !== undefined && { limit }) }).then((rows) => rows.map(({ rowKey }) => rowKey)),
    };
  };
  const queries = (requests: readonly PipelineRequest[]) => requests.map(({ url }) => new URL(url).searchParams);

  it('goes on after empty pages and pages that end early', async () => {
    const { keys, requests } = listed([page([], 'a'), page(['a'], 'b'), page([], 'b2'), page([], 'b3'), page(['c', 'd'], 'e'), page([])]);
    expect(await keys).toEqual(['a', 'c', 'd']);
    expect(queries(requests).map((query) => query.get('NextRowKey'))).toEqual([null, 'a', 'b', 'b2', 'b3', 'e']);
  });

  it('asks for no more than is wanted', async () => {
    const { keys, requests } = listed([page(['a'], 'b'), page([], 'c'), page(['c', 'd'], 'e')], 3);
    expect(await keys).toEqual(['a', 'c', 'd']);
    expect(queries(requests).map((query) => query.get('$top'))).toEqual(['3', '2', '2']);
  });

  it('asks for pages as large as the service gives them', async () => {
    const { keys, requests } = listed([page(['a'])], 5_000);
    await keys;
    expect(queries(requests)[0]?.get('$top')).toBe('1000');
    const all = listed([page(['a'])]);
    await all.keys;
    expect(queries(all.requests)[0]?.get('$top')).toBe('1000');
  });

  it('sends nothing for a limit of 0', async () => {
    const { keys, requests } = listed([], 0);
    expect(await keys).toEqual([]);
    expect(requests).toEqual([]);
  });

  it('does not turn in a circle', async () => {
    const { keys, left } = listed([page(['a'], 'b'), page(['b'], 'b'), page(['b'], 'b')]);
    expect(await storeError(keys)).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('does not get beyond one page') });
    expect(left).toHaveLength(1);
  });

  it('asks for its range with quotes doubled, and for its columns', async () => {
    const { rows, requests } = table([page([])]);
    await rows.list({ partitionKey: "it's", from: "a' or '1' eq '1", before: "b'", columns: ['n'] });
    const [query] = queries(requests);
    expect(query?.get('$filter')).toBe("PartitionKey eq 'it''s' and RowKey ge 'a'' or ''1'' eq ''1' and RowKey lt 'b'''");
    expect(query?.get('$select')).toBe('RowKey,n');
  });

  it('leaves out columns that come as null', async () => {
    const { rows } = table([json(200, { value: [{ 'odata.etag': ETAG, RowKey: 'a', n: null, s: 'x' }] })]);
    expect(await rows.list({ partitionKey: 'p', columns: ['n', 's'] })).toEqual([{ rowKey: 'a', values: { s: 'x' }, etag: ETAG }]);
  });
});

describe('what is read', () => {
  it('has the types of the table, also those that are never written here', async () => {
    const { rows } = table([
      json(200, {
        ...entity('r'),
        int: 5,
        double: 5.5,
        'whole@odata.type': 'Edm.Double',
        whole: 5,
        'text1@odata.type': 'Edm.Double',
        text1: '1e21',
        'long@odata.type': 'Edm.Int64',
        long: '-9223372036854775808',
        yes: true,
        no: false,
        'when@odata.type': 'Edm.DateTime',
        when: '2026-11-24T00:00:00Z',
        'id@odata.type': 'Edm.Guid',
        id: 'c9da6455-213d-42c9-9a79-3e9149a57833',
        'bytes@odata.type': 'Edm.Binary',
        bytes: 'AAEC',
      }),
    ]);
    expect((await rows.get('p', 'r'))?.values).toEqual({
      n: 1,
      int: 5,
      double: 5.5,
      whole: 5,
      text1: 1e21,
      long: -9223372036854775808n,
      yes: true,
      no: false,
      when: '2026-11-24T00:00:00Z',
      id: 'c9da6455-213d-42c9-9a79-3e9149a57833',
      bytes: 'AAEC',
    });
  });
});

describe('what is written', () => {
  it('says the types that the service would guess wrongly', async () => {
    const { rows, requests } = table([written()]);
    await rows.commit('p', [
      {
        kind: 'insert',
        row: { rowKey: "it's", values: { int: -1, whole: 3e9, fraction: 0.5, huge: 1e21, long: 5n, text: 'ü"', yes: true } },
      },
    ]);
    const body = String(requests[0]?.body);
    expect(body).toContain('POST https://contoso.table.core.windows.net/scepwatch HTTP/1.1\r\nPrefer: return-no-content\r\n');
    expect(JSON.parse(/\{.*\}/.exec(body)?.[0] ?? '')).toEqual({
      PartitionKey: 'p',
      RowKey: "it's",
      int: -1,
      'whole@odata.type': 'Edm.Double',
      whole: 3e9,
      'fraction@odata.type': 'Edm.Double',
      fraction: 0.5,
      'huge@odata.type': 'Edm.Double',
      huge: 1e21,
      'long@odata.type': 'Edm.Int64',
      long: '5',
      text: 'ü"',
      yes: true,
    });
  });

  it('has its conditions in every part, those of deletes included', async () => {
    const { rows, requests } = table([written(4)]);
    await rows.commit('p', [
      { kind: 'replace', row: { rowKey: "it's", values: {} }, etag: ETAG },
      { kind: 'delete', rowKey: 'é', etag: 'W/"2"' },
      DELETE,
      UPSERT,
    ]);
    const parts = String(requests[0]?.body)
      .split('--changeset_')
      .slice(1, -1)
      .map((part) => part.split('\r\n'));
    const start = "https://contoso.table.core.windows.net/scepwatch(PartitionKey='p',RowKey=";
    expect(parts.map((lines) => lines.find((line) => line.endsWith('HTTP/1.1')))).toEqual([
      `PUT ${start}'it''s') HTTP/1.1`,
      `DELETE ${start}'%C3%A9') HTTP/1.1`,
      `DELETE ${start}'gone') HTTP/1.1`,
      `PUT ${start}'r') HTTP/1.1`,
    ]);
    expect(parts.map((lines) => lines.find((line) => line.startsWith('If-Match')))).toEqual([
      `If-Match: ${ETAG}`,
      'If-Match: W/"2"',
      'If-Match: *',
      undefined,
    ]);
  });
});
