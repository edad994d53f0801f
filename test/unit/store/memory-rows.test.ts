import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryRows } from '../../../src/store/memory-rows.ts';
import type { CommitOutcome, RowChange, Rows, RowValue } from '../../../src/store/rows.ts';
import { describeRows } from '../../contract/rows.contract.ts';

describeRows('memory', async () => memoryRows());

/** What a change asks for; a condition names the version of the row instead of an etag, which only the store knows. */
type Wish = { readonly key: string; readonly value: number } & (
  | { readonly kind: 'insert' | 'upsert' | 'delete' }
  | { readonly kind: 'replace' | 'delete-if'; readonly version: 'current' | 'old' }
);

/** The plainest thing that could be right: sorts everything for every list. */
function model() {
  const rows = new Map<string, { value: number; version: number }>();
  let versions = 0;
  const fits = (wish: Wish): boolean => {
    const there = rows.has(wish.key);
    if ('version' in wish) return there && wish.version === 'current';
    return wish.kind !== 'insert' || !there;
  };
  return {
    rows,
    commit: (wishes: readonly Wish[]): CommitOutcome => {
      if (!wishes.every(fits)) return 'conflict';
      for (const { kind, key, value } of wishes) {
        if (kind === 'delete' || kind === 'delete-if') rows.delete(key);
        else rows.set(key, { value, version: ++versions });
      }
      return 'committed';
    },
    list: (from: string, before: string, limit: number): readonly (readonly [string, number])[] =>
      [...rows]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .filter(([key]) => key >= from && key < before)
        .slice(0, limit)
        .map(([key, { value }]) => [key, value]),
  };
}

async function asChange(rows: Rows, wish: Wish): Promise<RowChange> {
  const row = { rowKey: wish.key, values: { value: wish.value } };
  if (!('version' in wish)) return wish.kind === 'delete' ? { kind: 'delete', rowKey: wish.key } : { kind: wish.kind, row };
  const current = (await rows.get('p', wish.key))?.etag ?? 'W/"none"';
  const etag = wish.version === 'current' ? current : `${current}old`;
  return wish.kind === 'replace' ? { kind: 'replace', row, etag } : { kind: 'delete', rowKey: wish.key, etag };
}

const keyOrEnd = fc.string({ unit: fc.constantFrom('a', 'b', 'B', '😀', '\uffee'), minLength: 1, maxLength: 3 });
const wish = fc.record({
  key: keyOrEnd,
  value: fc.nat(),
  kind: fc.constantFrom('insert', 'upsert', 'delete'),
}) satisfies fc.Arbitrary<Wish>;
const condition = fc.record({
  key: keyOrEnd,
  value: fc.nat(),
  kind: fc.constantFrom('replace', 'delete-if'),
  version: fc.constantFrom('current', 'current', 'old'),
}) satisfies fc.Arbitrary<Wish>;
const commits = fc.array(fc.uniqueArray(fc.oneof(wish, wish, condition), { minLength: 1, maxLength: 6, selector: ({ key }) => key }), {
  maxLength: 40,
});

describe('memory', () => {
  it('agrees with a plain model over any sequence of commits and lists', async () => {
    await fc.assert(
      fc.asyncProperty(commits, keyOrEnd, keyOrEnd, fc.integer({ min: 0, max: 30 }), async (sequence, from, before, limit) => {
        const [rows, expected] = [memoryRows(), model()];
        for (const wishes of sequence) {
          const changes = await Promise.all(wishes.map((one) => asChange(rows, one)));
          expect(await rows.commit('p', changes)).toBe(expected.commit(wishes));
          const listed = await rows.list({ partitionKey: 'p', from, before, limit });
          expect(listed.map((row): readonly [string, RowValue | undefined] => [row.rowKey, row.values.value])).toEqual(
            expected.list(from, before, limit),
          );
        }
        expect(await rows.list({ partitionKey: 'p' })).toHaveLength(expected.rows.size);
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, (n: number) => number]>([
    ['oldest first', (n) => n],
    ['newest first', (n) => 1_000_000 - n],
    ['in no order', (n) => (n * 611_953) % 1_000_003],
  ])('keeps 100,000 rows sorted that come %s, and deletes them again', { timeout: 30_000 }, async (_, order) => {
    const rows = memoryRows();
    const keys = Array.from({ length: 100_000 }, (__, n) => String(order(n)).padStart(7, '0'));
    const started = performance.now();
    for (let start = 0; start < keys.length; start += 100) {
      await rows.commit(
        'p',
        keys.slice(start, start + 100).map((rowKey) => ({ kind: 'insert', row: { rowKey, values: {} } })),
      );
      await rows.list({ partitionKey: 'p', from: keys[start] ?? '', limit: 10 });
    }
    const sorted = keys.toSorted();
    expect((await rows.list({ partitionKey: 'p', columns: [] })).map(({ rowKey }) => rowKey)).toEqual(sorted);
    for (let start = 100; start < keys.length; start += 100) {
      await rows.commit(
        'p',
        keys.slice(start, start + 100).map((rowKey) => ({ kind: 'delete', rowKey })),
      );
    }
    expect((await rows.list({ partitionKey: 'p' })).map(({ rowKey }) => rowKey)).toEqual(keys.slice(0, 100).toSorted());
    // A sort for each of the 1,000 lists would take a minute.
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('gives rows that nobody can change', async () => {
    const rows = memoryRows();
    await rows.commit('p', [{ kind: 'insert', row: { rowKey: 'r', values: { n: 1 } } }]);
    const row = await rows.get('p', 'r');
    expect(() => Object.assign(row?.values ?? {}, { n: 2 })).toThrow(TypeError);
    const [listed] = await rows.list({ partitionKey: 'p', columns: ['n'] });
    Object.assign(listed?.values ?? {}, { n: 3 });
    expect((await rows.get('p', 'r'))?.values).toEqual({ n: 1 });
  });
});
