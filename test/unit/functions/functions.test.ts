import { HttpRequest, InvocationContext, type LogLevel, type Timer } from '@azure/functions';
import { describe, expect, it } from 'vitest';
import { health } from '../../../functions/health.ts';
import { housekeeping } from '../../../functions/housekeeping.ts';
import { probe } from '../../../functions/probe.ts';
import { answerHealth } from '../../../src/app/answer-health.ts';
import type { ComposedMonitor, Monitor } from '../../../src/compose-monitor.ts';
import { memoryRows } from '../../../src/store/memory-rows.ts';
import { StoreError } from '../../../src/store/rows.ts';
import { createStore } from '../../../src/store/store.ts';
import { healthyBundle } from '../../support/certificates.ts';
import { createWorld, cycleDeps, monitoredTarget, monitorPlan, type World } from '../../support/monitor.ts';

const ON_TIME: Timer = { isPastDue: false, schedule: { adjustForDST: false }, scheduleStatus: { last: '', next: '', lastUpdated: '' } };
const GET = new HttpRequest({ method: 'GET', url: 'http://localhost/health' });

interface Call {
  readonly context: InvocationContext;
  readonly lines: readonly (readonly [LogLevel, string])[];
}

function call(functionName: string): Call {
  const lines: [LogLevel, string][] = [];
  const context = new InvocationContext({ functionName, logHandler: (level, ...args) => lines.push([level, args.join(' ')]) });
  return { context, lines };
}

function monitor(): { readonly world: World; readonly composed: Monitor } {
  const world = createWorld(healthyBundle());
  const store = createStore(memoryRows());
  const plan = monitorPlan([monitoredTarget('a'), monitoredTarget('b')]);
  const deps: Monitor['deps'] = (log) => ({ ...cycleDeps(world, store), log });
  const health: Monitor['health'] = (log) => answerHealth({ plan, cycleEveryMs: 60_000, deps: deps(log) });
  return { world, composed: { ok: true, plan, cycleEveryMs: 60_000, deps, health, close: async () => {} } };
}

const MISCONFIGURED: ComposedMonitor = {
  ok: false,
  problems: [
    { setting: 'SCEPWATCH_CONFIG: targets[0].url', line: 2, column: 9, message: 'is missing; it takes a text' },
    { setting: 'SCEPWATCH_PROBE_SCHEDULE', message: 'has three fields' },
  ],
};
const EVERY_PROBLEM = /targets\[0\]\.url \(line 2, column 9\): is missing; it takes a text; SCEPWATCH_PROBE_SCHEDULE: has three fields/;

describe('the probe function', () => {
  it('runs a cycle and tells what came of it in one line', async () => {
    const { composed } = monitor();
    const { context, lines } = call('probe');
    await probe(ON_TIME, context, Promise.resolve(composed));
    expect(lines).toEqual([
      [
        'information',
        expect.stringMatching(/^cycle completed id=\S+ trigger=timer ms=0 due=2 committed=2 overtaken=0 deferred=0 failed=0$/),
      ],
    ]);
  });

  it('says in the record of the cycle that the timer was late', async () => {
    const { composed } = monitor();
    const { context, lines } = call('probe');
    await probe({ ...ON_TIME, isPastDue: true }, context, Promise.resolve(composed));
    expect(lines[0]?.[1]).toContain('trigger=past-due');
  });

  it('warns of an incident with what a search in the log needs', async () => {
    const { world, composed } = monitor();
    world.mood = (url) => (url.includes('//a.') ? 'silent' : 'healthy');
    for (let cycle = 0; cycle < 2; cycle++, world.now += 300_000) await probe(ON_TIME, call('probe').context, Promise.resolve(composed));
    const { context, lines } = call('probe');
    world.mood = () => 'healthy';
    for (let cycle = 0; cycle < 2; cycle++, world.now += 300_000) await probe(ON_TIME, context, Promise.resolve(composed));
    expect(lines.find(([level]) => level === 'warning')?.[1]).toMatch(
      /^incident resolved target=a incident=a-\S+ reason=successes-reached code=client-timeout impact=down$/,
    );
  });

  it('fails with every problem of the configuration', async () => {
    await expect(probe(ON_TIME, call('probe').context, Promise.resolve(MISCONFIGURED))).rejects.toThrow(EVERY_PROBLEM);
  });
});

describe('the housekeeping function', () => {
  it('tells what it did', async () => {
    const { composed } = monitor();
    await probe(ON_TIME, call('probe').context, Promise.resolve(composed));
    const { context, lines } = call('housekeeping');
    await housekeeping(ON_TIME, context, Promise.resolve(composed));
    expect(lines[0]?.[1]).toMatch(/^housekeeping done targets=2 deletedRows=0 /);
  });

  it('fails with every problem of the configuration', async () => {
    await expect(housekeeping(ON_TIME, call('housekeeping').context, Promise.resolve(MISCONFIGURED))).rejects.toThrow(EVERY_PROBLEM);
  });

  it('fails when a target could not be finished, so that it shows', async () => {
    const { composed } = monitor();
    await probe(ON_TIME, call('probe').context, Promise.resolve(composed));
    const deps: Monitor['deps'] = (log) => {
      const { store, ...rest } = composed.deps(log);
      return { ...rest, store: { ...store, prune: () => Promise.reject(new StoreError('unavailable', 'no answer')) } };
    };
    await expect(housekeeping(ON_TIME, call('housekeeping').context, Promise.resolve({ ...composed, deps }))).rejects.toThrow(
      'housekeeping could not finish 2 targets: a: no answer; b: no answer',
    );
  });
});

describe('the health function', () => {
  it('answers application/health+json that nobody keeps', async () => {
    const { composed } = monitor();
    await probe(ON_TIME, call('probe').context, Promise.resolve(composed));
    const response = await health(GET, call('health').context, Promise.resolve(composed));
    expect(response).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/health+json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    });
    expect(JSON.parse(String(response.body))).toMatchObject({ status: 'pass', lastCycle: { trigger: 'timer' } });
  });

  it('answers 503 with every problem of the configuration', async () => {
    const response = await health(GET, call('health').context, Promise.resolve(MISCONFIGURED));
    expect(response.status).toBe(503);
    expect(String(response.body)).toMatch(EVERY_PROBLEM);
  });

  it('answers 503, and does not fail, when the storage cannot be meant', async () => {
    const { context, lines } = call('health');
    const refused = Promise.reject(new StoreError('refused', 'the connection string has no AccountKey'));
    const response = await health(GET, context, refused);
    expect(response.status).toBe(503);
    expect(String(response.body)).toContain('the connection string has no AccountKey');
    expect(lines).toEqual([['error', 'health cannot be read: the connection string has no AccountKey']]);
  });
});
