import * as z from 'zod';
import { COUNTDOWN_ROLES } from '../core/monitor/countdown.ts';
import { CYCLE_TRIGGERS, type CycleRecord } from '../core/monitor/cycle-record.ts';
import { IMPACTS } from '../core/monitor/impact.ts';
import { INCIDENT_EVENTS, type Incident } from '../core/monitor/incident.ts';
import { REASON_NAMES } from '../core/monitor/reason.ts';
import type { CheckResult } from '../core/monitor/result.ts';
import type { TargetRecord } from '../core/monitor/state.ts';
import { CONDITIONS, STATUSES } from '../core/monitor/status.ts';
import type { TargetSummary } from '../core/monitor/summary.ts';
import { CONDITIONS_OVER_TIME } from '../core/rollup/rollup.ts';
import { isVerdictCode, type VerdictCode } from '../core/verdict/code.ts';
import { HOP_STATES } from '../core/verdict/hop.ts';
import { LAYERS } from '../core/verdict/layer.ts';
import { OPERATIONS } from '../core/verdict/observation.ts';
import { SEVERITIES } from '../core/verdict/severity.ts';

/** What stored rows have to look like before anybody believes them: an operator may have edited one, an older or newer version may have written it. */

const time = z.number();
const count = z.int().min(0);

/** A newer version may have written a code that this one has not heard of; its severity still counts. */
const StoredCode = z.string().transform((code): VerdictCode => (isVerdictCode(code) ? code : 'unclassified'));

export const VerdictSeen = z.object({ code: StoredCode, severity: z.enum(SEVERITIES), layer: z.enum(LAYERS) });

const byImpact = z.object({ none: count, unknown: count, degraded: count, down: count });

const IncidentUpdate = z.object({ at: time, kind: z.enum(INCIDENT_EVENTS), reason: z.enum(REASON_NAMES), verdict: VerdictSeen });

export const StoredIncident: z.ZodType<Incident> = z
  .object({
    id: z.string(),
    target: z.string(),
    openedAt: time,
    startedAt: time,
    endedAt: time.exactOptional(),
    resolvedAt: time.exactOptional(),
    impact: z.enum(IMPACTS),
    verdict: VerdictSeen,
    worst: VerdictSeen,
    evidence: z.array(z.string()),
    // One that a newer version wrote, for a reason that this one has not heard of, must not cost the whole incident.
    updates: z.array(IncidentUpdate.optional().catch(undefined)),
    updatesLeftOut: count,
  })
  .transform(({ updates, updatesLeftOut, ...incident }) => {
    const known = updates.filter((update) => update !== undefined);
    return { ...incident, updates: known, updatesLeftOut: updatesLeftOut + updates.length - known.length };
  });

const InMaintenance = z.object({ id: z.string(), title: z.string(), start: time, end: time });

const TargetState = z.object({
  condition: z.enum(CONDITIONS),
  since: time,
  confirmed: z.enum(IMPACTS),
  runs: z.object({ atLeast: byImpact, atMost: byImpact }),
  verdict: VerdictSeen,
  sameVerdict: count,
  runSince: time,
  lastAt: time,
  judgedAt: time,
  blind: z.boolean(),
  flips: z.array(time),
  flappingSince: time.exactOptional(),
  maintenance: InMaintenance.exactOptional(),
  incident: StoredIncident.exactOptional(),
});

const Counts = z.record(z.enum(SEVERITIES), count);
const Seconds = z.record(z.enum(CONDITIONS_OVER_TIME), count);
/** As rollup rows have them: what is zero is left out. */
export const SomeCounts = z.partialRecord(z.enum(SEVERITIES), count);
export const SomeSeconds = z.partialRecord(z.enum(CONDITIONS_OVER_TIME), count);
export const StoredHistogram = z.array(count);

const Rollup = z.object({ key: z.string(), counts: Counts, seconds: Seconds, responseMs: StoredHistogram });
const Slice = z.object({ key: z.string(), seconds: z.array(count), p50: z.number().exactOptional(), p95: z.number().exactOptional() });

const LastView = z.object({
  name: z.string(),
  tenant: z.string().exactOptional(),
  periodMs: z.number().positive(),
  path: z.array(z.object({ layer: z.enum(LAYERS), name: z.string(), state: z.enum(HOP_STATES) })),
  evidence: z.array(z.string()),
  responseMs: z.number().exactOptional(),
  certificates: z.array(z.object({ role: z.enum(COUNTDOWN_ROLES), notAfter: time })),
});

export const StoredRecord: z.ZodType<TargetRecord> = z.object({
  version: count,
  commit: z.string(),
  host: z.string(),
  state: TargetState,
  history: z.object({
    raNotAfter: time.exactOptional(),
    fingerprints: z.object({ ra: z.array(z.string()), ca: z.array(z.string()) }).exactOptional(),
    slowestAnswersMs: z.array(z.number()).exactOptional(),
  }),
  hour: Rollup,
  day: Rollup,
  hours: z.array(Slice),
  days: z.array(Slice),
  longUrl: z.object({ at: time, ok: z.boolean() }).exactOptional(),
  view: LastView,
});

export const StoredSummary: z.ZodType<TargetSummary> = z.object({
  id: z.string(),
  version: count,
  status: z.enum(STATUSES),
  beneath: z.enum(STATUSES),
  since: time,
  lastAt: time,
  verdict: VerdictSeen,
  view: LastView,
  incident: z.object({ id: z.string(), openedAt: time, startedAt: time, impact: z.enum(IMPACTS), verdict: VerdictSeen }).exactOptional(),
  maintenance: InMaintenance.exactOptional(),
  removedAt: time.exactOptional(),
  hours: z.array(Slice),
  days: z.array(Slice),
});

export const StoredCycle: z.ZodType<CycleRecord> = z.object({
  id: z.string(),
  trigger: z.enum(CYCLE_TRIGGERS),
  startedAt: time,
  completedAt: time,
  counts: z.object({ due: count, committed: count, overtaken: count, deferred: count, failed: count }),
  severities: Counts,
  ownNetwork: z.enum(['fine', 'down']),
  blindSince: time.exactOptional(),
  workingSince: time,
  problems: z.array(z.string()),
  version: z.string(),
});

export const StoredChecks: z.ZodType<readonly CheckResult[]> = z.array(
  z.object({
    operation: z.enum(OPERATIONS),
    dialect: z.string(),
    status: z.int().exactOptional(),
    failure: z.string().exactOptional(),
    ms: z.number().exactOptional(),
    code: StoredCode.exactOptional(),
    transactionId: z.string().exactOptional(),
  }),
);

export const StoredVerdicts = z.array(VerdictSeen);
export const StoredLines = z.array(z.string());
