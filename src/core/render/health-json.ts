import type { Health } from '../monitor/health.ts';
import { anonymousText } from '../text/redact.ts';
import { isoTime } from '../time.ts';

type CheckStatus = 'pass' | 'warn' | 'fail';

interface HealthCheck {
  readonly componentType: 'component' | 'datastore' | 'system';
  readonly observedValue?: number | string;
  readonly observedUnit?: string;
  readonly status: CheckStatus;
  readonly time: string;
  readonly output?: string;
}

/** `application/health+json` (draft-inadarei-api-health-check-06), with the figures that a watchdog asks for beside its checks. */
export interface HealthJson {
  readonly status: CheckStatus;
  readonly version: string;
  readonly releaseId: string;
  readonly description: string;
  /** What is wrong; absent when nothing is. */
  readonly output?: string;
  readonly notes?: readonly string[];
  readonly checks: Readonly<Record<string, readonly HealthCheck[]>>;
  readonly lastCycle: {
    readonly completedAt: string;
    readonly ageSeconds: number;
    readonly durationMs: number;
    readonly trigger: string;
    readonly due: number;
    readonly committed: number;
    readonly overtaken: number;
    readonly deferred: number;
    readonly failed: number;
  } | null;
  readonly targets: Readonly<Record<string, number>>;
}

export interface HealthAnswer {
  /** 200, also with warnings; 503 when the monitor cannot be relied on. */
  readonly httpStatus: 200 | 503;
  readonly body: HealthJson;
}

const DESCRIPTION = 'scepwatch: is the monitor itself at work? How the targets are is only counted here.';

/** How the monitor is, for watchdogs. `notes` are for people. */
export function healthAnswer(health: Health, version: string, notes: readonly string[] = []): HealthAnswer {
  const time = isoTime(health.at);
  const checks = {
    'cycle:age': [ageCheck(health, time)],
    'storage:responseTime': [storageCheck(health, time)],
    'cycle:targets': [targetsCheck(health, time)],
  };
  const all = Object.values(checks).flat();
  const status = worst(all.map((check) => check.status));
  const output = all.flatMap((check) => (check.status === 'pass' || check.output === undefined ? [] : [check.output])).join('; ');
  return {
    httpStatus: status === 'fail' ? 503 : 200,
    body: {
      status,
      version: '1',
      releaseId: version,
      description: DESCRIPTION,
      ...(output !== '' && { output }),
      ...(notes.length > 0 && { notes }),
      checks,
      lastCycle: lastCycle(health),
      targets: health.targets,
    },
  };
}

/** The same for a monitor that cannot start: every problem of its configuration. */
export function misconfiguredAnswer(problems: readonly string[], now: number, version: string): HealthAnswer {
  const told = problems.map(anonymousText);
  return failure('configuration', `the configuration cannot be used: ${told.join('; ')}`, told, now, version);
}

/** The same for a monitor whose storage refuses it. */
export function unusableAnswer(problem: string, now: number, version: string): HealthAnswer {
  const told = anonymousText(problem);
  return failure('storage:connection', told, [told], now, version);
}

function failure(check: string, output: string, notes: readonly string[], now: number, version: string): HealthAnswer {
  return {
    httpStatus: 503,
    body: {
      status: 'fail',
      version: '1',
      releaseId: version,
      description: DESCRIPTION,
      output,
      notes,
      checks: { [check]: [{ componentType: 'system', status: 'fail', time: isoTime(now), output }] },
      lastCycle: null,
      targets: {},
    },
  };
}

function worst(statuses: readonly CheckStatus[]): CheckStatus {
  if (statuses.includes('fail')) return 'fail';
  return statuses.includes('warn') ? 'warn' : 'pass';
}

function ageCheck({ cycleAgeMs, overdue, overdueAfterMs, storage }: Health, time: string): HealthCheck {
  const limit = Math.round(overdueAfterMs / 1_000);
  const base = { componentType: 'component', time } as const;
  if (!storage.ok) return { ...base, status: 'fail', output: 'when the last cycle was completed cannot be read' };
  if (cycleAgeMs === undefined) return { ...base, status: 'fail', output: 'no cycle has been completed yet' };
  const age = Math.round(cycleAgeMs / 1_000);
  const seen = { ...base, observedValue: age, observedUnit: 's' };
  return overdue
    ? { ...seen, status: 'fail', output: `the last cycle was completed ${age} s ago, more than ${limit} s` }
    : { ...seen, status: 'pass' };
}

function storageCheck({ storage }: Health, time: string): HealthCheck {
  const base = { componentType: 'datastore', time } as const;
  if (!storage.ok) return { ...base, status: 'fail', output: `storage: ${anonymousText(storage.problem)}` };
  return { ...base, observedValue: Math.round(storage.ms), observedUnit: 'ms', status: 'pass' };
}

/** From here on somebody has to know that the monitor sees nothing; a short outage of its own network is only a warning. */
const BLIND_TOO_LONG_MS = 15 * 60_000;

/** A cycle that left targets out is a monitor that can still be relied on for the others; one that has been blind for long is not. */
function targetsCheck({ cycle, blindMs }: Health, time: string): HealthCheck {
  const base = { componentType: 'component', time } as const;
  if (cycle === undefined) return { ...base, status: 'pass' };
  const { due, committed, overtaken, deferred, failed } = cycle.counts;
  const seen = { ...base, observedValue: committed + overtaken, observedUnit: `of ${due} due targets` };
  const troubles = [
    ...(failed > 0 ? [`the results of ${failed} targets could not be stored`] : []),
    ...(deferred > 0 ? [`${deferred} targets did not fit into the cycle`] : []),
    ...(blindMs === undefined ? [] : [`the monitor's own network has been down for ${Math.round(blindMs / 1_000)} s`]),
  ];
  if (troubles.length === 0) return { ...seen, status: 'pass' };
  return { ...seen, status: (blindMs ?? 0) > BLIND_TOO_LONG_MS ? 'fail' : 'warn', output: troubles.join('; ') };
}

function lastCycle({ cycle, cycleAgeMs }: Health): HealthJson['lastCycle'] {
  if (cycle === undefined) return null;
  const { startedAt, completedAt, trigger, counts } = cycle;
  return {
    completedAt: isoTime(completedAt),
    ageSeconds: Math.round((cycleAgeMs ?? 0) / 1_000),
    durationMs: completedAt - startedAt,
    trigger,
    ...counts,
  };
}
