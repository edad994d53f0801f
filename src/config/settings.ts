import { hostname } from 'node:os';
import type { MonitorPlan } from '../app/monitor-plan.ts';
import { parseScepUrl } from '../core/scep/scep-url.ts';
import { targetId } from '../core/scep/target-id.ts';
import { longestGapMs, parseSchedule } from '../core/schedule/ncrontab.ts';
import { nearest } from '../core/text/nearest.ts';
import { withoutNamedSecrets } from '../core/text/redact.ts';
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
  const gaps = (['SCEPWATCH_PROBE_SCHEDULE', 'SCEPWATCH_HOUSEKEEPING_SCHEDULE'] as const).map((name) => gapOf(environment, name, now));
  for (const gap of gaps) if ('problem' in gap) problems.push(gap.problem);
  const [probing] = gaps;
  const cycleEveryMs = probing !== undefined && 'gapMs' in probing ? probing.gapMs : undefined;
  const plan = config.ok
    ? monitorPlan(config.config, { vantage, ...(file !== undefined && { file }), ...(cycleEveryMs !== undefined && { cycleEveryMs }) })
    : undefined;
  if (plan?.ok === false) problems.push(...plan.problems);
  problems.push(...storageProblems(environment));
  const storage = storageFromEnvironment(environment);
  if (storage === undefined) problems.push(NO_STORAGE);
  if (problems.length > 0 || plan?.ok !== true || storage === undefined || cycleEveryMs === undefined)
    return { ok: false, problems: problems.map((problem) => ({ ...problem, message: withoutNamedSecrets(problem.message) })) };
  return {
    ok: true,
    settings: {
      plan: plan.plan,
      storage,
      cycleEveryMs,
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
  const targets = urls.map((url) => ({ id: targetId(url), url }));
  const twice = targets.findIndex(({ id }, index) => targets.findIndex((other) => other.id === id) !== index);
  if (twice !== -1) return failed('SCEPWATCH_TARGET_URLS', `names one URL twice (number ${twice + 1}); each target is watched once`);
  const config: Config = { targets };
  return { ok: true, config };
}

function gapOf(
  environment: Environment,
  name: 'SCEPWATCH_PROBE_SCHEDULE' | 'SCEPWATCH_HOUSEKEEPING_SCHEDULE',
  now: number,
): { readonly gapMs: number } | { readonly problem: ConfigProblem } {
  const usual = name === 'SCEPWATCH_PROBE_SCHEDULE' ? DEFAULT_PROBE_SCHEDULE : DEFAULT_HOUSEKEEPING_SCHEDULE;
  const text = set(environment, name);
  // The host leaves out a function whose schedule is not set, and nobody would hear of it.
  if (text === undefined) return { problem: { setting: name, message: `is missing, so the function would never run; set it to ${usual}` } };
  const parsed = parseSchedule(text);
  if (!parsed.ok) return { problem: { setting: name, message: parsed.problem } };
  const gapMs = longestGapMs(parsed.schedule, now);
  return Number.isFinite(gapMs)
    ? { gapMs }
    : { problem: { setting: name, message: `never comes round; every minute is ${DEFAULT_PROBE_SCHEDULE}` } };
}

function storageProblems(environment: Environment): readonly ConfigProblem[] {
  const both =
    set(environment, 'SCEPWATCH_STORAGE_CONNECTION_STRING') !== undefined &&
    set(environment, 'SCEPWATCH_STORAGE_TABLE_ENDPOINT') !== undefined;
  const table = set(environment, 'SCEPWATCH_STORAGE_TABLE');
  return [
    ...(both
      ? [
          {
            setting: 'SCEPWATCH_STORAGE_CONNECTION_STRING',
            message: 'stands beside SCEPWATCH_STORAGE_TABLE_ENDPOINT; a left-over key would win over the identity, so give one of them',
          },
        ]
      : []),
    ...(table !== undefined && !/^[A-Za-z][A-Za-z0-9]{2,62}$/.test(table)
      ? [{ setting: 'SCEPWATCH_STORAGE_TABLE', message: 'is no name of a table: 3 to 63 letters and digits, a letter first' }]
      : []),
  ];
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
