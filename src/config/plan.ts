import { dirname, resolve } from 'node:path';
import type { MonitoredTarget, MonitorPlan } from '../app/monitor-plan.ts';
import { planChecks } from '../app/plan-checks.ts';
import { DEFAULT_ANSWER_MS, limitsFor } from '../app/probe-limits.ts';
import { staleAfterMs } from '../core/monitor/due.ts';
import { overdueAfterMs } from '../core/monitor/health.ts';
import type { MaintenanceWindow } from '../core/monitor/maintenance.ts';
import {
  DEFAULT_FAILURES_BEFORE_ALERT,
  DEFAULT_FLAP,
  DEFAULT_SUCCESSES_BEFORE_RESOLVE,
  PAGE_AT_ONCE,
  type Policy,
} from '../core/monitor/policy.ts';
import { DEFAULT_LONG_URL_BYTES } from '../core/scep/operation-url.ts';
import { parseScepUrl } from '../core/scep/scep-url.ts';
import { DAY_MS, parseIsoTime } from '../core/time.ts';
import { type CaCertificates, caCertificates, normalisedPin, readCaFile } from './ca-certificates.ts';
import type { ConfigProblem } from './load.ts';
import type { Config, Maintenance, Target } from './schema.ts';

const MINUTE_MS = 60_000;
const DEFAULT_PERIOD_SECONDS = 300;
const DEFAULT_CONCURRENCY = 50;
const DEFAULT_BUDGET_SECONDS = 180;
const DEFAULT_JITTER_SECONDS = 2;
const DEFAULT_RECHECK_SECONDS = 5;
const DEFAULT_RESULT_DAYS = 35;
const DEFAULT_HOUR_DAYS = 400;

/** Below the time limit of host.json, so that the end of a cycle is told by us. */
export const CYCLE_LIMIT_MS = 9 * MINUTE_MS;
/** Within a cycle the last target that is started has at least so long. */
const LONGEST_PROBE_MS = 4 * MINUTE_MS;

/** Microsoft's own: the first is what devices need anyway, the second is there to be asked exactly this. */
export const DEFAULT_CONTROL_URLS = ['https://login.microsoftonline.com/', 'http://www.msftconnecttest.com/connecttest.txt'] as const;

export type LoadedPlan =
  | { readonly ok: true; readonly plan: MonitorPlan }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/**
 * The configuration with every default filled in and every file read.
 * `file` is where it came from: CA files are named relative to it. `vantage` is used when the configuration names none.
 */
export function monitorPlan(
  config: Config,
  { file, vantage, cycleEveryMs = MINUTE_MS }: { readonly file?: string; readonly vantage: string; readonly cycleEveryMs?: number },
): LoadedPlan {
  const problems: ConfigProblem[] = [];
  const folder = file === undefined ? '.' : dirname(file);
  const targets = config.targets.map((target, index): MonitoredTarget => {
    const ca = trustedCa(config, target, folder);
    if (ca?.read.ok === false) problems.push({ setting: `targets[${index}].${ca.setting}`, message: ca.read.problem });
    const planned = monitoredTarget(config, target, ca?.read.ok === true ? ca.read.pem : undefined);
    problems.push(...tooSlow(planned, index));
    return planned;
  });
  problems.push(...contradictions(config));
  if (problems.length > 0) return { ok: false, problems };
  const { cycle, retention } = config;
  const cycleBudgetMs = (cycle?.budgetSeconds ?? DEFAULT_BUDGET_SECONDS) * 1_000;
  return {
    ok: true,
    plan: {
      vantage: config.vantage ?? vantage,
      targets,
      maintenance: (config.maintenance ?? []).map(maintenanceWindow),
      concurrency: cycle?.concurrency ?? DEFAULT_CONCURRENCY,
      cycleBudgetMs,
      cycleLimitMs: CYCLE_LIMIT_MS,
      breakAfterMs: 2 * overdueAfterMs(cycleEveryMs, cycleBudgetMs),
      jitterMs: (cycle?.jitterSeconds ?? DEFAULT_JITTER_SECONDS) * 1_000,
      recheckAfterMs: (cycle?.recheckSeconds ?? DEFAULT_RECHECK_SECONDS) * 1_000,
      controlUrls: config.controlUrls ?? DEFAULT_CONTROL_URLS,
      retention: {
        resultsMs: (retention?.resultDays ?? DEFAULT_RESULT_DAYS) * DAY_MS,
        hoursMs: (retention?.hourDays ?? DEFAULT_HOUR_DAYS) * DAY_MS,
      },
    },
  };
}

/** A server that answers as slowly as it may must not keep a cycle from its end. */
function tooSlow({ answerMs, dialects, compareBackends, longUrlEveryMs }: MonitoredTarget, index: number): readonly ConfigProblem[] {
  const checks = planChecks({ dialects, longUrl: longUrlEveryMs > 0 }).length + compareBackends;
  const { budgetMs } = limitsFor(answerMs, checks);
  if (budgetMs <= LONGEST_PROBE_MS) return [];
  const message = `lets one probe of ${checks} requests take ${budgetMs / 1_000} s; ${LONGEST_PROBE_MS / 1_000} s fit into a cycle. Lower timeoutMs, or ask as fewer platforms`;
  return [{ setting: `targets[${index}].timeoutMs`, message }];
}

function contradictions({ cycle }: Config): readonly ConfigProblem[] {
  const { jitterSeconds = DEFAULT_JITTER_SECONDS, budgetSeconds = DEFAULT_BUDGET_SECONDS } = cycle ?? {};
  if (jitterSeconds < budgetSeconds) return [];
  return [
    {
      setting: 'cycle.jitterSeconds',
      message: `spreads the starts over ${jitterSeconds} s, but none is made after budgetSeconds, ${budgetSeconds} s`,
    },
  ];
}

/** The CA certificates to trust for a target's TLS, and the setting that names them; undefined when none does. */
export function trustedCa(
  { defaults }: Config,
  target: Target,
  folder: string,
): { readonly setting: 'ca' | 'caFile'; readonly read: CaCertificates } | undefined {
  const { ca, caFile } = target.ca !== undefined || target.caFile !== undefined ? target : (defaults ?? {});
  if (ca !== undefined && caFile !== undefined)
    return { setting: 'ca', read: { ok: false, problem: 'stands beside caFile; give one of them' } };
  if (caFile !== undefined) return { setting: 'caFile', read: readCaFile(resolve(folder, caFile), caFile) };
  return ca === undefined ? undefined : { setting: 'ca', read: caCertificates(ca) };
}

function monitoredTarget({ defaults }: Config, target: Target, ca: string | undefined): MonitoredTarget {
  const settings = { ...defaults, ...target };
  const { id, name = id, tenant } = target;
  const parsed = parseScepUrl(target.url);
  const periodMs = (settings.periodSeconds ?? DEFAULT_PERIOD_SECONDS) * 1_000;
  return {
    id,
    name,
    ...(tenant !== undefined && { tenant }),
    url: parsed.ok ? parsed.url : target.url,
    dialects: settings.dialects ?? ['android'],
    answerMs: settings.timeoutMs ?? DEFAULT_ANSWER_MS,
    longUrlBytes: settings.longUrlBytes ?? DEFAULT_LONG_URL_BYTES,
    longUrlEveryMs: (settings.longUrlEveryMinutes ?? 60) * MINUTE_MS,
    compareBackends: settings.compareBackends ?? 0,
    ...(ca !== undefined && { ca }),
    caPins: (settings.caPins ?? []).map(normalisedPin),
    periodMs,
    policy: policyOf(settings, periodMs),
  };
}

function policyOf(settings: Partial<Target>, periodMs: number): Policy {
  return {
    failuresBeforeAlert: settings.failuresBeforeAlert ?? DEFAULT_FAILURES_BEFORE_ALERT,
    successesBeforeResolve: settings.successesBeforeResolve ?? DEFAULT_SUCCESSES_BEFORE_RESOLVE,
    pageAtOnce: settings.pageAtOnce ?? PAGE_AT_ONCE,
    flap: {
      changes: settings.flapping?.changes ?? DEFAULT_FLAP.changes,
      windowMs: (settings.flapping?.windowMinutes ?? DEFAULT_FLAP.windowMinutes) * MINUTE_MS,
      holdMs: (settings.flapping?.holdMinutes ?? DEFAULT_FLAP.holdMinutes) * MINUTE_MS,
    },
    staleAfterMs: staleAfterMs(periodMs),
  };
}

/** The schema has made sure that a window has all parts of one of the two kinds. */
function maintenanceWindow(window: Maintenance): MaintenanceWindow {
  const { id, title = id, targets, tenants, start, end, days = [], weeks, at = '00:00', durationMinutes = 0, timeZone = 'UTC' } = window;
  const scope = { id, title, ...(targets !== undefined && { targets }), ...(tenants !== undefined && { tenants }) };
  if (start !== undefined && end !== undefined)
    return { kind: 'one-off', ...scope, start: parseIsoTime(start) ?? 0, end: parseIsoTime(end) ?? 0 };
  const [hour = 0, minute = 0] = at.split(':').map(Number);
  return {
    kind: 'recurring',
    ...scope,
    days,
    ...(weeks !== undefined && { weeks }),
    startMinute: hour * 60 + minute,
    durationMinutes,
    timeZone,
  };
}
