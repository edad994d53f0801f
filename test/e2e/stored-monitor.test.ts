import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/app/store.ts';
import { createStore } from '../../src/store/store.ts';
import { connectTable } from '../../src/store/tables/connect.ts';
import { type Azurite, startAzurite } from '../support/azurite.ts';
import { healthyBundle } from '../support/certificates.ts';
import { createWorld, cycle, cycleDeps, monitoredTarget, monitorPlan, PERIOD_MS, type World } from '../support/monitor.ts';
import { schemaProblems } from '../support/published-schema.ts';
import { runningCommand, SCEPWATCH } from '../support/running-command.ts';
import { scepwatch } from '../support/scepwatch.ts';
import { freePort } from '../support/server-process.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'scepwatch-stored-'));
const CYCLES = 24;
/** The published one of every Azurite; it must not be printed all the same. */
const KEY = /AccountKey|Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6/;

const PLAN = monitorPlan([
  monitoredTarget('ndes-1', { name: 'Contoso NDES 1', tenant: 'Contoso' }),
  monitoredTarget('ndes-2', { name: 'Contoso NDES 2' }),
  monitoredTarget('fabrikam', { name: 'Fabrikam' }),
]);

let azurite: Azurite;

beforeAll(async () => {
  azurite = await startAzurite();
});

afterAll(async () => {
  await azurite.close();
});

function storeIn(table: string): Store {
  return createStore(connectTable({ table, where: { kind: 'connection-string', connectionString: azurite.connectionString } }).rows);
}

function settings(table: string): Readonly<Record<string, string>> {
  return { SCEPWATCH_STORAGE_CONNECTION_STRING: azurite.connectionString, SCEPWATCH_STORAGE_TABLE: table };
}

/** Two hours of a monitor, the last cycle just now or `ageMs` ago; ndes-1 has been down for the last four cycles. */
async function filled(table: string, ageMs = 0): Promise<{ readonly world: World; readonly store: Store }> {
  const world = createWorld(healthyBundle());
  const store = storeIn(table);
  const start = Date.now() - ageMs - (CYCLES - 1) * PERIOD_MS;
  for (let index = 0; index < CYCLES; index++) {
    world.mood = (url) => (url.includes('ndes-1') && index >= CYCLES - 4 ? 'stopped' : 'healthy');
    world.now = start + index * PERIOD_MS;
    await cycle(cycleDeps(world, store), PLAN);
  }
  return { world, store };
}

function runnerFile(name: string, content: string): string {
  const folder = join(FOLDER, name, '.scepwatch');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'runner.json'), content);
  return folder;
}

function runner(table: string, connectionString: string, pid: number): string {
  return JSON.stringify({ pid, startedAt: '2026-11-24T10:00:00Z', url: 'http://127.0.0.1:7071', table, connectionString });
}

describe('scepwatch status', () => {
  beforeAll(async () => {
    await filled('fleet');
  });

  it('shows all targets, what is open and why, and exits by the worst', async () => {
    const { code, stdout, stderr } = await scepwatch(['status'], settings('fleet'));
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^✗ 1 down {3}✓ 2 ok\nlast cycle \d s ago/);
    expect(stdout).toMatch(/✗ down +Contoso NDES 1 +1\d min {2}✓✓✓✓✓~✓✗·· +12 ms {2}[·▁✗]+\n +╰─ NDES: ndes-app-pool-stopped\n/);
    expect(stdout).toMatch(/ndes-1 · since .* · as many results in a row were bad as\s+the\s+policy asks for/);
    expect(stdout).toMatch(/ 1\. Start the SCEP application pool[\s\S]* 3\. /);
    expect(stdout).toContain('Certificates that expire soonest');
    expect(stdout).not.toMatch(KEY);
    expect(code).toBe(2);
  });

  it('shows one target in full', async () => {
    const { code, stdout } = await scepwatch(['status', 'ndes-1'], settings('fleet'));
    expect(stdout).toMatch(/^✗ down {2}Contoso NDES 1\n {2}ndes-1 · Contoso · probed every 5 min\n/);
    expect(stdout).toMatch(/╰─ ndes-app-pool-stopped/);
    expect(stdout).toMatch(/ 30 d +\d\d\.\d % {2}of 1 h \d+ min with data · down \d+ min\n/);
    expect(code).toBe(2);
    expect((await scepwatch(['status', 'fabrikam'], settings('fleet'))).code).toBe(0);
  });

  it('prints JSON that fits the published schema', async () => {
    const all = await scepwatch(['status', '--json'], settings('fleet'));
    expect(schemaProblems('status-1.schema.json', all.stdout)).toBe('');
    expect(JSON.parse(all.stdout)).toMatchObject({
      counts: { down: 1, ok: 2 },
      monitor: { condition: 'working' },
      incidents: [{ target: 'ndes-1', reason: { name: 'failures-reached' } }],
    });
    const one = await scepwatch(['status', 'fabrikam', '--json'], settings('fleet'));
    expect(JSON.parse(one.stdout).targets).toHaveLength(1);
    expect(one.code).toBe(0);
  });

  it('finds the local runner in the current folder, or where it is told to look', async () => {
    const folder = runnerFile('local', runner('fleet', azurite.connectionString, process.pid));
    const here = runningCommand(process.execPath, [SCEPWATCH, 'status'], { cwd: join(folder, '..') });
    expect(await here.ended).toBe(2);
    expect(here.said()).toContain('Contoso NDES 1');
    expect((await scepwatch(['status', '--data', folder])).code).toBe(2);
    expect((await scepwatch(['status', '--storage', azurite.connectionString], { SCEPWATCH_STORAGE_TABLE: 'fleet' })).code).toBe(2);
  });

  it('shows nothing as ok when the monitor has stopped', async () => {
    await filled('stopped', 3 * 3_600_000);
    const { code, stdout } = await scepwatch(['status'], settings('stopped'));
    expect(stdout).toMatch(/^\? 3 unknown\n/);
    expect(stdout).toMatch(/! no cycle has been completed for 3 h: the monitor seems to have stopped/);
    expect(stdout).toMatch(/no result for 3 h; it was ok/);
    expect(code).toBe(3);
  });

  it('says so when the monitor has never run', async () => {
    const { code, stdout } = await scepwatch(['status'], settings('nothing'));
    expect(stdout).toBe('no targets\n! no cycle has been completed yet\n');
    expect(code).toBe(3);
  });

  it('tells what to do when the storage of a local runner is gone, without its key', async () => {
    const connection = azurite.connectionString.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${await freePort()}`);
    const folder = runnerFile('gone', runner('fleet', connection, 2 ** 22 + 1));
    const { code, stdout, stderr } = await scepwatch(['status', '--data', folder]);
    expect(stderr).toMatch(
      /^scepwatch: the storage of the monitor at http:\/\/127\.0\.0\.1:7071 cannot be read: .*ECONNREFUSED.*its process 4194305 is gone: start it again with npm start\n$/,
    );
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(KEY);
    expect(code).toBe(3);
  });

  it.each([
    ['no JSON', '{'],
    ['something else', '{"pid":1}'],
    ['a list', '[]'],
  ])('says so when the file of the runner is %s', async (name, content) => {
    const folder = runnerFile(name.replaceAll(' ', '-'), content);
    const { code, stderr } = await scepwatch(['status', '--data', folder]);
    expect(stderr).toMatch(/runner\.json is damaged; stop the monitor and start it again with npm start\n$/);
    expect(code).toBe(3);
  });

  it('names what was meant by an id that there is not', async () => {
    const { code, stderr } = await scepwatch(['status', 'ndes1'], settings('fleet'));
    expect(stderr).toBe('scepwatch: "ndes1" is the id of no target; did you mean ndes-1 or ndes-2?\n');
    expect(code).toBe(3);
    expect((await scepwatch(['status', 'zzzzzzzz'], settings('fleet'))).stderr).toContain('known: fabrikam, ndes-1, ndes-2');
  });
});

describe('scepwatch history', () => {
  beforeAll(async () => {
    await filled('history');
  });

  it('shows availability, incidents with their reasons, and changes only', async () => {
    const { code, stdout } = await scepwatch(['history', 'ndes-1'], settings('history'));
    expect(stdout).toMatch(/^Contoso NDES 1\nndes-1 · Contoso · .* · available \d\d\.\d %, down \d+ min\n/);
    expect(stdout).toMatch(/✗ down {2}\S+ \S+Z {2}open for 15 min\n {4}The SCEP application pool is stopped/);
    expect(stdout).toContain('as many results in a row were bad as the policy asks for');
    expect(stdout).toMatch(/✗ ndes-app-pool-stopped +12 ms {2}4 in 15 min · at NDES\n/);
    expect(stdout.match(/✓ healthy/g)).toHaveLength(1);
    expect(code).toBe(0);
  });

  it('shows each view alone', async () => {
    const view = async (...options: readonly string[]): Promise<string> =>
      (await scepwatch(['history', 'ndes-1', ...options], settings('history'))).stdout;
    expect((await view('--results', '--all')).match(/[✓✗] (?:healthy|ndes)/g)).toHaveLength(CYCLES);
    expect((await view('--results', '--since', '30min')).match(/[✓✗] (?:healthy|ndes)/g)).toHaveLength(2);
    expect(await view('--hours')).toMatch(/Hours\n {2}\S+ \S+:00Z /);
    expect(await view('--days')).toMatch(/Days\n {2}\d{4}-\d\d-\d\d /);
    expect(await view('--incidents', '--until', '2020-01-01', '--since', '2019-01-01')).toMatch(/Incidents\n {2}none/);
  });

  it.each(['', '--incidents', '--days', '--hours', '--results'])('prints JSON that fits the published schema: %s', async (view) => {
    const { stdout } = await scepwatch(['history', 'ndes-1', ...(view === '' ? [] : [view]), '--json'], settings('history'));
    expect(schemaProblems('history-1.schema.json', stdout)).toBe('');
  });

  it('prints CSV of results and days', async () => {
    const results = (await scepwatch(['history', 'ndes-1', '--results', '--csv'], settings('history'))).stdout.trimEnd().split('\n');
    expect(results).toHaveLength(CYCLES + 1);
    expect(results[1]).toMatch(/^\S+Z,ndes-app-pool-stopped,crit,ndes,12,50,/);
    expect(
      (await scepwatch(['history', 'ndes-1', '--days', '--csv', '--limit', '1'], settings('history'))).stdout.split('\n'),
    ).toHaveLength(3);
  });

  it.each([
    [['history', 'ndes'], /did you mean ndes-1 or ndes-2\?/],
    [['history', 'ndes-1', '--csv'], /--csv goes with --results, --hours or --days/],
    [['history', 'ndes-1', '--csv', '--json', '--days'], /two formats/],
    [['history', 'ndes-1', '--days', '--hours'], /two views/],
    [['history', 'ndes-1', '--all'], /--all goes with --results/],
    [['history', 'ndes-1', '--since', 'yesterday'], /--since takes a time span such as 24h or 7d/],
    [['history', 'ndes-1', '--limit', '0'], /whole number from 1 to/],
    [['history'], /missing required argument 'ID'/],
  ])('refuses %j in one line', async (args, says) => {
    const { code, stdout, stderr } = await scepwatch(args, settings('history'));
    expect(`${stdout}${stderr}`).toMatch(says);
    expect(code).toBe(3);
  });
});

describe('scepwatch watch of a running monitor', () => {
  it('shows it once', async () => {
    await filled('once');
    const { code, stdout } = await scepwatch(['watch', '--once'], settings('once'));
    expect(stdout).toMatch(/^✗ 1 down {3}✓ 2 ok\n[\s\S]*last 24 h\n[\s\S]*the monitor that the environment names\n$/);
    expect(code).toBe(2);
  });

  it('tells what the monitor sees as soon as it has stored it', async () => {
    const { world, store } = await filled('live');
    const command = runningCommand(process.execPath, [SCEPWATCH, 'watch'], { environment: settings('live') });
    await command.saying(/✗ Contoso NDES 1 \(ndes-1\): down, .*; incident opened: [^\n]*\n[\s\S]*= cycle: 3 targets: 1 down, 2 ok/);
    world.mood = () => 'healthy';
    for (let round = 0; round < 2; round++) {
      world.now += PERIOD_MS;
      await cycle(cycleDeps(world, store), PLAN);
    }
    await command.saying(/✓ Contoso NDES 1 \(ndes-1\): (?:down|recovering) → ok, .*; incident resolved: /);
    command.kill('SIGINT');
    expect(await command.ended).toBe(0);
    expect(command.said()).not.toMatch(KEY);
  });

  it('says that the storage is gone, and goes on when it is back', async () => {
    const own = await startAzurite();
    const connection = { SCEPWATCH_STORAGE_CONNECTION_STRING: own.connectionString };
    const store = createStore(
      connectTable({ table: 'scepwatch', where: { kind: 'connection-string', connectionString: own.connectionString } }).rows,
    );
    const world = createWorld(healthyBundle());
    world.now = Date.now();
    await cycle(cycleDeps(world, store), PLAN);
    const command = runningCommand(process.execPath, [SCEPWATCH, 'watch'], { environment: connection });
    await command.saying(/= cycle: 3 targets: 3 ok/);
    await own.kill();
    await command.saying(/Z ! the storage of the monitor that the environment names cannot be read: .*ECONNREFUSED/);
    await own.restart();
    await command.saying(/Fabrikam \(fabrikam\): no longer configured/);
    command.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    expect(command.said()).not.toMatch(KEY);
    await own.close();
  });
});
