import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { composeMonitor, problemLines } from '../src/compose-monitor.ts';
import { type HealthAnswer, misconfiguredAnswer, unusableAnswer } from '../src/core/render/health-json.ts';
import { invocationLog } from '../src/invocation-log.ts';
import { VERSION } from '../src/version.ts';

/** How the monitor itself is. A read that finds the cycle overdue starts one. Answers whatever happens: a watchdog wants to be told, not an empty 500. */
export async function health(_request: HttpRequest, context: InvocationContext, composed = composeMonitor()): Promise<HttpResponseInit> {
  try {
    const monitor = await composed;
    if (!monitor.ok) return response(misconfiguredAnswer(problemLines(monitor), Date.now(), VERSION));
    return response(await monitor.health(invocationLog(context)));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    context.error(`health cannot be read: ${problem}`);
    return response(unusableAnswer(problem, Date.now(), VERSION));
  }
}

function response({ httpStatus, body }: HealthAnswer): HttpResponseInit {
  const headers = { 'content-type': 'application/health+json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  return { status: httpStatus, headers, body: `${JSON.stringify(body, null, 2)}\n` };
}

app.http('health', {
  route: 'health',
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous',
  handler: (request, context) => health(request, context),
});
