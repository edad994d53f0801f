import type { Observe } from '../../src/app/ports.ts';
import type { Observation, Operation } from '../../src/core/verdict/observation.ts';
import { answered, failed, HEALTHY_CAPS } from '../../test/support/observations.ts';

/** What an NDES server shows from outside. */
export type Condition = 'healthy' | 'stopped' | 'refusing' | 'silent' | 'nameless';

const BUNDLE = new TextEncoder().encode('any bytes; the reader is simulated too');

/** The answers to the checks that were asked for, with `answerMs` as the time of the slowest. */
export function simulatedChecks(condition: Condition, operations: ReadonlySet<Operation>, answerMs: number): readonly Observation[] {
  return (['base-url', 'ca-caps', 'ca-cert', 'long-url'] as const)
    .filter((operation) => operations.has(operation))
    .map((operation) => check(condition, operation, answerMs));
}

function check(condition: Condition, operation: Operation, answerMs: number): Observation {
  switch (condition) {
    case 'healthy':
      return healthy(operation, answerMs);
    case 'stopped':
      return answered(operation, {
        status: 503,
        headers: [['x-ms-proxy-transaction-id', '6f1c2d3e-4b5a-6978-8796-a5b4c3d2e1f0']],
        body: '<HTML><HEAD><TITLE>Service Unavailable</TITLE></HEAD><BODY><h2>Service Unavailable</h2><hr><p>HTTP Error 503. The service is unavailable.</p></BODY></HTML>',
      });
    case 'refusing':
      return failed(operation, 'tcp', 'ECONNREFUSED', '192.0.2.10:443 refused the connection');
    case 'silent':
      return failed(operation, 'first-byte', 'UND_ERR_HEADERS_TIMEOUT', 'no answer within 20000 ms');
    case 'nameless':
      return failed(operation, 'dns', 'EAI_AGAIN', 'no name server answered');
  }
}

function healthy(operation: Operation, totalMs: number): Observation {
  switch (operation) {
    case 'base-url':
      return answered(operation, { status: 403, totalMs });
    case 'ca-cert':
      return answered(operation, { status: 200, body: BUNDLE, headers: [['content-type', 'application/x-x509-ca-ra-cert']], totalMs });
    default:
      return answered(operation, { status: 200, body: HEALTHY_CAPS, headers: [['content-type', 'text/plain']], totalMs });
  }
}

/** An `observe` that answers at once, for whatever is asked. */
export function simulatedObserve(conditionOf: (url: string) => Condition, answerMs: () => number, now: () => number): Observe {
  return async ({ url, checks, vantage }) => {
    const slowest = answerMs();
    const operations = new Set(checks.map(({ operation }) => operation));
    return {
      url,
      vantage,
      startedAt: now(),
      durationMs: slowest * operations.size,
      checks: simulatedChecks(conditionOf(url), operations, slowest),
      comparisons: [],
    };
  };
}

/** Numbers in [0, 1) that look random and are the same each time. */
export function repeatableRandom(seed = 1): () => number {
  let state = seed >>> 0;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
