import { gzipSync } from 'node:zlib';
import { HttpRequest, InvocationContext } from '@azure/functions';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../functions/diagnose.ts';
import { answerDiagnosis, MAX_POSTED_BYTES } from '../../../src/diagnose/answer-diagnosis.ts';

const IIS_LOG = [
  '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken',
  '2026-11-24 02:10:00 10.0.0.4 GET /certsrv/mscep/mscep.dll operation=GetCACert&message=SCEP%20Authority 443 CONTOSO\\alice 10.5.14.22 profiled/1.0+CFNetwork/811.5.4+Darwin/16.6.0 - 500 0 1346 31',
].join('\r\n');

async function post(body: string | Uint8Array | undefined, query: Readonly<Record<string, string>> = {}) {
  const request = new HttpRequest({
    method: 'POST',
    url: 'http://localhost/api/diagnose',
    ...(body !== undefined && { body: typeof body === 'string' ? { string: body } : { bytes: body } }),
    query,
  });
  const response = await diagnose(request, new InvocationContext({ functionName: 'diagnose', logHandler: () => {} }));
  return { status: response.status, headers: response.headers, text: String(response.body), json: JSON.parse(String(response.body)) };
}

describe('POST /api/diagnose', () => {
  it('says what a log means, with the identities in it replaced', async () => {
    const { status, headers, json, text } = await post(IIS_LOG, { name: 'u_ex261124.log' });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(json).toMatchObject({
      schema: 'scepwatch.diagnose/1',
      severity: 'crit',
      findings: expect.arrayContaining([
        expect.objectContaining({
          code: 'log-impersonation-right-missing',
          evidence: expect.objectContaining({ file: 'u_ex261124.log', line: 2 }),
        }),
      ]),
    });
    expect(text).not.toMatch(/alice|10\.5\.14\.22/);
  });

  it('unpacks', async () => {
    expect((await post(gzipSync(IIS_LOG))).json.findings[0].code).toBe('log-impersonation-right-missing');
  });

  it('answers 422 when it is no log', async () => {
    const { status, json } = await post('hello\n'.repeat(5));
    expect(status).toBe(422);
    expect(json.summary.logs[0].problems).toHaveLength(1);
  });

  it.each([
    ['no body', undefined, {}, /the request has no body/],
    ['a parameter that is none', IIS_LOG, { form: 'x' }, /form is no parameter; known are name, since, until and platform/],
    ['a time without its offset', IIS_LOG, { since: '2026-11-24' }, /since takes a time with its offset/],
    ['a platform that is none', IIS_LOG, { platform: 'linux' }, /platform takes one of android/],
  ])('answers 400 to %s', async (_, body, query, message) => {
    const { status, json } = await post(body, query);
    expect(status).toBe(400);
    expect(json).toMatchObject({ schema: 'scepwatch.error/1', error: { kind: 'usage', message: expect.stringMatching(message) } });
  });

  it('answers 413 to more than it takes, announced or not, and stops reading', async () => {
    const announced = await answerDiagnosis({ body: endless(), announcedBytes: MAX_POSTED_BYTES + 1, query: new Map() });
    expect(announced.status).toBe(413);
    const silent = await answerDiagnosis({ body: endless(), announcedBytes: undefined, query: new Map() });
    expect(silent.status).toBe(413);
  });
});

async function* endless(): AsyncIterable<Uint8Array> {
  const chunk = new TextEncoder().encode(`${IIS_LOG}\r\n`.repeat(2_000));
  for (;;) yield chunk;
}
