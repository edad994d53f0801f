import type { CycleRecord } from '../../src/core/monitor/cycle-record.ts';
import type { Incident } from '../../src/core/monitor/incident.ts';
import type { LastView, VerdictSeen } from '../../src/core/monitor/state.ts';
import type { TargetSummary } from '../../src/core/monitor/summary.ts';
import { CONDITIONS_OVER_TIME, type ConditionOverTime, emptyRollup, type Rollup } from '../../src/core/rollup/rollup.ts';
import type { Slice } from '../../src/core/rollup/slice.ts';
import { CATALOG } from '../../src/core/verdict/catalog.ts';
import type { VerdictCode } from '../../src/core/verdict/code.ts';
import type { Hop, HopState } from '../../src/core/verdict/hop.ts';
import { LAYER_NAMES, LAYERS, type Layer } from '../../src/core/verdict/layer.ts';

/** What a running monitor has stored, for tests of pure code; anything not named is that of a target that is fine. */

export const AT = Date.parse('2026-11-24T10:00:00Z');
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

export function seen(code: VerdictCode): VerdictSeen {
  const { severity, layer } = CATALOG[code];
  return { code, severity, layer };
}

/** Every hop works up to the broken one; what lies behind it was not reached. */
export function pathTo(broken?: Layer, state: HopState = 'broken'): readonly Hop[] {
  const at = broken === undefined ? LAYERS.length : LAYERS.indexOf(broken);
  return LAYERS.map((layer, index) => ({
    layer,
    name: LAYER_NAMES[layer],
    state: index < at ? 'ok' : index === at ? state : 'unreached',
  }));
}

export type SummaryParts = Partial<Omit<TargetSummary, 'view'>> & { readonly view?: Partial<LastView> };

export function summary(id: string, { view, ...parts }: SummaryParts = {}): TargetSummary {
  return {
    id,
    version: 7,
    status: 'ok',
    since: AT - 2 * DAY,
    lastAt: AT - MINUTE,
    verdict: seen('healthy'),
    hours: [],
    days: [],
    beneath: parts.status === undefined || parts.status === 'maintenance' ? 'ok' : parts.status,
    ...parts,
    view: { name: id, periodMs: 5 * MINUTE, path: pathTo(), evidence: [], responseMs: 40, certificates: [], ...view },
  };
}

/** A target that is down since four minutes, with its incident. */
export function downSummary(id: string, code: VerdictCode = 'ndes-app-pool-stopped', parts: SummaryParts = {}): TargetSummary {
  const verdict = seen(code);
  return summary(id, {
    status: 'down',
    since: AT - 4 * MINUTE,
    verdict,
    incident: { id: `${id}-1`, openedAt: AT - 4 * MINUTE, startedAt: AT - 9 * MINUTE, impact: 'down', verdict },
    ...parts,
    view: { path: pathTo(verdict.layer), evidence: ['base-url: HTTP 503'], ...parts.view },
  });
}

export function incident(target: string, parts: Partial<Incident> = {}): Incident {
  const verdict = parts.verdict ?? seen('ndes-app-pool-stopped');
  const openedAt = parts.openedAt ?? AT - 4 * MINUTE;
  return {
    id: `${target}-1`,
    target,
    openedAt,
    startedAt: openedAt - 5 * MINUTE,
    impact: 'down',
    verdict,
    worst: verdict,
    evidence: [],
    updates: [{ at: openedAt, kind: 'opened', reason: 'failures-reached', verdict }],
    updatesLeftOut: 0,
    ...parts,
  };
}

export function cycleRecord(parts: Partial<CycleRecord> = {}): CycleRecord {
  return {
    id: 'cycle-1',
    trigger: 'timer',
    startedAt: AT - 33_000,
    completedAt: AT - 32_000,
    counts: { due: 2, committed: 2, overtaken: 0, deferred: 0, failed: 0 },
    severities: { ok: 2, info: 0, unknown: 0, warn: 0, crit: 0 },
    ownNetwork: 'fine',
    workingSince: AT - 9 * DAY,
    problems: [],
    version: 'test',
    ...parts,
  };
}

export function slice(key: string, seconds: Partial<Record<ConditionOverTime, number>>, p95 = 80): Slice {
  return { key, seconds: CONDITIONS_OVER_TIME.map((condition) => seconds[condition] ?? 0), p50: 40, p95 };
}

export function rollup(key: string, seconds: Partial<Record<ConditionOverTime, number>>, parts: Partial<Rollup> = {}): Rollup {
  const empty = emptyRollup(key);
  return { ...empty, seconds: { ...empty.seconds, ...seconds }, responseMs: [0, 12], ...parts };
}
