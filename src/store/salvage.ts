import { stateAround } from '../core/monitor/decide.ts';
import type { TargetRecord } from '../core/monitor/state.ts';
import { emptyRollup, HOUR_MS, type RollupSpan } from '../core/rollup/rollup.ts';
import { KEPT_DAYS, KEPT_HOURS, sliceOf } from '../core/rollup/slice.ts';
import { DAY_MS } from '../core/time.ts';
import { type Decoded, incidentOf, recordRow, resultOf, rollupOf } from './encode.ts';
import { FLEET, prefixRange, rollupRange, STATE, summaryKey } from './keys.ts';
import type { Row, RowRange, Rows, StoredRow } from './rows.ts';

/** Where a record that could not be read is kept, for whoever wants to look; of several the last one. */
export const DAMAGED_STATE = `damaged_${STATE}`;

/** The newest rows of a kind that are looked at: one damaged row may have damaged neighbours. */
const LOOKED_AT = 10;
/** Not known any more, and of no weight: the next cycle writes what is configured. */
const PERIOD_MS = 300_000;

/** Puts a damaged record aside and a rebuilt one in its place, or none when there is nothing to build it from. Does nothing when somebody else was faster. */
export async function replaceDamaged(rows: Rows, target: string, damaged: StoredRow, signal: AbortSignal | undefined): Promise<void> {
  const record = await rebuiltRecord(rows, target, signal);
  const { etag, values } = damaged;
  await rows.commit(
    target,
    [
      { kind: 'upsert', row: { rowKey: DAMAGED_STATE, values } },
      record === undefined ? { kind: 'delete', rowKey: STATE, etag } : { kind: 'replace', row: recordRow(record), etag },
    ],
    signal,
  );
}

/** Builds a record from the other rows of a target whose own is gone. False when there are none, or when somebody else was faster. */
export async function replaceMissing(rows: Rows, target: string, signal: AbortSignal | undefined): Promise<boolean> {
  const record = await rebuiltRecord(rows, target, signal);
  return record !== undefined && (await rows.commit(target, [{ kind: 'insert', row: recordRow(record) }], signal)) === 'committed';
}

/** Above all the open incident, which would otherwise stay open for ever; then what the surfaces draw. The counts towards a confirmation are lost. */
async function rebuiltRecord(rows: Rows, target: string, signal: AbortSignal | undefined): Promise<TargetRecord | undefined> {
  const read = async <Value>(range: Omit<RowRange, 'partitionKey'>, decode: (row: Row) => Decoded<Value>): Promise<readonly Value[]> =>
    (await rows.list({ partitionKey: target, ...range }, signal)).map(decode).flatMap((decoded) => (decoded.ok ? [decoded.value] : []));
  const [result] = await read({ ...prefixRange('result_'), limit: LOOKED_AT }, resultOf);
  if (result === undefined) return undefined;
  const { at, verdict, evidence, responseMs } = result;
  const incidents = await read({ ...prefixRange('incident_'), limit: LOOKED_AT }, incidentOf);
  const rollups = (span: RollupSpan, from: number) => read(rollupRange(span, from, at + 1), rollupOf);
  const hours = await rollups('hour', at - KEPT_HOURS * HOUR_MS);
  const days = await rollups('day', at - KEPT_DAYS * DAY_MS);
  const summary = await rows.get(FLEET, summaryKey(target), signal);
  const version = summary?.values.version;
  return {
    version: typeof version === 'number' ? version : 0,
    commit: '',
    host: '',
    state: stateAround(
      { at, verdict },
      incidents.find(({ resolvedAt }) => resolvedAt === undefined),
    ),
    history: {},
    hour: hours.at(-1) ?? emptyRollup(''),
    day: days.at(-1) ?? emptyRollup(''),
    hours: hours.map(sliceOf),
    days: days.map(sliceOf),
    view: { name: target, periodMs: PERIOD_MS, path: [], evidence, ...(responseMs !== undefined && { responseMs }), certificates: [] },
  };
}
