import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/app/store.ts';
import type { TargetSummary } from '../../../src/core/monitor/summary.ts';
import { memoryRows } from '../../../src/store/memory-rows.ts';
import { createStore } from '../../../src/store/store.ts';
import { healthyBundle } from '../../support/certificates.ts';
import { processStoppedAt } from '../../support/crashing.ts';
import {
  createWorld,
  cycle,
  cycleDeps,
  type Mood,
  monitoredTarget,
  monitorPlan,
  PERIOD_MS,
  START,
  type World,
} from '../../support/monitor.ts';

/** Two targets through an outage, a blip and a change of the hour; b is always fine until it is no longer configured. */
const STORY: readonly Mood[] = [
  'healthy',
  'healthy',
  'stopped',
  'stopped',
  'refused',
  'refused',
  'healthy',
  'healthy',
  'stopped',
  'healthy',
];
const BUNDLE = healthyBundle();
const A = monitoredTarget('a');
const B = monitoredTarget('b');
const REMOVED_FROM = 8;
/** The last cycle comes when the grace for a target that is no longer configured is over. */
const LATER_MS = 2 * 3_600_000;

const FIRST_CYCLE_AT = START + 30 * 60_000;

function timeOf(step: number): number {
  return FIRST_CYCLE_AT + step * PERIOD_MS + (step === STORY.length - 1 ? LATER_MS : 0);
}

function moodAt(now: number): Mood {
  return STORY[[...STORY.keys()].findLastIndex((step) => timeOf(step) <= now)] ?? 'healthy';
}

function worldAt(now: number): World {
  const world = createWorld(BUNDLE);
  world.now = now;
  world.mood = (url) => (url === A.url ? moodAt(world.now) : 'healthy');
  return world;
}

const planOf = (step: number) => monitorPlan(step < REMOVED_FROM ? [A, B] : [A]);

/** The whole story; the process is stopped at `point` of cycle `stoppedIn`, and a new one runs the same cycle again. */
async function tell(stoppedIn: number, point: number): Promise<{ readonly store: Store; readonly reached: boolean }> {
  const rows = memoryRows();
  let reached = false;
  for (const step of STORY.keys()) {
    const now = timeOf(step);
    if (step === stoppedIn) {
      const process = processStoppedAt(point);
      const world = worldAt(now);
      const deps = process.deps(cycleDeps(world, createStore(process.rows(rows))));
      await cycle(deps, planOf(step)).catch(() => undefined);
      reached = process.stopped();
      await expectConsistent(createStore(rows), now);
    }
    await cycle(cycleDeps(worldAt(now), createStore(rows)), planOf(step));
    await expectConsistent(createStore(rows), now);
  }
  return { store: createStore(rows), reached };
}

const ALL = { from: 0, before: START * 2 };

/** Whatever was committed says the same everywhere. */
async function expectConsistent(store: Store, now: number): Promise<void> {
  for (const id of ['a', 'b']) {
    const stored = await store.readTarget(id);
    const results = await store.readResults(id, ALL);
    if (stored === undefined) {
      expect(results).toEqual([]);
      continue;
    }
    const { state, hour, day } = stored.value;
    expect(results[0]?.at).toBe(state.lastAt);
    const hours = await store.readRollups(id, 'hour', ALL);
    const days = await store.readRollups(id, 'day', ALL);
    const counted = (rollups: typeof hours): number =>
      rollups.reduce((sum, { counts }) => sum + Object.values(counts).reduce((a, b) => a + b), 0);
    expect(counted(hours)).toBe(results.length);
    expect(counted(days)).toBe(results.length);
    expect(hours.at(-1)).toEqual(hour);
    expect(days.at(-1)).toEqual(day);
    const open = (await store.readIncidents(id, ALL)).filter(({ resolvedAt }) => resolvedAt === undefined);
    expect(open).toEqual(state.incident === undefined ? [] : [state.incident]);
    const summary = (await store.readFleet()).summaries.find((one) => one.id === id);
    // A summary may be one cycle late, never ahead.
    if (summary !== undefined) expect(summary.version).toBeLessThanOrEqual(stored.value.version);
    expect(results.every(({ at }) => at <= now)).toBe(true);
  }
}

/** All that a person could see in the end. */
async function ending(store: Store): Promise<unknown> {
  const of = async (id: string): Promise<unknown> => {
    const { version: _, commit: __, ...record } = (await store.readTarget(id))?.value ?? { version: 0, commit: '' };
    return {
      record,
      results: await store.readResults(id, ALL),
      hours: await store.readRollups(id, 'hour', ALL),
      days: await store.readRollups(id, 'day', ALL),
      incidents: await store.readIncidents(id, ALL),
    };
  };
  const { summaries, cycle: last } = await store.readFleet();
  const shown = summaries.map(({ version: _, ...summary }: TargetSummary) => summary);
  const { committed = 0, overtaken = 0, due = 0, failed = 0 } = last?.counts ?? {};
  return { a: await of('a'), b: await of('b'), shown, last: { at: last?.completedAt, failed, left: due - committed - overtaken } };
}

describe('a cycle that is stopped at any await', () => {
  it.each([...STORY.keys()])('leaves cycle %i whole, and the next process ends where it would have ended', async (step) => {
    const { store: undisturbed } = await tell(-1, 0);
    const expected = await ending(undisturbed);
    let point = 1;
    for (; point < 200; point++) {
      const { store, reached } = await tell(step, point);
      if (!reached) break;
      expect(await ending(store), `stopped at point ${point} of cycle ${step}`).toEqual(expected);
    }
    // Two targets: the index, a record, a probe and a commit each, the summaries, the cycle; each before and after.
    expect(point).toBeGreaterThan(10);
    expect(point).toBeLessThan(200);
  });
});
