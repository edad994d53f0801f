import { describe, expect, it } from 'vitest';
import { missingRollups, nextRecord } from '../../../src/core/monitor/next-record.ts';
import { PAGE_AT_ONCE, type Policy } from '../../../src/core/monitor/policy.ts';
import type { CheckResult, CycleResult } from '../../../src/core/monitor/result.ts';
import type { LastView, TargetRecord } from '../../../src/core/monitor/state.ts';
import { summarise } from '../../../src/core/monitor/summary.ts';
import { startOfKey } from '../../../src/core/rollup/rollup.ts';
import { DAY_MS } from '../../../src/core/time.ts';
import type { TargetHistory } from '../../../src/core/verdict/report.ts';
import { FLEET, STATE } from '../../../src/store/keys.ts';
import { rowSize } from '../../../src/store/limits.ts';
import { memoryRows } from '../../../src/store/memory-rows.ts';
import { createStore } from '../../../src/store/store.ts';
import { SEEN_VERDICTS } from '../../support/seen-verdicts.ts';

const TARGET = 'contoso-ndes-westeurope';
const START = Date.UTC(2026, 0, 1);
const PERIOD_MS = 300_000;
const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * DAY_MS;
const YEAR_MS = 365 * DAY_MS;

const POLICY: Policy = {
  failuresBeforeAlert: 2,
  successesBeforeResolve: 2,
  pageAtOnce: PAGE_AT_ONCE,
  flap: { changes: 5, windowMs: HOUR_MS, holdMs: HOUR_MS / 2 },
  staleAfterMs: 660_000,
};

const VANTAGE = 'weu-1';

const EVIDENCE = [
  'base-url: 503 Service Unavailable after 41 ms, text/html; charset=us-ascii, 326 bytes, "Service Unavailable"',
  'ca-caps: 503 Service Unavailable after 38 ms, text/html; charset=us-ascii, 326 bytes, "Service Unavailable"',
  'ca-cert: 503 Service Unavailable after 39 ms, text/html; charset=us-ascii, 326 bytes, "Service Unavailable"',
  'the answer has the words "HTTP Error 503. The service is unavailable.", which HTTP.sys says when an application pool is stopped',
  'x-ms-proxy-service-name: proxy-appproxy-weu-1; x-ms-proxy-connector-id: a7c2b0de-0000-4000-8000-000000000001',
];

const PATH: LastView['path'] = [
  { layer: 'dns', name: 'DNS', state: 'ok' },
  { layer: 'tcp', name: 'TCP', state: 'ok' },
  { layer: 'tls', name: 'TLS', state: 'ok' },
  { layer: 'edge', name: 'app proxy', state: 'ok' },
  { layer: 'connector', name: 'connector', state: 'ok' },
  { layer: 'iis', name: 'IIS', state: 'ok' },
  { layer: 'ndes', name: 'NDES', state: 'broken' },
  { layer: 'policy-module', name: 'policy module', state: 'unreached' },
  { layer: 'ca', name: 'RA/CA', state: 'unreached' },
];

const HISTORY: TargetHistory = {
  raNotAfter: START + YEAR_MS,
  fingerprints: { ra: ['ab'.repeat(32), 'cd'.repeat(32)], ca: ['ef'.repeat(32)] },
  slowestAnswersMs: [118, 240, 97, 133, 121],
};

function resultAt(at: number): CycleResult {
  const cycle = (at - START) / PERIOD_MS;
  const fails = (at - START) % WEEK_MS < HOUR_MS;
  const ms = 60 + ((cycle * 7_919) % 400);
  const checks: readonly CheckResult[] = (['base-url', 'ca-caps', 'ca-cert', 'long-url'] as const)
    .slice(0, cycle % 12 === 0 ? 4 : 3)
    .map((operation) => ({
      operation,
      dialect: 'android',
      status: fails ? 503 : operation === 'base-url' ? 403 : 200,
      ms,
      code: fails ? 'ndes-app-pool-stopped' : 'healthy',
      ...(fails && { transactionId: '6d0a1c1e-2f60-4d0c-9d6a-3f2b5f1c7a10' }),
    }));
  return {
    at,
    verdict: SEEN_VERDICTS[fails ? 'X' : '.'],
    alsoFound: fails ? [SEEN_VERDICTS.e] : [],
    evidence: fails ? EVIDENCE : [],
    durationMs: 3 * ms,
    responseMs: ms,
    checks,
    vantage: VANTAGE,
    rechecked: fails,
    inMaintenance: false,
  };
}

describe('a year of results every five minutes, with an hour of outage a week', () => {
  it('takes at most 12 MB of a table', { timeout: 60_000 }, async () => {
    const rows = memoryRows();
    const problems: string[] = [];
    const store = createStore(rows, (problem) => problems.push(problem));
    let events = 0;
    let before: TargetRecord | undefined;
    for (let at = START; at < START + YEAR_MS; at += PERIOD_MS) {
      const etag = (await rows.get(TARGET, STATE))?.etag;
      const missing = (['hour', 'day'] as const).map((span) => ({ span, keys: missingRollups(span, before, at, PERIOD_MS) }));
      const read = await Promise.all(
        missing
          .filter(({ keys }) => keys.length > 0)
          .map(({ span, keys }) =>
            store.readRollups(TARGET, span, { from: startOfKey(keys[0] ?? ''), before: startOfKey(keys.at(-1) ?? '') + 1 }),
          ),
      );
      const result = resultAt(at);
      const { record, hours, days, incidents, decision } = nextRecord({
        target: TARGET,
        commit: `5f0c2e1a-6b7d-4e8f-9a0b-1c2d3e4f5a6b/${TARGET}`,
        before,
        result,
        history: HISTORY,
        longUrl: { at, ok: true },
        maintenance: undefined,
        workingSince: START,
        host: 'ndes1-contoso.msappproxy.net',
        policy: POLICY,
        view: {
          name: 'Contoso NDES West Europe',
          tenant: 'contoso',
          periodMs: PERIOD_MS,
          path: PATH,
          evidence: result.evidence,
          responseMs: result.responseMs ?? 0,
          certificates: [
            { role: 'RA', notAfter: START + YEAR_MS },
            { role: 'CA', notAfter: START + 3 * YEAR_MS },
            { role: 'TLS', notAfter: START + YEAR_MS },
          ],
        },
        storedRollups: read.flat(),
      });
      events += decision.events.length;
      const commit = { target: TARGET, record, result, hours, days, incidents, ...(etag !== undefined && { before: etag }) };
      if ((await store.commitTarget(commit)) !== 'committed') expect.fail('nobody else writes');
      before = record;
      if ((at + PERIOD_MS - START) % DAY_MS === 0) {
        expect((await store.readTarget(TARGET))?.value).toEqual(record);
        await store.writeSummaries([{ summary: summarise(TARGET, record) }]);
        await store.prune(TARGET, { resultsBefore: at - 35 * DAY_MS, hoursBefore: at - 400 * DAY_MS, resultsAfter: at + DAY_MS }, 1_000);
      }
    }
    expect(problems).toEqual([]);
    expect(events).toBe(2 * 53);

    const kinds = new Map<string, { rows: number; bytes: number }>();
    for (const partition of [TARGET, FLEET]) {
      for (const row of await rows.list({ partitionKey: partition })) {
        const kind = row.rowKey.split('_', 1)[0] ?? '';
        const sum = kinds.get(kind) ?? { rows: 0, bytes: 0 };
        kinds.set(kind, { rows: sum.rows + 1, bytes: sum.bytes + rowSize(partition, row) });
      }
    }
    const bytes = [...kinds.values()].reduce((sum, kind) => sum + kind.bytes, 0);
    const told = [...kinds].map(([kind, sum]) => `${sum.rows} ${kind} ${(sum.bytes / 1e6).toFixed(2)}`).join(', ');
    console.info(`one target after a year: ${(bytes / 1e6).toFixed(2)} MB (${told})`);
    expect(bytes).toBeLessThanOrEqual(12_000_000);
    expect(kinds.get('result')?.rows).toBeLessThanOrEqual(36 * 288);
    expect(kinds.get('hour')?.rows).toBe(365 * 24);
    expect(kinds.get('day')?.rows).toBe(365);
  });
});
