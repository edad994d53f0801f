import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/app/store.ts';
import { STATE } from '../../../src/store/keys.ts';
import { memoryRows } from '../../../src/store/memory-rows.ts';
import type { Rows } from '../../../src/store/rows.ts';
import { createStore } from '../../../src/store/store.ts';
import { healthyBundle } from '../../support/certificates.ts';
import { createWorld, cycle, cycleDeps, monitoredTarget, monitorPlan, PERIOD_MS, START, type World } from '../../support/monitor.ts';

const ALL = { from: 0, before: START * 2 };
const DAY_MS = 86_400_000;
const PLAN = monitorPlan([monitoredTarget('a')]);

interface Stage {
  readonly world: World;
  readonly rows: Rows;
  readonly store: Store;
  readonly damage: string[];
  readonly run: () => ReturnType<typeof cycle>;
}

function stage(): Stage {
  const world = createWorld(healthyBundle());
  const rows = memoryRows();
  const damage: string[] = [];
  const store = createStore(rows, (problem) => damage.push(problem));
  const run = async (): ReturnType<typeof cycle> => {
    const report = await cycle(cycleDeps(world, store), PLAN);
    world.now += PERIOD_MS;
    return report;
  };
  return { world, rows, store, damage, run };
}

describe('a state row that somebody deleted', () => {
  it('is made anew from the other rows, so that its open incident finds its end', async () => {
    const { world, rows, store, damage, run } = stage();
    world.mood = () => 'stopped';
    await run();
    await run();
    await rows.commit('a', [{ kind: 'delete', rowKey: STATE }]);
    world.mood = () => 'healthy';
    await run();
    await run();
    await run();
    const incidents = await store.readIncidents('a', ALL);
    expect(incidents).toHaveLength(1);
    expect(incidents[0]?.resolvedAt).toBeDefined();
    expect(damage).toEqual(['row a/state is missing; the target goes on from its other rows']);
  });

  it('is nothing special for a target that was never probed', async () => {
    const { store, damage } = stage();
    expect(await store.readTarget('new')).toBeUndefined();
    expect(damage).toEqual([]);
  });
});

describe('a state row of a newer version', () => {
  it('is left alone, and the target is told as one that could not be watched', async () => {
    const { rows, run } = stage();
    await run();
    const row = await rows.get('a', STATE);
    const newer = { rowKey: STATE, values: { ...row?.values, schema: 2, data: '{"from":"the future"}' } };
    await rows.commit('a', [{ kind: 'upsert', row: newer }]);
    const { record } = await run();
    expect(record.counts).toMatchObject({ committed: 0, failed: 1 });
    expect(record.problems[0]).toMatch(/a: row a\/state was written by a newer version of scepwatch \(schema 2\)/);
    expect((await rows.get('a', STATE))?.values.data).toBe('{"from":"the future"}');
  });
});

describe('retention', () => {
  it('takes results of a clock that was far ahead, and incidents that are long over', async () => {
    const { world, store, run } = stage();
    world.mood = () => 'stopped';
    await run();
    await run();
    world.mood = () => 'healthy';
    await run();
    await run();
    world.now = START + 500 * DAY_MS;
    await run();
    expect(await store.readIncidents('a', ALL)).toHaveLength(1);
    const now = START + 100 * DAY_MS;
    await store.prune('a', { resultsBefore: 0, hoursBefore: now - 400 * DAY_MS, resultsAfter: now + DAY_MS }, 1_000);
    expect((await store.readResults('a', ALL)).every(({ at }) => at < now)).toBe(true);
    expect(await store.readIncidents('a', ALL)).toHaveLength(1);
    await store.prune('a', { resultsBefore: 0, hoursBefore: START + 401 * DAY_MS, resultsAfter: START * 2 }, 1_000);
    expect(await store.readIncidents('a', ALL)).toEqual([]);
  });

  it('keeps an open incident, however old it is', async () => {
    const { world, store, run } = stage();
    world.mood = () => 'stopped';
    await run();
    await run();
    await store.prune('a', { resultsBefore: 0, hoursBefore: START + 401 * DAY_MS, resultsAfter: START * 2 }, 1_000);
    expect(await store.readIncidents('a', ALL)).toHaveLength(1);
  });
});

describe('a lease', () => {
  it('can be ended by its holder only', async () => {
    const { store } = stage();
    expect(await store.takeLease('l', 'me', START, START + 540_000)).toBe(true);
    await store.shortenLease('l', 'other', START + 1);
    expect(await store.takeLease('l', 'other', START + 2, START + 540_002)).toBe(false);
    await store.shortenLease('l', 'me', START + 1);
    expect(await store.takeLease('l', 'other', START + 2, START + 540_002)).toBe(true);
  });
});
