import type { Log } from '../../src/app/log.ts';
import type { MonitoredTarget, MonitorPlan } from '../../src/app/monitor-plan.ts';
import type { Observe } from '../../src/app/ports.ts';
import { type CycleDeps, type CycleReport, runCycle } from '../../src/app/run-cycle.ts';
import type { Store } from '../../src/app/store.ts';
import { SUMMARY_WAIT_MS } from '../../src/app/summary-writer.ts';
import type { CycleTrigger } from '../../src/core/monitor/cycle-record.ts';
import { DEFAULT_FLAP, PAGE_AT_ONCE } from '../../src/core/monitor/policy.ts';
import type { CaCertBundle } from '../../src/core/scep/certificate.ts';
import type { Observation } from '../../src/core/verdict/observation.ts';
import { answered, failed, HEALTHY_CAPS } from './observations.ts';

/** A monitor whose clock and whose targets do as the test says; everything between them is the real code. */

export const START = Date.parse('2026-11-24T09:00:00Z');
export const PERIOD_MS = 300_000;

/** How a target behaves, as its checks see it. */
export type Mood = 'healthy' | 'stopped' | 'no-name' | 'refused' | 'unreachable' | 'silent' | 'slow-cert';

const BUNDLE = new TextEncoder().encode('bundle');

export function checksOf(mood: Mood): readonly Observation[] {
  switch (mood) {
    case 'healthy':
    case 'slow-cert':
      return [
        answered('base-url', { status: 403 }),
        answered('ca-caps', { status: 200, body: HEALTHY_CAPS, headers: [['content-type', 'text/plain']] }),
        answered('ca-cert', {
          status: 200,
          body: BUNDLE,
          headers: [['content-type', 'application/x-x509-ca-ra-cert']],
          totalMs: mood === 'slow-cert' ? 9_000 : 40,
        }),
      ];
    case 'stopped':
      return (['base-url', 'ca-caps', 'ca-cert'] as const).map((operation) =>
        answered(operation, {
          status: 503,
          body: '<html><h2>Service Unavailable</h2><p>HTTP Error 503. The service is unavailable.</p></html>',
        }),
      );
    case 'no-name':
      return (['base-url', 'ca-caps', 'ca-cert'] as const).map((operation) => failed(operation, 'dns', 'ENOTFOUND'));
    case 'refused':
      return (['base-url', 'ca-caps', 'ca-cert'] as const).map((operation) => failed(operation, 'tcp', 'ECONNREFUSED'));
    case 'unreachable':
      return (['base-url', 'ca-caps', 'ca-cert'] as const).map((operation) => failed(operation, 'tcp', 'EHOSTUNREACH'));
    case 'silent':
      return (['base-url', 'ca-caps', 'ca-cert'] as const).map((operation) => failed(operation, 'first-byte', 'UND_ERR_HEADERS_TIMEOUT'));
  }
}

export interface World {
  now: number;
  /** By target URL; healthy when absent. Called for each probe, with its number. */
  mood: (url: string, probe: number) => Mood;
  /** Probes so far, by URL. */
  readonly probes: Map<string, number>;
  readonly bundle: CaCertBundle;
  /** How long a probe takes by the world's clock, in milliseconds. */
  probeMs: number;
  /** Pauses that somebody made, in milliseconds. */
  readonly pauses: number[];
  readonly logged: string[];
}

export function createWorld(bundle: CaCertBundle): World {
  return { now: START, mood: () => 'healthy', probes: new Map(), bundle, probeMs: 0, pauses: [], logged: [] };
}

export function observeWorld(world: World): Observe {
  return async (input) => {
    const probe = (world.probes.get(input.url) ?? 0) + 1;
    world.probes.set(input.url, probe);
    const startedAt = world.now;
    world.now += world.probeMs;
    const wanted = new Set(input.checks.map(({ operation }) => operation));
    const checks = checksOf(world.mood(input.url, probe)).filter(({ request }) => wanted.has(request.operation));
    return { url: input.url, vantage: input.vantage, startedAt, durationMs: 50, checks, comparisons: [] };
  };
}

export function worldLog(world: World): Log {
  const write = (message: string): void => {
    world.logged.push(message);
  };
  return { debug: () => {}, info: write, warn: write, error: write };
}

let ids = 0;

export function cycleDeps(world: World, store: Store): CycleDeps {
  return {
    observe: observeWorld(world),
    readBundle: () => world.bundle,
    now: () => world.now,
    store,
    log: worldLog(world),
    random: () => 0,
    newId: () => `cycle-${++ids}`,
    delay: async (ms, signal) => {
      signal.throwIfAborted();
      // What is waiting to be written is written at the end.
      if (ms === SUMMARY_WAIT_MS) return new Promise(() => {});
      world.pauses.push(ms);
    },
    version: 'test',
  };
}

export function monitoredTarget(id: string, changes: Partial<MonitoredTarget> = {}): MonitoredTarget {
  return {
    id,
    name: id,
    url: `https://${id}.msappproxy.net/certsrv/mscep/mscep.dll`,
    dialects: ['android'],
    answerMs: 20_000,
    longUrlBytes: 12_000,
    longUrlEveryMs: 0,
    compareBackends: 0,
    caPins: [],
    periodMs: PERIOD_MS,
    policy: {
      failuresBeforeAlert: 2,
      successesBeforeResolve: 2,
      pageAtOnce: PAGE_AT_ONCE,
      flap: { changes: DEFAULT_FLAP.changes, windowMs: 3_600_000, holdMs: 1_800_000 },
      staleAfterMs: 660_000,
    },
    ...changes,
  };
}

export function monitorPlan(targets: readonly MonitoredTarget[], changes: Partial<MonitorPlan> = {}): MonitorPlan {
  return {
    vantage: 'test',
    targets,
    maintenance: [],
    concurrency: 50,
    cycleBudgetMs: 180_000,
    cycleLimitMs: 540_000,
    breakAfterMs: 720_000,
    jitterMs: 0,
    recheckAfterMs: 5_000,
    controlUrls: [],
    retention: { resultsMs: 35 * 86_400_000, hoursMs: 400 * 86_400_000 },
    ...changes,
  };
}

/** One cycle at the world's present time. */
export function cycle(deps: CycleDeps, plan: MonitorPlan, trigger: CycleTrigger = 'timer'): Promise<CycleReport> {
  return runCycle(deps, plan, { trigger }, new AbortController().signal);
}
