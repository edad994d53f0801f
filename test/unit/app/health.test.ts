import { describe, expect, it } from 'vitest';
import { answerHealth, type HealthMonitor } from '../../../src/app/answer-health.ts';
import type { MonitorPlan } from '../../../src/app/monitor-plan.ts';
import { runCycle } from '../../../src/app/run-cycle.ts';
import { misconfiguredAnswer } from '../../../src/core/render/health-json.ts';
import { memoryRows } from '../../../src/store/memory-rows.ts';
import { type Rows, StoreError } from '../../../src/store/rows.ts';
import { createStore } from '../../../src/store/store.ts';
import { healthyBundle } from '../../support/certificates.ts';
import { createWorld, cycle, cycleDeps, monitoredTarget, monitorPlan, START, type World } from '../../support/monitor.ts';

const MINUTE_MS = 60_000;
const PLAN = monitorPlan([monitoredTarget('a'), monitoredTarget('b')]);
/** Two gaps of the schedule, the budget of a cycle and a minute. */
const OVERDUE_MS = 2 * MINUTE_MS + 180_000 + MINUTE_MS;

/** Pauses within a cycle are over at once; the wait for a whole cycle is not. */
const SHORT_MS = 10_000;

function stage(rows: Rows = memoryRows(), plan: MonitorPlan = PLAN): { readonly world: World; readonly monitor: HealthMonitor } {
  const world = createWorld(healthyBundle());
  const deps = {
    ...cycleDeps(world, createStore(rows)),
    delay: (ms: number) => (ms > SHORT_MS ? new Promise<void>(() => {}) : Promise.resolve()),
  };
  return { world, monitor: { plan, deps, cycleEveryMs: MINUTE_MS } };
}

describe('health', () => {
  it('passes while cycles are completed, with the last one, its age and how the targets are', async () => {
    const { world, monitor } = stage();
    world.mood = (url) => (url.includes('//b.') ? 'silent' : 'healthy');
    await cycle(monitor.deps, PLAN);
    world.now += 90_000;
    const { httpStatus, body } = await answerHealth(monitor);
    expect(httpStatus).toBe(200);
    expect(body).toMatchObject({
      status: 'pass',
      releaseId: 'test',
      lastCycle: {
        completedAt: '2026-11-24T09:00:00.000Z',
        ageSeconds: 90,
        trigger: 'timer',
        due: 2,
        committed: 2,
        deferred: 0,
        failed: 0,
      },
      targets: { ok: 1, suspect: 1, down: 0, unknown: 0 },
      checks: { 'cycle:age': [{ status: 'pass', observedValue: 90, observedUnit: 's' }], 'storage:responseTime': [{ status: 'pass' }] },
    });
    expect(body.notes).toBeUndefined();
  });

  it('says nothing of the targets but how many are how', async () => {
    const { world, monitor } = stage();
    world.mood = () => 'stopped';
    await cycle(monitor.deps, PLAN);
    const text = JSON.stringify(await answerHealth(monitor));
    expect(text).not.toMatch(/msappproxy|"a"|"b"/);
  });

  it('warns and stays at 200 when a cycle left targets out or was blind', async () => {
    const { world, monitor } = stage(memoryRows(), {
      ...PLAN,
      concurrency: 1,
      cycleBudgetMs: 5_000,
      controlUrls: ['https://control.example/'],
    });
    world.probeMs = 6_000;
    world.mood = () => 'unreachable';
    await cycle(monitor.deps, monitor.plan);
    const { httpStatus, body } = await answerHealth(monitor);
    expect(httpStatus).toBe(200);
    expect(body.status).toBe('warn');
    expect(body.output).toBe("1 targets did not fit into the cycle; the monitor's own network has been down for 0 s");
  });

  it('fails when the monitor has seen nothing for a quarter of an hour, also right after a cycle without anything to do', async () => {
    const { world, monitor } = stage(memoryRows(), { ...PLAN, controlUrls: ['https://control.example/'] });
    world.mood = () => 'unreachable';
    for (let minute = 0; minute <= 16; minute++) {
      world.now = START + minute * MINUTE_MS;
      await cycle(monitor.deps, monitor.plan);
    }
    const { httpStatus, body } = await answerHealth(monitor);
    expect(httpStatus).toBe(503);
    expect(body.output).toBe("the monitor's own network has been down for 960 s");
  });

  it('takes a cycle from the future for none: the clock was put back', async () => {
    const { world, monitor } = stage();
    world.now = START + 27 * 86_400_000;
    await cycle(monitor.deps, PLAN);
    await monitor.deps.store.takeLease('overdue-cycle', 'from the future', world.now, world.now + 540_000);
    world.now = START;
    const { httpStatus, body } = await answerHealth(monitor);
    expect(httpStatus).toBe(200);
    expect(body.lastCycle).toMatchObject({ trigger: 'overdue', completedAt: '2026-11-24T09:00:00.000Z' });
  });

  it('tells nobody what a directory says about identities, nor keys', async () => {
    const down = async (): Promise<never> => {
      throw new StoreError(
        'refused',
        "no token: AADSTS700016: Application with identifier '11111111-2222-3333-4444-555555555555' was not found in the directory 'Contoso Bank AG'",
      );
    };
    const { monitor } = stage({ get: down, list: down, commit: down });
    const text = JSON.stringify(await answerHealth(monitor));
    expect(text).toContain('AADSTS700016');
    expect(text).not.toMatch(/Contoso|1111/);
    const { body } = misconfiguredAnswer(['SCEPWATCH_X: "AccountName=a;AccountKey=U0VDUkVU" is no table'], START, '1');
    expect(JSON.stringify(body)).not.toContain('U0VDUkVU');
  });

  it('counts a target whose last result is too old as unknown, never as ok', async () => {
    const { world, monitor } = stage(memoryRows(), monitorPlan([monitoredTarget('a'), monitoredTarget('seldom', { periodMs: 3_600_000 })]));
    await cycle(monitor.deps, monitor.plan);
    world.now += 12 * MINUTE_MS;
    await runCycle(
      { ...monitor.deps, now: () => world.now },
      { ...monitor.plan, targets: [] },
      { trigger: 'timer' },
      AbortSignal.timeout(5_000),
    );
    const { body } = await answerHealth(monitor);
    expect(body.targets).toMatchObject({ ok: 1, unknown: 1 });
  });

  it('fails with 503 when the storage does, and starts nothing', async () => {
    const down = async (): Promise<never> => {
      throw new StoreError('unavailable', 'the table service answered 503 four times');
    };
    const { world, monitor } = stage({ get: down, list: down, commit: down });
    const { httpStatus, body } = await answerHealth(monitor);
    expect(httpStatus).toBe(503);
    expect(body).toMatchObject({ status: 'fail', targets: { unknown: 2 }, lastCycle: null });
    expect(body.output).toContain('the table service answered 503 four times');
    expect(world.probes.size).toBe(0);
  });

  it('names every problem of a configuration that cannot be used', () => {
    const { httpStatus, body } = misconfiguredAnswer(
      ['SCEPWATCH_CONFIG: is missing', 'SCEPWATCH_PROBE_SCHEDULE: has 3 fields'],
      START,
      '1.2.3',
    );
    expect(httpStatus).toBe(503);
    expect(body.output).toBe('the configuration cannot be used: SCEPWATCH_CONFIG: is missing; SCEPWATCH_PROBE_SCHEDULE: has 3 fields');
    expect(body.notes).toHaveLength(2);
  });
});

describe('a read that finds the cycle overdue', () => {
  it('does not exist before the schedule, the budget and a minute are over', async () => {
    const { world, monitor } = stage();
    await cycle(monitor.deps, PLAN);
    world.now += OVERDUE_MS;
    expect((await answerHealth(monitor)).body.lastCycle?.ageSeconds).toBe(OVERDUE_MS / 1_000);
    expect(world.probes.get(PLAN.targets[0]?.url ?? '')).toBe(1);
  });

  it('runs one, and answers how things are after it', async () => {
    const { world, monitor } = stage();
    await cycle(monitor.deps, PLAN);
    world.now += OVERDUE_MS + 1;
    const { httpStatus, body } = await answerHealth(monitor);
    expect(httpStatus).toBe(200);
    expect(body.lastCycle).toMatchObject({ trigger: 'overdue', ageSeconds: 0, committed: 2 });
    expect(body.notes?.[0]).toMatch(/this read ran one/);
  });

  it('runs the first one of a new monitor', async () => {
    const { monitor } = stage();
    expect((await answerHealth(monitor)).body).toMatchObject({ status: 'pass', lastCycle: { trigger: 'overdue' } });
  });

  it('is one of many: of 20 at once exactly one runs a cycle', async () => {
    const { world, monitor } = stage();
    world.now = START + 1;
    const answers = await Promise.all(Array.from({ length: 20 }, () => answerHealth(monitor)));
    expect(world.probes.get(PLAN.targets[0]?.url ?? '')).toBe(1);
    const notes = answers.map(({ body }) => body.notes?.[0] ?? '');
    expect(notes.filter((note) => note.includes('this read ran one'))).toHaveLength(1);
    expect(notes.filter((note) => note.includes('another read has started one'))).toHaveLength(19);
  });

  it('starts none for the second time within a period, and one in the next', async () => {
    const { world, monitor } = stage();
    const broken: HealthMonitor = {
      ...monitor,
      deps: {
        ...monitor.deps,
        store: { ...monitor.deps.store, writeCycle: () => Promise.reject(new StoreError('unavailable', 'too late')) },
      },
    };
    await expect(answerHealth(broken)).rejects.toThrow('too late');
    const second = await answerHealth(broken);
    expect(second.httpStatus).toBe(503);
    expect(second.body.notes?.[0]).toMatch(/another read has started one within this period/);
    world.now += MINUTE_MS + 1;
    expect((await answerHealth(monitor)).httpStatus).toBe(200);
  });

  it('starts no second one while the first is still at work, however long that takes', async () => {
    const { world, monitor } = stage();
    let cycles = 0;
    const slow: HealthMonitor = {
      ...monitor,
      deps: {
        ...monitor.deps,
        observe: () => {
          cycles++;
          return new Promise(() => {});
        },
        delay: async () => {},
      },
    };
    for (let minute = 0; minute < 8; minute++) {
      world.now = START + minute * (MINUTE_MS + 1_000);
      await answerHealth(slow);
    }
    expect(cycles).toBe(PLAN.targets.length);
  });

  it('does not wait for a cycle that takes long', async () => {
    const { monitor } = stage();
    const slow: HealthMonitor = {
      ...monitor,
      deps: { ...monitor.deps, observe: () => new Promise(() => {}), delay: async () => {} },
    };
    const { httpStatus, body } = await answerHealth(slow);
    expect(httpStatus).toBe(503);
    expect(body.notes?.[0]).toMatch(/this read started one, and it is under way/);
  });
});
