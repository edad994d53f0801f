import { isDeepStrictEqual } from 'node:util';
import type { Store } from '../../src/app/store.ts';
import type { Incident } from '../../src/core/monitor/incident.ts';
import type { CycleResult } from '../../src/core/monitor/result.ts';
import type { TargetRecord } from '../../src/core/monitor/state.ts';
import { mergeRollups, type Rollup } from '../../src/core/rollup/rollup.ts';

/** What a monitor has said, or shown, to be committed: all of it has to be there for ever. */
export interface KnownCommits {
  /** For each line of the runner's log. */
  readonly hear: (line: string) => void;
  /** Reads what is committed by now. Rejects when the storage does not answer. */
  readonly look: (store: Store) => Promise<void>;
  /** What of all that is not there (any more), and what is there by halves. Empty when everything is as it has to be. */
  readonly problemsIn: (store: Store) => Promise<readonly string[]>;
  readonly figures: () => { readonly cycles: number; readonly committed: number; readonly seen: number };
}

const EVER = { from: 0, before: Date.parse('2100-01-01T00:00:00Z') };
const SNAPSHOT_ATTEMPTS = 20;

export function knownCommits(targets: readonly string[]): KnownCommits {
  const cycles: string[] = [];
  let committed = 0;
  const seen = new Map(targets.map((target) => [target, new Map<number, string>()]));
  return {
    hear: (line) => {
      const [, id, count] = /cycle completed id=(\S+) .*\bcommitted=(\d+)/.exec(line) ?? [];
      if (id === undefined) return;
      cycles.push(id);
      committed += Number(count);
    },
    look: async (store) => {
      const cycle = await store.readCycle();
      if (cycle === undefined) return;
      // A cycle is written when all its targets are committed. What is newer may be of the next one, and nobody has been told of it.
      for (const [target, known] of seen) {
        const from = Math.max(0, ...known.keys()) + 1;
        const results = await store.readResults(target, { from, before: cycle.completedAt });
        for (const { at, verdict } of results) known.set(at, verdict.code);
      }
    },
    problemsIn: async (store) => {
      // What is heard while this reads may be too new for it.
      const told = { committed, cycles: [...cycles] };
      const ofTargets = await Promise.all([...seen].map(([target, known]) => targetProblems(store, target, known)));
      const total = ofTargets.reduce((sum, { results }) => sum + results, 0);
      return [
        ...ofTargets.flatMap(({ problems }) => problems),
        ...unless(total >= told.committed, `${told.committed} results were told to be committed, and ${total} are there`),
        ...(await cycleProblems(store, told.cycles)),
      ];
    },
    figures: () => ({ cycles: cycles.length, committed, seen: [...seen.values()].reduce((sum, { size }) => sum + size, 0) }),
  };
}

/** The last cycle may be one that nobody has heard of, but not one that is older than the last that was heard of. */
async function cycleProblems(store: Store, heard: readonly string[]): Promise<readonly string[]> {
  const last = heard.at(-1);
  const { cycle, problems } = await store.readFleet();
  const place = cycle === undefined ? -1 : heard.indexOf(cycle.id);
  const isOld = last !== undefined && (cycle === undefined || (place !== -1 && place < heard.length - 1));
  return [...problems, ...(isOld ? [`the last cycle is ${cycle?.id}, not ${last}`] : [])];
}

/** All rows of a target between two writes. */
interface Snapshot {
  readonly record: TargetRecord;
  /** Oldest first, as everything. */
  readonly results: readonly CycleResult[];
  readonly hours: readonly Rollup[];
  readonly days: readonly Rollup[];
  readonly incidents: readonly Incident[];
}

/** undefined for a target without a record. */
async function snapshot(store: Store, target: string): Promise<Snapshot | undefined> {
  for (let attempt = 1; attempt <= SNAPSHOT_ATTEMPTS; attempt++) {
    const before = await store.readTarget(target);
    const [results, hours, days, incidents] = await Promise.all([
      store.readResults(target, EVER),
      store.readRollups(target, 'hour', EVER),
      store.readRollups(target, 'day', EVER),
      store.readIncidents(target, EVER),
    ]);
    const after = await store.readTarget(target);
    // Every commit writes the record: while its etag is the same, nothing else has changed.
    if (before?.etag !== after?.etag) continue;
    if (before === undefined && results.length + hours.length + days.length + incidents.length > 0)
      throw new Error(`${target} has rows and no record`);
    return before && { record: before.value, results: results.toReversed(), hours, days, incidents: incidents.toReversed() };
  }
  throw new Error(`${target} is written faster than it can be read`);
}

async function targetProblems(
  store: Store,
  target: string,
  known: ReadonlyMap<number, string>,
): Promise<{ readonly problems: readonly string[]; readonly results: number }> {
  const found = await snapshot(store, target);
  if (found === undefined) return { problems: known.size === 0 ? [] : [`${target} has no record`], results: 0 };
  const there = new Map(found.results.map(({ at, verdict }) => [at, verdict.code]));
  const lost = [...known].filter(([at, code]) => there.get(at) !== code);
  return {
    problems: [...lost.map(([at, code]) => `the result ${code} of ${new Date(at).toISOString()} is lost`), ...halves(found)].map(
      (problem) => `${target}: ${problem}`,
    ),
    results: found.results.length,
  };
}

/** Where the rows of a target, all of them written together, do not fit together. */
function halves({ record, results, hours, days, incidents }: Snapshot): readonly string[] {
  const { version, state, hour, day } = record;
  const open = incidents.filter(({ resolvedAt }) => resolvedAt === undefined);
  return [
    ...unless(version === results.length, `version ${version} with ${results.length} results`),
    ...unless(state.lastAt === results.at(-1)?.at, `the record is of ${state.lastAt}, the newest result of ${results.at(-1)?.at}`),
    ...unless(isDeepStrictEqual(hour, hours.at(-1)), `the hour of the record is not the last one that is stored`),
    ...unless(isDeepStrictEqual(day, days.at(-1)), `the day of the record is not the last one that is stored`),
    ...unless(
      resultsIn(hours) === results.length && resultsIn(days) === results.length,
      `${results.length} results, ${resultsIn(hours)} in hours, ${resultsIn(days)} in days`,
    ),
    ...days.flatMap((one) => unless(isDeepStrictEqual(one, sumOf(one.key, hours)), `day ${one.key} is not the sum of its hours`)),
    ...unless(
      isDeepStrictEqual(open, state.incident === undefined ? [] : [state.incident]),
      `open: ${open.map(({ id }) => id).join(', ') || 'none'}; in the record: ${state.incident?.id ?? 'none'}`,
    ),
  ];
}

function unless(fine: boolean, problem: string): readonly string[] {
  return fine ? [] : [problem];
}

function resultsIn(rollups: readonly Rollup[]): number {
  return rollups.flatMap(({ counts }) => Object.values(counts)).reduce((sum, count) => sum + count, 0);
}

function sumOf(day: string, hours: readonly Rollup[]): Rollup {
  return mergeRollups(
    day,
    hours.filter(({ key }) => key.startsWith(day)),
  );
}
