import { describe, expect, it } from 'vitest';
import { type HouseReport, keepHouse } from '../../../src/app/keep-house.ts';
import type { MonitorPlan } from '../../../src/app/monitor-plan.ts';
import type { Store } from '../../../src/app/store.ts';
import { emptyRollup } from '../../../src/core/rollup/rollup.ts';
import { memoryRows } from '../../../src/store/memory-rows.ts';
import { type Rows, StoreError } from '../../../src/store/rows.ts';
import { createStore } from '../../../src/store/store.ts';
import { healthyBundle } from '../../support/certificates.ts';
import { createWorld, cycle, cycleDeps, monitoredTarget, monitorPlan, START, type World, worldLog } from '../../support/monitor.ts';

const BUNDLE = healthyBundle();
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const ALL = { from: 0, before: START * 2 };
const PERIOD_MS = 1_800_000;

interface Stage {
  readonly world: World;
  readonly rows: Rows;
  readonly store: Store;
  readonly plan: MonitorPlan;
  readonly keep: (plan?: MonitorPlan, budgetMs?: number) => Promise<HouseReport>;
  /** Runs cycles as long as the clock takes to `until`. */
  readonly live: (until: number) => Promise<void>;
}

function stage(ids: readonly string[], retention = { resultsMs: 2 * DAY_MS, hoursMs: 5 * DAY_MS }): Stage {
  const world = createWorld(BUNDLE);
  const rows = memoryRows();
  const store = createStore(rows);
  const plan = monitorPlan(
    ids.map((id) => monitoredTarget(id, { periodMs: PERIOD_MS })),
    { retention },
  );
  return {
    world,
    rows,
    store,
    plan,
    keep: (changed = plan, budgetMs = 60_000) =>
      keepHouse({ store, log: worldLog(world), now: () => world.now, random: () => 0 }, changed, budgetMs, new AbortController().signal),
    live: async (until) => {
      for (; world.now < until; world.now += PERIOD_MS) await cycle(cycleDeps(world, store), plan);
    },
  };
}

describe('housekeeping', () => {
  it('deletes results and hours that are too old, and keeps the days for ever', async () => {
    const { world, store, keep, live } = stage(['a']);
    await live(START + 10 * DAY_MS);
    const report = await keep();
    const results = await store.readResults('a', ALL);
    const hours = await store.readRollups('a', 'hour', ALL);
    expect(results).toHaveLength(2 * 48);
    expect(results.every(({ at }) => at >= world.now - 2 * DAY_MS)).toBe(true);
    expect(hours.length).toBe(5 * 24);
    expect(await store.readRollups('a', 'day', ALL)).toHaveLength(11);
    expect(report).toMatchObject({ targets: 1, deletedRows: 8 * 48 + 5 * 24, repairedRollups: 0, unfinished: false, problems: [] });
  });

  it('changes nothing when there is nothing to do', async () => {
    const { keep, live } = stage(['a']);
    await live(START + DAY_MS);
    expect(await keep()).toMatchObject({ deletedRows: 0, repairedRollups: 0, repairedSummaries: 0, forgotten: 0 });
  });

  it('makes hours and days anew that do not agree with their results', async () => {
    const { store, keep, live, world } = stage(['a']);
    await live(START + DAY_MS);
    const before = await store.readRollups('a', 'hour', ALL);
    const yesterday = (await store.readRollups('a', 'day', ALL))[0];
    await store.writeRollups('a', 'hour', [
      emptyRollup('2026-11-24T12'),
      { ...emptyRollup('2026-11-24T14'), counts: { ok: 99, info: 0, unknown: 0, warn: 0, crit: 0 } },
    ]);
    await store.writeRollups('a', 'day', [emptyRollup('2026-11-24')]);
    expect(await keep()).toMatchObject({ repairedRollups: 3 });
    expect(await store.readRollups('a', 'hour', ALL)).toEqual(before);
    expect((await store.readRollups('a', 'day', ALL))[0]).toEqual(yesterday);
    expect(world.logged).toContain('housekeeping done');
  });

  it('brings a summary up to date that a killed cycle left behind', async () => {
    const { rows, store, keep, live } = stage(['a']);
    await live(START + 2 * HOUR_MS);
    const old = await rows.get('_fleet', 'target_a');
    await live(START + 4 * HOUR_MS);
    if (old !== undefined) await rows.commit('_fleet', [{ kind: 'upsert', row: old }]);
    expect(await keep()).toMatchObject({ repairedSummaries: 1 });
    const [summary] = (await store.readFleet()).summaries;
    expect(summary?.version).toBe((await store.readTarget('a'))?.value.version);
    expect(await keep()).toMatchObject({ repairedSummaries: 0 });
  });

  it('forgets a target that has not been configured for as long as hours are kept, and no other', async () => {
    const { world, rows, store, plan, keep, live } = stage(['a', 'b']);
    await live(START + DAY_MS);
    const without = { ...plan, targets: plan.targets.slice(0, 1) };
    world.now += 2 * HOUR_MS;
    await cycle(cycleDeps(world, store), without);
    world.now += 4 * DAY_MS;
    expect(await keep(without)).toMatchObject({ forgotten: 0 });
    expect(await store.readRollups('b', 'day', ALL)).toHaveLength(2);
    world.now += 2 * DAY_MS;
    expect(await keep(without)).toMatchObject({ forgotten: 1 });
    expect(await rows.list({ partitionKey: 'b' })).toEqual([]);
    expect((await store.readFleet()).summaries.map(({ id }) => id)).toEqual(['a']);
  });

  it('tells the trouble of one target and goes on with the others', async () => {
    const { store, plan, world, live } = stage(['a', 'b']);
    await live(START + 3 * DAY_MS);
    const failing: Store = {
      ...store,
      prune: (target, ...rest) =>
        target === 'a' ? Promise.reject(new StoreError('unavailable', 'no answer')) : store.prune(target, ...rest),
    };
    const report = await keepHouse(
      { store: failing, log: worldLog(world), now: () => world.now, random: () => 0 },
      plan,
      60_000,
      new AbortController().signal,
    );
    expect(report.problems).toEqual(['a: no answer']);
    expect((await store.readResults('b', ALL)).length).toBe(2 * 48);
    expect((await store.readResults('a', ALL)).length).toBe(3 * 48);
  });

  it('ends within its budget and says that it is not done', async () => {
    const { store, plan, world, live } = stage(['a', 'b', 'c']);
    await live(START + HOUR_MS);
    const slow: Store = {
      ...store,
      prune: async (...args) => {
        world.now += 40_000;
        return store.prune(...args);
      },
    };
    const report = await keepHouse(
      { store: slow, log: worldLog(world), now: () => world.now, random: () => 0 },
      plan,
      60_000,
      new AbortController().signal,
    );
    expect(report).toMatchObject({ targets: 2, unfinished: true });
  });
});
