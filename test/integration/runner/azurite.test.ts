import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TableClient } from '@azure/data-tables';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Azurite, type AzuriteOptions, startAzurite } from '../../../src/runner/azurite.ts';
import type { LogLine } from '../../../src/runner/log-line.ts';
import { isRunning } from '../../../src/runner/process-identity.ts';
import { type SupervisionOptions, superviseAzurite } from '../../../src/runner/supervise-azurite.ts';
import { freshFolder } from './run-fixture.ts';

const TABLES_FILE = '__azurite_db_table__.json';

async function start(options: Partial<AzuriteOptions> = {}): Promise<Azurite> {
  const azurite = await startAzurite({ folder: freshFolder(), log: () => {}, ...options });
  onTestFinished(() => azurite.close());
  return azurite;
}

function table(connectionString: string): TableClient {
  return TableClient.fromConnectionString(connectionString, 'rows', { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } });
}

async function rowKeys(connectionString: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { rowKey } of table(connectionString).listEntities()) keys.push(rowKey ?? '');
  return keys;
}

async function write(connectionString: string, rowKey: string): Promise<void> {
  await table(connectionString).createTable();
  await table(connectionString).upsertEntity({ partitionKey: 'p', rowKey });
}

/** Not for one that is dead and only waits to be collected: in a container that may take for ever. */
function isAlive(pid: number): boolean {
  return isRunning({ pid, incarnation: null });
}

async function gone(pid: number): Promise<void> {
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000, interval: 20 });
}

describe('azurite', () => {
  it('keeps rows over a restart and has the port of last time', async () => {
    const folder = freshFolder();
    const first = await start({ folder });
    await write(first.connectionString, 'kept');
    await first.close();
    expect(await first.exited).toBe('it ended with code 0');
    expect(isAlive(first.pid)).toBe(false);
    expect(first.savedAt()).toBeGreaterThan(Date.now() - 5_000);
    const second = await start({ folder });
    expect(second.port).toBe(first.port);
    expect(await rowKeys(second.connectionString)).toEqual(['kept']);
  });

  it('lets in nobody with the published account key', async () => {
    const { port } = await start();
    const published = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
    const endpoint = `TableEndpoint=http://127.0.0.1:${port}/devstoreaccount1;`;
    await expect(
      write(`DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${published};${endpoint}`, 'x'),
    ).rejects.toMatchObject({
      statusCode: 403,
    });
  });

  it('takes another port when that of last time is not free, and says so when it has to be that one', async () => {
    const folder = freshFolder();
    const first = await start({ folder });
    await first.close();
    const squatter = createServer().listen(first.port, '127.0.0.1');
    await once(squatter, 'listening');
    onTestFinished(async () => {
      squatter.close();
    });
    const second = await start({ folder });
    expect(second.port).not.toBe(first.port);
    await second.close();
    await expect(start({ folder, port: first.port })).rejects.toThrow(
      `Port ${first.port}, where the tables are to be served, is taken; free it or choose another.`,
    );
  });

  it.each([
    ['an empty file', ''],
    ['half a file', '{"filename":"x","collections":[{"na'],
    ['JSON of another kind', '[]'],
    ['an object of another kind', '{"tables":1}'],
  ])('does not start on %s, which stays as it is', async (_what, content) => {
    const folder = freshFolder();
    const file = join(folder, TABLES_FILE);
    writeFileSync(file, content);
    await expect(start({ folder })).rejects.toThrow(
      `${file} is damaged. Nothing was changed. Put a copy of it from a backup in its place, or move it away to start with empty tables.`,
    );
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  it('says what to do when it is not installed', async () => {
    const resolve = (name: string): never => {
      throw new Error(`Cannot find module '${name}'`);
    };
    await expect(start({ resolve })).rejects.toThrow(
      'Azurite, which keeps the tables on this machine, is not installed. Run npm ci, or use a storage account in Azure.',
    );
  });

  it('does not start beside another that uses the folder and does not end', async () => {
    const folder = freshFolder();
    const { pid } = await start({ folder });
    await expect(start({ folder, leftBehindMs: 50 })).rejects.toThrow(
      `Process ${pid} of an earlier run still uses ${folder} and does not end; stop it first.`,
    );
  });

  it('that ends at once is reported with what it said', async () => {
    const folder = freshFolder();
    const program = join(folder, 'program.cjs');
    writeFileSync(program, 'console.log("about to fail"); throw new Error("no such luck");');
    await expect(start({ folder, resolve: () => program })).rejects.toThrow(
      /^Azurite does not start: it ended with code 1, after saying:\nabout to fail\n[\s\S]*no such luck/,
    );
  });

  it('that never listens is given up', async () => {
    const folder = freshFolder();
    const program = join(folder, 'program.cjs');
    writeFileSync(program, 'setInterval(() => {}, 1000);');
    await expect(start({ folder, resolve: () => program, startMs: 300 })).rejects.toThrow(
      'Azurite does not start: it is not ready after 300 ms',
    );
  });

  it('that does not end is killed, and the log says what that means', async () => {
    const folder = freshFolder();
    const program = join(folder, 'program.cjs');
    writeFileSync(program, 'console.log("successfully started"); setInterval(() => {}, 1000);');
    const log: LogLine[] = [];
    const azurite = await start({ folder, resolve: () => program, stopMs: 100, log: (line) => log.push(line) });
    await azurite.close();
    expect(await azurite.exited).toBe('it was ended by SIGKILL');
    expect(log.find(({ level }) => level === 'error')?.text).toContain('what it has not written yet is lost');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('goes on at %s, which is for the runner', async (signal) => {
    const azurite = await start();
    process.kill(azurite.pid, signal);
    await write(azurite.connectionString, 'after');
    process.kill(azurite.pid, signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await rowKeys(azurite.connectionString)).toEqual(['after']);
  });
});

describe('a supervised azurite', () => {
  async function supervise(options: Partial<SupervisionOptions> = {}) {
    const log: LogLine[] = [];
    const supervised = await superviseAzurite({
      folder: freshFolder(),
      log: (line) => log.push(line),
      backoffMs: [10, 50],
      ...options,
    });
    onTestFinished(() => supervised.close());
    return { ...supervised, log };
  }

  const again = (supervised: { readonly restarts: () => number }, times = 1): Promise<void> =>
    vi.waitFor(() => expect(supervised.restarts()).toBe(times), { timeout: 10_000, interval: 20 });

  it('is started again when it is killed, where it was, and what it forgot can be given back first', async () => {
    const order: string[] = [];
    const supervised = await supervise({
      onRestart: async (startAgain) => {
        order.push('ended');
        await startAgain();
        await write(supervised.connectionString, 'given-back');
        order.push('given back');
      },
    });
    const pid = supervised.pid();
    process.kill(pid ?? 0, 'SIGKILL');
    await again(supervised);
    await vi.waitFor(() => expect(order).toEqual(['ended', 'given back']));
    expect(supervised.pid()).not.toBe(pid);
    expect(await rowKeys(supervised.connectionString)).toEqual(['given-back']);
    expect(supervised.log.find(({ level }) => level === 'error')?.text).toBe(
      'Azurite has ended: it was ended by SIGKILL; it is started again',
    );
    process.kill(supervised.pid() ?? 0, 'SIGKILL');
    await again(supervised, 2);
  });

  it('is started once more when giving back fails', async () => {
    let attempts = 0;
    const supervised = await supervise({
      onRestart: async (startAgain) => {
        await startAgain();
        attempts++;
        if (attempts === 1) throw new Error('the journal is not readable');
      },
    });
    process.kill(supervised.pid() ?? 0, 'SIGKILL');
    await vi.waitFor(() => expect(attempts).toBe(2), { timeout: 10_000 });
    expect(supervised.log.some(({ text }) => text.includes('the journal is not readable'))).toBe(true);
  });

  it('is given up when its tables are damaged', async () => {
    const folder = freshFolder();
    const supervised = await supervise({ folder });
    writeFileSync(join(folder, TABLES_FILE), 'damaged');
    process.kill(supervised.pid() ?? 0, 'SIGKILL');
    expect((await supervised.givenUp).message).toContain('is damaged');
    expect(supervised.pid()).toBeUndefined();
    expect(readFileSync(join(folder, TABLES_FILE), 'utf8')).toBe('damaged');
  });

  it('is not started again when it was told to end', async () => {
    const supervised = await supervise();
    const pid = supervised.pid() ?? 0;
    await supervised.close();
    await supervised.close();
    expect(isAlive(pid)).toBe(false);
    expect(supervised.restarts()).toBe(0);
  });

  it('can be told to end while it is down', async () => {
    const supervised = await supervise({ backoffMs: [60_000] });
    const pid = supervised.pid() ?? 0;
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(supervised.pid()).toBeUndefined(), { timeout: 5_000 });
    await supervised.close();
    expect(supervised.restarts()).toBe(0);
  });
});

describe('an azurite whose runner', () => {
  interface Owner {
    readonly process: ChildProcess;
    readonly pid: number;
    readonly azuritePid: number;
    readonly exited: Promise<unknown>;
  }

  async function owner(folder: string): Promise<Owner> {
    mkdirSync(folder, { recursive: true });
    // In a group of its own, as a shell does it, so that a signal can be sent to the whole group.
    const child = spawn(process.execPath, [join(import.meta.dirname, 'azurite-owner.ts'), folder], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const { azuritePid } = JSON.parse(String(line));
    return { process: child, pid: child.pid ?? 0, azuritePid, exited };
  }

  it.each([
    ['is killed', 'SIGKILL'],
    ['ends without closing it', 'SIGUSR2'],
  ] as const)('%s saves and ends', async (_what, signal) => {
    const folder = freshFolder();
    const { pid, azuritePid, exited } = await owner(folder);
    const started = performance.now();
    process.kill(pid, signal);
    await exited;
    await gone(azuritePid);
    expect(performance.now() - started).toBeLessThan(3_000);
    const azurite = await start({ folder });
    expect(await rowKeys(azurite.connectionString)).toEqual(['first']);
  });

  it('is killed and comes back at once is waited for, so that nothing gets lost', async () => {
    const folder = freshFolder();
    const { pid, azuritePid } = await owner(folder);
    process.kill(pid, 'SIGKILL');
    const azurite = await start({ folder });
    expect(isAlive(azuritePid)).toBe(false);
    expect(await rowKeys(azurite.connectionString)).toEqual(['first']);
  });

  it('is ended by Ctrl-C lives until the runner has written its last row', async () => {
    const folder = freshFolder();
    const { pid, azuritePid, exited } = await owner(folder);
    process.kill(-pid, 'SIGINT');
    expect(await exited).toEqual([0, null]);
    await gone(azuritePid);
    const azurite = await start({ folder });
    expect(await rowKeys(azurite.connectionString)).toEqual(['first', 'last']);
  });
});
