import { describe, expect, it } from 'vitest';
import type { MonitoredTarget, MonitorPlan } from '../../../src/app/monitor-plan.ts';
import type { CycleDeps } from '../../../src/app/run-cycle.ts';
import type { Store } from '../../../src/app/store.ts';
import { memoryRows } from '../../../src/store/memory-rows.ts';
import { type Rows, StoreError } from '../../../src/store/rows.ts';
import { createStore } from '../../../src/store/store.ts';
import { healthyBundle } from '../../support/certificates.ts';
import { createWorld, cycle, cycleDeps, monitoredTarget, monitorPlan, PERIOD_MS, START, type World } from '../../support/monitor.ts';

const BUNDLE = healthyBundle();
const ALL = { from: 0, before: START * 2 };

interface Stage {
  readonly world: World;
  readonly rows: Rows;
  readonly store: Store;
  readonly deps: CycleDeps;
  readonly run: (plan: MonitorPlan) => ReturnType<typeof cycle>;
}

function stage(rows: Rows = memoryRows()): Stage {
  const world = createWorld(BUNDLE);
  const store = createStore(rows);
  const deps = cycleDeps(world, store);
  return { world, rows, store, deps, run: (plan) => cycle(deps, plan) };
}

const targets = (count: number, changes: Partial<MonitoredTarget> = {}): readonly MonitoredTarget[] =>
  Array.from({ length: count }, (_, index) => monitoredTarget(`t${String(index).padStart(5, '0')}`, changes));

async function statusOf(store: Store, id: string): Promise<string | undefined> {
  return (await store.readFleet()).summaries.find((summary) => summary.id === id)?.status;
}

describe('which targets a cycle probes', () => {
  it('probes each target once in its own period, however often the timer fires', async () => {
    const { world, store, run } = stage();
    const often = monitoredTarget('often', { periodMs: 60_000 });
    const seldom = monitoredTarget('seldom', { periodMs: 300_000 });
    for (let minute = 0; minute < 10; minute++) {
      world.now = START + minute * 60_000;
      await run(monitorPlan([often, seldom]));
    }
    expect(await store.readResults('often', ALL)).toHaveLength(10);
    expect(await store.readResults('seldom', ALL)).toHaveLength(2);
  });

  it('takes a timer that is a second early for one on time', async () => {
    const { world, store, run } = stage();
    const plan = monitorPlan([monitoredTarget('a')]);
    await run(plan);
    world.now = START + PERIOD_MS - 1_000;
    await run(plan);
    expect(await store.readResults('a', ALL)).toHaveLength(2);
  });

  it('puts off what does not fit into the budget, and begins with it next time', async () => {
    const { world, store, run } = stage();
    world.probeMs = 10_000;
    const plan = monitorPlan(targets(10), { concurrency: 1, cycleBudgetMs: 45_000 });
    const first = await run(plan);
    expect(first.record.counts).toEqual({ due: 10, committed: 5, overtaken: 0, deferred: 5, failed: 0 });
    world.now = START + PERIOD_MS;
    const second = await run(plan);
    expect(second.record.counts).toMatchObject({ committed: 5, deferred: 5 });
    const results = await Promise.all(plan.targets.map(({ id }) => store.readResults(id, ALL)));
    expect(results.map(({ length }) => length)).toEqual(Array(10).fill(1));
  });

  it('starves nobody: with room for a tenth of the targets each has its turn within ten cycles', async () => {
    const { world, store, run } = stage();
    world.probeMs = 1_000;
    const plan = monitorPlan(targets(100), { concurrency: 1, cycleBudgetMs: 10_000 });
    for (let round = 0; round < 30; round++) {
      world.now = START + round * PERIOD_MS;
      await run(plan);
    }
    const counts = await Promise.all(plan.targets.map(async ({ id }) => (await store.readResults(id, ALL)).length));
    expect(Math.min(...counts)).toBe(3);
    expect(Math.max(...counts)).toBe(3);
  });

  it('starves nobody with starts that are spread either: the order is that of the waiting', async () => {
    const { world, store, deps } = stage();
    world.probeMs = 1_000;
    const plan = monitorPlan(targets(90), { concurrency: 1, cycleBudgetMs: 30_000, jitterMs: 2_000 });
    let chance = 0;
    // As timers do: whoever asked for the earlier time is woken first.
    const spreading: CycleDeps = {
      ...deps,
      random: () => (chance = (chance + 0.618) % 1),
      delay: async (ms) => new Promise((resolve) => setTimeout(resolve, ms / 10)),
    };
    for (let round = 0; round < 6; round++) {
      world.now = START + round * PERIOD_MS;
      await cycle(spreading, plan);
    }
    const counts = await Promise.all(plan.targets.map(async ({ id }) => (await store.readResults(id, ALL)).length));
    expect([Math.min(...counts), Math.max(...counts)]).toEqual([2, 2]);
  });

  it('goes on at once after the clock was put back by a day, and writes no result twice', async () => {
    const { world, store, run } = stage();
    const plan = monitorPlan([monitoredTarget('a')]);
    await run(plan);
    world.now = START - 86_400_000;
    const { record } = await run(plan);
    expect(record.counts.committed).toBe(1);
    world.now += PERIOD_MS;
    expect((await run(plan)).record.counts.committed).toBe(1);
    expect(await store.readResults('a', ALL)).toHaveLength(3);
  });

  it('goes on after the clock was put forward by an hour and back again, with no period twice', async () => {
    const { world, store, run } = stage();
    const plan = monitorPlan([monitoredTarget('a')]);
    for (const minutes of [0, 5, 65, 10, 15, 20, 25]) {
      world.now = START + minutes * 60_000;
      await run(plan);
    }
    const minutesSeen = (await store.readResults('a', ALL)).map(({ at }) => (at - START) / 60_000).toSorted((a, b) => a - b);
    expect(minutesSeen).toEqual([0, 5, 10, 15, 20, 25, 65]);
    const hours = await store.readRollups('a', 'hour', ALL);
    expect(hours.map(({ key, counts }) => [key, counts.ok])).toEqual([
      ['2026-11-24T09', 6],
      ['2026-11-24T10', 1],
    ]);
  });
});

describe('a target that turns bad', () => {
  it('is looked at again after a pause, and a blip is forgiven', async () => {
    const { world, store, run } = stage();
    world.mood = (_, probe) => (probe === 2 ? 'stopped' : 'healthy');
    const plan = monitorPlan([monitoredTarget('a')]);
    await run(plan);
    world.now += PERIOD_MS;
    await run(plan);
    const [latest] = await store.readResults('a', ALL);
    expect(latest).toMatchObject({ verdict: { severity: 'ok' }, rechecked: true });
    expect(world.pauses).toEqual([5_000]);
    expect(await statusOf(store, 'a')).toBe('ok');
  });

  it('is a suspect after one bad cycle, down after two, and is not looked at twice while it stays bad', async () => {
    const { world, store, run } = stage();
    world.mood = () => 'stopped';
    const plan = monitorPlan([monitoredTarget('a')]);
    await run(plan);
    expect(await statusOf(store, 'a')).toBe('suspect');
    world.now += PERIOD_MS;
    const { events } = await run(plan);
    expect(await statusOf(store, 'a')).toBe('down');
    expect(events.map(({ kind, reason }) => [kind, reason])).toEqual([['opened', 'failures-reached']]);
    expect(world.probes.get(plan.targets[0]?.url ?? '')).toBe(3);
  });

  it('is not looked at again when it was silent for the whole limit: that was no blip', async () => {
    const { world, run } = stage();
    world.mood = () => 'silent';
    await run(monitorPlan([monitoredTarget('a')]));
    expect(world.pauses).toEqual([]);
  });

  it('is looked at before the thousands that still wait for their first turn', async () => {
    const { world, run } = stage();
    const order: string[] = [];
    world.mood = (url, probe) => {
      order.push(`${new URL(url).hostname.split('.')[0]}/${probe}`);
      return url.includes('t00000') && probe === 1 ? 'stopped' : 'healthy';
    };
    await run(monitorPlan(targets(20), { concurrency: 1 }));
    expect(order.indexOf('t00000/2')).toBeLessThan(10);
  });
});

describe("the monitor's own network", () => {
  const CONTROL = 'https://control.example/';
  const plan = monitorPlan(targets(3), { controlUrls: [CONTROL] });

  it('is not asked about as long as one target can be reached', async () => {
    const { world, store, run } = stage();
    world.mood = (url) => (url.includes('t00000') ? 'healthy' : 'unreachable');
    const { record } = await run(plan);
    expect(world.probes.has(CONTROL)).toBe(false);
    expect(record.ownNetwork).toBe('fine');
    expect(await statusOf(store, 't00001')).toBe('suspect');
  });

  it('is not asked about when somebody refuses: that is an answer', async () => {
    const { world, store, run } = stage();
    world.mood = () => 'refused';
    const { record } = await run(plan);
    expect(world.probes.has(CONTROL)).toBe(false);
    expect(record).toMatchObject({ ownNetwork: 'fine', severities: { crit: 3 } });
    expect(await statusOf(store, 't00000')).toBe('suspect');
  });

  it('stays down for as long as nothing has been seen, also over cycles without anything to do', async () => {
    const { world, run } = stage();
    world.mood = () => 'unreachable';
    await run(plan);
    const since = world.now;
    world.now += 60_000;
    expect((await run(plan)).record).toMatchObject({ counts: { due: 0 }, blindSince: since });
    world.now = START + PERIOD_MS;
    expect((await run(plan)).record.blindSince).toBe(since);
    world.mood = () => 'healthy';
    world.now = START + 2 * PERIOD_MS;
    expect((await run(plan)).record.blindSince).toBeUndefined();
  });

  it('works when a control URL answers: then the targets really are unreachable', async () => {
    const { world, store, run } = stage();
    world.mood = (url) => (url === CONTROL ? 'healthy' : 'no-name');
    const { record } = await run(plan);
    expect(world.probes.get(CONTROL)).toBe(1);
    expect(record).toMatchObject({ ownNetwork: 'fine', severities: { crit: 3, unknown: 0 } });
    expect(await statusOf(store, 't00002')).toBe('suspect');
  });

  it('is down when nothing answers at all: every target is unknown, nobody is called, nothing is forgotten', async () => {
    const { world, store, run } = stage();
    await run(plan);
    world.mood = () => 'unreachable';
    for (let round = 1; round <= 5; round++) {
      world.now = START + round * PERIOD_MS;
      const { record, events } = await run(plan);
      expect(record).toMatchObject({ ownNetwork: 'down', severities: { unknown: 3 } });
      expect(events).toEqual([]);
    }
    expect(await statusOf(store, 't00000')).toBe('unknown');
    const [latest] = await store.readResults('t00000', { ...ALL, limit: 1 });
    expect(latest?.verdict.code).toBe('probe-network-down');
    expect(latest?.evidence.join('\n')).toMatch(/control https:\/\/control\.example\/: EHOSTUNREACH in phase tcp/);
    world.mood = () => 'healthy';
    world.now += PERIOD_MS;
    await run(plan);
    expect(await statusOf(store, 't00000')).toBe('ok');
    const [day] = await store.readRollups('t00000', 'day', ALL);
    expect(day?.seconds).toMatchObject({ unknown: 5 * 300, down: 0 });
  });
});

describe('an outage is told', () => {
  async function hours(count: number, everyMs: number, plan: MonitorPlan, { world, run }: Stage): Promise<readonly string[]> {
    const opened: string[] = [];
    for (let at = START; at < START + count * 3_600_000; at += everyMs) {
      world.now = Math.max(world.now, at);
      const { events } = await run(plan);
      opened.push(...events.filter(({ kind }) => kind === 'opened').map(({ incident }) => incident.target));
    }
    return opened;
  }

  it('when so many targets are silent that each has to wait for its turn', async () => {
    const on = stage();
    on.world.mood = () => 'silent';
    // 30 s each, 50 at a time: 300 of 1,000 fit into a cycle.
    on.world.probeMs = 600;
    const plan = monitorPlan(targets(1_000), { concurrency: 1 });
    expect(new Set(await hours(1, PERIOD_MS, plan, on)).size).toBe(1_000);
  });

  it('when the schedule leaves longer gaps than the period', async () => {
    const on = stage();
    on.world.mood = () => 'stopped';
    const plan = monitorPlan([monitoredTarget('a')], { breakAfterMs: 2 * 2_040_000 });
    expect(await hours(1, 900_000, plan, on)).toEqual(['a']);
  });

  it('when cycles take longer than the period of a target', async () => {
    const on = stage();
    on.world.mood = () => 'stopped';
    const plan = monitorPlan([
      monitoredTarget('a', { periodMs: 60_000, policy: { ...monitoredTarget('a').policy, staleAfterMs: 180_000 } }),
    ]);
    expect(await hours(1, 240_000, plan, on)).toEqual(['a']);
  });

  it('not by two results with hours between them in which the monitor was off', async () => {
    const { world, run, store } = stage();
    world.mood = () => 'stopped';
    const plan = monitorPlan([monitoredTarget('a')]);
    await run(plan);
    world.now += 3 * 3_600_000;
    expect((await run(plan)).events).toEqual([]);
    expect(await statusOf(store, 'a')).toBe('suspect');
    world.now += PERIOD_MS;
    const [event] = (await run(plan)).events;
    expect(event?.incident.startedAt).toBe(START + 3 * 3_600_000);
  });
});

describe('the end of a cycle', () => {
  it('is kept by every probe: none is given more time than is left', async () => {
    const { world, deps } = stage();
    const given: number[] = [];
    const slow: CycleDeps = {
      ...deps,
      observe: (input) => {
        given.push(input.limits.budgetMs);
        return deps.observe(input);
      },
    };
    world.probeMs = 100_000;
    world.mood = () => 'stopped';
    const plan = monitorPlan(targets(3, { answerMs: 60_000 }), { concurrency: 1, cycleLimitMs: 330_000 });
    const { record } = await cycle(slow, plan);
    expect(record.counts).toMatchObject({ committed: 2, deferred: 1 });
    // 205 s is what one probe may take; after 300 s the last one has to be done, the second look at the first target too.
    expect(given).toEqual([205_000, 200_000, 100_000]);
  });

  it('is not put off by a second look at a target that took half a minute for the first', async () => {
    const { world, deps } = stage();
    world.mood = () => 'stopped';
    const slow: CycleDeps = { ...deps, observe: async (input) => ({ ...(await deps.observe(input)), durationMs: 31_000 }) };
    await cycle(slow, monitorPlan([monitoredTarget('a')]));
    expect(world.pauses).toEqual([]);
  });
});

describe('a target under another URL', () => {
  it('starts its history of certificates anew, and keeps everything else', async () => {
    const { world, store, run } = stage();
    const a = monitoredTarget('a');
    await run(monitorPlan([a]));
    const before = (await store.readTarget('a'))?.value.history.fingerprints;
    expect(before?.ca).toHaveLength(1);
    world.now += PERIOD_MS;
    world.mood = () => 'stopped';
    await run(monitorPlan([{ ...a, url: 'https://new.example/certsrv/mscep/mscep.dll' }]));
    expect((await store.readTarget('a'))?.value.history.fingerprints).toBeUndefined();
    expect(await store.readResults('a', ALL)).toHaveLength(2);
  });
});

describe('summaries', () => {
  it('of those that are done do not wait for the slowest', async () => {
    const { world, store, deps } = stage();
    const written: number[] = [];
    const watching: CycleDeps = {
      ...deps,
      store: {
        ...store,
        writeSummaries: async (summaries, signal) => {
          written.push(summaries.length);
          return store.writeSummaries(summaries, signal);
        },
      },
      delay: async () => {},
    };
    world.mood = () => 'healthy';
    await cycle(watching, monitorPlan(targets(120)));
    expect(written.length).toBeGreaterThan(2);
    expect(written.reduce((sum, count) => sum + count, 0)).toBe(120);
  });

  it('that cannot be written are a problem of the cycle, and are written by the next', async () => {
    const { world, store, deps, run } = stage();
    const failing: CycleDeps = {
      ...deps,
      store: { ...store, writeSummaries: () => Promise.reject(new StoreError('unavailable', 'no answer')) },
    };
    const plan = monitorPlan(targets(2));
    const { record } = await cycle(failing, plan);
    expect(record).toMatchObject({ counts: { committed: 2, failed: 0 }, problems: ['summaries of 2 targets: no answer'] });
    expect((await store.readFleet()).summaries).toEqual([]);
    world.now += 60_000;
    await run(plan);
    expect((await store.readFleet()).summaries.map(({ version }) => version)).toEqual([1, 1]);
  });
});

describe('long URLs', () => {
  it('are sent once an hour', async () => {
    const { world, deps, store } = stage();
    const plan = monitorPlan([monitoredTarget('a', { longUrlEveryMs: 3_600_000 })]);
    const sent: number[] = [];
    const watching: CycleDeps = {
      ...deps,
      observe: async (input) => {
        if (input.checks.some(({ operation }) => operation === 'long-url')) sent.push((world.now - START) / 60_000);
        const seen = await deps.observe(input);
        const [base] = seen.checks;
        const long = input.checks.find(({ operation }) => operation === 'long-url');
        if (base?.kind !== 'answered' || long === undefined) return seen;
        return { ...seen, checks: [...seen.checks, { ...base, request: { ...base.request, operation: 'long-url' }, status: 200 }] };
      },
    };
    for (let minute = 0; minute <= 120; minute += 5) {
      world.now = START + minute * 60_000;
      await cycle(watching, plan);
    }
    expect(sent).toEqual([0, 60, 120]);
    expect(await store.readResults('a', ALL)).toHaveLength(25);
  });
});

describe('a target that is no longer configured', () => {
  it('is left alone as long as another monitor on the same table probes it', async () => {
    const { world, store, run } = stage();
    const [ours, theirs] = [monitorPlan([monitoredTarget('a')]), monitorPlan([monitoredTarget('b')])];
    world.mood = (url) => (url.includes('//b.') ? 'stopped' : 'healthy');
    for (let round = 0; round < 40; round++) {
      world.now = START + round * PERIOD_MS;
      await run(ours);
      await run(theirs);
    }
    expect((await store.readFleet()).summaries.map(({ id, status, removedAt }) => [id, status, removedAt])).toEqual([
      ['a', 'ok', undefined],
      ['b', 'down', undefined],
    ]);
    expect(await store.readIncidents('b', ALL)).toHaveLength(1);
  });

  it('and cannot be closed does not keep the others from being probed', async () => {
    const rows = memoryRows();
    const { world, run } = stage({
      ...rows,
      get: async (partition, key, signal) => {
        if (partition === 'b' && world.now > START + 3_600_000) throw new StoreError('unavailable', 'no answer');
        return rows.get(partition, key, signal);
      },
    });
    await run(monitorPlan([monitoredTarget('a'), monitoredTarget('b')]));
    world.now += 2 * 3_600_000;
    const { record } = await run(monitorPlan([monitoredTarget('a')]));
    expect(record).toMatchObject({ counts: { committed: 1 }, problems: ['b, no longer configured: no answer'] });
  });

  it('has its incident closed with the reason, keeps its history, and can come back', async () => {
    const { world, store, run } = stage();
    const [a, b] = [monitoredTarget('a'), monitoredTarget('b')];
    world.mood = (url) => (url === b.url ? 'stopped' : 'healthy');
    for (let round = 0; round < 3; round++) {
      world.now = START + round * PERIOD_MS;
      await run(monitorPlan([a, b]));
    }
    world.now += PERIOD_MS;
    expect((await run(monitorPlan([a]))).events).toEqual([]);
    world.now += 2 * 3_600_000;
    const { events } = await run(monitorPlan([a]));
    expect(events.map(({ kind, reason, incident }) => [kind, reason, incident.target])).toEqual([['resolved', 'target-removed', 'b']]);
    expect((await store.readIncidents('b', ALL)).map(({ resolvedAt }) => resolvedAt)).toEqual([world.now]);
    expect(await store.readResults('b', ALL)).toHaveLength(3);
    expect((await store.readFleet()).summaries.find(({ id }) => id === 'b')?.removedAt).toBe(world.now);
    world.now += PERIOD_MS;
    expect((await run(monitorPlan([a]))).events).toEqual([]);
    world.now += PERIOD_MS;
    await run(monitorPlan([a, b]));
    const back = (await store.readFleet()).summaries.find(({ id }) => id === 'b');
    expect(back?.removedAt).toBeUndefined();
    expect(back?.lastAt).toBe(world.now);
  });
});

describe('storage trouble', () => {
  it('with one target is told, and the others are committed', async () => {
    const rows = memoryRows();
    const { store, run } = stage({
      ...rows,
      get: async (partition, key, signal) => {
        if (partition === 't00001') throw new StoreError('unavailable', 'reading a row took too long');
        return rows.get(partition, key, signal);
      },
    });
    const { record } = await run(monitorPlan(targets(3)));
    expect(record.counts).toMatchObject({ committed: 2, failed: 1 });
    expect(record.problems).toEqual(['t00001: reading a row took too long']);
    expect((await store.readFleet()).cycle?.problems).toEqual(record.problems);
  });

  it('with everything is an error of the cycle', async () => {
    const down = async (): Promise<never> => {
      throw new StoreError('unavailable', 'nobody there');
    };
    const { run } = stage({ get: down, list: down, commit: down });
    await expect(run(monitorPlan(targets(3)))).rejects.toThrow('nobody there');
  });

  it('that loses the answer to a commit does not lose the commit', async () => {
    const rows = memoryRows();
    let lost = 0;
    const { store, run } = stage({
      ...rows,
      commit: async (partition, changes, signal) => {
        const outcome = await rows.commit(partition, changes, signal);
        if (partition !== 't00000' || outcome === 'conflict') return outcome;
        // The answer was torn, the retry finds its own row in the way.
        lost++;
        return 'conflict';
      },
    });
    const { record } = await run(monitorPlan(targets(2)));
    expect(lost).toBe(1);
    expect(record.counts).toMatchObject({ committed: 2, overtaken: 0, failed: 0 });
    expect(await store.readResults('t00000', ALL)).toHaveLength(1);
  });
});

describe('cycles that overlap', () => {
  it('leave one result for each target and period, and lose no update: 20 at once, 12 periods', async () => {
    const { world, store, deps } = stage();
    world.mood = (url) =>
      url.includes('t00000') && world.now >= START + 3 * PERIOD_MS && world.now < START + 7 * PERIOD_MS ? 'stopped' : 'healthy';
    const plan = monitorPlan(targets(5));
    const events: string[] = [];
    for (let period = 0; period < 12; period++) {
      world.now = START + period * PERIOD_MS;
      const reports = await Promise.all(Array.from({ length: 20 }, () => cycle(deps, plan)));
      events.push(...reports.flatMap((report) => report.events.map(({ kind }) => kind)));
      const committed = reports.reduce((sum, { record }) => sum + record.counts.committed, 0);
      expect(committed).toBe(5);
      expect(reports.every(({ record }) => record.counts.failed === 0)).toBe(true);
    }
    for (const { id } of plan.targets) {
      const results = await store.readResults(id, ALL);
      expect(results.map(({ at }) => (at - START) / PERIOD_MS).toSorted((a, b) => a - b)).toEqual([...Array(12).keys()]);
      expect((await store.readTarget(id))?.value.version).toBe(12);
      const hours = await store.readRollups(id, 'hour', ALL);
      expect(hours.reduce((sum, { counts }) => sum + counts.ok + counts.crit, 0)).toBe(12);
    }
    expect(events).toEqual(['opened', 'resolved']);
    expect(await store.readIncidents('t00000', ALL)).toHaveLength(1);
    expect((await store.readFleet()).summaries.map(({ version }) => version)).toEqual(Array(5).fill(12));
  });
});

describe('storage traffic', () => {
  it('is at most three requests a target and cycle, not counting what all targets share', async () => {
    const rows = memoryRows();
    let requests = 0;
    const counting =
      <Args extends readonly unknown[], Result>(call: (...args: Args) => Result) =>
      (...args: Args): Result => {
        requests++;
        return call(...args);
      };
    const counted: Rows = { get: counting(rows.get), list: counting(rows.list), commit: counting(rows.commit) };
    const { world, run } = stage(counted);
    const plan = monitorPlan(targets(100));
    await run(plan);
    requests = 0;
    // Within one hour: a change of the hour reads one row more for each target.
    for (let round = 1; round <= 11; round++) {
      world.now = START + round * PERIOD_MS;
      await run(plan);
    }
    expect(requests / (11 * 100)).toBeLessThanOrEqual(3);
  });
});
