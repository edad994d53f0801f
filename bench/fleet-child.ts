import { setTimeout as sleep } from 'node:timers/promises';
import type { MonitorPlan } from '../src/app/monitor-plan.ts';
import { type CycleDeps, runCycle } from '../src/app/run-cycle.ts';
import { HOUR_MS } from '../src/core/rollup/rollup.ts';
import { KEPT_DAYS } from '../src/core/rollup/slice.ts';
import { FLEET, STATE, summaryKey } from '../src/store/keys.ts';
import { MAX_CHANGES } from '../src/store/limits.ts';
import { memoryRows } from '../src/store/memory-rows.ts';
import type { Row, RowChange, Rows } from '../src/store/rows.ts';
import { createStore } from '../src/store/store.ts';
import { healthyBundle } from '../test/support/certificates.ts';
import { createWorld, cycleDeps, monitoredTarget, monitorPlan, PERIOD_MS, START } from '../test/support/monitor.ts';
import { answerParent } from './support/child.ts';
import { peakRssMb } from './support/machine.ts';
import { startRowsProcess } from './support/rows-process.ts';
import { type Condition, repeatableRandom, simulatedObserve } from './support/simulated-target.ts';
import { virtualTime } from './support/virtual-time.ts';

export type FleetRequest =
  /** What a target costs, in a fleet of `targets` with months of history. With `outage` all of them are like that while it counts. */
  | { readonly kind: 'cost'; readonly targets: number; readonly warmUpCycles: number; readonly cycles: number; readonly outage?: Condition }
  /** Who gets a turn when only a part of them fits into a cycle. */
  | { readonly kind: 'turns'; readonly targets: number; readonly cycles: number; readonly share: number };

export interface FleetAnswer {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly restingRssMb: number;
  readonly peakRssMb: number;
  readonly committed: number;
  /** How many targets were probed so many times. */
  readonly probes: Readonly<Record<number, number>>;
}

const BLACK_HOLE_EVERY = 50;
const TEMPLATE = 'template';
/** So that several are under way at a time, as with servers that take their time to answer. */
const ANSWER_MS = 5;

/** One for all: a target whose certificates change is looked at twice. */
const BUNDLE = healthyBundle();

const { signal } = new AbortController();
const SILENT_LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

answerParent<FleetRequest, FleetAnswer>((request) => (request.kind === 'cost' ? cost(request) : turns(request)));

async function cost({ targets, warmUpCycles, cycles, outage }: Extract<FleetRequest, { readonly kind: 'cost' }>): Promise<FleetAnswer> {
  await using storage = await startRowsProcess();
  const plan = fleetOf(targets);
  let now = await fill(storage.rows, plan);
  let everywhere: Condition | undefined;
  const random = repeatableRandom();
  const observe = simulatedObserve(
    (url) => everywhere ?? conditionOf(url),
    () => Math.round(60 + 400 * random() ** 3),
    () => now,
  );
  const deps: CycleDeps = {
    ...cycleDeps(createWorld(BUNDLE), createStore(storage.rows)),
    now: () => now,
    random,
    log: SILENT_LOG,
    delay: async (ms, until) => {
      await sleep(ms, undefined, { signal: until });
    },
    observe: async (input) => {
      await sleep(ANSWER_MS);
      return observe(input);
    },
  };
  let committed = 0;
  const run = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      now += PERIOD_MS;
      committed += (await runCycle(deps, plan, { trigger: 'timer' }, signal)).record.counts.committed;
    }
  };
  const restingRssMb = process.memoryUsage.rss() / 2 ** 20;
  await run(warmUpCycles);
  committed = 0;
  everywhere = outage;
  const cpu = process.cpuUsage();
  const started = performance.now();
  await run(cycles);
  const { user, system } = process.cpuUsage(cpu);
  return {
    cpuMs: (user + system) / 1000,
    wallMs: performance.now() - started,
    restingRssMb,
    peakRssMb: peakRssMb(),
    committed,
    probes: {},
  };
}

function fleetOf(targets: number): MonitorPlan {
  return monitorPlan(Array.from({ length: targets }, (_, index) => monitoredTarget(`target-${String(index).padStart(5, '0')}`)));
}

function conditionOf(url: string): Condition {
  const number = Number(/target-(\d+)/.exec(url)?.[1]);
  return (number + 1) % BLACK_HOLE_EVERY === 0 ? 'silent' : 'healthy';
}

/** Gives every target a record with as much history as a record ever holds. Answers the time of its last result. */
async function fill(rows: Rows, { targets }: MonitorPlan): Promise<number> {
  const local = memoryRows();
  const world = createWorld(BUNDLE);
  const deps = { ...cycleDeps(world, createStore(local)), log: SILENT_LOG };
  const plan = monitorPlan([monitoredTarget(TEMPLATE, { periodMs: HOUR_MS })]);
  for (let hour = 0; hour <= (KEPT_DAYS + 1) * 24; hour++) {
    world.now = START + hour * HOUR_MS;
    await runCycle(deps, plan, { trigger: 'timer' }, signal);
  }
  const state = await local.get(TEMPLATE, STATE);
  const summary = await local.get(FLEET, summaryKey(TEMPLATE));
  if (state === undefined || summary === undefined) throw new Error('the template of the targets was not written');
  for (let first = 0; first < targets.length; first += MAX_CHANGES) {
    const some = targets.slice(first, first + MAX_CHANGES);
    await Promise.all(some.map(({ id }) => rows.commit(id, [{ kind: 'insert', row: renamed(state, id) }])));
    await rows.commit(
      FLEET,
      some.map(({ id }): RowChange => ({ kind: 'insert', row: renamed(summary, id) })),
    );
  }
  return world.now;
}

function renamed({ rowKey, values }: Row, id: string): Row {
  const name = (text: string): string => text.replaceAll(TEMPLATE, id);
  return {
    rowKey: name(rowKey),
    values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, typeof value === 'string' ? name(value) : value])),
  };
}

async function turns({ targets, cycles, share }: Extract<FleetRequest, { readonly kind: 'turns' }>): Promise<FleetAnswer> {
  const time = virtualTime(START);
  const random = repeatableRandom();
  const plan: MonitorPlan = { ...fleetOf(targets), jitterMs: 2_000 };
  const fitting = targets * share;
  const usualMs = (plan.cycleBudgetMs * plan.concurrency) / fitting;
  const probed = new Map(plan.targets.map(({ url }) => [url, 0]));
  const observe = simulatedObserve(
    () => 'healthy',
    () => 100,
    time.now,
  );
  const deps: CycleDeps = {
    ...cycleDeps(createWorld(BUNDLE), createStore(memoryRows())),
    now: time.now,
    random,
    log: SILENT_LOG,
    delay: time.sleep,
    observe: async (input) => {
      probed.set(input.url, (probed.get(input.url) ?? 0) + 1);
      await time.sleep(usualMs * (0.5 + random()));
      return observe(input);
    },
  };
  const cpu = process.cpuUsage();
  const started = performance.now();
  const restingRssMb = process.memoryUsage.rss() / 2 ** 20;
  let committed = 0;
  for (let i = 0; i < cycles; i++) {
    time.jumpTo(START + i * PERIOD_MS);
    committed += (await time.pass(runCycle(deps, plan, { trigger: 'timer' }, signal))).record.counts.committed;
  }
  const { user, system } = process.cpuUsage(cpu);
  const times = Map.groupBy(probed.values(), (count) => count);
  return {
    cpuMs: (user + system) / 1000,
    wallMs: performance.now() - started,
    restingRssMb,
    peakRssMb: peakRssMb(),
    committed,
    probes: Object.fromEntries([...times].map(([count, of]) => [count, of.length])),
  };
}
