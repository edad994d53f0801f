import { pbkdf2 } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { planChecks } from '../../src/app/plan-checks.ts';
import type { ProbeInput } from '../../src/app/ports.ts';
import { limitsFor } from '../../src/app/probe-limits.ts';
import { probeTarget } from '../../src/app/probe-target.ts';
import { runCycle } from '../../src/app/run-cycle.ts';
import { compose } from '../../src/compose.ts';
import { VERDICT_CODES, type VerdictCode } from '../../src/core/verdict/code.ts';
import { historyAfter } from '../../src/core/verdict/judge.ts';
import type { TargetHistory, TargetReport } from '../../src/core/verdict/report.ts';
import { FAULTS } from '../../src/simulator/faults.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { memoryRows } from '../../src/store/memory-rows.ts';
import { createStore } from '../../src/store/store.ts';
import { blackHole } from '../support/black-hole.ts';
import { monitoredTarget, monitorPlan } from '../support/monitor.ts';

const DEPS = compose();
const JUDGE = { vantagePoints: 2, caPins: [], history: {} } as const;
const PLAIN = {
  checks: planChecks({ dialects: ['android'], longUrl: false }),
  longUrlBytes: 12_000,
  insecure: false,
  compareBackends: 0,
  vantage: 'test',
} as const;

interface ProbeSettings {
  readonly url?: string;
  readonly caPins?: readonly string[];
  readonly history?: TargetHistory;
  readonly longUrl?: boolean;
  readonly only?: 'base-url';
  readonly compareBackends?: number;
  readonly answerMs?: number;
}

async function probe(simulator: Simulator, settings: ProbeSettings = {}): Promise<TargetReport> {
  const { longUrl = false, only, compareBackends = 0, answerMs = 5_000 } = settings;
  const input: ProbeInput = {
    url: settings.url ?? simulator.url,
    checks: planChecks({ dialects: ['android'], longUrl }).filter(({ operation }) => only === undefined || operation === only),
    longUrlBytes: 12_000,
    limits: limitsFor(answerMs, 4),
    ...(simulator.caPem !== undefined && { ca: simulator.caPem }),
    insecure: false,
    compareBackends,
    vantage: 'test',
  };
  return probeTarget(DEPS, input, { vantagePoints: 2, caPins: settings.caPins ?? [], history: settings.history ?? {} });
}

/** Verdicts that one plain probe cannot show; each has a story of its own below. */
const STORIES: ReadonlySet<VerdictCode> = new Set<VerdictCode>([
  'slow-response',
  'ra-certificate-rotated',
  'ca-certificate-changed',
  'ca-pin-mismatch',
  'base-403-only',
  'healthy',
  'inconsistent-backends',
]);

/** Faults whose server never answers need a limit that is worth waiting for, and no more. */
const SILENT: ReadonlySet<VerdictCode> = new Set<VerdictCode>(['client-timeout', 'long-url-hangs']);

/** A variant that makes people wait as the real thing does is for rehearsals; its answer is that of another variant. */
const PATIENCE_MS = 5_000;

const CASES = VERDICT_CODES.flatMap((code) => {
  const fault = FAULTS[code];
  if (fault.kind !== 'shown' || STORIES.has(code)) return [];
  return Object.entries(fault.variants).flatMap(([variant, { delayMs = 0 }]) => (delayMs < PATIENCE_MS ? [{ code, variant }] : []));
});

const covered = new Set<VerdictCode>();

describe('a probe of the simulator', () => {
  it.each(CASES)('calls $code ($variant) by its name', async ({ code, variant }) => {
    await using simulator = await startSimulator({ fault: code, variant });
    const report = await probe(simulator, { longUrl: code.startsWith('long-url'), answerMs: SILENT.has(code) ? 400 : 5_000 });
    covered.add(code);
    expect(report.verdict.code).toBe(code);
  });

  it('calls a healthy server healthy, and proven only with a long URL', async () => {
    await using simulator = await startSimulator();
    expect((await probe(simulator, { longUrl: true })).verdict.code).toBe('healthy');
    expect((await probe(simulator, { only: 'base-url' })).verdict.code).toBe('base-403-only');
    covered.add('healthy').add('base-403-only');
  });

  it('compares with the pinned fingerprint', async () => {
    await using simulator = await startSimulator();
    const healthy = await probe(simulator);
    const authority = healthy.checks
      .flatMap(({ bundle }) => (bundle?.kind === 'certs-only' ? bundle.certificates : []))
      .find(({ isCa }) => isCa);
    expect((await probe(simulator, { caPins: [authority?.sha256 ?? ''] })).verdict.code).toBe('healthy-long-url-untested');
    expect((await probe(simulator, { caPins: ['00'.repeat(32)] })).verdict.code).toBe('ca-pin-mismatch');
    covered.add('ca-pin-mismatch');
  });

  it('sees back ends behind one name that differ', async () => {
    await using simulator = await startSimulator({ fault: 'inconsistent-backends' });
    expect((await probe(simulator, { compareBackends: 2 })).verdict.code).toBe('inconsistent-backends');
    await simulator.setFault('healthy');
    expect((await probe(simulator, { compareBackends: 2 })).verdict.code).toBe('healthy-long-url-untested');
    covered.add('inconsistent-backends');
  });

  it.each(['ra-certificate-rotated', 'ca-certificate-changed'] as const)(
    'notices %s when the server is switched between two cycles',
    async (code) => {
      await using simulator = await startSimulator();
      const history = historyAfter(await probe(simulator), {});
      await simulator.setFault(code);
      expect((await probe(simulator, { history })).verdict.code).toBe(code);
      covered.add(code);
    },
  );

  it('infers expired RA certificates from a 500 when it remembers their end', async () => {
    await using simulator = await startSimulator({ fault: 'ndes-internal-error' });
    const report = await probe(simulator, { history: { raNotAfter: Date.now() - 86_400_000 } });
    expect(report.verdict.code).toBe('ra-certificate-expired');
    expect(report.verdict.evidence.join()).toContain('inferred');
  });

  it('calls a server slow only in the light of its history', async () => {
    await using simulator = await startSimulator();
    expect((await probe(simulator, { history: { slowestAnswersMs: [11_000, 12_000, 300, 10_400] } })).verdict.code).toBe('slow-response');
    covered.add('slow-response');
  });

  it('calls what lies before any server by its name', async () => {
    await using simulator = await startSimulator();
    const unknown = await probe(simulator, { url: 'https://no-such-host.invalid/certsrv/mscep/mscep.dll' });
    expect(['dns-name-not-found', 'dns-lookup-failed']).toContain(unknown.verdict.code);
    const closed = await startSimulator();
    await closed.close();
    expect((await probe(simulator, { url: closed.url })).verdict.code).toBe('tcp-refused');
    covered.add('dns-name-not-found').add('tcp-refused');
  });

  it.runIf(process.platform === 'linux')('calls a host that swallows connection requests tcp-timeout', async () => {
    await using hole = await blackHole();
    const report = await probeTarget(
      DEPS,
      { ...PLAIN, url: `http://127.0.0.1:${hole.port}/certsrv/mscep/mscep.dll`, limits: { ...limitsFor(5_000), tcpMs: 300 } },
      JUDGE,
    );
    expect(report.verdict.code).toBe('tcp-timeout');
    covered.add('tcp-timeout');
  });

  it('calls a resolver that does not answer in time dns-lookup-failed', async () => {
    // Lookups wait for a thread of the pool; while all of them are busy, the resolver is as good as dead.
    const busy = Array.from({ length: 16 }, () => promisify(pbkdf2)('a', 'b', 150_000, 64, 'sha512'));
    const report = await probeTarget(
      DEPS,
      { ...PLAIN, url: 'https://localhost/certsrv/mscep/mscep.dll', limits: { ...limitsFor(5_000), dnsMs: 20 } },
      JUDGE,
    );
    await Promise.all(busy);
    expect(report.verdict).toMatchObject({ code: 'dns-lookup-failed', severity: 'unknown' });
    covered.add('dns-lookup-failed');
  });

  it('calls a network in which neither a target nor a control URL can be looked up probe-network-down', async () => {
    const store = createStore(memoryRows());
    const deps = {
      ...DEPS,
      store,
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      random: () => 0,
      newId: () => 'cycle',
      delay: async () => {},
      version: 'test',
    };
    const plan = monitorPlan([monitoredTarget('a', { url: 'https://nosuchhost.invalid/certsrv/mscep/mscep.dll' })], {
      controlUrls: ['https://control.invalid/'],
    });
    const { record } = await runCycle(deps, plan, { trigger: 'command' }, AbortSignal.timeout(20_000));
    expect(record.ownNetwork).toBe('down');
    const [summary] = (await store.readFleet()).summaries;
    expect(summary?.verdict).toMatchObject({ code: 'probe-network-down', severity: 'unknown' });
    covered.add('probe-network-down');
  });

  afterAll(() => {
    expect(VERDICT_CODES.filter((code) => !covered.has(code) && !(code === 'tcp-timeout' && process.platform !== 'linux'))).toEqual([]);
  });
});

describe('the published documents', () => {
  it('list every code', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/verdicts.md'), 'utf8');
    expect(VERDICT_CODES.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
  });
});
