import { impactOf } from '../core/monitor/impact.ts';
import type { TargetRecord } from '../core/monitor/state.ts';
import type { VerdictCode } from '../core/verdict/code.ts';
import type { TargetHistory, TargetReport } from '../core/verdict/report.ts';
import type { MonitoredTarget } from './monitor-plan.ts';
import { planChecks } from './plan-checks.ts';
import type { Deps, ProbeInput } from './ports.ts';
import { limitsFor } from './probe-limits.ts';
import { probeTarget } from './probe-target.ts';

/** What the monitor saw of one target in one cycle. */
export interface Sighting {
  /** When the look began that counts. Epoch ms. */
  readonly at: number;
  readonly report: TargetReport;
  /** The first look was bad, and this is the second. */
  readonly rechecked: boolean;
}

/** Whoever was watched for so long has not just blinked. */
const LONG_LOOK_MS = 30_000;

/** A server that was silent for its whole limit has been watched for half a minute; that is no blip to look at again. */
const SEEN_LONG_ENOUGH: ReadonlySet<VerdictCode> = new Set(['tcp-timeout', 'client-timeout', 'long-url-hangs', 'dns-lookup-failed']);

/** Looks at a target once, and is done by `end` (epoch ms): what was not asked until then is told as skipped, never as broken. */
export async function look(
  deps: Deps,
  target: MonitoredTarget,
  record: TargetRecord | undefined,
  { vantage, end }: { readonly vantage: string; readonly end: number },
): Promise<Sighting> {
  const at = deps.now();
  const input = probeInput(target, longUrlIsDue(target, record, at), vantage, end - at);
  const report = await probeTarget(deps, input, { vantagePoints: 1, caPins: target.caPins, history: knownHistory(target, record) });
  return { at, report, rechecked: false };
}

/** What earlier cycles saw of this server. A target that was given another URL starts anew. */
export function knownHistory({ url }: Pick<MonitoredTarget, 'url'>, record: TargetRecord | undefined): TargetHistory {
  return record?.host === hostOf(url) ? record.history : {};
}

export function hostOf(url: string): string {
  return new URL(url).host;
}

/** True when a target has just turned bad and a second look after a pause may show that it was a blip. */
export function deservesSecondLook({ report: { verdict, observation } }: Sighting, record: TargetRecord | undefined): boolean {
  if (impactOf(verdict) === 'none' || SEEN_LONG_ENOUGH.has(verdict.code) || observation.durationMs > LONG_LOOK_MS) return false;
  return record === undefined || impactOf(record.state.verdict) === 'none' || record.state.blind;
}

/** A long URL is sent once in a while; once it has failed, every time, so that the verdict stays until it is mended. */
export function longUrlIsDue({ longUrlEveryMs }: MonitoredTarget, record: TargetRecord | undefined, now: number): boolean {
  if (longUrlEveryMs === 0) return false;
  const last = record?.longUrl;
  return last === undefined || !last.ok || now < last.at || now - last.at >= longUrlEveryMs;
}

function probeInput(target: MonitoredTarget, longUrl: boolean, vantage: string, withinMs: number): ProbeInput {
  const { url, dialects, answerMs, longUrlBytes, compareBackends, ca } = target;
  const checks = planChecks({ dialects, longUrl });
  const limits = limitsFor(answerMs, checks.length + compareBackends);
  return {
    url,
    checks,
    longUrlBytes,
    limits: { ...limits, budgetMs: Math.min(limits.budgetMs, withinMs) },
    ...(ca !== undefined && { ca }),
    insecure: false,
    compareBackends,
    vantage,
  };
}
