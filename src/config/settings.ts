import { hostname } from 'node:os';
import type { MonitorPlan } from '../app/monitor-plan.ts';
import { parseScepUrl } from '../core/scep/scep-url.ts';
import { longestGapMs, parseSchedule } from '../core/schedule/ncrontab.ts';
import { nearest } from '../core/text/nearest.ts';
import { type ConfigProblem, type LoadedConfig, loadConfigFile, parseConfig } from './load.ts';
import { monitorPlan } from './plan.ts';
import type { Config } from './schema.ts';

/** Every setting that scepwatch reads from the environment: app settings in Azure, variables elsewhere. */
export const SETTINGS = {
  SCEPWATCH_CONFIG: 'The configuration as JSON or YAML text',
  SCEPWATCH_CONFIG_FILE: 'The configuration as a file, JSON or YAML, where there are files',
  SCEPWATCH_TARGET_URLS: 'Instead of a configuration: the server URLs to watch, with spaces or commas between them',
  SCEPWATCH_VANTAGE: 'Where this monitor looks from; the region or the host name when absent',
  SCEPWATCH_PROBE_SCHEDULE:
    'When a cycle starts, NCRONTAB in UTC; each target is still probed by its own period. Every minute: 0 * * * * *',
  SCEPWATCH_HOUSEKEEPING_SCHEDULE: 'When old rows are deleted, NCRONTAB in UTC. Every day at 03:17: 0 17 3 * * *',
  SCEPWATCH_STORAGE_CONNECTION_STRING: 'Connection string of the storage account, or of an emulator; secret',
  SCEPWATCH_STORAGE_TABLE_ENDPOINT:
    'Instead of a connection string: https://ACCOUNT.table.core.windows.net, reached with the managed identity',
  SCEPWATCH_STORAGE_CLIENT_ID: 'Client id of the user-assigned identity that reaches the table endpoint',
  SCEPWATCH_STORAGE_TABLE: 'Name of the table; scepwatch when absent',
} as const;

export type SettingName = keyof typeof SETTINGS;

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

export const DEFAULT_PROBE_SCHEDULE = '0 * * * * *';
export const DEFAULT_HOUSEKEEPING_SCHEDULE = '0 17 3 * * *';
export const DEFAULT_TABLE = 'scepwatch';

export type Environment = Readonly<Record<string, string | undefined>>;

export type StoragePlace =
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'endpoint'; readonly endpoint: string; readonly clientId?: string };

export interface StorageSettings {
  readonly table: string;
  readonly where: StoragePlace;
}

export interface Settings {
  readonly plan: MonitorPlan;
  readonly storage: StorageSettings;
  /** The longest time between two cycles that the schedule leaves, in milliseconds. */
  readonly cycleEveryMs: number;
}

export type LoadedSettings =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads all settings; every problem at once, none of them with the value of a secret. `now` in epoch ms, for the schedules. */
export function loadSettings(environment: Environment, now: number): LoadedSettings {
  const problems: ConfigProblem[] = [...unknownSettings(environment)];
  const config = configured(environment);
  if (!config.ok) problems.push(...config.problems);
  const file = set(environment, 'SCEPWATCH_CONFIG_FILE');
  const vantage = set(environment, 'SCEPWATCH_VANTAGE') ?? set(environment, 'REGION_NAME') ?? hostname();
  const plan = config.ok ? monitorPlan(config.config, { ...(file !== undefined && { file }), vantage }) : undefined;
  if (plan?.ok === false) problems.push(...plan.problems);
  const gaps = (['SCEPWATCH_PROBE_SCHEDULE', 'SCEPWATCH_HOUSEKEEPING_SCHEDULE'] as const).map((name) => gapOf(environment, name, now));
  for (const gap of gaps) if ('problem' in gap) problems.push(gap.problem);
  const storage = storageFromEnvironment(environment);
  if (storage === undefined) problems.push(NO_STORAGE);
  const [probing] = gaps;
  if (problems.length > 0 || plan?.ok !== true || storage === undefined || probing === undefined || 'problem' in probing)
    return { ok: false, problems };
  return {
    ok: true,
    settings: {
      plan: plan.plan,
      storage,
      cycleEveryMs: probing.gapMs,
    },
  };
}

const NO_STORAGE: ConfigProblem = {
  setting: 'SCEPWATCH_STORAGE_TABLE_ENDPOINT',
  message: 'is missing; set it to https://ACCOUNT.table.core.windows.net, or SCEPWATCH_STORAGE_CONNECTION_STRING to a connection string',
};

/** An empty setting is one that is not set: portals and pipelines cannot always leave one out. */
function set(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}

function unknownSettings(environment: Environment): readonly ConfigProblem[] {
  return Object.keys(environment)
    .filter((name) => name.toUpperCase().startsWith('SCEPWATCH_') && !SETTING_NAMES.some((known) => known === name))
    .map((name) => {
      const [close] = nearest(name, SETTING_NAMES, 1);
      return {
        setting: name,
        message: close === undefined ? `is no setting; known: ${SETTING_NAMES.join(', ')}` : `is no setting; did you mean ${close}?`,
      };
    });
}

const SOURCES = ['SCEPWATCH_CONFIG', 'SCEPWATCH_CONFIG_FILE', 'SCEPWATCH_TARGET_URLS'] as const;

function configured(environment: Environment): LoadedConfig {
  const given = SOURCES.filter((name) => set(environment, name) !== undefined);
  const [source, another] = given;
  if (source === undefined)
    return failed(
      'SCEPWATCH_CONFIG',
      'is missing; set it to the configuration, SCEPWATCH_CONFIG_FILE to a file, or SCEPWATCH_TARGET_URLS to the URLs to watch',
    );
  if (another !== undefined) return failed(another, `stands beside ${source}; only one of ${SOURCES.join(', ')} can say what to watch`);
  const value = set(environment, source) ?? '';
  if (source === 'SCEPWATCH_TARGET_URLS') return fromUrls(value);
  const loaded = source === 'SCEPWATCH_CONFIG' ? parseConfig(value) : loadConfigFile(value);
  return loaded.ok ? loaded : { ok: false, problems: loaded.problems.map((problem) => within(source, problem)) };
}

function failed(setting: SettingName, message: string): LoadedConfig {
  return { ok: false, problems: [{ setting, message }] };
}

/** A problem inside the configuration, told as one of the setting that holds it. */
function within(source: SettingName, { setting, line, column, message }: ConfigProblem): ConfigProblem {
  return {
    setting: setting === '' ? source : `${source}: ${setting}`,
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
    message,
  };
}

function fromUrls(text: string): LoadedConfig {
  const urls = text.split(/[\s,]+/).filter((part) => part !== '');
  const parsed = urls.map((url) => parseScepUrl(url));
  const problems = parsed.flatMap((one, index): readonly ConfigProblem[] =>
    one.ok ? [] : [{ setting: `SCEPWATCH_TARGET_URLS[${index}]`, message: one.problem }],
  );
  if (problems.length > 0) return { ok: false, problems };
  const ids = new Set<string>();
  const config: Config = { targets: urls.map((url) => ({ id: idFor(new URL(url), ids), url })) };
  return { ok: true, config };
}

/** From the first label of the host, as history hangs on it and the rest of the URL may change. */
function idFor({ hostname: host }: URL, taken: Set<string>): string {
  const label = /^[\d.]+$|^\[/.test(host) ? host : (host.split('.')[0] ?? host);
  const base =
    label
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 50) || 'target';
  let id = base;
  for (let number = 2; taken.has(id); number++) id = `${base}-${number}`;
  taken.add(id);
  return id;
}

function gapOf(
  environment: Environment,
  name: 'SCEPWATCH_PROBE_SCHEDULE' | 'SCEPWATCH_HOUSEKEEPING_SCHEDULE',
  now: number,
): { readonly gapMs: number } | { readonly problem: ConfigProblem } {
  const fallback = name === 'SCEPWATCH_PROBE_SCHEDULE' ? DEFAULT_PROBE_SCHEDULE : DEFAULT_HOUSEKEEPING_SCHEDULE;
  const parsed = parseSchedule(set(environment, name) ?? fallback);
  if (!parsed.ok) return { problem: { setting: name, message: parsed.problem } };
  return { gapMs: longestGapMs(parsed.schedule, now) };
}

/** Where the monitor's table is, as the settings say; undefined when they say nothing. */
export function storageFromEnvironment(environment: Environment): StorageSettings | undefined {
  const where = storagePlace(environment);
  return where === undefined ? undefined : { table: set(environment, 'SCEPWATCH_STORAGE_TABLE') ?? DEFAULT_TABLE, where };
}

function storagePlace(environment: Environment): StoragePlace | undefined {
  const connectionString = set(environment, 'SCEPWATCH_STORAGE_CONNECTION_STRING');
  if (connectionString !== undefined) return { kind: 'connection-string', connectionString };
  const endpoint = set(environment, 'SCEPWATCH_STORAGE_TABLE_ENDPOINT');
  if (endpoint !== undefined) return place(endpoint, set(environment, 'SCEPWATCH_STORAGE_CLIENT_ID'));
  // The storage account of the function app itself, as Azure Functions names it.
  const hostEndpoint = set(environment, 'AzureWebJobsStorage__tableServiceUri');
  if (hostEndpoint !== undefined) return place(hostEndpoint, set(environment, 'AzureWebJobsStorage__clientId'));
  const hostConnection = set(environment, 'AzureWebJobsStorage');
  return hostConnection === undefined ? undefined : { kind: 'connection-string', connectionString: hostConnection };
}

function place(endpoint: string, clientId: string | undefined): StoragePlace {
  return { kind: 'endpoint', endpoint, ...(clientId !== undefined && { clientId }) };
}
