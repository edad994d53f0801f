import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Store, TargetCommit } from '../../src/app/store.ts';
import type { CycleRecord } from '../../src/core/monitor/cycle-record.ts';
import { stateAround } from '../../src/core/monitor/decide.ts';
import type { Incident } from '../../src/core/monitor/incident.ts';
import type { CycleResult } from '../../src/core/monitor/result.ts';
import type { TargetRecord } from '../../src/core/monitor/state.ts';
import { summarise, type TargetSummary } from '../../src/core/monitor/summary.ts';
import { emptyRollup, type Rollup, rollupKey } from '../../src/core/rollup/rollup.ts';
import { DAY_MS } from '../../src/core/time.ts';
import { incidentRow, recordRow, resultRow, rollupRow, summaryRow } from '../../src/store/encode.ts';
import { CYCLE, FLEET, STATE, summaryKey } from '../../src/store/keys.ts';
import type { Row, RowChange, Rows } from '../../src/store/rows.ts';
import { DAMAGED_STATE } from '../../src/store/salvage.ts';
import { createStore } from '../../src/store/store.ts';
import { SEEN_VERDICTS, type SeenLetter } from '../support/seen-verdicts.ts';
import { cycleRecord, cycleResult, incident, rollup, targetRecord, targetSummary } from '../support/stored-things.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOW = Date.UTC(2026, 10, 24, 12, 30);
const ALL = { from: 0, before: 9_999_999_999_999 };

const T = 'ndes-1';

function result(at: number, letter: SeenLetter = '.'): CycleResult {
  return {
    at,
    verdict: SEEN_VERDICTS[letter],
    alsoFound: [],
    evidence: [],
    durationMs: 80,
    responseMs: 12,
    checks: [{ operation: 'base-url', dialect: 'android', status: 403, ms: 12, code: 'healthy' }],
    vantage: 'here',
    rechecked: false,
    inMaintenance: false,
  };
}

function hour(at: number, up = 300): Rollup {
  const empty = emptyRollup(rollupKey('hour', at));
  return { ...empty, counts: { ...empty.counts, ok: 1 }, seconds: { ...empty.seconds, up } };
}

function day(at: number): Rollup {
  return { ...hour(at), key: rollupKey('day', at) };
}

function trouble(openedAt: number, parts: Partial<Incident> = {}): Incident {
  return {
    id: `${T}-${openedAt}`,
    target: T,
    openedAt,
    startedAt: openedAt,
    impact: 'down',
    verdict: SEEN_VERDICTS.X,
    worst: SEEN_VERDICTS.X,
    evidence: ['saw it'],
    updates: [{ at: openedAt, kind: 'opened', reason: 'failures-reached', verdict: SEEN_VERDICTS.X }],
    updatesLeftOut: 0,
    ...parts,
  };
}

function record(version: number, parts: Partial<TargetRecord> = {}): TargetRecord {
  const at = NOW + version * 5 * MINUTE_MS;
  return {
    version,
    commit: `commit-${version}`,
    host: 'ndes1.example',
    state: stateAround({ at, verdict: SEEN_VERDICTS['.'] }, undefined),
    history: {},
    hour: hour(at),
    day: day(at),
    hours: [],
    days: [],
    view: { name: 'NDES 1', periodMs: 300_000, path: [], evidence: [], certificates: [] },
    ...parts,
  };
}

function commitOf(version: number, parts: Partial<TargetCommit> = {}): TargetCommit {
  const one = record(version);
  return { target: T, record: one, result: result(one.state.lastAt), hours: [one.hour], days: [one.day], incidents: [], ...parts };
}

function cycleAt(completedAt: number): CycleRecord {
  return {
    id: 'c',
    trigger: 'timer',
    startedAt: completedAt - 1_000,
    completedAt,
    counts: { due: 1, committed: 1, overtaken: 0, deferred: 0, failed: 0 },
    severities: { ok: 1, info: 0, unknown: 0, warn: 0, crit: 0 },
    ownNetwork: 'fine',
    workingSince: completedAt - 1_000,
    problems: [],
    version: '0',
  };
}

function summary(id: string, version: number, parts: Partial<TargetSummary> = {}): TargetSummary {
  return { ...summarise(id, record(version)), ...parts };
}

/** Rows of which a commit arrives, and its answer is lost: the repetition finds what the first attempt wrote. */
function losingAnswers(rows: Rows): Rows {
  return {
    ...rows,
    commit: async (partition, changes, signal) => {
      await rows.commit(partition, changes, signal);
      return 'conflict';
    },
  };
}

interface Counted {
  readonly rows: Rows;
  /** What has been asked since the last call, and how many rows came. */
  readonly count: () => { readonly calls: number; readonly found: number };
}

function counted(rows: Rows): Counted {
  let calls = 0;
  let found = 0;
  return {
    rows: {
      get: async (...asked) => {
        calls++;
        const row = await rows.get(...asked);
        found += row === undefined ? 0 : 1;
        return row;
      },
      list: async (...asked) => {
        calls++;
        const some = await rows.list(...asked);
        found += some.length;
        return some;
      },
      commit: (...asked) => {
        calls++;
        return rows.commit(...asked);
      },
    },
    count: () => {
      const so = { calls, found };
      calls = 0;
      found = 0;
      return so;
    },
  };
}

async function put(rows: Rows, partition: string, all: readonly Row[]): Promise<void> {
  for (let start = 0; start < all.length; start += 100)
    await rows.commit(
      partition,
      all.slice(start, start + 100).map((row): RowChange => ({ kind: 'upsert', row })),
    );
}

export interface ContractOptions {
  /** Of each property. */
  readonly runs?: number;
}

/** What the store does over any kind of rows. `makeRows` gives rows of which nobody else knows; every test asks for some of its own. */
export function describeStore(name: string, makeRows: () => Promise<Rows>, { runs = 100 }: ContractOptions = {}): void {
  describe(`a store over ${name}`, { timeout: 60_000 }, () => {
    let rows: Rows;
    let store: Store;
    let damage: string[];

    beforeEach(async () => {
      rows = await makeRows();
      damage = [];
      store = createStore(rows, (problem) => damage.push(problem));
    });

    const etag = async (target = T): Promise<string> => (await store.readTarget(target))?.etag ?? '';
    const keys = async (partition = T) => (await rows.list({ partitionKey: partition })).map(({ rowKey }) => rowKey);
    const change = async (partition: string, rowKey: string, values: Partial<Record<string, Row['values'][string]>>) => {
      const row = await rows.get(partition, rowKey);
      const changed = Object.entries({ ...row?.values, ...values }).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, value] as const],
      );
      await put(rows, partition, [{ rowKey, values: Object.fromEntries(changed) }]);
    };

    describe('gives back', () => {
      const numRuns = runs;

      it('nothing where nothing is', async () => {
        expect(await store.readTarget(T)).toBeUndefined();
        expect(await store.readFleet()).toEqual({ summaries: [], problems: [] });
        expect((await store.readFleetIndex()).targets.size).toBe(0);
        expect(await store.readCycle()).toBeUndefined();
        expect(await store.readResults(T, ALL)).toEqual([]);
        expect(await store.readIncidents(T, ALL)).toEqual([]);
        expect(await store.readRollups(T, 'hour', ALL)).toEqual([]);
        expect(await store.prune(T, { resultsBefore: NOW, hoursBefore: NOW, resultsAfter: NOW + DAY_MS }, 100)).toBe(0);
        expect(await store.forget(T, 100)).toBe(0);
      });

      it('any record as it was committed', async () => {
        await fc.assert(
          fc.asyncProperty(targetRecord(T), async (one) => {
            const before = await store.readTarget(T);
            expect(await store.commitTarget({ ...commitOf(1), record: one, ...(before !== undefined && { before: before.etag }) })).toBe(
              'committed',
            );
            expect((await store.readTarget(T))?.value).toEqual(one);
          }),
          { numRuns },
        );
      });

      it('any result', async () => {
        await fc.assert(
          fc.asyncProperty(cycleResult, async (one) => {
            await store.commitTarget({ ...commitOf(1), target: 'results', result: one, ...(await beforeOf('results')) });
            expect(await store.readResults('results', { from: one.at, before: one.at + 1 })).toEqual([one]);
          }),
          { numRuns },
        );
      });

      it('any rollup', async () => {
        await fc.assert(
          fc.asyncProperty(rollup('hour'), rollup('day'), async (anHour, aDay) => {
            await store.writeRollups(T, 'hour', [anHour]);
            await store.writeRollups(T, 'day', [aDay]);
            expect(await store.readRollups(T, 'hour', ALL)).toContainEqual(anHour);
            expect(await store.readRollups(T, 'day', ALL)).toContainEqual(aDay);
          }),
          { numRuns },
        );
      });

      it('any incident', async () => {
        await fc.assert(
          fc.asyncProperty(incident(T), async (one) => {
            await store.commitTarget({ ...commitOf(1), ...(await beforeOf(T)), incidents: [one] });
            expect(await store.readIncidents(T, { from: one.openedAt, before: one.openedAt + 1 })).toEqual([one]);
          }),
          { numRuns },
        );
      });

      it('any summary, and what the index needs of it', async () => {
        await fc.assert(
          fc.asyncProperty(targetSummary(T), async (one) => {
            const before = (await store.readFleetIndex()).targets.get(T)?.etag;
            await store.writeSummaries([{ summary: one, ...(before !== undefined && { before }) }]);
            expect((await store.readFleet()).summaries).toEqual([one]);
            const { lastAt, status, version, removedAt } = one;
            expect((await store.readFleetIndex()).targets.get(T)).toMatchObject({
              lastAt,
              status,
              version,
              ...(removedAt !== undefined && { removedAt }),
            });
          }),
          { numRuns },
        );
      });

      it('any cycle', async () => {
        await fc.assert(
          fc.asyncProperty(cycleRecord, async (one) => {
            await store.writeCycle(one);
            expect(await store.readCycle()).toEqual(one);
            expect((await store.readFleet()).cycle).toEqual(one);
          }),
          { numRuns },
        );
      });

      it('a record that is longer than a property may be, wherever it is cut', async () => {
        for (const shift of ['', 'x', 'xy']) {
          const evidence = Array.from({ length: 40 }, () => shift + '😀'.repeat(1_000));
          const one = { ...record(1), view: { ...record(1).view, evidence } };
          await store.commitTarget({ ...commitOf(1), record: one, ...(await beforeOf(T)) });
          expect((await store.readTarget(T))?.value).toEqual(one);
        }
      });

      const beforeOf = async (target: string): Promise<{ before?: string }> => {
        const stored = await store.readTarget(target);
        return stored === undefined ? {} : { before: stored.etag };
      };
    });

    describe('a commit', () => {
      it('writes all of it', async () => {
        const one = trouble(NOW);
        expect(await store.commitTarget(commitOf(1, { incidents: [one] }))).toBe('committed');
        expect((await store.readTarget(T))?.value).toEqual(record(1));
        expect(await store.readResults(T, ALL)).toEqual([result(NOW + 5 * MINUTE_MS)]);
        expect(await store.readRollups(T, 'hour', ALL)).toEqual([hour(NOW)]);
        expect(await store.readRollups(T, 'day', ALL)).toEqual([day(NOW)]);
        expect(await store.readIncidents(T, ALL)).toEqual([one]);
      });

      it('may have no result', async () => {
        const { result: _, ...rest } = commitOf(1, { hours: [], days: [] });
        expect(await store.commitTarget(rest)).toBe('committed');
        expect(await keys()).toEqual([STATE]);
      });

      it('replaces what it was decided from', async () => {
        await store.commitTarget(commitOf(1));
        expect(await store.commitTarget(commitOf(2, { before: await etag() }))).toBe('committed');
        expect((await store.readTarget(T))?.value.version).toBe(2);
        expect(await store.readResults(T, ALL)).toHaveLength(2);
      });

      it.each([
        ['the record was written since', async () => ({ before: await written() })],
        ['the record exists and was thought not to', async () => written().then(() => ({}))],
        ['the record is gone', async () => deleted()],
      ])('conflicts when %s, and then writes nothing', async (_, prepare) => {
        const parts = await prepare();
        const before = await rows.list({ partitionKey: T });
        expect(await store.commitTarget(commitOf(3, { ...parts, incidents: [trouble(NOW)] }))).toBe('conflict');
        expect(await rows.list({ partitionKey: T })).toEqual(before);
      });

      /** The etag from before a second commit. */
      const written = async (): Promise<string> => {
        await store.commitTarget(commitOf(1));
        const before = await etag();
        await store.commitTarget(commitOf(2, { before }));
        return before;
      };
      const deleted = async () => {
        await store.commitTarget(commitOf(1));
        const before = await etag();
        await rows.commit(T, [{ kind: 'delete', rowKey: STATE }]);
        return { before };
      };

      it('of twenty from the same record arrives once', async () => {
        await store.commitTarget(commitOf(1));
        const before = await etag();
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            store.commitTarget(
              commitOf(2, { before, record: { ...record(2), commit: `taker-${index}` }, result: result(NOW + index * 1_000) }),
            ),
          ),
        );
        expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1);
        expect((await store.readTarget(T))?.value.commit).toBe(`taker-${outcomes.indexOf('committed')}`);
        expect(await store.readResults(T, ALL)).toHaveLength(2);
      });

      it('whose answer was lost is known by its own name', async () => {
        const unlucky = createStore(losingAnswers(rows));
        expect(await unlucky.commitTarget(commitOf(1))).toBe('committed');
        expect(await unlucky.commitTarget(commitOf(2, { before: await etag() }))).toBe('committed');
        expect((await store.readTarget(T))?.value).toEqual(record(2));
      });

      it('is not taken for that of somebody else', async () => {
        await store.commitTarget(commitOf(1));
        expect(await store.commitTarget(commitOf(2))).toBe('conflict');
        expect(await store.commitTarget(commitOf(1, { before: 'W/"old"' }))).toBe('committed');
      });
    });

    describe('a range', () => {
      const times = [0, 1, 2, 3, 4].map((index) => NOW + index * HOUR_MS);

      beforeEach(async () => {
        await put(
          rows,
          T,
          times.flatMap((at) => [
            resultRow(result(at)),
            incidentRow(trouble(at)),
            rollupRow('hour', hour(at)),
            rollupRow('day', day(at + (at - NOW) * 24)),
          ]),
        );
        await put(rows, `${T}0`, [resultRow(result(NOW + 7)), incidentRow(trouble(NOW + 7))]);
      });

      it('of results is newest first, with its start and without its end', async () => {
        const read = async (range: { from: number; before: number; limit?: number }) =>
          (await store.readResults(T, range)).map(({ at }) => (at - NOW) / HOUR_MS);
        expect(await read(ALL)).toEqual([4, 3, 2, 1, 0]);
        expect(await read({ from: NOW + HOUR_MS, before: NOW + 3 * HOUR_MS })).toEqual([2, 1]);
        expect(await read({ from: NOW + HOUR_MS + 1, before: NOW + 3 * HOUR_MS + 1 })).toEqual([3, 2]);
        expect(await read({ ...ALL, limit: 2 })).toEqual([4, 3]);
        expect(await read({ ...ALL, limit: 0 })).toEqual([]);
        expect(await read({ from: NOW, before: NOW })).toEqual([]);
        expect(await read({ from: NOW + 9 * HOUR_MS, before: NOW })).toEqual([]);
      });

      it('of incidents is newest first', async () => {
        const read = async (range: { from: number; before: number; limit?: number }) =>
          (await store.readIncidents(T, range)).map(({ openedAt }) => (openedAt - NOW) / HOUR_MS);
        expect(await read(ALL)).toEqual([4, 3, 2, 1, 0]);
        expect(await read({ from: NOW + HOUR_MS, before: NOW + 3 * HOUR_MS })).toEqual([2, 1]);
        expect(await read({ ...ALL, limit: 1 })).toEqual([4]);
      });

      it('of rollups is oldest first, and holds those that begin in it', async () => {
        const begins = (clock: string) => Date.parse(`2026-11-24T${clock}Z`);
        const read = async (from: number, before: number, limit?: number) =>
          (await store.readRollups(T, 'hour', { from, before, ...(limit !== undefined && { limit }) })).map(({ key }) => key.slice(11));
        expect(await read(0, 9_999_999_999_999)).toEqual(['12', '13', '14', '15', '16']);
        expect(await read(begins('13:00'), begins('15:00'))).toEqual(['13', '14']);
        expect(await read(begins('13:00:00.001'), begins('15:00:00.001'))).toEqual(['14', '15']);
        expect(await read(begins('13:00'), begins('13:00'))).toEqual([]);
        expect(await read(0, 9_999_999_999_999, 2)).toEqual(['12', '13']);
        const days = await store.readRollups(T, 'day', { from: Date.parse('2026-11-25T00:00Z'), before: Date.parse('2026-11-27T00:00Z') });
        expect(days.map(({ key }) => key)).toEqual(['2026-11-25', '2026-11-26']);
      });

      it.each([
        { from: -5, before: Number.MAX_SAFE_INTEGER },
        { from: Number.NEGATIVE_INFINITY, before: Number.POSITIVE_INFINITY },
      ])('may be as wide as anybody likes', async (range) => {
        expect(await store.readResults(T, range)).toHaveLength(5);
        expect(await store.readIncidents(T, range)).toHaveLength(5);
        expect(await store.readRollups(T, 'hour', range)).toHaveLength(5);
        expect(await store.readRollups(T, 'day', range)).toHaveLength(5);
      });
    });

    describe('rollups', () => {
      it('are written over what is there, however many', async () => {
        const many = Array.from({ length: 250 }, (_, index) => hour(NOW + index * HOUR_MS));
        await store.writeRollups(T, 'hour', many);
        await store.writeRollups(T, 'hour', [hour(NOW, 7)]);
        expect(await store.readRollups(T, 'hour', ALL)).toEqual([hour(NOW, 7), ...many.slice(1)]);
        await store.writeRollups(T, 'hour', []);
      });
    });

    describe('what is too old', () => {
      const old = 250;

      beforeEach(async () => {
        await put(rows, T, [
          ...Array.from({ length: old }, (_, index) => resultRow(result(NOW - (index + 1) * MINUTE_MS))),
          resultRow(result(NOW)),
          ...Array.from({ length: 30 }, (_, index) => rollupRow('hour', hour(NOW - index * HOUR_MS))),
          ...Array.from({ length: 3 }, (_, index) => rollupRow('day', day(NOW - index * DAY_MS))),
          incidentRow(trouble(NOW - 400 * DAY_MS)),
          recordRow(record(1)),
        ]);
        await put(rows, 'other', [resultRow(result(NOW - DAY_MS)), rollupRow('hour', hour(NOW - DAY_MS))]);
      });

      it('goes in batches until nothing is left of it', async () => {
        const retention = { resultsBefore: NOW, hoursBefore: NOW - 20 * HOUR_MS, resultsAfter: NOW + DAY_MS };
        const counts: number[] = [];
        for (let round = 0; round < 10; round++) counts.push(await store.prune(T, retention, 120));
        expect(counts.slice(0, 4)).toEqual([120, 120, 10 + 9, 0]);
        expect(await store.readResults(T, ALL)).toEqual([result(NOW)]);
        expect(await store.readRollups(T, 'hour', ALL)).toHaveLength(21);
        expect(await store.readRollups(T, 'day', ALL)).toHaveLength(3);
        expect(await store.readIncidents(T, ALL)).toHaveLength(1);
        expect((await store.readTarget(T))?.value).toEqual(record(1));
        expect(await keys('other')).toHaveLength(2);
      });

      it('never is what begins or ends within retention', async () => {
        await store.prune(T, { resultsBefore: NOW - 5 * MINUTE_MS, hoursBefore: NOW - 2 * HOUR_MS, resultsAfter: NOW + DAY_MS }, 1_000);
        expect((await store.readResults(T, ALL)).at(-1)?.at).toBe(NOW - 5 * MINUTE_MS);
        // NOW is 12:30; the hour from 10:00 lies half within the last two hours.
        expect((await store.readRollups(T, 'hour', ALL)).map(({ key }) => key.slice(11))).toEqual(['10', '11', '12']);
        await store.prune(T, { resultsBefore: 0, hoursBefore: Date.parse('2026-11-24T11:00Z'), resultsAfter: NOW + DAY_MS }, 1_000);
        expect((await store.readRollups(T, 'hour', ALL)).map(({ key }) => key.slice(11))).toEqual(['11', '12']);
      });

      it('takes a bounded number of calls and rows for each batch', async () => {
        const watched = counted(rows);
        const { prune } = createStore(watched.rows);
        await prune(T, { resultsBefore: NOW, hoursBefore: NOW, resultsAfter: NOW + DAY_MS }, 100);
        expect(watched.count()).toEqual({ calls: 2, found: 100 });
      });
    });

    describe('a target that is forgotten', () => {
      it('goes with all its rows, its summary last', async () => {
        await put(
          rows,
          T,
          Array.from({ length: 150 }, (_, index) => resultRow(result(NOW + index))),
        );
        await store.commitTarget(commitOf(1));
        await store.commitTarget({ ...commitOf(1), target: 'other' });
        await store.writeSummaries([{ summary: summary(T, 1) }, { summary: summary('other', 1) }]);
        const known = async () => [...(await store.readFleetIndex()).targets.keys()];
        expect(await store.forget(T, 100)).toBe(100);
        expect(await known()).toEqual([T, 'other']);
        expect(await store.forget(T, 100)).toBe(54);
        expect(await known()).toEqual(['other']);
        expect(await store.forget(T, 100)).toBe(0);
        expect(await keys()).toEqual([]);
        expect(await keys('other')).toHaveLength(4);
      });

      it('goes with its summary when its rows were exactly a batch', async () => {
        await store.commitTarget(commitOf(1));
        await store.writeSummaries([{ summary: summary(T, 1) }]);
        expect(await store.forget(T, 4)).toBe(4);
        expect(await store.forget(T, 4)).toBe(0);
        expect((await store.readFleet()).summaries).toEqual([]);
      });
    });

    describe('summaries', () => {
      const versions = async () => Object.fromEntries((await store.readFleet()).summaries.map(({ id, version }) => [id, version]));
      const index = async (id: string) => (await store.readFleetIndex()).targets.get(id)?.etag ?? '';

      it('of hundreds of targets are one query', async () => {
        const all = Array.from({ length: 250 }, (_, number) => summary(`t${String(number).padStart(3, '0')}`, 1));
        await store.writeSummaries(all.map((one) => ({ summary: one })));
        await store.writeCycle(cycleAt(NOW));
        const watched = counted(rows);
        const fleet = await createStore(watched.rows).readFleet();
        expect(fleet).toEqual({ summaries: all, cycle: cycleAt(NOW), problems: [] });
        expect(watched.count()).toEqual({ calls: 1, found: 251 });
      });

      it('take the place of those that were read', async () => {
        await store.writeSummaries([{ summary: summary(T, 1) }]);
        await store.writeSummaries([{ summary: summary(T, 2), before: await index(T) }]);
        expect(await versions()).toEqual({ [T]: 2 });
      });

      it('that are newer stay, although others of the same lot are written', async () => {
        await store.writeSummaries([{ summary: summary('a', 1) }, { summary: summary('b', 1) }]);
        const before = { a: await index('a'), b: await index('b') };
        await store.writeSummaries([{ summary: summary('a', 9), before: before.a }]);
        await store.writeSummaries([
          { summary: summary('a', 2), before: before.a },
          { summary: summary('b', 2), before: before.b },
          { summary: summary('c', 2) },
        ]);
        expect(await versions()).toEqual({ a: 9, b: 2, c: 2 });
      });

      it('of the same version are written again', async () => {
        await store.writeSummaries([{ summary: summary(T, 3) }]);
        await store.writeSummaries([{ summary: summary(T, 3, { removedAt: NOW }) }]);
        expect((await store.readFleet()).summaries[0]?.removedAt).toBe(NOW);
      });

      it('whose answer was lost are written all the same', async () => {
        await createStore(losingAnswers(rows)).writeSummaries([{ summary: summary(T, 3) }]);
        expect(await versions()).toEqual({ [T]: 3 });
      });

      it('end with the newest, whoever writes at the same time', async () => {
        await Promise.all([5, 3, 8, 1, 7, 2, 6, 4].map((version) => store.writeSummaries([{ summary: summary(T, version) }])));
        // Whoever was overtaken each time gives up: the next cycle writes a newer one anyway.
        await store.writeSummaries([{ summary: summary(T, 8) }]);
        await store.writeSummaries([{ summary: summary(T, 7) }]);
        expect(await versions()).toEqual({ [T]: 8 });
      });

      it('that are too large for one transaction are written in several', async () => {
        const evidence = Array.from({ length: 12 }, () => '証'.repeat(500));
        const days = Array.from({ length: 90 }, (_, number) => ({
          key: rollupKey('day', NOW - number * DAY_MS),
          seconds: [80_000, 0, 6_400],
          p50: 100,
          p95: 1_000,
        }));
        const large = Array.from({ length: 100 }, (_, number) =>
          summary(`t${number}`, 1, { days, view: { ...summary(T, 1).view, evidence } }),
        );
        await store.writeSummaries(large.map((one) => ({ summary: one })));
        expect((await store.readFleet()).summaries).toHaveLength(100);
      });

      it('that are none are no transaction', async () => {
        await store.writeSummaries([]);
        expect(await keys(FLEET)).toEqual([]);
      });
    });

    describe('a lease', () => {
      it('is taken by one of twenty', async () => {
        const taken = await Promise.all(
          Array.from({ length: 20 }, (_, index) => store.takeLease('cycle', `taker-${index}`, NOW, NOW + MINUTE_MS)),
        );
        expect(taken.filter((mine) => mine)).toHaveLength(1);
      });

      it('is taken by one of twenty again once it is over', async () => {
        await store.takeLease('cycle', 'first', NOW, NOW + MINUTE_MS);
        const later = NOW + MINUTE_MS;
        expect(await store.takeLease('cycle', 'early', later - 1, later + MINUTE_MS)).toBe(false);
        const taken = await Promise.all(
          Array.from({ length: 20 }, (_, index) => store.takeLease('cycle', `taker-${index}`, later, later + MINUTE_MS)),
        );
        expect(taken.filter((mine) => mine)).toHaveLength(1);
        expect(await store.takeLease('cycle', 'late', later + 1, later + MINUTE_MS)).toBe(false);
      });

      it('is not given twice, not even to the same holder', async () => {
        expect(await store.takeLease('cycle', 'me', NOW, NOW + MINUTE_MS)).toBe(true);
        expect(await store.takeLease('cycle', 'me', NOW, NOW + MINUTE_MS)).toBe(false);
        expect(await store.takeLease('other', 'me', NOW, NOW + MINUTE_MS)).toBe(true);
      });

      it('belongs to whoever took it although the answer was lost', async () => {
        const losing: Rows = {
          ...rows,
          commit: async (...args) => {
            await rows.commit(...args);
            return 'conflict';
          },
        };
        expect(await createStore(losing).takeLease('cycle', 'me', NOW, NOW + MINUTE_MS)).toBe(true);
        expect(await createStore(losing).takeLease('cycle', 'other', NOW, NOW + MINUTE_MS)).toBe(false);
      });

      it('that somebody has damaged is free', async () => {
        await put(rows, '_leases', [{ rowKey: 'cycle', values: { until: 'never' } }]);
        expect(await store.takeLease('cycle', 'me', NOW, NOW + MINUTE_MS)).toBe(true);
      });
    });

    describe('a damaged record', () => {
      const BAD: readonly (readonly [what: string, values: Partial<Record<string, string>>])[] = [
        ['is no JSON', { data: '{"version":' }],
        ['is empty', { data: undefined }],
        ['lacks a field', { data: '{"version":1}' }],
        ['is of another kind', { data: '[]' }],
      ];

      it.each(BAD)('that %s is reported and kept, and a target without results starts afresh', async (_, values) => {
        const { result: _result, ...rest } = commitOf(1, { hours: [], days: [] });
        await store.commitTarget(rest);
        await change(T, STATE, values);
        const broken = (await rows.get(T, STATE))?.values;
        expect(await store.readTarget(T)).toBeUndefined();
        expect(damage).toEqual([expect.stringMatching(/^row ndes-1\/state .+; it is kept as damaged_state/)]);
        expect((await rows.get(T, DAMAGED_STATE))?.values).toEqual(broken);
        expect(await store.commitTarget(commitOf(2))).toBe('committed');
        expect((await store.readTarget(T))?.value).toEqual(record(2));
        expect(damage).toHaveLength(1);
      });

      it.each(BAD)('that %s is rebuilt from the other rows, and keeps its open incident', async (_, values) => {
        const open = trouble(NOW);
        await put(rows, T, [incidentRow(trouble(NOW - DAY_MS, { endedAt: NOW - 1, resolvedAt: NOW - 1 }))]);
        await store.commitTarget({
          ...commitOf(7),
          incidents: [open],
          result: { ...result(NOW + 35 * MINUTE_MS, 'X'), evidence: ['saw it'] },
        });
        await store.writeSummaries([{ summary: summary(T, 7) }]);
        await change(T, STATE, values);
        const { value, etag: before } = (await store.readTarget(T)) ?? {};
        expect(damage).toHaveLength(1);
        expect(value).toMatchObject({
          version: 7,
          state: { incident: open, confirmed: 'down', lastAt: NOW + 35 * MINUTE_MS, verdict: SEEN_VERDICTS.X },
          hour: hour(NOW + 35 * MINUTE_MS),
          day: day(NOW),
          hours: [{ key: '2026-11-24T13', seconds: [300] }],
          days: [{ key: '2026-11-24', seconds: [300] }],
          view: { evidence: ['saw it'] },
        });
        expect(await rows.get(T, DAMAGED_STATE)).toBeDefined();
        expect(await store.commitTarget(commitOf(8, { ...(before !== undefined && { before }) }))).toBe('committed');
        expect(damage).toHaveLength(1);
      });

      it('is rebuilt once, however many read it', async () => {
        await store.commitTarget({ ...commitOf(7), incidents: [trouble(NOW)] });
        await change(T, STATE, { data: 'x' });
        const read = await Promise.all(Array.from({ length: 5 }, () => store.readTarget(T)));
        for (const stored of read) expect(stored).toEqual(await store.readTarget(T));
        expect(read[0]?.value.state.incident).toEqual(trouble(NOW));
      });
    });

    describe('a row', () => {
      it('with a code of a newer version is read by its severity', async () => {
        const newer = (row: Row): Row => ({
          ...row,
          values: Object.fromEntries(
            Object.entries(row.values).map(([key, value]) => [
              key,
              typeof value === 'string' ? value.replaceAll('ndes-app-pool-stopped', 'ndes-of-tomorrow') : value,
            ]),
          ),
        });
        const bad = record(1, { state: stateAround({ at: NOW, verdict: SEEN_VERDICTS.X }, trouble(NOW)) });
        await put(rows, T, [recordRow(bad), resultRow(result(NOW, 'X')), incidentRow(trouble(NOW))].map(newer));
        await put(rows, FLEET, [newer(summaryRow(summarise(T, bad)))]);
        const verdict = { ...SEEN_VERDICTS.X, code: 'unclassified' };
        expect((await store.readTarget(T))?.value.state).toMatchObject({ verdict, incident: { verdict, worst: verdict } });
        expect(await store.readResults(T, ALL)).toMatchObject([{ verdict }]);
        expect(await store.readIncidents(T, ALL)).toMatchObject([{ verdict, updates: [{ verdict }] }]);
        expect((await store.readFleet()).summaries).toMatchObject([{ verdict }]);
        expect(damage).toEqual([]);
      });

      it('with an update of a newer version leaves it out and says so', async () => {
        const row = incidentRow(trouble(NOW, { updates: [...trouble(NOW).updates, ...trouble(NOW + 1).updates] }));
        const data = String(row.values.data).replace('failures-reached', 'reason-of-tomorrow');
        await put(rows, T, [{ ...row, values: { ...row.values, data } }]);
        expect(await store.readIncidents(T, ALL)).toMatchObject([{ updates: [{ at: NOW + 1 }], updatesLeftOut: 1 }]);
      });

      it.each([
        ['no code', { code: undefined }],
        ['a severity that nobody knows', { severity: 'dreadful' }],
        ['a layer that is none', { layer: 7 }],
      ])('of a result with %s is reported and left alone', async (_, values) => {
        await put(rows, T, [resultRow(result(NOW)), resultRow(result(NOW + 1))]);
        await change(T, resultRow(result(NOW)).rowKey, values);
        expect((await store.readResults(T, ALL)).map(({ at }) => at)).toEqual([NOW + 1]);
        expect(damage).toEqual([expect.stringContaining(`row ndes-1/${resultRow(result(NOW)).rowKey} `)]);
        expect(await keys()).toHaveLength(2);
      });

      it.each([
        ['checks', 'no JSON'],
        ['checks', '{}'],
        ['checks', '[["check-of-tomorrow","android",200,1]]'],
        ['checks', undefined],
        ['alsoFound', '[{}]'],
        ['evidence', '[1]'],
        ['durationMs', 'long'],
      ])('of a result with %s that is %j is reported, and the rest of it counts', async (column, value) => {
        await put(rows, T, [resultRow(result(NOW, 'X'))]);
        await change(T, resultRow(result(NOW)).rowKey, { [column]: value });
        expect(await store.readResults(T, ALL)).toMatchObject([{ at: NOW, verdict: SEEN_VERDICTS.X, vantage: 'here' }]);
        expect(damage).toEqual([expect.stringContaining(column)]);
      });

      it.each([
        ['counts', '{"ok":'],
        ['seconds', '{"up":-1}'],
        ['responseMs', '["many"]'],
      ])('of a rollup with %s that are %j is reported, and the rest of it counts', async (column, value) => {
        await store.writeRollups(T, 'hour', [{ ...hour(NOW), responseMs: [1] }]);
        await change(T, `hour_${rollupKey('hour', NOW)}`, { [column]: value });
        const [read] = await store.readRollups(T, 'hour', ALL);
        expect(read).toMatchObject({
          key: rollupKey('hour', NOW),
          ...(column !== 'counts' && { counts: hour(NOW).counts }),
          ...(column !== 'seconds' && { seconds: hour(NOW).seconds }),
        });
        expect(damage).toEqual([expect.stringContaining(column)]);
      });

      it('without a time in its key is reported', async () => {
        await put(rows, T, [
          { ...resultRow(result(NOW)), rowKey: 'result_0yesterday' },
          { ...rollupRow('hour', hour(NOW)), rowKey: 'hour_2026-yesterday' },
        ]);
        expect(await store.readResults(T, { from: 0, before: Number.MAX_SAFE_INTEGER })).toEqual([]);
        expect(await store.readRollups(T, 'hour', ALL)).toEqual([]);
        expect(damage).toHaveLength(2);
      });

      it.each([{ data: 'x' }, { data: '{}' }, { data: undefined }])('of an incident with %j is reported and left alone', async (values) => {
        await put(rows, T, [incidentRow(trouble(NOW)), incidentRow(trouble(NOW + 1))]);
        await change(T, incidentRow(trouble(NOW)).rowKey, values);
        expect(await store.readIncidents(T, ALL)).toEqual([trouble(NOW + 1)]);
        expect(damage).toHaveLength(1);
        expect(await keys()).toHaveLength(2);
      });

      it.each([{ data: 'x' }, { data: '{}' }, { lastAt: 'never', version: 'new', status: 5 }])(
        'of a summary with %j is reported, never hides the others, and is written anew',
        async (values) => {
          await store.writeSummaries([{ summary: summary('a', 1) }, { summary: summary('b', 1) }]);
          await store.writeCycle(cycleAt(NOW));
          await change(FLEET, summaryKey('a'), values);
          const fleet = await store.readFleet();
          expect(fleet.summaries.map(({ id }) => id)).toContain('b');
          expect(fleet.problems).toHaveLength('data' in values ? 1 : 0);
          const entry = (await store.readFleetIndex()).targets.get('a');
          if ('lastAt' in values) expect(entry).toMatchObject({ lastAt: 0, version: 0, status: 'unknown' });
          await store.writeSummaries([{ summary: summary('a', 2), ...(entry !== undefined && { before: entry.etag }) }]);
          expect((await store.readFleet()).summaries).toEqual([summary('a', 2), summary('b', 1)]);
        },
      );

      it('of the cycle that is damaged is reported', async () => {
        await put(rows, FLEET, [{ rowKey: CYCLE, values: { data: '{}' } }]);
        expect(await store.readCycle()).toBeUndefined();
        expect(damage).toHaveLength(1);
        expect((await store.readFleet()).problems).toHaveLength(1);
      });
    });

    describe('a read', () => {
      const READS: readonly (readonly [what: string, read: (store: Store) => Promise<unknown>])[] = [
        ['the fleet', (one) => one.readFleet()],
        ['the index', (one) => one.readFleetIndex()],
        ['the last cycle', (one) => one.readCycle()],
        ['a target', (one) => one.readTarget(T)],
        ['its last results', (one) => one.readResults(T, { from: 0, before: NOW * 2, limit: 5 })],
        ['its last incidents', (one) => one.readIncidents(T, { from: 0, before: NOW * 2, limit: 5 })],
        ['its hour', (one) => one.readRollups(T, 'hour', { from: NOW - HOUR_MS, before: NOW + 1 })],
        ['its day', (one) => one.readRollups(T, 'day', { from: NOW - DAY_MS, before: NOW + 1 })],
      ];

      const fill = async (results: number): Promise<void> => {
        const all = Array.from({ length: results }, (_, index) => NOW - index * 5 * MINUTE_MS);
        const once = (span: 'hour' | 'day') => [...new Set(all.map((at) => rollupKey(span, at)))];
        await put(rows, T, [
          ...all.map((at) => resultRow(result(at))),
          ...once('hour').map((key) => rollupRow('hour', { ...hour(NOW), key })),
          ...once('day').map((key) => rollupRow('day', { ...hour(NOW), key })),
          ...Array.from({ length: Math.max(6, results / 200) }, (_, index) => incidentRow(trouble(NOW - index * HOUR_MS))),
          recordRow(record(1)),
        ]);
        await store.writeSummaries([{ summary: summary(T, 1) }]);
        await store.writeCycle(cycleAt(NOW));
      };

      const costs = async (): Promise<Readonly<Record<string, { readonly calls: number; readonly found: number }>>> => {
        const watched = counted(rows);
        const one = createStore(watched.rows);
        const all: Record<string, { readonly calls: number; readonly found: number }> = {};
        for (const [what, read] of READS) {
          await read(one);
          all[what] = watched.count();
        }
        return all;
      };

      it('costs the same after ten results and after ten thousand', { timeout: 120_000 }, async () => {
        await fill(10);
        const young = await costs();
        rows = await makeRows();
        store = createStore(rows);
        await fill(10_000);
        expect((await keys()).length).toBeGreaterThan(10_900);
        expect(await costs()).toEqual(young);
        for (const { calls, found } of Object.values(young)) {
          expect(calls).toBe(1);
          expect(found).toBeLessThanOrEqual(5);
        }
      });
    });
  });
}
