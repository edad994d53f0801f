import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Store } from '../../src/app/store.ts';
import type { HealthJson } from '../../src/core/render/health-json.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { connectTable } from '../../src/store/tables/connect.ts';
import { VERSION } from '../../src/version.ts';
import { startAzurite } from '../support/azurite.ts';
import {
  type MonitorProcess,
  processesIn,
  readRunnerFile,
  startAppHost,
  startMonitorProcess,
  storeOf,
} from '../support/monitor-process.ts';

const ROOT = join(import.meta.dirname, '../..');
const EVER = { from: 0, before: Date.parse('2100-01-01T00:00:00Z') };

function freshFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'scepwatch-start-')));
}

/** Every second, at once, and nobody else is asked: what a test can wait for. */
function quickConfig(targets: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    targets: Object.entries(targets).map(([id, url]) => ({ id, url })),
    defaults: { periodSeconds: 1, longUrlEveryMinutes: 0 },
    cycle: { jitterSeconds: 0, recheckSeconds: 0 },
    controlUrls: [],
  });
}

async function urlOf(process: MonitorProcess): Promise<string> {
  const [, url = ''] = await process.saying(/health {6}(\S+)\/health/);
  return url;
}

/** Of a monitor in the data folder that it takes when nobody says another. */
function storeIn(folder: string): Store {
  return storeOf(readRunnerFile(join(folder, '.scepwatch')));
}

/** Files and what is in them, folders too: what must be the same afterwards. */
function snapshot(folder: string): Readonly<Record<string, string>> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  return Object.fromEntries(paths.map((path) => [path, contentOf(join(folder, path))]));
}

function contentOf(path: string): string {
  return statSync(path).isDirectory() ? 'folder' : createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** After the end: nothing runs, nobody is told that something does, and what was committed is there. */
function expectCleanEnd(folder: string): void {
  expect(processesIn(folder)).toEqual([]);
  expect(readdirSync(join(folder, '.scepwatch')).toSorted()).toEqual(['journal', 'tables', 'timers.json']);
  expect(existsSync(join(folder, '.scepwatch/tables/__azurite_db_table__.json'))).toBe(true);
}

describe('scepwatch start without a word', () => {
  it('watches the simulator, answers health, sees a fault and ends at Ctrl-C', { timeout: 120_000 }, async () => {
    const folder = freshFolder();
    await using monitor = startMonitorProcess(['--port', '0'], { folder });
    const url = await urlOf(monitor);
    await monitor.saying(/● the first cycle is committed/);
    expect(monitor.stdout()).toContain('● watching the built-in NDES simulator, as nothing else is configured');
    expect(monitor.stdout()).toMatch(
      /function {4}health {8}\/health\n.*housekeeping {2}0 17 3 \* \* \*\n.*probe {9}\*\/10 \* \* \* \* \*\n/,
    );
    expect(monitor.stdout()).toContain('Azurite, kept in .scepwatch');
    expect(readRunnerFile(join(folder, '.scepwatch'))).toMatchObject({ pid: monitor.pid, url, table: 'scepwatch' });
    expect(statSync(join(folder, '.scepwatch/runner.json')).mode & 0o077).toBe(0);

    const [, faultUrl = ''] = await monitor.saying(/curl -X PUT --data ndes-app-pool-stopped (\S+)/);
    const switched = Date.now();
    expect((await fetch(faultUrl, { method: 'PUT', body: 'ndes-app-pool-stopped' })).status).toBe(200);
    const store = storeIn(folder);
    await vi.waitFor(async () => expect((await store.readFleet()).summaries).toMatchObject([{ id: 'simulator', status: 'down' }]), {
      timeout: 45_000,
      interval: 200,
    });
    const { summaries, cycle, problems } = await store.readFleet();
    expect(problems).toEqual([]);
    expect(cycle?.counts).toMatchObject({ due: 1, committed: 1, failed: 0 });
    expect(summaries[0]).toMatchObject({ verdict: { code: 'ndes-app-pool-stopped' }, incident: { impact: 'down' } });
    const results = await store.readResults('simulator', EVER);
    expect(results.filter(({ at }) => at > switched).map(({ verdict }) => verdict.code)).toEqual([
      'ndes-app-pool-stopped',
      'ndes-app-pool-stopped',
    ]);
    expect(results.at(-1)?.verdict.severity).toBe('ok');
    // The target is down; the monitor that says so is well.
    const answer = await fetch(`${url}/health`);
    expect([answer.status, await answer.json()]).toMatchObject([200, { status: 'pass', targets: { down: 1, ok: 0 } }]);

    monitor.kill('SIGINT');
    expect(await monitor.exited).toBe(0);
    expect(monitor.stderr()).toMatch(/stopping …\nstopped; everything that was committed is on the disk\n$/);
    expectCleanEnd(folder);
  });
});

describe('scepwatch start with targets', () => {
  it('goes on with the same history after SIGTERM and a new start', async () => {
    await using simulator = await startSimulator();
    const folder = freshFolder();
    writeFileSync(join(folder, 'watch.json'), quickConfig({ contoso: simulator.url }));
    const args = ['--config', 'watch.json', '--port', '0'];
    const seen: number[][] = [];
    for (let run = 1; run <= 2; run++) {
      await using monitor = startMonitorProcess(args, { folder });
      await monitor.saying(/● the first cycle is committed/);
      expect(monitor.stdout()).toContain('● watching 1 target\n');
      expect(monitor.stdout()).not.toContain('simulator');
      const store = storeIn(folder);
      await vi.waitFor(async () => expect((await store.readTarget('contoso'))?.value.version).toBeGreaterThan(2 * run), {
        timeout: 10_000,
      });
      seen.push((await store.readResults('contoso', EVER)).map(({ at }) => at));
      monitor.kill('SIGTERM');
      expect(await monitor.exited).toBe(0);
      expectCleanEnd(folder);
    }
    const [before = [], after = []] = seen;
    expect(after.slice(-before.length)).toEqual(before);
    expect(after.length).toBeGreaterThan(before.length);
  });

  it('ends at Ctrl-C while it is still starting, and leaves nothing running', async () => {
    const folder = freshFolder();
    await using monitor = startMonitorProcess(['--port', '0'], { folder });
    await monitor.saying(/starting …/);
    monitor.kill('SIGINT');
    expect(await monitor.exited).toBe(0);
    expect(processesIn(folder)).toEqual([]);
    expect(['runner.json', 'instance.lock'].filter((name) => existsSync(join(folder, '.scepwatch', name)))).toEqual([]);
  });

  it.each([
    ['SCEPWATCH_CONFIG', (url: string) => quickConfig({ fabrikam: url, contoso: url }), ['contoso', 'fabrikam']],
    ['SCEPWATCH_TARGET_URLS', (url: string) => `${url} ${url.replace('127.0.0.1', 'localhost')}`, ['127-0-0-1-PORT', 'localhost-PORT']],
  ])('watches what %s in the environment says', async (name, value, ids) => {
    await using simulator = await startSimulator();
    const folder = freshFolder();
    await using monitor = startMonitorProcess(['--port', '0'], { folder, environment: { [name]: value(simulator.url) } });
    await monitor.saying(/● the first cycle is committed/);
    const { port } = new URL(simulator.url);
    const found = (await storeIn(folder).readFleet()).summaries.map(({ id, status }) => [id.replace(port, 'PORT'), status]);
    expect(found).toEqual(ids.map((id) => [id, 'ok']));
  });

  it('asks nobody for the key whose function has none', async () => {
    const folder = freshFolder();
    await using monitor = startMonitorProcess(['--port', '0', '--key', 'hunter2'], { folder });
    const url = await urlOf(monitor);
    await monitor.saying(/● the first cycle is committed/);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/health?code=wrong`)).status).toBe(200);
    expect(monitor.stdout() + monitor.stderr()).not.toContain('hunter2');
  });
});

describe('the health of a started monitor', () => {
  it('is what its documentation says, for GET and HEAD alone', async () => {
    const folder = freshFolder();
    await using monitor = startMonitorProcess(['--port', '0'], { folder });
    const url = `${await urlOf(monitor)}/health`;
    await monitor.saying(/● the first cycle is committed/);

    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    const headers = ['content-type', 'cache-control', 'x-content-type-options'].map((name) => answer.headers.get(name));
    expect(headers).toEqual(['application/health+json', 'no-store', 'nosniff']);
    const body: unknown = await answer.json();
    expect(body).toEqual(healthy);

    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, 'application/health+json', '']);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const refused = await fetch(url, { method });
      expect([method, refused.status, await refused.text()]).toEqual([method, 404, '']);
    }
    expect((await fetch(new URL('/', url))).status).toBe(404);
  });
});

const aTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** A monitor that has just watched the one target of its simulator. */
const healthy: HealthJson = {
  status: 'pass',
  version: '1',
  releaseId: VERSION,
  description: expect.stringContaining('is the monitor itself at work?'),
  checks: {
    'cycle:age': [{ componentType: 'component', time: aTime, observedValue: expect.any(Number), observedUnit: 's', status: 'pass' }],
    'storage:responseTime': [
      { componentType: 'datastore', time: aTime, observedValue: expect.any(Number), observedUnit: 'ms', status: 'pass' },
    ],
    'cycle:targets': [{ componentType: 'component', time: aTime, observedValue: 1, observedUnit: 'of 1 due targets', status: 'pass' }],
  },
  lastCycle: {
    completedAt: aTime,
    ageSeconds: expect.any(Number),
    durationMs: expect.any(Number),
    trigger: 'timer',
    due: 1,
    committed: 1,
    overtaken: 0,
    deferred: 0,
    failed: 0,
  },
  targets: { ok: 1, suspect: 0, down: 0, recovering: 0, degraded: 0, unknown: 0, maintenance: 0, flapping: 0 },
};

interface Refusal {
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Makes what is in the way. */
  readonly prepare?: (folder: string) => void;
  readonly uid?: number;
}

/** What it says on standard error after the word that it starts; nothing else may have happened. */
async function refused({ args, environment, prepare, uid }: Refusal): Promise<readonly string[]> {
  const folder = freshFolder();
  prepare?.(folder);
  const before = snapshot(folder);
  await using monitor = startMonitorProcess(args, {
    folder,
    ...(environment !== undefined && { environment }),
    ...(uid !== undefined && { uid }),
  });
  expect([await monitor.exited, monitor.stdout()]).toEqual([3, '']);
  expect(processesIn(folder)).toEqual([]);
  expect(snapshot(folder)).toEqual(before);
  return monitor.stderr().replace('starting …\n', '').trimEnd().split('\n');
}

/** Loaded before the program: as if the package were not there. */
const WITHOUT_AZURITE = `import Module from 'node:module';
const real = Module._resolveFilename;
Module._resolveFilename = (name, ...rest) => {
  if (name.startsWith('azurite/')) throw new Error('Cannot find module ' + name);
  return real(name, ...rest);
};`;

/** Nobody on Debian; the superuser may write everywhere. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534 } : {};

function lockedFolder(folder: string): void {
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'locked'), { mode: 0o555 });
}

const REFUSALS: readonly (readonly [string, Refusal, RegExp])[] = [
  [
    'URLs beside --config',
    { args: ['https://ndes.contoso.com/', '--config', 'watch.json'] },
    /^scepwatch: URLs and --config cannot stand together/,
  ],
  ['--config beside --simulate', { args: ['--config', 'watch.json', '--simulate'] }, /--config and --simulate cannot stand together/],
  ['an option that it does not have', { args: ['--prot', '0'] }, /unknown option '--prot' \(did you mean --port\?\)/],
  ['a port that is none', { args: ['--port', '70000'] }, /port number from 0 to 65535/],
  ['a fault that there is not', { args: ['--simulate', 'ndes-app-pool-stoped'] }, /did you mean ndes-app-pool-stopped/],
  ['a URL that is none', { args: ['ndes.contoso.com/x?y', '--port', '0'] }, /is not a URL/],
  ['a configuration file that is not there', { args: ['--config', 'nope.yaml', '--port', '0'] }, /nope\.yaml.*no such file/],
  [
    'a setting that it does not know',
    { args: ['--port', '0'], environment: { SCEPWATCH_TARGET_URL: 'https://ndes.contoso.com/' } },
    /SCEPWATCH_TARGET_URL: is no setting; did you mean SCEPWATCH_TARGET_URLS\?/,
  ],
  [
    'tables that are damaged',
    {
      args: ['--port', '0'],
      prepare: (folder) => {
        mkdirSync(join(folder, '.scepwatch/tables'), { recursive: true });
        writeFileSync(join(folder, '.scepwatch/tables/__azurite_db_table__.json'), '{"filename":"x","coll');
      },
    },
    /\.scepwatch\/tables\/__azurite_db_table__\.json is damaged\. Nothing was changed\./,
  ],
  [
    'a data folder that is a file',
    { args: ['--port', '0', '--data', 'file'], prepare: (folder) => writeFileSync(join(folder, 'file'), '') },
    /EEXIST.*\/file|\/file.*(?:EEXIST|ENOTDIR|folder)/,
  ],
  [
    'a data folder that it may not write to',
    { args: ['--port', '0', '--data', 'locked'], prepare: lockedFolder, ...NOBODY },
    /locked.*EACCES|EACCES.*locked/,
  ],
  [
    'a data folder that it may not make',
    { args: ['--port', '0', '--data', 'locked/new'], prepare: lockedFolder, ...NOBODY },
    /locked\/new.*EACCES|EACCES.*locked\/new/,
  ],
];

describe('scepwatch start refuses in one line, and starts and changes nothing,', () => {
  it.each(REFUSALS)('%s', async (_what, refusal, says) => {
    const lines = await refused(refusal);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(says);
  });

  it('storage that is not installed', async () => {
    const folder = freshFolder();
    writeFileSync(join(folder, 'without-azurite.mjs'), WITHOUT_AZURITE);
    const environment = { NODE_OPTIONS: `--import=${join(folder, 'without-azurite.mjs')}` };
    expect(await refused({ args: ['--port', '0', '--data', '.'], environment })).toEqual([
      'scepwatch: Azurite, which keeps the tables on this machine, is not installed. Run npm ci, or use a storage account in Azure.',
    ]);
  });

  it('a port that is taken', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const address = squatter.address();
    const port = address === null || typeof address === 'string' ? 0 : address.port;
    try {
      expect(await refused({ args: ['--port', String(port)] })).toEqual([
        `scepwatch: Port ${port} is taken; choose another with --port, or --port 0 for any free one.`,
      ]);
    } finally {
      squatter.close();
    }
  });

  it('a folder in which another runs, which it names', async () => {
    const folder = freshFolder();
    await using first = startMonitorProcess(['--port', '0'], { folder });
    const url = await urlOf(first);
    await first.saying(/● the first cycle is committed/);
    const told = readRunnerFile(join(folder, '.scepwatch'));
    await using second = startMonitorProcess(['--port', '0'], { folder });
    expect(await second.exited).toBe(3);
    expect(second.stderr()).toMatch(/^starting …\nscepwatch: The data folder \S+ is in use by process \d+[^\n]+\n$/);
    expect(second.stderr()).toContain(`process ${first.pid}, `);
    expect(second.stderr()).toContain(`It answers at ${url}.`);
    expect(readRunnerFile(join(folder, '.scepwatch'))).toEqual(told);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});

/** Five things to put right, and a secret that is nobody's business. */
const BAD_SETTINGS = {
  SCEPWATCH_CONFIG: '{"targets":[{"id":"Contoso","url":"nowhere"},{"id":"fabrikam","url":"https://ndes.fabrikam.com/","colour":"red"}]}',
  SCEPWATCH_HOUSEKEEPING_SCHEDULE: 'at night',
  SCEPWATCH_STORAGE_TABEL: 'rows',
  SCEPWATCH_STORAGE_CONNECTION_STRING: 'AccountName=a;AccountKey=hunter2hunter2',
} as const;

const BAD_NAMES = [
  'targets[0].id',
  'targets[0].url',
  'targets[1].colour',
  'SCEPWATCH_HOUSEKEEPING_SCHEDULE',
  'SCEPWATCH_STORAGE_TABEL',
] as const;

describe('a configuration with several mistakes', () => {
  it('is refused by start, which names all of them at once', async () => {
    const said = (await refused({ args: ['--port', '0'], environment: BAD_SETTINGS })).join('\n');
    expect(BAD_NAMES.filter((name) => !said.includes(name))).toEqual([]);
    expect(said).not.toContain('hunter2');
  });

  it('is told by the health of the app and by its timers, and the worker lives on', async () => {
    const folder = appFolder();
    await using app = startAppHost([join(ROOT, 'functions/main.ts')], {
      folder,
      environment: { ...BAD_SETTINGS, SCEPWATCH_PROBE_SCHEDULE: '* * * * * *' },
    });
    const [, url = ''] = await app.saying(/running at (\S+)/);
    await app.saying(/error probe: failed: ConfigurationError: the configuration cannot be used: .*SCEPWATCH_HOUSEKEEPING_SCHEDULE/);
    // The other timer cannot even be planned, and the host says so.
    expect(app.stderr()).toMatch(/The 'housekeeping' function is in error: The schedule expression 'at night' was not recognized/);
    for (let read = 1; read <= 2; read++) {
      const answer = await fetch(`${url}/health`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'application/health+json']);
      const { status, output = '', notes = [], lastCycle } = await healthBody(answer);
      expect([status, lastCycle]).toEqual(['fail', null]);
      expect(BAD_NAMES.filter((name) => !output.includes(name))).toEqual([]);
      expect(notes).toHaveLength(BAD_NAMES.length);
      expect(output).not.toContain('hunter2');
    }
    expect(app.stderr()).not.toContain('hunter2');
    app.kill('SIGTERM');
    expect(await app.exited).toBe(0);
  });
});

/** A folder as the root of a deployed app is. */
function appFolder(): string {
  const folder = freshFolder();
  writeFileSync(join(folder, 'host.json'), readFileSync(join(ROOT, 'host.json')));
  return folder;
}

async function healthBody(answer: Response): Promise<HealthJson> {
  return (await answer.json()) as HealthJson;
}

describe('a health read that finds no cycle', () => {
  it('starts one, once for all instances and once within the period', async () => {
    await using simulator = await startSimulator();
    const azurite = await startAzurite();
    const environment = {
      SCEPWATCH_CONFIG: quickConfig({ contoso: simulator.url, fabrikam: simulator.url }),
      SCEPWATCH_STORAGE_CONNECTION_STRING: azurite.connectionString,
      SCEPWATCH_PROBE_SCHEDULE: '0 * * * * *',
      SCEPWATCH_HOUSEKEEPING_SCHEDULE: '0 17 3 * * *',
      'AzureWebJobs.probe.Disabled': 'true',
    };
    const entry = join(ROOT, 'functions/main.ts');
    await using one = startAppHost([entry], { folder: appFolder(), environment });
    await using other = startAppHost([entry], { folder: appFolder(), environment });
    const urls = await Promise.all([one, other].map(async (app) => (await app.saying(/running at (\S+)/))[1] ?? ''));
    expect(one.stderr()).toContain("The 'probe' function is in error: it is disabled by the setting AzureWebJobs.probe.Disabled");

    const answers = await Promise.all(Array.from({ length: 10 }, (_, read) => fetch(`${urls[read % 2]}/health`)));
    const bodies = await Promise.all(answers.map(healthBody));
    const starters = bodies.filter(({ notes }) => notes?.includes(STARTED_HERE));
    // Whoever asks one instance at the same time gets one answer; of the two instances one starts a cycle.
    expect([...new Set(starters.map((body) => JSON.stringify(body)))]).toHaveLength(1);
    expect(starters[0]).toMatchObject({ status: 'pass', lastCycle: { trigger: 'overdue', committed: 2 } });
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    // Whoever was not the first says that the cycle is overdue, or came when it was done.
    const others = bodies.filter(({ notes }) => !notes?.includes(STARTED_HERE));
    expect(others.filter(({ status, notes }) => status === 'fail' && !notes?.includes(STARTED_ELSEWHERE))).toEqual([]);

    const where = { kind: 'connection-string', connectionString: azurite.connectionString } as const;
    const store = storeOf({ table: 'scepwatch', connectionString: azurite.connectionString });
    const results = async (): Promise<readonly number[]> =>
      Promise.all(['contoso', 'fabrikam'].map(async (id) => (await store.readResults(id, EVER)).length));
    expect(await results()).toEqual([1, 1]);
    expect(cycles(one) + cycles(other)).toBe(1);
    await delay(ANSWERS_SHARED_MS);
    expect((await fetch(`${urls[0]}/health`)).status).toBe(200);

    // As if that cycle had never come to its end: the period's one attempt has been made.
    await connectTable({ table: 'scepwatch', where }).rows.commit('_fleet', [{ kind: 'delete', rowKey: 'cycle' }]);
    await delay(ANSWERS_SHARED_MS);
    const again = await fetch(`${urls[1]}/health`);
    expect([again.status, await again.json()]).toMatchObject([503, { status: 'fail', lastCycle: null, notes: [STARTED_ELSEWHERE] }]);
    expect(await results()).toEqual([1, 1]);
    expect(cycles(one) + cycles(other)).toBe(1);
    await azurite.close();
  });
});

const STARTED_HERE = 'The last cycle was overdue; this read ran one. Look at why the timer did not.';
/** For so long one answer of health serves everybody. */
const ANSWERS_SHARED_MS = 5_100;

const STARTED_ELSEWHERE = 'The last cycle is overdue; another read has started one within this period.';

function cycles(app: MonitorProcess): number {
  return [...app.stderr().matchAll(/cycle completed id=/g)].length;
}
