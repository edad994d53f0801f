import fc from 'fast-check';
import { COUNTDOWN_ROLES } from '../../src/core/monitor/countdown.ts';
import { CYCLE_TRIGGERS, type CycleRecord } from '../../src/core/monitor/cycle-record.ts';
import { IMPACTS } from '../../src/core/monitor/impact.ts';
import { INCIDENT_EVENTS, type Incident } from '../../src/core/monitor/incident.ts';
import { REASON_NAMES } from '../../src/core/monitor/reason.ts';
import type { CheckResult, CycleResult } from '../../src/core/monitor/result.ts';
import type { InMaintenance, LastView, TargetRecord, TargetState, VerdictSeen } from '../../src/core/monitor/state.ts';
import { CONDITIONS, STATUSES } from '../../src/core/monitor/status.ts';
import type { TargetSummary } from '../../src/core/monitor/summary.ts';
import { CONDITIONS_OVER_TIME, type Rollup, type RollupSpan, rollupKey } from '../../src/core/rollup/rollup.ts';
import type { Slice } from '../../src/core/rollup/slice.ts';
import { VERDICT_CODES } from '../../src/core/verdict/code.ts';
import { HOP_STATES } from '../../src/core/verdict/hop.ts';
import { LAYERS } from '../../src/core/verdict/layer.ts';
import { OPERATIONS } from '../../src/core/verdict/observation.ts';
import { SEVERITIES } from '../../src/core/verdict/severity.ts';
import { NASTY } from './fuzz.ts';

/** Everything that the monitor may store, whether or not it makes sense. */

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength }),
    fc.array(fc.constantFrom(...NASTY), { maxLength: 3 }).map((pieces) => pieces.join('').slice(0, maxLength)),
  );
/** For columns of their own, which keep no halves of characters. */
const wholeText = (maxLength: number): fc.Arbitrary<string> => text(maxLength).map((some) => some.toWellFormed());
const time = fc.integer({ min: 0, max: 9_999_999_999_999 });
const count = fc.nat({ max: 1_000_000 });
const milliseconds = fc.nat({ max: 600_000 });
const lines = fc.array(text(500), { maxLength: 12 });

export const verdictSeen: fc.Arbitrary<VerdictSeen> = fc.record({
  code: fc.constantFrom(...VERDICT_CODES),
  severity: fc.constantFrom(...SEVERITIES),
  layer: fc.constantFrom(...LAYERS),
});

const checkResult: fc.Arbitrary<CheckResult> = fc.oneof(
  fc.record(
    {
      operation: fc.constantFrom(...OPERATIONS),
      dialect: fc.constantFrom('android', 'ios', 'windows'),
      status: fc.integer({ min: 100, max: 999 }),
      ms: milliseconds,
      code: fc.constantFrom(...VERDICT_CODES),
      transactionId: text(60).filter((id) => id !== ''),
    },
    { requiredKeys: ['operation', 'dialect', 'status', 'ms', 'code'] },
  ),
  fc.record({
    operation: fc.constantFrom(...OPERATIONS),
    dialect: fc.constantFrom('android', 'ios', 'windows'),
    failure: fc.constantFrom('ECONNREFUSED', 'UND_ERR_HEADERS_TIMEOUT', 'ENOTFOUND'),
    ms: milliseconds,
    code: fc.constantFrom(...VERDICT_CODES),
  }),
  fc.record({
    operation: fc.constantFrom(...OPERATIONS),
    dialect: fc.constantFrom('android', 'ios', 'windows'),
    failure: fc.constant('skipped'),
  }),
);

export const cycleResult: fc.Arbitrary<CycleResult> = fc.record(
  {
    at: time,
    verdict: verdictSeen,
    alsoFound: fc.array(verdictSeen, { maxLength: 5 }),
    evidence: lines,
    durationMs: milliseconds,
    responseMs: milliseconds,
    checks: fc.array(checkResult, { maxLength: 12 }),
    vantage: wholeText(60),
    rechecked: fc.boolean(),
    inMaintenance: fc.boolean(),
  },
  { requiredKeys: ['at', 'verdict', 'alsoFound', 'evidence', 'durationMs', 'checks', 'vantage', 'rechecked', 'inMaintenance'] },
);

function numbers<Key extends string>(keys: readonly Key[]): fc.Arbitrary<Readonly<Record<Key, number>>> {
  const some = fc.oneof(fc.constant(0), count);
  return fc.tuple(...keys.map(() => some)).map((values) => recordOf(keys, values));
}

function recordOf<Key extends string>(keys: readonly Key[], values: readonly number[]): Record<Key, number> {
  return Object.fromEntries(keys.map((key, index) => [key, values[index] ?? 0])) as Record<Key, number>;
}

export const rollup = (span: RollupSpan): fc.Arbitrary<Rollup> =>
  fc.record({
    key: time.map((at) => rollupKey(span, at)),
    counts: numbers(SEVERITIES),
    seconds: numbers(CONDITIONS_OVER_TIME),
    responseMs: fc.array(count, { maxLength: 20 }),
  });

export const incident = (target: string): fc.Arbitrary<Incident> =>
  fc.record(
    {
      id: text(80),
      target: fc.constant(target),
      openedAt: time,
      startedAt: time,
      endedAt: time,
      resolvedAt: time,
      impact: fc.constantFrom(...IMPACTS),
      verdict: verdictSeen,
      worst: verdictSeen,
      evidence: lines,
      updates: fc.array(
        fc.record({ at: time, kind: fc.constantFrom(...INCIDENT_EVENTS), reason: fc.constantFrom(...REASON_NAMES), verdict: verdictSeen }),
        { maxLength: 50 },
      ),
      updatesLeftOut: count,
    },
    {
      requiredKeys: ['id', 'target', 'openedAt', 'startedAt', 'impact', 'verdict', 'worst', 'evidence', 'updates', 'updatesLeftOut'],
    },
  );

const inMaintenance: fc.Arbitrary<InMaintenance> = fc.record({ id: text(63), title: text(120), start: time, end: time });

const targetState = (target: string): fc.Arbitrary<TargetState> =>
  fc.record(
    {
      condition: fc.constantFrom(...CONDITIONS),
      since: time,
      confirmed: fc.constantFrom(...IMPACTS),
      runs: fc.record({ atLeast: numbers(IMPACTS), atMost: numbers(IMPACTS) }),
      verdict: verdictSeen,
      sameVerdict: count,
      runSince: time,
      lastAt: time,
      judgedAt: time,
      blind: fc.boolean(),
      flips: fc.array(time, { maxLength: 20 }),
      flappingSince: time,
      maintenance: inMaintenance,
      incident: incident(target),
    },
    {
      requiredKeys: [
        'condition',
        'since',
        'confirmed',
        'runs',
        'verdict',
        'sameVerdict',
        'runSince',
        'lastAt',
        'judgedAt',
        'blind',
        'flips',
      ],
    },
  );

const slice = (span: RollupSpan): fc.Arbitrary<Slice> =>
  fc.record(
    {
      key: time.map((at) => rollupKey(span, at)),
      seconds: fc.array(fc.nat({ max: 86_400 }), { maxLength: 5 }),
      p50: milliseconds,
      p95: milliseconds,
    },
    { requiredKeys: ['key', 'seconds'] },
  );

const lastView: fc.Arbitrary<LastView> = fc.record(
  {
    name: text(120),
    tenant: text(120),
    periodMs: fc.integer({ min: 1_000, max: 86_400_000 }),
    path: fc.array(fc.record({ layer: fc.constantFrom(...LAYERS), name: text(30), state: fc.constantFrom(...HOP_STATES) }), {
      maxLength: 10,
    }),
    evidence: lines,
    responseMs: milliseconds,
    certificates: fc.array(fc.record({ role: fc.constantFrom(...COUNTDOWN_ROLES), notAfter: time }), { maxLength: 3 }),
  },
  { requiredKeys: ['name', 'periodMs', 'path', 'evidence', 'certificates'] },
);

export const targetRecord = (target: string): fc.Arbitrary<TargetRecord> =>
  fc.record(
    {
      version: count,
      commit: wholeText(120),
      host: wholeText(60),
      state: targetState(target),
      history: fc.record(
        {
          raNotAfter: time,
          fingerprints: fc.record({ ra: fc.array(text(64), { maxLength: 2 }), ca: fc.array(text(64), { maxLength: 2 }) }),
          slowestAnswersMs: fc.array(milliseconds, { maxLength: 5 }),
        },
        { requiredKeys: [] },
      ),
      hour: rollup('hour'),
      day: rollup('day'),
      hours: fc.array(slice('hour'), { maxLength: 24 }),
      days: fc.array(slice('day'), { maxLength: 90 }),
      longUrl: fc.record({ at: time, ok: fc.boolean() }),
      view: lastView,
    },
    { requiredKeys: ['version', 'commit', 'host', 'state', 'history', 'hour', 'day', 'hours', 'days', 'view'] },
  );

export const targetSummary = (id: string): fc.Arbitrary<TargetSummary> =>
  fc.record(
    {
      id: fc.constant(id),
      version: count,
      status: fc.constantFrom(...STATUSES),
      beneath: fc.constantFrom(...STATUSES),
      since: time,
      lastAt: time,
      verdict: verdictSeen,
      view: lastView,
      incident: fc.record({ id: text(80), openedAt: time, startedAt: time, impact: fc.constantFrom(...IMPACTS), verdict: verdictSeen }),
      maintenance: inMaintenance,
      removedAt: time,
      hours: fc.array(slice('hour'), { maxLength: 24 }),
      days: fc.array(slice('day'), { maxLength: 90 }),
    },
    { requiredKeys: ['id', 'version', 'status', 'beneath', 'since', 'lastAt', 'verdict', 'view', 'hours', 'days'] },
  );

export const cycleRecord: fc.Arbitrary<CycleRecord> = fc.record({
  id: text(60),
  trigger: fc.constantFrom(...CYCLE_TRIGGERS),
  startedAt: time,
  completedAt: time,
  workingSince: time,
  counts: fc.record({ due: count, committed: count, overtaken: count, deferred: count, failed: count }),
  severities: numbers(SEVERITIES),
  ownNetwork: fc.constantFrom('fine', 'down'),
  problems: fc.array(text(200), { maxLength: 10 }),
  version: text(20),
});
