import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type Journal, type JournalOptions, journaled as openJournal } from '../../../src/store/journal.ts';
import { memoryRows } from '../../../src/store/memory-rows.ts';
import { type RowChange, RowLimitError, type Rows, StoreError } from '../../../src/store/rows.ts';
import { connectTable } from '../../../src/store/tables/connect.ts';
import { describeRows } from '../../contract/rows.contract.ts';
import { startAzurite } from '../../support/azurite.ts';
import { processStoppedAt, Stopped } from '../../support/crashing.ts';

const TEMP = mkdtempSync(join(tmpdir(), 'scepwatch-journal-'));
afterAll(() => rmSync(TEMP, { recursive: true, force: true }));
let folders = 0;
const newFolder = (): string => join(TEMP, String(++folders));

const opened: Journal[] = [];
afterAll(async () => {
  for (const { close } of opened) await close();
});

/** Closed after the tests: most of them end as a process does that is killed. */
async function journaled(...[rows, folder, options]: Parameters<typeof openJournal>): Promise<Journal> {
  const journal = await openJournal(rows, folder, options);
  opened.push(journal);
  return journal;
}

describeRows('memory behind a journal', async () => (await journaled(memoryRows(), newFolder())).rows);

const upsert = (rowKey: string, n: number): RowChange => ({ kind: 'upsert', row: { rowKey, values: { n } } });
const remove = (rowKey: string): RowChange => ({ kind: 'delete', rowKey });

async function content(rows: Rows, partitionKey = 'p') {
  return Object.fromEntries((await rows.list({ partitionKey })).map(({ rowKey, values }) => [rowKey, values]));
}

function files(folder: string): readonly string[] {
  return readdirSync(folder).toSorted();
}

function lines(folder: string): readonly string[] {
  return files(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1));
}

/** Counts the calls of all files, and lets them happen. */
async function spyOnFiles(folder: string, method: 'appendFile' | 'datasync') {
  const handle = await open(join(folder, files(folder)[0] ?? ''));
  await handle.close();
  return vi.spyOn(Object.getPrototypeOf(handle), method);
}

/** What storage that has forgotten everything gets back. */
async function recovered(folder: string) {
  const rows = memoryRows();
  const { replayed, damaged, close } = await journaled(rows, folder);
  await close();
  return { rows, replayed, damaged };
}

describe('a replay', () => {
  it('gives back every value with its type', async () => {
    const folder = newFolder();
    const values = { text: 'ü😀\u2028"', int: 1, double: 1e21, long: 2n ** 63n - 1n, yes: true, no: false, empty: '' };
    const { rows } = await journaled(memoryRows(), folder);
    await rows.commit('p', [{ kind: 'insert', row: { rowKey: "it's", values } }]);
    expect(await content((await recovered(folder)).rows)).toEqual({ "it's": values });
  });

  it('ends with the last content of every row, deleted ones included', async () => {
    const folder = newFolder();
    const { rows } = await journaled(memoryRows(), folder);
    await rows.commit('p', [upsert('a', 1), upsert('b', 1)]);
    await rows.commit('p', [upsert('a', 2), remove('b')]);
    await rows.commit('q', [upsert('a', 9)]);
    await rows.commit('p', [upsert('a', 3), upsert('c', 1)]);
    await rows.commit('p', [remove('c')]);
    await rows.commit('p', [upsert('c', 5)]);
    const { rows: again, replayed, damaged } = await recovered(folder);
    expect(await content(again)).toEqual({ a: { n: 3 }, c: { n: 5 } });
    expect(await content(again, 'q')).toEqual({ a: { n: 9 } });
    expect({ replayed, damaged }).toEqual({ replayed: 6, damaged: [] });
  });

  it('changes nothing of what the storage has not forgotten, however often it runs', async () => {
    const [storage, folder] = [memoryRows(), newFolder()];
    const { rows, replay } = await journaled(storage, folder);
    await rows.commit('p', [upsert('a', 1), upsert('b', 1)]);
    await rows.commit('p', [upsert('a', 2), remove('b'), remove('never')]);
    for (let time = 1; time <= 3; time++) {
      expect(await replay()).toEqual({ replayed: 2, damaged: [] });
      expect(await content(rows)).toEqual({ a: { n: 2 } });
    }
    expect((await journaled(storage, folder)).replayed).toBe(2);
    expect(await content(storage)).toEqual({ a: { n: 2 } });
  });

  it('gives back what any sequence of commits has left', async () => {
    const change = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      n: fc.nat(),
      kind: fc.constantFrom('insert', 'upsert', 'delete'),
    });
    const commit = fc.record({
      partition: fc.constantFrom('p', 'q'),
      changes: fc.uniqueArray(change, { minLength: 1, maxLength: 4, selector: ({ key }) => key }),
      restart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(commit, { maxLength: 25 }), async (sequence) => {
        const [storage, folder] = [memoryRows(), newFolder()];
        let journal = await journaled(storage, folder);
        for (const { partition, changes, restart } of sequence) {
          const asked = changes.map(({ key, n, kind }): RowChange => {
            const row = { rowKey: key, values: { n } };
            return kind === 'delete' ? remove(key) : { kind, row };
          });
          await journal.rows.commit(partition, asked);
          if (!restart) continue;
          await journal.close();
          journal = await journaled(storage, folder);
        }
        await journal.close();
        const { rows } = await recovered(folder);
        for (const partition of ['p', 'q']) expect(await content(rows, partition)).toEqual(await content(storage, partition));
      }),
      { numRuns: 30 },
    );
  });

  it('writes thousands of rows in transactions that the storage takes', async () => {
    const folder = newFolder();
    const { rows } = await journaled(memoryRows(), folder);
    const text = '€'.repeat(25_000);
    const changes = Array.from(
      { length: 1_000 },
      (_, n): RowChange => ({ kind: 'insert', row: { rowKey: `r${n}`, values: { n, text: n % 3 ? '' : text } } }),
    );
    await Promise.all(Array.from({ length: 40 }, (_, part) => rows.commit('p', changes.slice(part * 25, part * 25 + 25))));
    expect(Object.keys(await content((await recovered(folder)).rows))).toHaveLength(1_000);
  });

  it('ignores half a line at the end, and reports a damaged one before it', async () => {
    const folder = newFolder();
    const { rows, close } = await journaled(memoryRows(), folder);
    for (let n = 1; n <= 4; n++) await rows.commit('p', [upsert(`r${n}`, n)]);
    await close();
    const [file = ''] = files(folder);
    const [first = '', second = '', third = '', fourth = ''] = lines(folder);
    writeFileSync(
      join(folder, file),
      [first, second.slice(0, -9), third.replace('"n":3', '"n":[]'), fourth, first.slice(0, -1)].join('\n'),
    );
    const { rows: again, replayed, damaged } = await recovered(folder);
    expect(await content(again)).toEqual({ r1: { n: 1 }, r4: { n: 4 } });
    expect(replayed).toBe(2);
    expect(damaged).toEqual([`${file} line 2`, `${file} line 3`]);
  });

  it('takes a last line that only lacks its end', async () => {
    const folder = newFolder();
    const { rows, close } = await journaled(memoryRows(), folder);
    await rows.commit('p', [upsert('r', 1)]);
    await close();
    const [file = ''] = files(folder);
    writeFileSync(join(folder, file), readFileSync(join(folder, file), 'utf8').trimEnd());
    expect(await content((await recovered(folder)).rows)).toEqual({ r: { n: 1 } });
  });

  it('never appends to what an earlier process has left', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, 'journal-00000009.ndjson'), '{"torn');
    writeFileSync(join(folder, 'notes.txt'), 'somebody else');
    const { rows, damaged } = await journaled(memoryRows(), folder);
    await rows.commit('p', [upsert('r', 1)]);
    expect(damaged).toEqual([]);
    expect(files(folder)).toEqual(['journal-00000009.ndjson', 'journal-00000010.ndjson', 'notes.txt']);
    expect(await content((await recovered(folder)).rows)).toEqual({ r: { n: 1 } });
  });

  it.each([
    '[]',
    'null',
    '{}',
    '{"withdrawn":1}',
    '{"at":1,"partitionKey":"p","rows":[]}',
    '{"id":"a","at":1,"partitionKey":"p","rows":{}}',
    '{"id":"a","at":1,"partitionKey":"p","rows":[{"values":{}}]}',
    '{"id":"a","at":1,"partitionKey":"p","rows":[{"rowKey":"r","values":[]}]}',
    '{"id":"a","at":1,"partitionKey":"p","rows":[{"rowKey":"r","values":{"n":null}}]}',
    '{"id":"a","at":1,"partitionKey":"p","rows":[{"rowKey":"r","values":{"n":{"int64":"x"}}}]}',
    '',
  ])('calls %s damaged', async (line) => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, 'journal-00000001.ndjson'), `${line}\n`);
    expect((await recovered(folder)).damaged).toEqual(['journal-00000001.ndjson line 1']);
  });
});

/** Storage whose commits can be held up, be answered wrongly or fail. */
function troubled() {
  const storage = memoryRows();
  const trouble: { -readonly [Call in keyof Rows]?: Rows[Call] } = {};
  const rows: Rows = {
    get: (partitionKey, rowKey, signal) => (trouble.get ?? storage.get)(partitionKey, rowKey, signal),
    list: (range, signal) => (trouble.list ?? storage.list)(range, signal),
    commit: (partitionKey, changes, signal) => (trouble.commit ?? storage.commit)(partitionKey, changes, signal),
  };
  return { storage, rows, trouble };
}

describe('a commit', () => {
  it('is on the disk before the storage hears of it', async () => {
    const folder = newFolder();
    const { storage, rows: slow, trouble } = troubled();
    const { rows } = await journaled(slow, folder, { now: () => 5 });
    let before: readonly string[] = [];
    trouble.commit = (...commit) => {
      before = lines(folder);
      return storage.commit(...commit);
    };
    await rows.commit('p', [{ kind: 'insert', row: { rowKey: 'r', values: { n: 1n } } }, remove('s')]);
    expect(before.map((line) => JSON.parse(line))).toEqual([
      { id: expect.any(String), at: 5, partitionKey: 'p', rows: [{ rowKey: 'r', values: { n: { int64: '1' } } }, { rowKey: 's' }] },
    ]);
    expect(lines(folder)).toEqual(before);
  });

  it('that conflicts or is refused leaves nothing', async () => {
    const folder = newFolder();
    const { rows } = await journaled(memoryRows(), folder);
    await rows.commit('p', [upsert('r', 1)]);
    expect(await rows.commit('p', [{ kind: 'insert', row: { rowKey: 'r', values: { n: 2 } } }])).toBe('conflict');
    await expect(rows.commit('p', [])).rejects.toThrow(RowLimitError);
    expect(lines(folder)).toHaveLength(1);
  });

  it('that was written and is called a conflict is recorded', async () => {
    const folder = newFolder();
    const { storage, rows: unsure, trouble } = troubled();
    const { rows } = await journaled(unsure, folder);
    trouble.commit = async (...commit) => {
      await storage.commit(...commit);
      return 'conflict';
    };
    expect(await rows.commit('p', [{ kind: 'insert', row: { rowKey: 'r', values: { n: 1n } } }, remove('s')])).toBe('conflict');
    expect(await content((await recovered(folder)).rows)).toEqual({ r: { n: 1n } });
  });

  it('that was written and failed is recorded, one that was not is not', async () => {
    const folder = newFolder();
    const { storage, rows: unsure, trouble } = troubled();
    const { rows } = await journaled(unsure, folder);
    const torn = new StoreError('unavailable', 'the connection broke');
    trouble.commit = async (...commit) => {
      await storage.commit(...commit);
      throw torn;
    };
    await expect(rows.commit('p', [upsert('written', 1)])).rejects.toBe(torn);
    trouble.commit = () => Promise.reject(torn);
    await expect(rows.commit('p', [upsert('lost', 1), upsert('written', 1)])).rejects.toBe(torn);
    trouble.commit = async () => 'conflict';
    expect(await rows.commit('p', [upsert('lost', 2), upsert('written', 2)])).toBe('conflict');
    expect(await content((await recovered(folder)).rows)).toEqual({ written: { n: 1 } });
  });

  it('of which nobody knows what became of it is asked for before the next one of its partition', async () => {
    const folder = newFolder();
    const { storage, rows: unsure, trouble } = troubled();
    const { rows } = await journaled(unsure, folder);
    const silent = new StoreError('unavailable', 'no answer');
    const failing = (): Promise<never> => Promise.reject(silent);
    for (const arrives of [false, true]) {
      Object.assign(trouble, {
        get: failing,
        commit: arrives ? async (...commit: Parameters<Rows['commit']>) => storage.commit(...commit).then(failing) : failing,
      });
      await expect(rows.commit('p', [upsert('state', 1), upsert(`arrives ${arrives}`, 1)])).rejects.toBe(silent);
      delete trouble.commit;
      await expect(rows.commit('p', [upsert('state', 2)])).rejects.toBe(silent);
      expect(await rows.commit('q', [upsert('other', 1)])).toBe('committed');
      delete trouble.get;
      expect(await rows.commit('p', [upsert('state', 3)])).toBe('committed');
      expect(await content((await recovered(folder)).rows)).toEqual(await content(storage));
    }
    expect(Object.keys(await content(storage))).toEqual(['arrives true', 'state']);
  });

  it('of which nobody knows what became of it is made whole by a replay', async () => {
    const folder = newFolder();
    const { storage, rows: unsure, trouble } = troubled();
    const { rows, replay } = await journaled(unsure, folder);
    const silent = new StoreError('unavailable', 'no answer');
    Object.assign(trouble, { get: () => Promise.reject(silent), commit: () => Promise.reject(silent) });
    await expect(rows.commit('p', [upsert('state', 1), upsert('r1', 1)])).rejects.toBe(silent);
    await replay(async () => {
      delete trouble.get;
      delete trouble.commit;
      // What the storage had saved in the middle of it.
      await storage.commit('p', [upsert('r1', 1)]);
    });
    expect(await content(rows)).toEqual({ state: { n: 1 }, r1: { n: 1 } });
    expect(await rows.commit('p', [upsert('state', 2)])).toBe('committed');
    expect(await content((await recovered(folder)).rows)).toEqual({ state: { n: 2 }, r1: { n: 1 } });
  });

  it('stands in the journal in the order in which the storage applied it', async () => {
    const folder = newFolder();
    const { storage, rows: slow, trouble } = troubled();
    const { rows } = await journaled(slow, folder);
    let left = 60;
    trouble.commit = async (...commit) => {
      await new Promise((resolve) => setTimeout(resolve, (left-- * 7) % 5));
      const outcome = await storage.commit(...commit);
      await new Promise((resolve) => setTimeout(resolve, (left * 11) % 5));
      return outcome;
    };
    await Promise.all(Array.from({ length: 60 }, (_, n) => rows.commit(n % 3 === 0 ? 'q' : 'p', [upsert('last', n), upsert(`r${n}`, n)])));
    const { rows: again } = await recovered(folder);
    for (const partition of ['p', 'q']) expect(await content(again, partition)).toEqual(await content(storage, partition));
  });

  it('is confirmed after a sync, which it shares with others of the same moment', async () => {
    const folder = newFolder();
    const { rows } = await journaled(memoryRows(), folder);
    await rows.commit('p', [upsert('r', 0)]);
    const sync = await spyOnFiles(folder, 'datasync');
    await Promise.all(Array.from({ length: 400 }, (_, n) => rows.commit(`p${n % 100}`, [upsert('r', n)])));
    const shared = sync.mock.calls.length;
    for (let n = 1; n <= 20; n++) {
      await rows.commit('p', [upsert('r', n)]);
      expect(sync).toHaveBeenCalledTimes(shared + n);
      await expect(sync.mock.results.at(-1)?.value).resolves.toBeUndefined();
    }
    expect(shared).toBeGreaterThan(0);
    expect(shared).toBeLessThan(40);
    sync.mockRestore();
  });

  it('of a caller who has gone is still recorded', async () => {
    const folder = newFolder();
    const { storage, rows: slow, trouble } = troubled();
    const { rows, close } = await journaled(slow, folder);
    const [sent, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    trouble.commit = async (...commit) => {
      sent.resolve();
      await go.promise;
      return storage.commit(...commit);
    };
    const [abort, reason] = [new AbortController(), new Error('the budget is spent')];
    const running = rows.commit('p', [upsert('sent', 1)], abort.signal);
    const waiting = rows.commit('p', [upsert('waiting', 1)], abort.signal);
    await sent.promise;
    abort.abort(reason);
    await expect(running).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    go.resolve();
    await close();
    expect(await content(storage)).toEqual({ sent: { n: 1 } });
    expect(await content((await recovered(folder)).rows)).toEqual({ sent: { n: 1 } });
  });

  it('is unavailable while the journal cannot be written, and the storage does not hear of it', async () => {
    const folder = newFolder();
    const storage = memoryRows();
    const { rows } = await journaled(storage, folder);
    rmSync(folder, { recursive: true });
    await expect(rows.commit('p', [upsert('r', 1)])).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/the journal in .* cannot be written: ENOENT/),
    });
    await expect(rows.commit('p', [upsert('s', 1)])).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await content(storage)).toEqual({});
    mkdirSync(folder);
    expect(await rows.commit('p', [upsert('t', 1)])).toBe('committed');
    expect(await content((await recovered(folder)).rows)).toEqual({ t: { n: 1 } });
  });

  it('whose line may have been torn counts for nothing, and the next one stands in another file', async () => {
    const folder = newFolder();
    const { rows } = await journaled(memoryRows(), folder);
    await rows.commit('p', [upsert('r', 1)]);
    const sync = await spyOnFiles(folder, 'datasync');
    sync.mockRejectedValueOnce(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
    const torn = rows.commit('p', [upsert('r', 2)]);
    await expect(torn).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('cannot be written: ENOSPC') });
    appendFileSync(join(folder, files(folder)[0] ?? ''), '{"at"');
    await rows.commit('p', [upsert('s', 3)]);
    sync.mockRestore();
    expect(files(folder)).toHaveLength(2);
    const { rows: again, damaged } = await recovered(folder);
    expect(await content(again)).toEqual({ r: { n: 1 }, s: { n: 3 } });
    expect(damaged).toEqual([]);
  });

  it.each(['replay', 'close'] as const)(
    'that was not taken, which could not be written down, is withdrawn by a %s at the latest',
    async (what) => {
      const folder = newFolder();
      const { rows: unsure, trouble } = troubled();
      const journal = await journaled(unsure, folder);
      await journal.rows.commit('p', [upsert('r', 1)]);
      const append = await spyOnFiles(folder, 'appendFile');
      trouble.commit = async () => {
        append.mockRejectedValueOnce(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
        return 'conflict';
      };
      await expect(journal.rows.commit('p', [upsert('r', 2)])).rejects.toMatchObject({ kind: 'unavailable' });
      append.mockRestore();
      delete trouble.commit;
      expect(await content((await recovered(folder)).rows)).toEqual({ r: { n: 2 } });
      await journal[what]();
      expect(await content((await recovered(folder)).rows)).toEqual({ r: { n: 1 } });
    },
  );

  it('is unavailable when the journal is closed', async () => {
    const { rows, close } = await journaled(memoryRows(), newFolder());
    await rows.commit('p', [upsert('r', 1)]);
    await close();
    await close();
    await expect(rows.commit('p', [upsert('s', 1)])).rejects.toMatchObject({ kind: 'unavailable', message: 'the journal is closed' });
    expect(await content(rows)).toEqual({ r: { n: 1 } });
  });
});

describe('a replay on demand', () => {
  it('holds up reads and commits from the call on, and waits for those under way', async () => {
    const folder = newFolder();
    const { storage, rows: slow, trouble } = troubled();
    const { rows, replay } = await journaled(slow, folder);
    await rows.commit('p', [upsert('r', 1)]);
    const events: string[] = [];
    const go = Promise.withResolvers<void>();
    trouble.commit = async (...commit) => {
      await go.promise;
      return storage.commit(...commit);
    };
    const underWay = rows.commit('p', [upsert('under way', 1)]);
    const replaying = replay(async () => {
      events.push(`start after ${lines(folder).length} entries`);
      delete trouble.commit;
      await storage.commit('p', [remove('r'), remove('under way')]);
    }).then(() => events.push('replayed'));
    const read = rows.get('p', 'r').then((row) => events.push(`read ${row?.values.n}`));
    const listed = rows.list({ partitionKey: 'p' }).then((all) => events.push(`list ${all.length}`));
    const committed = rows.commit('p', [upsert('later', 1)]).then(() => events.push('later'));
    const reason = new Error('no time');
    await expect(rows.get('p', 'r', AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(rows.commit('p', [upsert('never', 1)], AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(events).toEqual([]);
    go.resolve();
    await Promise.all([underWay, replaying, read, listed, committed]);
    expect(events[0]).toBe('start after 2 entries');
    expect(events).toContain('read 1');
    expect(events.indexOf('replayed')).toBeLessThan(events.indexOf('later'));
    expect(await content(rows)).toEqual({ r: { n: 1 }, 'under way': { n: 1 }, later: { n: 1 } });
  });

  it('that fails keeps everything closed until one has worked', async () => {
    const { rows, replay, checkpoint } = await journaled(memoryRows(), newFolder());
    await rows.commit('p', [upsert('r', 1)]);
    const failure = new Error('Azurite does not start');
    await expect(replay(() => Promise.reject(failure))).rejects.toBe(failure);
    const closed = { kind: 'unavailable', message: expect.stringContaining('the journal could not be replayed'), cause: failure };
    await expect(rows.get('p', 'r')).rejects.toMatchObject(closed);
    await expect(rows.list({ partitionKey: 'p' })).rejects.toMatchObject(closed);
    await expect(rows.commit('p', [upsert('s', 1)])).rejects.toMatchObject(closed);
    await expect(checkpoint()).rejects.toMatchObject(closed);
    await replay();
    expect(await rows.commit('p', [upsert('s', 1)])).toBe('committed');
  });

  it('at the start fails when the storage does', async () => {
    const folder = newFolder();
    await (await journaled(memoryRows(), folder)).rows.commit('p', [upsert('r', 1)]);
    const down = new StoreError('unavailable', 'nothing listens');
    await expect(journaled({ ...memoryRows(), commit: () => Promise.reject(down) }, folder)).rejects.toBe(down);
    expect(lines(folder)).toHaveLength(1);
  });
});

describe('the files of a journal', () => {
  /** Seconds, for people; the journal gets milliseconds. */
  async function timed(folder = newFolder(), options: JournalOptions = {}) {
    const clock: { now: number; saved: number | undefined } = { now: 1_000, saved: undefined };
    const journal = await journaled(memoryRows(), folder, {
      now: () => clock.now * 1000,
      savedAt: () => (clock.saved === undefined ? undefined : clock.saved * 1000),
      ...options,
    });
    let count = 0;
    const write = () => journal.rows.commit('p', [upsert(`r${++count}`, count)]);
    return { ...journal, clock, write, folder, files: () => files(folder).map((name) => Number(/\d+/.exec(name)?.[0])) };
  }

  it('are followed by the next one after 30 seconds', async () => {
    const { clock, write, files: numbers } = await timed();
    await write();
    clock.now += 29;
    await write();
    expect(numbers()).toEqual([1]);
    clock.now += 1;
    await write();
    expect(numbers()).toEqual([1, 2]);
    clock.now -= 100;
    await write();
    expect(numbers()).toEqual([1, 2, 3]);
  });

  it('stay as long as nobody says what has been saved', async () => {
    const { clock, write, checkpoint, files: numbers } = await timed();
    for (let time = 0; time < 5; time++) {
      await write();
      clock.now += 1_000;
      await checkpoint();
    }
    expect(numbers()).toEqual([1, 2, 3, 4, 5]);
  });

  it('are deleted when the storage has saved 10 seconds after their last entry', async () => {
    const { clock, write, checkpoint, files: numbers } = await timed();
    await write();
    clock.now = 1_040;
    await write();
    for (const [saved, expected] of [
      [999, [1, 2]],
      [1_010, [1, 2]],
      [1_011, [2]],
      [1_050, [2]],
      [1_051, []],
    ] as const) {
      clock.saved = saved;
      await checkpoint();
      expect(numbers()).toEqual(expected);
    }
    await write();
    expect(numbers()).toEqual([3]);
  });

  it('stay while a commit in them is under way, and until what it has written is saved', async () => {
    const { storage, rows: slow, trouble } = troubled();
    const clock = { now: 1_000, saved: 2_000 };
    const folder = newFolder();
    const options = { now: () => clock.now * 1000, savedAt: () => clock.saved * 1000 };
    const { rows, checkpoint } = await journaled(slow, folder, options);
    const [sent, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    trouble.commit = async (...commit) => {
      sent.resolve();
      await go.promise;
      return storage.commit(...commit);
    };
    const committed = rows.commit('p', [upsert('r', 1)]);
    await sent.promise;
    clock.now = 3_000;
    clock.saved = 2_999;
    await checkpoint();
    expect(files(folder)).toHaveLength(1);
    go.resolve();
    await committed;
    clock.saved = 3_010;
    await checkpoint();
    expect(files(folder)).toHaveLength(1);
    clock.saved = 3_011;
    await checkpoint();
    expect(files(folder)).toEqual([]);
  });

  it('are also deleted whenever a new one begins', async () => {
    const { clock, write, files: numbers } = await timed();
    await write();
    clock.now = 1_040;
    clock.saved = 1_038;
    await write();
    expect(numbers()).toEqual([2]);
  });

  it('stay when the clock goes back after they were written', async () => {
    const { clock, write, checkpoint, files: numbers } = await timed();
    clock.saved = 990;
    await write();
    clock.now = 100;
    await write();
    clock.saved = 1_005;
    await checkpoint();
    expect(numbers()).toEqual([1, 2]);
  });

  it('stay when what was saved lies in the future of the clock', async () => {
    const { clock, write, checkpoint, files: numbers } = await timed();
    clock.saved = 5_000;
    await write();
    await checkpoint();
    expect(numbers()).toEqual([1]);
    clock.saved = 5_011;
    await checkpoint();
    expect(numbers()).toEqual([]);
  });

  it('stay after a replay until the storage has saved once more', async () => {
    const first = await timed();
    await first.write();
    await first.close();
    const second = await timed(first.folder, {});
    second.clock.saved = 1_005;
    await second.checkpoint();
    expect(second.files()).toEqual([1]);
    second.clock.now = 1_100;
    await second.replay(async () => {
      second.clock.saved = 1_099;
    });
    await second.checkpoint();
    second.clock.saved = 1_110;
    await second.checkpoint();
    expect(second.files()).toEqual([1]);
    second.clock.saved = 1_111;
    await second.checkpoint();
    expect(second.files()).toEqual([]);
  });

  it('are deleted oldest first only', async () => {
    const { clock, write, checkpoint, folder, files: numbers } = await timed();
    for (let time = 0; time < 3; time++) {
      await write();
      clock.now += 40;
    }
    // A folder in the place of the oldest file cannot be unlinked.
    const [oldest = ''] = files(folder);
    rmSync(join(folder, oldest));
    mkdirSync(join(folder, oldest));
    clock.saved = 2_000;
    await checkpoint();
    expect(numbers()).toEqual([1, 2, 3]);
    rmSync(join(folder, oldest), { recursive: true });
    await checkpoint();
    expect(numbers()).toEqual([]);
  });
});

/** What a commit writes of which all that is there has to be of one moment: the number of the last one, and a row for each. */
function numbered(n: number, etag: string | undefined): readonly RowChange[] {
  const row = { rowKey: 'state', values: { n } };
  return [etag === undefined ? { kind: 'insert', row } : { kind: 'replace', row, etag }, upsert(`r${n}`, n)];
}

/** Commits until the process is stopped; gives how many were confirmed. */
async function commitNumbered(rows: Rows, times: number): Promise<number> {
  for (let n = 1; n <= times; n++) {
    try {
      const before = await rows.get('p', 'state');
      expect(await rows.commit('p', numbered(n, before?.etag))).toBe('committed');
    } catch (error) {
      if (error instanceof Stopped) return n - 1;
      throw error;
    }
  }
  return times;
}

/** The first so many writes of rows, in their order: what the storage has saved, which may be half a commit. */
async function savedAfter(writes: number): Promise<Rows> {
  const rows = memoryRows();
  const all = Array.from({ length: TIMES }, (_, index) => [upsert('state', index + 1), upsert(`r${index + 1}`, index + 1)]).flat();
  for (const change of all.slice(0, writes)) await rows.commit('p', [change]);
  return rows;
}

const TIMES = 3;
/** Two points at each call: a read of the test's own, the look at the condition, the commit. */
const POINTS = TIMES * 6;

describe('a process that is stopped at any point of its commits', () => {
  it.each(Array.from({ length: POINTS }, (_, index) => index + 1))(
    'finds all of each commit or none at the next start: point %i',
    async (point) => {
      const [folder, storage] = [newFolder(), memoryRows()];
      const stopping = processStoppedAt(point);
      // The journal's own look at its files comes before the first point.
      const confirmed = await commitNumbered((await journaled(stopping.rows(storage), folder)).rows, TIMES);
      expect(stopping.stopped()).toBe(true);
      const reached = Object.keys(await content(storage)).length;
      // The storage lives on, has saved at any time before, or has saved in the middle of a commit.
      const survivors = [storage, ...(await Promise.all(Array.from({ length: reached + 1 }, (_, writes) => savedAfter(writes))))];
      for (const survivor of survivors) {
        const stored = await content((await journaled(survivor, folder)).rows);
        const last = Number(stored.state?.n ?? 0);
        expect(last).toBeGreaterThanOrEqual(confirmed);
        const whole = Array.from({ length: last }, (_, index) => [`r${index + 1}`, { n: index + 1 }]);
        expect(stored).toEqual({ ...Object.fromEntries(whole), ...(last > 0 && { state: { n: last } }) });
      }
    },
  );
});

/** Of a partition: what has been confirmed must be there after all. */
async function commitUntilItFails(rows: Rows, partitionKey: string): Promise<readonly string[]> {
  const confirmed: string[] = [];
  for (let n = 0; ; n++) {
    const rowKey = `r${String(n).padStart(5, '0')}`;
    try {
      if ((await rows.commit(partitionKey, [upsert('state', n), upsert(rowKey, n)])) === 'committed') confirmed.push(rowKey);
    } catch (error) {
      if (error instanceof StoreError) return confirmed;
      throw error;
    }
  }
}

describe('Azurite that is killed', () => {
  /** The interval at which it saves is 5 s from its start: what follows happens before that. */
  async function embedded() {
    const folder = newFolder();
    const azurite = await startAzurite({ folder });
    const { rows: bare } = connectTable(
      { table: 'scepwatch', where: { kind: 'connection-string', connectionString: azurite.connectionString } },
      { tries: 2 },
    );
    const saved = join(folder, '__azurite_db_table__.json');
    const options = { savedAt: () => statSync(saved, { throwIfNoEntry: false })?.mtimeMs };
    return { azurite, bare, folder: join(folder, 'journal'), options };
  }

  it('right after a confirmed commit loses it without the journal and nothing with it', async () => {
    const { azurite, bare, folder, options } = await embedded();
    const { rows, replay, close } = await journaled(bare, folder, options);
    const keys = Array.from({ length: 250 }, (_, n) => `r${String(n).padStart(3, '0')}`);
    await rows.commit('p', [upsert('deleted', 1)]);
    for (let start = 0; start < keys.length; start += 50)
      await rows.commit(
        'p',
        keys.slice(start, start + 50).map((key) => upsert(key, start)),
      );
    await rows.commit('p', [remove('deleted')]);
    await azurite.kill();
    await azurite.restart();
    expect(await bare.list({ partitionKey: 'p' })).toEqual([]);
    expect((await replay()).replayed).toBe(7);
    expect((await rows.list({ partitionKey: 'p' })).map(({ rowKey }) => rowKey)).toEqual(keys);
    await close();
    await azurite.close();
  });

  it('in the middle of many commits loses none that was confirmed, and goes on', async () => {
    const { azurite, bare, folder, options } = await embedded();
    const { rows, replay, close } = await journaled(bare, folder, options);
    const partitions = ['p', 'q', 'r', 's'];
    const writing = partitions.map((partition) => commitUntilItFails(rows, partition));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await azurite.kill();
    await replay(azurite.restart);
    const confirmed = await Promise.all(writing);
    for (const [index, partition] of partitions.entries()) {
      expect(confirmed[index]?.length).toBeGreaterThan(5);
      const stored = await content(rows, partition);
      expect(Object.keys(stored)).toEqual(expect.arrayContaining([...(confirmed[index] ?? [])]));
      // Rows of one transaction are there together.
      expect(stored[`r${String(stored.state?.n).padStart(5, '0')}`]).toEqual(stored.state);
    }
    expect(await rows.commit('p', [upsert('after', 1)])).toBe('committed');
    await close();
    await azurite.close();
  });

  it('together with its user loses nothing at the next start', async () => {
    const { azurite, bare, folder, options } = await embedded();
    const before = await journaled(bare, folder, options);
    await before.rows.commit('p', [upsert('a', 1), upsert('b', 1)]);
    await before.rows.commit('p', [upsert('a', 2)]);
    await azurite.kill();
    appendFileSync(join(folder, files(folder).at(-1) ?? ''), '{"at":1,"partitionKey":"p","rows":[{"rowKey":"a","val');
    await azurite.restart();
    const after = await journaled(bare, folder, options);
    expect(after).toMatchObject({ replayed: 2, damaged: [] });
    expect(await content(after.rows)).toEqual({ a: { n: 2 }, b: { n: 1 } });
    await after.close();
    await azurite.close();
  });
});

describe('a process that is killed', () => {
  it('has all its confirmed commits in the journal', async () => {
    const folder = newFolder();
    const source = new URL('../../../src/store/', import.meta.url).href;
    const program = `
      const { journaled } = await import('${source}journal.ts');
      const { memoryRows } = await import('${source}memory-rows.ts');
      const { rows } = await journaled(memoryRows(), process.argv[1]);
      const write = async (partition) => {
        for (let n = 0; ; n++) {
          await rows.commit(partition, [{ kind: 'upsert', row: { rowKey: 'r' + n, values: { n, text: 'x'.repeat(5000) } } }]);
          process.stdout.write(partition + ' r' + n + '\\n');
        }
      };
      await Promise.all(['p', 'q', 's'].map(write));
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const confirmed: string[] = [];
    const output = createInterface(child.stdout).on('line', (line) => {
      confirmed.push(line);
      if (confirmed.length === 200) child.kill('SIGKILL');
    });
    await Promise.all([once(child, 'close'), once(output, 'close')]);
    expect(confirmed.length).toBeGreaterThanOrEqual(200);
    const { rows, damaged } = await recovered(folder);
    expect(damaged).toEqual([]);
    for (const line of confirmed) {
      const [partition = '', rowKey = ''] = line.split(' ');
      expect(await rows.get(partition, rowKey)).toBeDefined();
    }
  });
});
