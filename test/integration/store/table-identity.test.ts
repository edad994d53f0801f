import { once } from 'node:events';
import { createServer } from 'node:http';
import { createHttpHeaders, type HttpClient, type PipelineRequest } from '@azure/core-rest-pipeline';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectTable } from '../../../src/store/tables/connect.ts';

/** The endpoint that a function app asks for the token of its managed identity. */
const asked: URLSearchParams[] = [];
let answer: { readonly status: number; readonly body: unknown };
const identity = createServer((request, response) => {
  asked.push(new URL(request.url ?? '', 'http://identity').searchParams);
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
}).listen(0, '127.0.0.1');
await once(identity, 'listening');
afterAll(() => identity.close());

beforeEach(() => {
  asked.length = 0;
  const address = identity.address();
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'ManagedIdentityCredential');
  vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/msi/token`);
  vi.stubEnv('IDENTITY_HEADER', 'secret-header');
});
afterEach(() => vi.unstubAllEnvs());

function table(clientId?: string) {
  const requests: PipelineRequest[] = [];
  const httpClient: HttpClient = {
    sendRequest: async (request) => {
      requests.push(request);
      const headers = createHttpHeaders({ 'content-type': 'application/json' });
      return { request, status: 404, headers, bodyAsText: '{"odata.error":{"code":"ResourceNotFound","message":{"value":"x"}}}' };
    },
  };
  const where = {
    kind: 'endpoint',
    endpoint: 'https://contoso.table.core.windows.net',
    ...(clientId !== undefined && { clientId }),
  } as const;
  return { requests, ...connectTable({ table: 'scepwatch', where }, { httpClient, delay: async () => {} }) };
}

describe('an endpoint with the identity of the environment', () => {
  it('sends the token of the managed identity that is named', async () => {
    answer = {
      status: 200,
      body: { access_token: 'the-token', expires_on: String(Math.floor(Date.now() / 1000) + 3600), resource: 'x', token_type: 'Bearer' },
    };
    const { rows, requests } = table('11111111-2222-3333-4444-555555555555');
    expect(await rows.get('p', 'r')).toBeUndefined();
    expect(await rows.commit('p', [{ kind: 'delete', rowKey: 'r' }])).toBe('committed');
    expect(requests.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer the-token', 'Bearer the-token']);
    expect(asked.map((query) => [query.get('client_id'), query.get('resource')])).toEqual([
      ['11111111-2222-3333-4444-555555555555', 'https://storage.azure.com'],
    ]);
  });

  it('is refused when there is no such identity', async () => {
    answer = { status: 400, body: { error: 'invalid_request', error_description: 'Unable to load the identity' } };
    const { rows, requests } = table('00000000-0000-0000-0000-000000000000');
    const error: unknown = await rows.get('p', 'r').catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      name: 'StoreError',
      kind: 'refused',
      message: expect.stringContaining('no token for the identity (ManagedIdentityCredential'),
    });
    expect(String(error)).not.toContain('secret-header');
    expect(requests).toEqual([]);
  });

  it('is refused when the environment names no credential', async () => {
    vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'nonsense');
    const { rows } = table();
    await expect(rows.get('p', 'r')).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('no identity can be used: Invalid value'),
    });
    vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'ManagedIdentityCredential');
    answer = { status: 200, body: { access_token: 'the-token', expires_on: String(Math.floor(Date.now() / 1000) + 3600) } };
    expect(await rows.get('p', 'r')).toBeUndefined();
  });
});
