import type { Fleet, FleetIndex, Retention, Store, Stored, TargetCommit, TimeRange } from '../app/store.ts';
import type { TargetRecord } from '../core/monitor/state.ts';
import type { TargetSummary } from '../core/monitor/summary.ts';
import { HOUR_MS } from '../core/rollup/rollup.ts';
import {
  cycleOf,
  cycleRow,
  type Decoded,
  INDEX_COLUMNS,
  incidentOf,
  incidentRow,
  indexEntryOf,
  RECORD_SCHEMA,
  recordOf,
  recordRow,
  resultOf,
  resultRow,
  rollupOf,
  rollupRow,
  summaryOf,
  summaryRow,
} from './encode.ts';
import { CYCLE, END_OF_TIME, FLEET, LEASES, prefixRange, rollupRange, STATE, SUMMARY_PREFIX, summaryKey, timeRange } from './keys.ts';
import { keyOf, largestSize, MAX_CHANGES, MAX_TRANSACTION_BYTES } from './limits.ts';
import type { Row, RowChange, Rows, StoredRow } from './rows.ts';
import { DAMAGED_STATE, replaceDamaged, replaceMissing } from './salvage.ts';

const SUMMARY_ATTEMPTS = 4;

/** The store over any kind of rows. `onDamage` hears of each row that cannot be believed; such a row is never overwritten in silence. */
export function createStore(rows: Rows, onDamage: (problem: string) => void = () => {}): Store {
  const readable = <Value>(partition: string, found: readonly StoredRow[], decode: (row: Row) => Decoded<Value>): readonly Value[] =>
    found.flatMap((row) => {
      const decoded = decode(row);
      if (decoded.problem !== undefined) onDamage(`row ${partition}/${row.rowKey} ${decoded.problem}`);
      return decoded.ok ? [decoded.value] : [];
    });

  return {
    readFleet: async (signal) => readFleet(await rows.list({ partitionKey: FLEET }, signal)),
    readFleetIndex: async (signal) =>
      readIndex(await rows.list({ partitionKey: FLEET, ...prefixRange(SUMMARY_PREFIX), columns: INDEX_COLUMNS }, signal)),
    readCycle: async (signal) => {
      const row = await rows.get(FLEET, CYCLE, signal);
      return row === undefined ? undefined : readable(FLEET, [row], cycleOf)[0];
    },
    writeCycle: async (record, signal) => {
      await rows.commit(FLEET, [{ kind: 'upsert', row: cycleRow(record) }], signal);
    },
    readTarget: (target, signal) => readTarget(rows, onDamage, target, signal),
    commitTarget: (commit, signal) => commitTarget(rows, commit, signal),
    writeSummaries: (summaries, signal) => writeSummaries(rows, summaries, signal),
    readResults: async (target, range, signal) => readable(target, await listTimes(rows, target, 'result', range, signal), resultOf),
    readIncidents: async (target, range, signal) => readable(target, await listTimes(rows, target, 'incident', range, signal), incidentOf),
    readRollups: async (target, span, { from, before, limit }, signal) => {
      const keys = rollupRange(span, from, before);
      return readable(target, await rows.list({ partitionKey: target, ...keys, ...(limit !== undefined && { limit }) }, signal), rollupOf);
    },
    writeRollups: async (target, span, rollups, signal) => {
      const changes = rollups.map((rollup): RowChange => ({ kind: 'upsert', row: rollupRow(span, rollup) }));
      for (const batch of batches(target, changes)) await rows.commit(target, batch, signal);
    },
    prune: (target, retention, limit, signal) => prune(rows, target, retention, limit, signal),
    forget: (target, limit, signal) => forget(rows, target, limit, signal),
    takeLease: (name, holder, now, until, signal) => takeLease(rows, name, holder, now, until, signal),
    shortenLease: (name, holder, until, signal) => shortenLease(rows, name, holder, until, signal),
  };
}

/** Transactions that a table takes: neither too many changes nor too many bytes in one of them. */
function batches(partition: string, changes: readonly RowChange[]): readonly (readonly RowChange[])[] {
  const all: RowChange[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const change of changes) {
    const size = largestSize(partition, change);
    const batch = all.at(-1);
    if (batch === undefined || batch.length === MAX_CHANGES || bytes + size > MAX_TRANSACTION_BYTES) {
      all.push([change]);
      bytes = size;
    } else {
      batch.push(change);
      bytes += size;
    }
  }
  return all;
}

function readFleet(found: readonly StoredRow[]): Fleet {
  const summaries: TargetSummary[] = [];
  const problems: string[] = [];
  let cycle: Fleet['cycle'];
  for (const row of found) {
    const decoded = row.rowKey === CYCLE ? cycleOf(row) : summaryOf(row);
    if (!decoded.ok) problems.push(`row ${FLEET}/${row.rowKey} ${decoded.problem}`);
    else if ('completedAt' in decoded.value) cycle = decoded.value;
    else summaries.push(decoded.value);
  }
  return { summaries, ...(cycle !== undefined && { cycle }), problems };
}

function readIndex(found: readonly StoredRow[]): FleetIndex {
  return { targets: new Map(found.map((row) => [row.rowKey.slice(SUMMARY_PREFIX.length), indexEntryOf(row)])) };
}

/** A record that cannot be believed is put aside, and what can be made of the other rows takes its place. */
async function readTarget(
  rows: Rows,
  onDamage: (problem: string) => void,
  target: string,
  signal: AbortSignal | undefined,
): Promise<Stored<TargetRecord> | undefined> {
  const row = await rows.get(target, STATE, signal);
  if (row === undefined) return recoverMissing(rows, onDamage, target, signal);
  const { schema } = row.values;
  if (typeof schema === 'number' && schema > RECORD_SCHEMA)
    throw new Error(
      `row ${target}/${STATE} was written by a newer version of scepwatch (schema ${schema}); it is left alone until this one is updated`,
    );
  const decoded = recordOf(row);
  if (decoded.ok) return { value: decoded.value, etag: row.etag };
  onDamage(`row ${target}/${STATE} ${decoded.problem}; it is kept as ${DAMAGED_STATE}, and the target goes on from its other rows`);
  await replaceDamaged(rows, target, row, signal);
  const replaced = await rows.get(target, STATE, signal);
  const record = replaced === undefined ? undefined : recordOf(replaced);
  return replaced !== undefined && record?.ok === true ? { value: record.value, etag: replaced.etag } : undefined;
}

/** Usually a target that was never probed; but somebody may have deleted the row, and an incident may still be open. */
async function recoverMissing(
  rows: Rows,
  onDamage: (problem: string) => void,
  target: string,
  signal: AbortSignal | undefined,
): Promise<Stored<TargetRecord> | undefined> {
  if (!(await replaceMissing(rows, target, signal))) return undefined;
  onDamage(`row ${target}/${STATE} is missing; the target goes on from its other rows`);
  const row = await rows.get(target, STATE, signal);
  const decoded = row === undefined ? undefined : recordOf(row);
  return row !== undefined && decoded?.ok === true ? { value: decoded.value, etag: row.etag } : undefined;
}

async function commitTarget(
  rows: Rows,
  { target, before, record, result, hours, days, incidents }: TargetCommit,
  signal: AbortSignal | undefined,
): Promise<'committed' | 'conflict'> {
  const upsert = (row: Row): RowChange => ({ kind: 'upsert', row });
  const state = recordRow(record);
  const outcome = await rows.commit(
    target,
    [
      before === undefined ? { kind: 'insert', row: state } : { kind: 'replace', row: state, etag: before },
      ...(result === undefined ? [] : [upsert(resultRow(result))]),
      ...hours.map((rollup) => upsert(rollupRow('hour', rollup))),
      ...days.map((rollup) => upsert(rollupRow('day', rollup))),
      ...incidents.map((incident) => upsert(incidentRow(incident))),
    ],
    signal,
  );
  if (outcome === 'committed') return outcome;
  // The answer to the first attempt may have been lost on the way: then the conflict is with ourselves.
  const now = await rows.get(target, STATE, signal);
  return now?.values.commit === record.commit ? 'committed' : 'conflict';
}

async function writeSummaries(
  rows: Rows,
  summaries: readonly { readonly summary: TargetSummary; readonly before?: string }[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const changes = summaries.map(({ summary, before }): RowChange => {
    const row = summaryRow(summary);
    return before === undefined ? { kind: 'insert', row } : { kind: 'replace', row, etag: before };
  });
  const byKey = new Map(summaries.map(({ summary }) => [summaryKey(summary.id), summary]));
  for (const batch of batches(FLEET, changes)) {
    if ((await rows.commit(FLEET, batch, signal)) === 'committed') continue;
    for (const change of batch) {
      const summary = byKey.get(keyOf(change));
      if (summary !== undefined) await writeNewer(rows, summary, signal);
    }
  }
}

/** Somebody else wrote summaries meanwhile: of each target the newer one stays. */
async function writeNewer(rows: Rows, summary: TargetSummary, signal: AbortSignal | undefined): Promise<void> {
  const row = summaryRow(summary);
  for (let attempt = 1; attempt <= SUMMARY_ATTEMPTS; attempt++) {
    const there = await rows.get(FLEET, row.rowKey, signal);
    const version = there?.values.version;
    if (typeof version === 'number' && version > summary.version) return;
    const change: RowChange = there === undefined ? { kind: 'insert', row } : { kind: 'replace', row, etag: there.etag };
    if ((await rows.commit(FLEET, [change], signal)) === 'committed') return;
  }
  // Written by others each time; the next cycle writes a newer one anyway.
}

function listTimes(
  rows: Rows,
  target: string,
  kind: 'result' | 'incident',
  { from, before, limit }: TimeRange,
  signal: AbortSignal | undefined,
): Promise<readonly StoredRow[]> {
  return rows.list({ partitionKey: target, ...timeRange(kind, from, before), ...(limit !== undefined && { limit }) }, signal);
}

async function prune(
  rows: Rows,
  target: string,
  { resultsBefore, hoursBefore, resultsAfter }: Retention,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const ranges = [
    timeRange('result', 0, resultsBefore),
    timeRange('result', resultsAfter, END_OF_TIME),
    // Only hours that were over by then.
    rollupRange('hour', 0, hoursBefore - HOUR_MS + 1),
    timeRange('incident', 0, hoursBefore),
  ];
  const found: StoredRow[] = [];
  for (const range of ranges) {
    const most = limit - found.length;
    if (most <= 0) break;
    const old = await rows.list({ partitionKey: target, ...range, limit: most, columns: ['open'] }, signal);
    found.push(...old.filter(({ values }) => values.open !== true));
  }
  return deleteRows(rows, target, found, signal);
}

async function deleteRows(rows: Rows, partitionKey: string, found: readonly StoredRow[], signal: AbortSignal | undefined): Promise<number> {
  const changes = found.map(({ rowKey }): RowChange => ({ kind: 'delete', rowKey }));
  for (const batch of batches(partitionKey, changes)) await rows.commit(partitionKey, batch, signal);
  return found.length;
}

async function forget(rows: Rows, target: string, limit: number, signal: AbortSignal | undefined): Promise<number> {
  const found = await rows.list({ partitionKey: target, limit, columns: [] }, signal);
  await deleteRows(rows, target, found, signal);
  // The summary goes last: as long as it is there, somebody comes back for the rest.
  if (found.length < limit) await rows.commit(FLEET, [{ kind: 'delete', rowKey: summaryKey(target) }], signal);
  return found.length;
}

async function takeLease(
  rows: Rows,
  name: string,
  holder: string,
  now: number,
  until: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const row: Row = { rowKey: name, values: { holder, until: BigInt(until) } };
  const there = await rows.get(LEASES, name, signal);
  const held = there?.values.until;
  // One that ends later than any that is taken now was taken by a clock that was ahead.
  if (typeof held === 'bigint' && held > BigInt(now) && held <= BigInt(until)) return false;
  const change: RowChange = there === undefined ? { kind: 'insert', row } : { kind: 'replace', row, etag: there.etag };
  if ((await rows.commit(LEASES, [change], signal)) === 'committed') return true;
  // As with a record: the conflict may be with ourselves, when the first answer was lost.
  const winner = await rows.get(LEASES, name, signal);
  return winner?.values.holder === holder;
}

async function shortenLease(rows: Rows, name: string, holder: string, until: number, signal: AbortSignal | undefined): Promise<void> {
  const there = await rows.get(LEASES, name, signal);
  if (there?.values.holder !== holder) return;
  await rows.commit(
    LEASES,
    [{ kind: 'replace', row: { rowKey: name, values: { holder, until: BigInt(until) } }, etag: there.etag }],
    signal,
  );
}
