import type * as z from 'zod';
import type { IndexEntry } from '../app/store.ts';
import type { CycleRecord } from '../core/monitor/cycle-record.ts';
import type { Incident } from '../core/monitor/incident.ts';
import type { CheckResult, CycleResult } from '../core/monitor/result.ts';
import type { TargetRecord } from '../core/monitor/state.ts';
import { STATUSES } from '../core/monitor/status.ts';
import type { TargetSummary } from '../core/monitor/summary.ts';
import { emptyRollup, type Rollup, type RollupSpan, startOfKey } from '../core/rollup/rollup.ts';
import { CYCLE, incidentKey, resultKey, rollupRowKey, STATE, summaryKey, timeOfKey } from './keys.ts';
import type { Row, RowValue, StoredRow } from './rows.ts';
import {
  SomeCounts,
  SomeSeconds,
  StoredChecks,
  StoredCycle,
  StoredHistogram,
  StoredIncident,
  StoredLines,
  StoredRecord,
  StoredSummary,
  StoredVerdicts,
  VerdictSeen,
} from './schemas.ts';

/**
 * Between what the monitor knows and the rows that hold it. Rows that are few hold their content as one JSON text, with the columns
 * beside it that a person looks for in Storage Explorer; results and rollups are many, so they are flat and leave out what is empty.
 */
export type Decoded<Value> =
  /** With a problem when a part of the row could not be read, and the rest says enough. */
  { readonly ok: true; readonly value: Value; readonly problem?: string } | { readonly ok: false; readonly problem: string };

/** A string property holds 32,768 characters; a record is far smaller, but must not fail on the day that it is not. */
const CHUNK = 30_000;

function json(value: unknown): Record<string, RowValue> {
  const text = JSON.stringify(value);
  const columns: Record<string, RowValue> = {};
  for (let start = 0, part = 0; start < text.length; part++) {
    const chunk = wholeCharacters(text.slice(start, start + CHUNK));
    columns[part === 0 ? 'data' : `data${part}`] = chunk;
    start += chunk.length;
  }
  return columns;
}

/** A table keeps no halves of characters; the other half goes into the next column, together with this one. */
function wholeCharacters(chunk: string): string {
  return chunk.length === CHUNK && !chunk.isWellFormed() ? chunk.slice(0, -1) : chunk;
}

function fromJson<Value>(values: Row['values'], schema: z.ZodType<Value>): Decoded<Value> {
  let text = '';
  for (let part = 0; ; part++) {
    const chunk = values[part === 0 ? 'data' : `data${part}`];
    if (typeof chunk !== 'string') break;
    text += chunk;
  }
  return parsed(text, schema);
}

function parsed<Value>(text: string, schema: z.ZodType<Value>): Decoded<Value> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'is no JSON' };
  }
  const checked = schema.safeParse(value);
  if (checked.success) return { ok: true, value: checked.data };
  const [issue] = checked.error.issues;
  return { ok: false, problem: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not as expected'}` };
}

/** Goes up when an older version would misread a record. */
export const RECORD_SCHEMA = 1;

export function recordRow(record: TargetRecord): Row {
  const { verdict, lastAt, incident } = record.state;
  return {
    rowKey: STATE,
    values: {
      condition: record.state.condition,
      code: verdict.code,
      lastAt: BigInt(lastAt),
      schema: RECORD_SCHEMA,
      commit: record.commit,
      ...(incident !== undefined && { incident: incident.id }),
      ...json(record),
    },
  };
}

export function recordOf({ values }: Row): Decoded<TargetRecord> {
  return fromJson(values, StoredRecord);
}

export function summaryRow(summary: TargetSummary): Row {
  return {
    rowKey: summaryKey(summary.id),
    values: {
      status: summary.status,
      code: summary.verdict.code,
      lastAt: BigInt(summary.lastAt),
      periodMs: summary.view.periodMs,
      version: summary.version,
      ...(summary.removedAt !== undefined && { removedAt: BigInt(summary.removedAt) }),
      ...json(summary),
    },
  };
}

export function summaryOf({ values }: Row): Decoded<TargetSummary> {
  return fromJson(values, StoredSummary);
}

/** The columns of a summary that the index is made of. */
export const INDEX_COLUMNS = ['lastAt', 'periodMs', 'status', 'version', 'removedAt'] as const;

/** Never refuses: a summary that somebody damaged is due, and is written anew. */
export function indexEntryOf({ values, etag }: StoredRow): IndexEntry {
  const { lastAt, periodMs, status, version, removedAt } = values;
  return {
    lastAt: typeof lastAt === 'bigint' ? Number(lastAt) : 0,
    periodMs: typeof periodMs === 'number' ? periodMs : 0,
    status: STATUSES.find((known) => known === status) ?? 'unknown',
    version: typeof version === 'number' ? version : 0,
    ...(typeof removedAt === 'bigint' && { removedAt: Number(removedAt) }),
    etag,
  };
}

export function incidentRow(incident: Incident): Row {
  return {
    rowKey: incidentKey(incident.openedAt),
    values: { code: incident.verdict.code, open: incident.resolvedAt === undefined, ...json(incident) },
  };
}

export function incidentOf({ values }: Row): Decoded<Incident> {
  return fromJson(values, StoredIncident);
}

export function cycleRow(record: CycleRecord): Row {
  return { rowKey: CYCLE, values: { completedAt: BigInt(record.completedAt), ...json(record) } };
}

export function cycleOf({ values }: Row): Decoded<CycleRecord> {
  return fromJson(values, StoredCycle);
}

export function resultRow(result: CycleResult): Row {
  const { verdict, alsoFound, evidence, responseMs } = result;
  return {
    rowKey: resultKey(result.at),
    values: {
      code: verdict.code,
      severity: verdict.severity,
      layer: verdict.layer,
      durationMs: result.durationMs,
      ...(responseMs !== undefined && { responseMs }),
      checks: JSON.stringify(result.checks.map(checkTuple)),
      ...(alsoFound.length > 0 && { alsoFound: JSON.stringify(alsoFound) }),
      ...(evidence.length > 0 && { evidence: JSON.stringify(evidence) }),
      vantage: result.vantage,
      ...(result.rechecked && { rechecked: true }),
      ...(result.inMaintenance && { maintenance: true }),
    },
  };
}

export function resultOf({ rowKey, values }: Row): Decoded<CycleResult> {
  const at = timeOfKey(rowKey);
  if (Number.isNaN(at)) return { ok: false, problem: 'has no time in its key' };
  const verdict = VerdictSeen.safeParse({ code: values.code, severity: values.severity, layer: values.layer });
  if (!verdict.success) return { ok: false, problem: 'code, severity or layer is not as expected' };
  const checks = checksOf(text(values.checks) ?? '');
  const alsoFound = parsed(text(values.alsoFound) ?? '[]', StoredVerdicts);
  const evidence = parsed(text(values.evidence) ?? '[]', StoredLines);
  const { durationMs, responseMs } = values;
  return {
    ok: true,
    value: {
      at,
      verdict: verdict.data,
      alsoFound: alsoFound.ok ? alsoFound.value : [],
      evidence: evidence.ok ? evidence.value : [],
      durationMs: typeof durationMs === 'number' ? durationMs : 0,
      ...(typeof responseMs === 'number' && { responseMs }),
      checks: checks.ok ? checks.value : [],
      vantage: text(values.vantage) ?? '',
      rechecked: values.rechecked === true,
      inMaintenance: values.maintenance === true,
    },
    ...problemWith({ checks: checks.ok, alsoFound: alsoFound.ok, evidence: evidence.ok, durationMs: typeof durationMs === 'number' }),
  };
}

function problemWith(columns: Readonly<Record<string, boolean>>): { readonly problem?: string } {
  const bad = Object.entries(columns).flatMap(([name, fine]) => (fine ? [] : [name]));
  return bad.length === 0 ? {} : { problem: `has something else than expected as ${bad.join(', ')}; the rest of it counts` };
}

function text(value: RowValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `["ca-caps","android",200,12]`, or with the error code in place of the status; what is not plain healthy has its code and transaction behind it. */
function checkTuple({ operation, dialect, status, failure, ms, code, transactionId }: CheckResult): readonly unknown[] {
  const told = code === 'healthy' ? undefined : code;
  const tuple = [operation, dialect, status ?? failure ?? '', ms ?? 0, told ?? '', transactionId ?? ''];
  return tuple.slice(0, tuple.findLastIndex((part, index) => part !== '' && (index !== 3 || ms !== undefined)) + 1);
}

function checksOf(textual: string): Decoded<readonly CheckResult[]> {
  let tuples: unknown;
  try {
    tuples = JSON.parse(textual);
  } catch {
    return { ok: false, problem: 'is no JSON' };
  }
  if (!Array.isArray(tuples)) return { ok: false, problem: 'is no list' };
  const checks = tuples.map((tuple: unknown) => {
    const [operation, dialect, outcome, ms, code, transactionId]: unknown[] = Array.isArray(tuple) ? tuple : [];
    const answered = typeof outcome === 'number';
    const skipped = outcome === 'skipped';
    return {
      operation,
      dialect,
      ...(answered ? { status: outcome } : { failure: outcome }),
      ...(ms !== undefined && { ms }),
      ...(!skipped && { code: code === undefined || code === '' ? 'healthy' : code }),
      ...(transactionId !== undefined && { transactionId }),
    };
  });
  const checked = StoredChecks.safeParse(checks);
  return checked.success
    ? { ok: true, value: checked.data }
    : { ok: false, problem: checked.error.issues[0]?.message ?? 'is not as expected' };
}

export function rollupRow(span: RollupSpan, { key, counts, seconds, responseMs }: Rollup): Row {
  const some = (numbers: Readonly<Record<string, number>>): string =>
    JSON.stringify(Object.fromEntries(Object.entries(numbers).filter(([, value]) => value > 0)));
  return {
    rowKey: rollupRowKey(span, key),
    values: { counts: some(counts), seconds: some(seconds), ...(responseMs.length > 0 && { responseMs: JSON.stringify(responseMs) }) },
  };
}

export function rollupOf({ rowKey, values }: Row): Decoded<Rollup> {
  const key = rowKey.slice(rowKey.indexOf('_') + 1);
  if (Number.isNaN(startOfKey(key))) return { ok: false, problem: 'has no time in its key' };
  const empty = emptyRollup(key);
  const counts = parsed(text(values.counts) ?? '', SomeCounts);
  const seconds = parsed(text(values.seconds) ?? '', SomeSeconds);
  const responseMs = parsed(text(values.responseMs) ?? '[]', StoredHistogram);
  return {
    ok: true,
    value: {
      key,
      counts: { ...empty.counts, ...(counts.ok && counts.value) },
      seconds: { ...empty.seconds, ...(seconds.ok && seconds.value) },
      responseMs: responseMs.ok ? responseMs.value : [],
    },
    ...problemWith({ counts: counts.ok, seconds: seconds.ok, responseMs: responseMs.ok }),
  };
}
