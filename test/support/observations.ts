import type { Answered, Failed, Header, Observation, Operation, TargetObservation } from '../../src/core/verdict/observation.ts';

/** Observations for tests of pure code; anything not named is what a healthy NDES shows. */

export interface AnswerParts {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: readonly Header[];
  readonly body?: string | Uint8Array;
  readonly bodyEnd?: Answered['bodyEnd'];
  readonly totalMs?: number;
}

export const SCEP_URL = 'https://ndes-contoso.msappproxy.net/certsrv/mscep/mscep.dll';

export function answered(operation: Operation, parts: AnswerParts): Answered {
  const { status, reason = '', headers = [], body = '', bodyEnd = 'complete', totalMs = 12 } = parts;
  return {
    kind: 'answered',
    request: { operation, dialect: 'android', url: SCEP_URL },
    timings: { firstByteMs: totalMs - 1, totalMs },
    status,
    reason,
    headers,
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    bodyEnd,
  };
}

export function failed(operation: Operation, phase: Failed['phase'], code: string, detail = ''): Failed {
  return { kind: 'failed', request: { operation, dialect: 'android', url: SCEP_URL }, timings: { totalMs: 5 }, phase, code, detail };
}

export const HEALTHY_CAPS = 'POSTPKIOperation\r\nRenewal\r\nSHA-512\r\nSHA-256\r\nSHA-1\r\nDES3\r\n';

export function target(checks: readonly Observation[], url = SCEP_URL): TargetObservation {
  return {
    url,
    vantage: 'test',
    startedAt: 0,
    durationMs: 50,
    connection: { host: new URL(url).hostname, port: 443, addresses: ['192.0.2.1'], address: '192.0.2.1' },
    checks,
    comparisons: [],
  };
}
