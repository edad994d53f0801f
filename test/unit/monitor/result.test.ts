import { describe, expect, it } from 'vitest';
import { cycleResult, keptEvidence } from '../../../src/core/monitor/result.ts';
import { judgeTarget } from '../../../src/core/verdict/judge.ts';
import type { Observation } from '../../../src/core/verdict/observation.ts';
import { answered, failed, HEALTHY_CAPS, target } from '../../support/observations.ts';

const NOW = Date.UTC(2026, 10, 24);
const FACTS = { at: NOW, rechecked: false, inMaintenance: false };

function resultOf(...checks: readonly Observation[]) {
  return cycleResult(judgeTarget(target(checks), [], { now: NOW, vantagePoints: 1, caPins: [], history: {} }), FACTS);
}

const BASE = answered('base-url', { status: 403, totalMs: 12.4 });
const CAPS = answered('ca-caps', { status: 200, body: HEALTHY_CAPS, totalMs: 80.6 });

describe('a kept result', () => {
  it('says of each check what came of it', () => {
    expect(resultOf(BASE, CAPS, failed('ca-cert', 'tcp', 'ECONNREFUSED')).checks).toEqual([
      { operation: 'base-url', dialect: 'android', status: 403, ms: 12, code: 'healthy' },
      { operation: 'ca-caps', dialect: 'android', status: 200, ms: 81, code: 'healthy' },
      { operation: 'ca-cert', dialect: 'android', failure: 'ECONNREFUSED', ms: 5, code: 'tcp-refused' },
    ]);
  });

  it('is as slow as its slowest answer, in whole milliseconds, and has no time without one', () => {
    expect(resultOf(BASE, CAPS).responseMs).toBe(81);
    expect(resultOf(failed('base-url', 'dns', 'ENOTFOUND'))).not.toHaveProperty('responseMs');
  });

  it('keeps the transaction of an answer that was not as it should be, and of no other', () => {
    const id = ['x-ms-proxy-transaction-id', '6d0a1c1e-2f60-4d0c-9d6a-3f2b5f1c7a10'] as const;
    const { checks } = resultOf(
      answered('base-url', { status: 503, headers: [id] }),
      answered('ca-caps', { status: 200, body: HEALTHY_CAPS, headers: [id] }),
    );
    expect(checks.map(({ transactionId }) => transactionId)).toEqual(['6d0a1c1e-2f60-4d0c-9d6a-3f2b5f1c7a10', undefined]);
  });

  it('holds nothing from a server that could rewrite a terminal', () => {
    const id = ['x-ms-proxy-transaction-id', `\u009b31m\u202e${'x'.repeat(100)}`] as const;
    const [check] = resultOf(answered('base-url', { status: 503, headers: [id] })).checks;
    expect(check?.transactionId).toMatch(/^\\x9b31m\\u202ex+…$/);
    expect(check?.transactionId?.length).toBeLessThanOrEqual(60);
  });

  it('has evidence only when there is something to show', () => {
    expect(resultOf(failed('base-url', 'tcp', 'ECONNREFUSED')).evidence).not.toEqual([]);
  });
});

describe('kept evidence', () => {
  it('is bounded, and no character is cut in two', () => {
    const kept = keptEvidence(Array.from({ length: 30 }, () => `x${'😀'.repeat(400)}`));
    expect(kept).toHaveLength(12);
    for (const line of kept) {
      expect(line.length).toBeLessThanOrEqual(500);
      expect(line.isWellFormed()).toBe(true);
    }
    expect(keptEvidence(['short'])).toEqual(['short']);
  });
});
