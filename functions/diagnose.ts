import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';

/** Reads a posted log and says what it means; see docs/diagnose.md. A request that fails leaves nothing behind, and its log is kept nowhere. */
export async function diagnose(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  // The parsers are loaded with the first log: a worker that only probes never needs them.
  const { answerDiagnosis } = await import('../src/diagnose/answer-diagnosis.ts');
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  const { status, body } = await answerDiagnosis({
    body: request.body ?? undefined,
    announcedBytes: Number.isFinite(length) ? length : undefined,
    query: new Map(request.query),
  });
  context.info(`diagnose answered ${status}`);
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  return { status, headers, body: `${JSON.stringify(body, null, 2)}\n` };
}

app.http('diagnose', {
  route: 'api/diagnose',
  methods: ['POST'],
  authLevel: 'function',
  handler: (request, context) => diagnose(request, context),
});
