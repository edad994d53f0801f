import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Environment, loadSettings, SETTING_NAMES, type Settings, storageFromEnvironment } from '../../../src/config/settings.ts';

const NOW = Date.parse('2026-11-24T09:00:00Z');
const URL_A = 'https://ndes-contoso.msappproxy.net/certsrv/mscep/mscep.dll';
const CONNECTION = 'DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net';
const SCHEDULED: Environment = { SCEPWATCH_PROBE_SCHEDULE: '0 * * * * *', SCEPWATCH_HOUSEKEEPING_SCHEDULE: '0 17 3 * * *' };
const STORED: Environment = { ...SCHEDULED, SCEPWATCH_STORAGE_CONNECTION_STRING: CONNECTION };
const FOLDER = mkdtempSync(join(tmpdir(), 'scepwatch-settings-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));

function settings(environment: Environment): Settings {
  const loaded = loadSettings(environment, NOW);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.settings;
}

function problems(environment: Environment): readonly string[] {
  const loaded = loadSettings(environment, NOW);
  return loaded.ok ? [] : loaded.problems.map(({ setting, message }) => `${setting}: ${message}`);
}

describe('what to watch', () => {
  it('comes from a configuration as JSON text', () => {
    const config = JSON.stringify({
      targets: [{ id: 'a', name: 'A', tenant: 'Contoso', url: URL_A, periodSeconds: 60, failuresBeforeAlert: 3 }],
    });
    const [target] = settings({ ...STORED, SCEPWATCH_CONFIG: config }).plan.targets;
    expect(target).toMatchObject({
      id: 'a',
      name: 'A',
      tenant: 'Contoso',
      periodMs: 60_000,
      policy: { failuresBeforeAlert: 3, successesBeforeResolve: 2 },
    });
  });

  it('comes from a file, with CA files named relative to it', () => {
    const file = join(FOLDER, 'scepwatch.config.yaml');
    writeFileSync(file, `targets:\n  - id: a\n    url: ${URL_A}\n    caFile: missing.pem\n`);
    const [problem] = problems({ ...STORED, SCEPWATCH_CONFIG_FILE: file });
    expect(problem).toMatch(/^targets\[0\]\.caFile: cannot read .*missing\.pem \(ENOENT\)/);
  });

  it('comes from a list of URLs, each with an id made from its host', () => {
    const { targets } = settings({
      ...STORED,
      SCEPWATCH_TARGET_URLS: `${URL_A}, https://NDES2.fabrikam.example/certsrv/mscep/mscep.dll`,
    }).plan;
    expect(targets.map(({ id }) => id)).toEqual(['ndes-contoso-msappproxy-net', 'ndes2-fabrikam-example']);
  });

  it('gives each URL an id that does not hang on the others', () => {
    const idsOf = (urls: string) => settings({ ...STORED, SCEPWATCH_TARGET_URLS: urls }).plan.targets.map(({ id, url }) => `${id} ${url}`);
    const [contoso, fabrikam] = ['https://ndes.contoso.com/certsrv/mscep/mscep.dll', 'https://ndes.fabrikam.com/certsrv/mscep/mscep.dll'];
    expect(idsOf(`${contoso} ${fabrikam}`).toSorted()).toEqual(idsOf(`${fabrikam} ${contoso}`).toSorted());
    expect(idsOf(fabrikam)).toEqual([`ndes-fabrikam-com ${fabrikam}`]);
  });

  it('names no URL twice', () => {
    expect(problems({ ...STORED, SCEPWATCH_TARGET_URLS: `${URL_A} ${URL_A}` })).toEqual([
      expect.stringMatching(/names one URL twice \(number 2\)/),
    ]);
  });

  it('comes from one place only', () => {
    expect(problems({ ...STORED, SCEPWATCH_CONFIG: '{}', SCEPWATCH_TARGET_URLS: URL_A })).toEqual([
      expect.stringMatching(/^SCEPWATCH_TARGET_URLS: stands beside SCEPWATCH_CONFIG/),
    ]);
  });

  it('has to be given', () => {
    expect(problems(STORED)).toEqual([expect.stringMatching(/^SCEPWATCH_CONFIG: is missing; set it to/)]);
    expect(problems({ ...STORED, SCEPWATCH_CONFIG: '  ' })).toEqual([expect.stringMatching(/^SCEPWATCH_CONFIG: is missing/)]);
  });

  it('is named with the place of each mistake inside the setting', () => {
    const loaded = loadSettings(
      { ...STORED, SCEPWATCH_CONFIG: '{ "targets": [\n  { "id": "A!", "url": "ftp://x", "period": 5 } ] }' },
      NOW,
    );
    expect(loaded.ok ? [] : loaded.problems.map(({ setting, line }) => [setting, line])).toEqual([
      ['SCEPWATCH_CONFIG: targets[0].id', 2],
      ['SCEPWATCH_CONFIG: targets[0].url', 2],
      ['SCEPWATCH_CONFIG: targets[0].period', 2],
    ]);
  });
});

describe('where to store', () => {
  const watched: Environment = { ...SCHEDULED, SCEPWATCH_TARGET_URLS: URL_A };

  it('is a connection string, else an endpoint, else the storage of the function app', () => {
    const host = { AzureWebJobsStorage__tableServiceUri: 'https://host.table.core.windows.net', AzureWebJobsStorage__clientId: 'id-1' };
    expect(settings({ ...watched, ...STORED, ...host }).storage).toEqual({
      table: 'scepwatch',
      where: { kind: 'connection-string', connectionString: CONNECTION },
    });
    expect(
      settings({
        ...watched,
        ...host,
        SCEPWATCH_STORAGE_TABLE_ENDPOINT: 'https://a.table.core.windows.net',
        SCEPWATCH_STORAGE_TABLE: 'mine',
      }).storage,
    ).toEqual({ table: 'mine', where: { kind: 'endpoint', endpoint: 'https://a.table.core.windows.net' } });
    expect(settings({ ...watched, ...host }).storage.where).toEqual({
      kind: 'endpoint',
      endpoint: 'https://host.table.core.windows.net',
      clientId: 'id-1',
    });
    expect(settings({ ...watched, AzureWebJobsStorage: 'UseDevelopmentStorage=true' }).storage.where).toEqual({
      kind: 'connection-string',
      connectionString: 'UseDevelopmentStorage=true',
    });
  });

  it('is one: a key that was left over does not win over the identity in silence', () => {
    const both = { ...watched, ...STORED, SCEPWATCH_STORAGE_TABLE_ENDPOINT: 'https://a.table.core.windows.net' };
    expect(problems(both)).toEqual([
      expect.stringMatching(/^SCEPWATCH_STORAGE_CONNECTION_STRING: stands beside SCEPWATCH_STORAGE_TABLE_ENDPOINT/),
    ]);
  });

  it('has a table with a name that can be one, and what stands there instead is not repeated', () => {
    const found = problems({ ...watched, ...STORED, SCEPWATCH_STORAGE_TABLE: CONNECTION });
    expect(found).toEqual(['SCEPWATCH_STORAGE_TABLE: is no name of a table: 3 to 63 letters and digits, a letter first']);
  });

  it('has to be given', () => {
    expect(problems(watched)).toEqual([expect.stringMatching(/^SCEPWATCH_STORAGE_TABLE_ENDPOINT: is missing/)]);
    expect(storageFromEnvironment(watched)).toBeUndefined();
  });
});

describe('schedules', () => {
  const usual: Environment = { ...STORED, SCEPWATCH_TARGET_URLS: URL_A };

  it('say how long the monitor may be silent', () => {
    expect(settings(usual).cycleEveryMs).toBe(60_000);
    expect(settings({ ...usual, SCEPWATCH_PROBE_SCHEDULE: '0 */5 * * * *' }).cycleEveryMs).toBe(300_000);
    expect(settings({ ...usual, SCEPWATCH_PROBE_SCHEDULE: '0 0 8-17 * * 1-5' }).cycleEveryMs).toBeGreaterThan(60 * 3_600_000);
  });

  it('have to be given: the host leaves out a function without one', () => {
    const { SCEPWATCH_PROBE_SCHEDULE: _, ...without } = usual;
    expect(problems(without)).toEqual([
      expect.stringMatching(/^SCEPWATCH_PROBE_SCHEDULE: is missing, so the function would never run; set it to 0 \* \* \* \* \*/),
    ]);
  });

  it('have to come round', () => {
    expect(problems({ ...usual, SCEPWATCH_PROBE_SCHEDULE: '0 0 0 30 2 *' })).toEqual([
      expect.stringMatching(/^SCEPWATCH_PROBE_SCHEDULE: never comes round/),
    ]);
  });

  it('do not repeat a secret that was put in the wrong place', () => {
    expect(problems({ ...usual, SCEPWATCH_PROBE_SCHEDULE: CONNECTION }).join()).not.toContain('c2VjcmV0');
  });

  it('are refused with what would be right', () => {
    expect(problems({ ...usual, SCEPWATCH_PROBE_SCHEDULE: 'every minute', SCEPWATCH_HOUSEKEEPING_SCHEDULE: '0 0 0 * * 7' })).toEqual([
      expect.stringMatching(/^SCEPWATCH_PROBE_SCHEDULE: /),
      expect.stringMatching(/^SCEPWATCH_HOUSEKEEPING_SCHEDULE: /),
    ]);
  });
});

describe('settings', () => {
  it('that do not exist are refused, with the one that may be meant', () => {
    expect(problems({ ...STORED, SCEPWATCH_TARGET_URLS: URL_A, SCEPWATCH_PROBE_SHEDULE: 'x' })).toEqual([
      'SCEPWATCH_PROBE_SHEDULE: is no setting; did you mean SCEPWATCH_PROBE_SCHEDULE?',
    ]);
  });

  it('are all reported at once, and no secret among them is repeated', () => {
    const secret = 'AccountName=acc;AccountKey=U0VDUkVU';
    const all = problems({
      SCEPWATCH_CONFIG: '{ "targets": [] }',
      SCEPWATCH_STORAGE_CONNECTION_STRING: secret,
      SCEPWATCH_PROBE_SCHEDULE: 'never',
      SCEPWATCH_STORAGE_CONECTION_STRING: secret,
    });
    expect(all.map((one) => one.split(':', 1)[0])).toEqual([
      'SCEPWATCH_STORAGE_CONECTION_STRING',
      'SCEPWATCH_CONFIG',
      'SCEPWATCH_PROBE_SCHEDULE',
      'SCEPWATCH_HOUSEKEEPING_SCHEDULE',
    ]);
    expect(all.join('\n')).not.toContain('U0VDUkVU');
  });

  it('have names that only differ behind their prefix', () => {
    expect(SETTING_NAMES.every((name) => name.startsWith('SCEPWATCH_'))).toBe(true);
  });
});
