import * as z from 'zod';
import { COUNTDOWN_ROLES } from '../core/monitor/countdown.ts';
import { CYCLE_TRIGGERS } from '../core/monitor/cycle-record.ts';
import { IMPACTS } from '../core/monitor/impact.ts';
import { INCIDENT_EVENTS } from '../core/monitor/incident.ts';
import { MONITOR_CONDITIONS } from '../core/monitor/overview.ts';
import { REASON_NAMES } from '../core/monitor/reason.ts';
import { STATUSES } from '../core/monitor/status.ts';
import { HISTORY_VIEWS } from '../core/render/history-text.ts';
import { CONDITIONS_OVER_TIME } from '../core/rollup/rollup.ts';
import { UPTIME_WINDOWS } from '../core/rollup/uptime-window.ts';
import { VERDICT_CODES } from '../core/verdict/code.ts';
import { HOP_STATES } from '../core/verdict/hop.ts';
import { LAYERS } from '../core/verdict/layer.ts';
import { OPERATIONS } from '../core/verdict/observation.ts';
import { SEVERITIES } from '../core/verdict/severity.ts';

const Instant = z.iso.datetime().describe('ISO 8601, UTC');
const Count = z.int().nonnegative();
const Milliseconds = z.number().nonnegative();
const Status = z.enum(STATUSES).describe('What people are shown; a result that is too old is unknown, never ok');

const Verdict = z
  .strictObject({
    code: z.enum(VERDICT_CODES).describe('Public and stable; docs/verdicts.md explains each'),
    severity: z.enum(SEVERITIES),
    layer: z.enum(LAYERS).describe('The hop that the verdict is about'),
    title: z.string(),
  })
  .meta({ id: 'VerdictInShort' });

const Reason = z.strictObject({ name: z.enum(REASON_NAMES).describe('Public and stable'), text: z.string() });

const Uptime = z
  .strictObject({
    ratio: z.number().min(0).max(1).nullable().describe('Share of the judged time outside maintenance; null when nothing is known'),
    downSeconds: Count,
    knownSeconds: Count.describe('How much of the window the ratio stands for'),
    windowSeconds: Count.describe('From the start of the first hour (24h) or day of the window until now'),
  })
  .meta({ id: 'Uptime' });

const Target = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    tenant: z.string().optional(),
    status: Status,
    stale: z.boolean().describe('The last result is too old to say anything about now'),
    since: Instant.describe('Since when the status is what it is; of a stale target the time of its last result'),
    lastResultAt: Instant,
    ageSeconds: Count,
    periodSeconds: z.number().positive(),
    verdict: Verdict.describe('Of the last result that could be judged'),
    path: z.array(z.strictObject({ layer: z.enum(LAYERS), name: z.string(), state: z.enum(HOP_STATES) })),
    evidence: z.array(z.string()),
    responseMs: Milliseconds.nullable(),
    certificates: z.array(
      z.strictObject({ role: z.enum(COUNTDOWN_ROLES), notAfter: Instant, daysLeft: z.int().describe('Negative after expiry') }),
    ),
    incident: z.string().nullable().describe('Id of the open incident'),
    maintenance: z.strictObject({ id: z.string(), title: z.string(), start: Instant, end: Instant }).nullable(),
    uptime: z.record(z.enum(UPTIME_WINDOWS), Uptime),
  })
  .meta({ id: 'Target' });

const Cycle = z.strictObject({
  id: z.string(),
  trigger: z.enum(CYCLE_TRIGGERS),
  startedAt: Instant,
  completedAt: Instant,
  durationMs: Milliseconds,
  counts: z.strictObject({ due: Count, committed: Count, overtaken: Count, deferred: Count, failed: Count }),
  ownNetwork: z.enum(['fine', 'down']),
  version: z.string(),
});

const Monitor = z
  .strictObject({
    condition: z.enum(MONITOR_CONDITIONS),
    troubles: z.array(z.string()).describe('What is wrong with the monitor itself'),
    lastCycle: Cycle.nullable(),
    lastCycleAgeSeconds: Count.nullable(),
  })
  .meta({ id: 'Monitor' });

const Counts = z.record(z.enum(STATUSES), Count).describe('Targets by status');

const OpenIncident = z.strictObject({
  id: z.string(),
  target: z.string(),
  impact: z.enum(IMPACTS),
  startedAt: Instant.describe('The first bad result'),
  openedAt: Instant.describe('When it was confirmed'),
  verdict: Verdict,
  reason: Reason.nullable().describe('Why it was opened; null when that could not be read'),
  fixes: z.array(z.string()).describe('The first steps; scepwatch explain CODE --json has them all'),
});

/** What `scepwatch status --json` prints; with an id that target alone. */
export const StatusReport = z
  .strictObject({
    schema: z.literal('scepwatch.status/1'),
    at: Instant,
    monitor: Monitor,
    counts: Counts,
    targets: z.array(Target).describe('Worst first'),
    incidents: z.array(OpenIncident),
    removed: z.array(z.string()).describe('Ids of targets that are no longer configured'),
  })
  .describe('All targets of a running monitor');

const IncidentReport = z.strictObject({
  id: z.string(),
  impact: z.enum(IMPACTS),
  startedAt: Instant,
  openedAt: Instant,
  endedAt: Instant.nullable().describe('null while it is open'),
  resolvedAt: Instant.nullable(),
  verdict: Verdict,
  worst: Verdict,
  evidence: z.array(z.string()),
  updates: z.array(z.strictObject({ at: Instant, kind: z.enum(INCIDENT_EVENTS), reason: Reason, verdict: Verdict })),
  updatesLeftOut: Count.describe('Of many updates the middle is not kept'),
});

const Span = z
  .strictObject({
    key: z.string().describe('2026-11-24T10 or 2026-11-24, in UTC'),
    counts: z.record(z.enum(SEVERITIES), Count).describe('Results by severity'),
    seconds: z.record(z.enum(CONDITIONS_OVER_TIME), Count).describe('What is missing to the whole span is time without data'),
    uptime: z.number().min(0).max(1).nullable(),
    p50Ms: Milliseconds.nullable(),
    p95Ms: Milliseconds.nullable(),
  })
  .meta({ id: 'Span' });

const Run = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('results'),
    from: Instant,
    until: Instant,
    count: Count,
    verdict: Verdict,
    inMaintenance: z.boolean(),
    medianMs: Milliseconds.nullable(),
  }),
  z.strictObject({ kind: z.literal('gap'), from: Instant, until: Instant }),
]);

const Result = z.strictObject({
  at: Instant,
  verdict: Verdict,
  alsoFound: z.array(Verdict),
  evidence: z.array(z.string()),
  durationMs: Milliseconds,
  responseMs: Milliseconds.nullable(),
  checks: z.array(
    z.strictObject({
      operation: z.enum(OPERATIONS),
      dialect: z.string(),
      status: z.int().optional(),
      failure: z.string().optional(),
      ms: Milliseconds.optional(),
      code: z.enum(VERDICT_CODES).optional(),
      transactionId: z.string().optional(),
    }),
  ),
  vantage: z.string(),
  rechecked: z.boolean(),
  inMaintenance: z.boolean(),
});

/** What `scepwatch history ID --json` prints; each view has its lists. */
export const HistoryReport = z
  .strictObject({
    schema: z.literal('scepwatch.history/1'),
    at: Instant,
    target: z.strictObject({ id: z.string(), name: z.string(), tenant: z.string().optional(), removedAt: Instant.optional() }),
    view: z.enum(HISTORY_VIEWS),
    from: Instant,
    until: Instant,
    cut: z.boolean().describe('A list was longer than the limit'),
    incidents: z.array(IncidentReport).optional(),
    days: z.array(Span).optional(),
    hours: z.array(Span).optional(),
    runs: z.array(Run).optional().describe('Results, equal ones in a row as one'),
    results: z.array(Result).optional(),
  })
  .describe('What has become of one target, newest first');

const event = { schema: z.literal('scepwatch.watch/1'), at: Instant };

/** What `scepwatch watch --json` prints on each line. */
export const WatchEvent = z
  .discriminatedUnion('event', [
    z.strictObject({
      ...event,
      event: z.literal('change'),
      kind: z.enum(['appeared', 'changed', 'removed']),
      before: z.strictObject({ status: Status, code: z.enum(VERDICT_CODES) }).nullable(),
      target: Target,
      updates: z
        .array(z.strictObject({ at: Instant, kind: z.enum(INCIDENT_EVENTS), reason: Reason }))
        .describe("What was told about the target's incident meanwhile"),
    }),
    z.strictObject({ ...event, event: z.literal('cycle'), monitor: Monitor, counts: Counts, nextAt: Instant.nullable() }),
    z.strictObject({ ...event, event: z.literal('trouble'), message: z.string() }),
  ])
  .describe('One line of scepwatch watch --json');
