import { coveredFrom } from '../core/monitor/next-record.ts';
import type { CycleResult } from '../core/monitor/result.ts';
import { summarise } from '../core/monitor/summary.ts';
import { addResult, emptyRollup, HOUR_MS, mergeRollups, type Rollup, rollupKey, startOfKey, touchedKeys } from '../core/rollup/rollup.ts';
import { DAY_MS } from '../core/time.ts';
import { SEVERITIES } from '../core/verdict/severity.ts';
import { inParallel } from './in-parallel.ts';
import type { Log } from './log.ts';
import type { MonitorPlan } from './monitor-plan.ts';
import type { IndexEntry, Store } from './store.ts';

export interface HouseDeps {
  readonly store: Store;
  readonly log: Log;
  readonly now: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
}

export interface HouseReport {
  readonly targets: number;
  readonly deletedRows: number;
  readonly repairedRollups: number;
  readonly repairedSummaries: number;
  /** Targets that are no longer configured and whose last row went. */
  readonly forgotten: number;
  /** True when the time was up before everything was done; the next run goes on. */
  readonly unfinished: boolean;
  readonly problems: readonly string[];
}

const BATCH = 1_000;
/** Most of the time goes by in waiting for the storage. */
const AT_A_TIME = 8;
const MAX_BATCHES_A_TARGET = 50;
/** As far back as results are compared with the rollups made of them; what is older was compared on the day that it was made. */
const REPAIR_MS = 2 * DAY_MS;

/**
 * Deletes what is older than retention allows, and mends what follows from something else: rollups that do not agree with their results,
 * summaries that are older than their record. One target's trouble does not keep the others from their turn. `budgetMs` bounds the run.
 */
export async function keepHouse(deps: HouseDeps, plan: MonitorPlan, budgetMs: number, signal: AbortSignal): Promise<HouseReport> {
  const { store, log, now, random } = deps;
  const startedAt = now();
  const { targets } = await store.readFleetIndex(signal);
  const report = { targets: 0, deletedRows: 0, repairedRollups: 0, repairedSummaries: 0, forgotten: 0, unfinished: false };
  const problems: string[] = [];
  await inParallel(turned([...targets], random()), AT_A_TIME, async ([target, entry]) => {
    if (now() - startedAt > budgetMs) {
      report.unfinished = true;
      return;
    }
    try {
      report.targets++;
      const kept = await keepTarget(store, plan, target, entry, startedAt, signal);
      report.deletedRows += kept.deletedRows;
      report.repairedRollups += kept.repairedRollups;
      report.repairedSummaries += kept.repairedSummary ? 1 : 0;
      report.forgotten += kept.forgotten ? 1 : 0;
    } catch (error) {
      signal.throwIfAborted();
      const problem = `${target}: ${error instanceof Error ? error.message : String(error)}`;
      log.error('housekeeping could not finish a target', { target, problem });
      problems.push(problem);
    }
  });
  const tell = report.unfinished ? log.warn : log.info;
  tell('housekeeping done', { ...report, problems: problems.length, ms: now() - startedAt });
  return { ...report, problems };
}

/** Begins somewhere else each night, so that a budget that is too short for all of them does not always leave out the same. */
function turned<Item>(items: readonly Item[], chance: number): readonly Item[] {
  const start = Math.floor(chance * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}

interface KeptTarget {
  readonly deletedRows: number;
  readonly repairedRollups: number;
  readonly repairedSummary: boolean;
  readonly forgotten: boolean;
}

async function keepTarget(
  store: Store,
  plan: MonitorPlan,
  target: string,
  entry: IndexEntry,
  now: number,
  signal: AbortSignal,
): Promise<KeptTarget> {
  if (isForgettable(entry, plan, now)) {
    const deletedRows = await deleteAll(() => store.forget(target, BATCH, signal));
    return { deletedRows, repairedRollups: 0, repairedSummary: false, forgotten: true };
  }
  const { resultsMs, hoursMs } = plan.retention;
  const retention = { resultsBefore: now - resultsMs, hoursBefore: now - hoursMs, resultsAfter: now + DAY_MS };
  const deletedRows = await deleteAll(() => store.prune(target, retention, BATCH, signal));
  const repairedRollups = await repairRollups(store, target, now, signal);
  return { deletedRows, repairedRollups, repairedSummary: await repairSummary(store, target, entry, signal), forgotten: false };
}

/** Days are kept for ever, but not of a target that nobody has watched for as long as its hours are kept. */
function isForgettable({ removedAt }: IndexEntry, { retention }: MonitorPlan, now: number): boolean {
  return removedAt !== undefined && now - removedAt > retention.hoursMs;
}

async function deleteAll(batch: () => Promise<number>): Promise<number> {
  let deleted = 0;
  for (let round = 1; round <= MAX_BATCHES_A_TARGET; round++) {
    const count = await batch();
    deleted += count;
    if (count < BATCH) break;
  }
  return deleted;
}

/** Rewrites hours whose counts are not those of their results, and days whose counts are not those of their hours; the present ones are left to the cycle. */
async function repairRollups(store: Store, target: string, now: number, signal: AbortSignal): Promise<number> {
  const firstHour = startOfKey(rollupKey('hour', now - REPAIR_MS));
  const thisHour = startOfKey(rollupKey('hour', now));
  const results = await store.readResults(target, { from: firstHour - DAY_MS, before: thisHour }, signal);
  const hours = await store.readRollups(target, 'hour', { from: firstHour, before: thisHour }, signal);
  const wrongHours = rolledUp(results, firstHour, thisHour).filter((hour) => !agrees(hour, hours));
  await store.writeRollups(target, 'hour', wrongHours, signal);

  const firstDay = startOfKey(rollupKey('day', now - REPAIR_MS + DAY_MS));
  const thisDay = startOfKey(rollupKey('day', now));
  const days = await store.readRollups(target, 'day', { from: firstDay, before: thisDay }, signal);
  const rightHours = [...hours.filter(({ key }) => !wrongHours.some((wrong) => wrong.key === key)), ...wrongHours];
  const wrongDays: Rollup[] = [];
  for (let start = firstDay; start < thisDay; start += DAY_MS) {
    const key = rollupKey('day', start);
    const day = mergeRollups(
      key,
      rightHours.filter((hour) => hour.key.startsWith(key)),
    );
    if (!agrees(day, days)) wrongDays.push(day);
  }
  await store.writeRollups(target, 'day', wrongDays, signal);
  return wrongHours.length + wrongDays.length;
}

/** The hours from `first` until `end` as their results make them. `results` newest first. */
function rolledUp(results: readonly CycleResult[], first: number, end: number): readonly Rollup[] {
  const hours = new Map<string, Rollup>();
  for (let start = first; start < end; start += HOUR_MS) hours.set(rollupKey('hour', start), emptyRollup(rollupKey('hour', start)));
  const ascending = results.toReversed();
  const usualGap = medianGap(ascending);
  for (const [index, result] of ascending.entries()) {
    const { at, verdict, inMaintenance, responseMs } = result;
    const covered = {
      at,
      verdict,
      inMaintenance,
      ...(responseMs !== undefined && { responseMs }),
      coversFrom: coveredFrom(at, ascending[index - 1]?.at, usualGap),
    };
    for (const key of touchedKeys('hour', covered)) {
      const hour = hours.get(key);
      if (hour !== undefined) hours.set(key, addResult('hour', hour, covered));
    }
  }
  return [...hours.values()];
}

function medianGap(ascending: readonly CycleResult[]): number {
  const gaps = ascending.slice(1).map(({ at }, index) => at - (ascending[index]?.at ?? at));
  return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
}

function agrees(made: Rollup, stored: readonly Rollup[]): boolean {
  const there = stored.find(({ key }) => key === made.key) ?? emptyRollup(made.key);
  return SEVERITIES.every((severity) => there.counts[severity] === made.counts[severity]);
}

async function repairSummary(
  store: Store,
  target: string,
  { version, etag, removedAt }: IndexEntry,
  signal: AbortSignal,
): Promise<boolean> {
  if (removedAt !== undefined) return false;
  const stored = await store.readTarget(target, signal);
  if (stored === undefined || stored.value.version <= version) return false;
  await store.writeSummaries([{ summary: summarise(target, stored.value), before: etag }], signal);
  return true;
}
