import { parseSchedule } from '../core/schedule/ncrontab.ts';
import type { Binding, RegisteredFunction, Registrations } from './functions-core.ts';
import { compareNames, type HttpRoute, isReservedPath } from './http-host.ts';
import { invokeHttp, invokeTimer, triggerOf } from './invoke.ts';
import type { WriteLog } from './log-line.ts';
import { parseRoute } from './route-template.ts';
import type { TimerDefinition } from './timers.ts';

/** A function as the runner sees it. One with an error does not run; the others do. */
export interface AppFunction {
  readonly name: string;
  /** Such as `http` and `timer`. */
  readonly trigger: string;
  /** With the prefix and a slash in front. */
  readonly route?: string;
  /** With its settings filled in. */
  readonly schedule?: string;
  /** In the words of the host. */
  readonly error?: string;
}

/** What one registered function becomes: a route, a timer, or, when it is in error, neither. */
export interface PlannedFunction {
  readonly listed: AppFunction;
  readonly route?: HttpRoute;
  readonly timer?: TimerDefinition;
}

/** In alphabetical order of the names. What the host would not run, and what only the host can run, is in error. */
export function planFunctions(app: Registrations, hostJson: object, log: WriteLog): readonly PlannedFunction[] {
  const context: Context = { app, hostJson, log };
  return app.functions.toSorted((one, other) => compareNames(one.name, other.name)).map((registered) => plan(registered, context));
}

interface Context {
  readonly app: Registrations;
  readonly hostJson: object;
  readonly log: WriteLog;
}

function plan(registered: RegisteredFunction, context: Context): PlannedFunction {
  const { name, bindings } = registered;
  const trigger = triggerOf(registered);
  const kind = trigger?.binding.type.replace(/Trigger$/i, '') ?? 'none';
  const inError = (error: string): PlannedFunction => ({ listed: { name, trigger: kind, error } });
  const disabled = setting(`AzureWebJobs.${name}.Disabled`);
  if (disabled !== undefined && /^(?:true|1)$/i.test(disabled))
    return inError(`it is disabled by the setting AzureWebJobs.${name}.Disabled`);
  const others = Object.entries(bindings).filter(([key, { type }]) => key !== trigger?.name && !(key === '$return' && type === 'http'));
  if (others.length > 0) return inError(`the local runner has no binding of type ${others.map(([, { type }]) => type).join(', ')}`);
  if (trigger !== undefined && kind === 'http') return planHttp(registered, trigger.binding, context);
  if (trigger !== undefined && kind === 'timer') return planTimer(registered, trigger.binding, context);
  return inError(`the local runner has no trigger of type ${trigger?.binding.type ?? 'none'}`);
}

function planHttp(registered: RegisteredFunction, binding: Binding, { app, hostJson, log }: Context): PlannedFunction {
  const { name } = registered;
  const { route, methods, authLevel } = binding;
  const own = typeof route === 'string' && route !== '' ? route : name;
  const prefix = stringAt(hostJson, 'extensions', 'http', 'routePrefix') ?? 'api';
  const parsed = parseRoute(
    [prefix, own]
      .map((part) => part.replace(/^\/|\/$/g, ''))
      .filter((part) => part !== '')
      .join('/'),
  );
  if (!parsed.ok) return { listed: { name, trigger: 'http', error: parsed.problem } };
  const { template } = parsed;
  if (isReservedPath(template.text))
    return { listed: { name, trigger: 'http', error: 'The specified route conflicts with one or more built in routes.' } };
  return {
    listed: { name, trigger: 'http', route: `/${template.text}` },
    route: {
      functionName: name,
      template,
      methods: Array.isArray(methods) ? methods.map((method) => String(method).toUpperCase()) : [],
      needsKey: typeof authLevel === 'string' && authLevel.toLowerCase() !== 'anonymous',
      handle: (input) => watched(name, timeLimitMs(hostJson), log, () => invokeHttp(registered, app, input, log)),
    },
  };
}

function planTimer(registered: RegisteredFunction, binding: Binding, { app, hostJson, log }: Context): PlannedFunction {
  const { name } = registered;
  const { schedule: text, useMonitor, runOnStartup } = binding;
  const resolved = resolveSettings(typeof text === 'string' ? text : '');
  if (!resolved.ok) return { listed: { name, trigger: 'timer', error: resolved.problem } };
  const parsed = parseSchedule(resolved.text);
  const listed = { name, trigger: 'timer', schedule: resolved.text };
  if (!parsed.ok) {
    const host = `The schedule expression '${resolved.text}' was not recognized as a valid cron expression or timespan string.`;
    return { listed: { ...listed, error: `${host} (${parsed.problem})` } };
  }
  return {
    listed,
    timer: {
      functionName: name,
      schedule: parsed.schedule,
      useMonitor: useMonitor !== false,
      runOnStartup: runOnStartup === true,
      run: (input) => watched(name, timeLimitMs(hostJson), log, () => invokeTimer(registered, app, input, log)),
    },
  };
}

type Resolved = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

/** Puts settings in for `%NAME%`. The words of a problem are the host's. */
function resolveSettings(text: string): Resolved {
  const pieces = text.split('%');
  if (pieces.length % 2 === 0) return { ok: false, problem: `The '%' at position ${text.lastIndexOf('%')} does not have a closing '%'.` };
  const missing = pieces.find((piece, index) => index % 2 === 1 && setting(piece) === undefined);
  if (missing !== undefined) return { ok: false, problem: `'%${missing}%' does not resolve to a value.` };
  return { ok: true, text: pieces.map((piece, index) => (index % 2 === 1 ? (setting(piece) ?? '') : piece)).join('') };
}

/** By name whatever its case; an empty one counts as unset, as for the host. */
function setting(name: string): string | undefined {
  const found = Object.keys(process.env).find((one) => one.toLowerCase() === name.toLowerCase());
  const value = found === undefined ? undefined : process.env[found];
  return value === '' ? undefined : value;
}

/** Azure ends a function after this time; here it only is told. */
function timeLimitMs(hostJson: object): number | undefined {
  const parsed = parseSchedule(stringAt(hostJson, 'functionTimeout') ?? '00:30:00');
  return parsed.ok && parsed.schedule.kind === 'period' ? parsed.schedule.periodMs : undefined;
}

/** What setTimeout can wait; beyond it would not wait at all. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

async function watched<T>(functionName: string, limitMs: number | undefined, log: WriteLog, work: () => Promise<T>): Promise<T> {
  if (limitMs === undefined) return await work();
  const text = `still runs after ${limitMs / 1000} s (functionTimeout in host.json), when Azure would end it and all that runs beside it`;
  const limit = setTimeout(() => log({ level: 'warning', functionName, text }), Math.min(limitMs, MAX_TIMEOUT_MS));
  limit.unref();
  try {
    return await work();
  } finally {
    clearTimeout(limit);
  }
}

function stringAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>((at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined), value);
  return typeof found === 'string' ? found : undefined;
}
