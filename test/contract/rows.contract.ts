import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Row, type RowChange, RowLimitError, type Rows } from '../../src/store/rows.ts';

/** What every store of rows does. Each test uses a partition of its own; the rows may hold others. */
export function describeRows(name: string, makeRows: () => Promise<Rows>): void {
  describe(`${name} as rows`, () => {
    let rows: Rows;
    let partitions = 0;
    /** The run is part of the name, so that a test that is repeated finds an empty partition. */
    const partition = (): string => `p${process.pid}-${performance.now()}-${++partitions}`;

    beforeAll(async () => {
      rows = await makeRows();
    });

    const stored = async (partitionKey: string, rowKey: string) => {
      const row = await rows.get(partitionKey, rowKey);
      if (row === undefined) throw new Error(`no row ${rowKey}`);
      return row;
    };
    const keys = async (partitionKey: string) => (await rows.list({ partitionKey })).map(({ rowKey }) => rowKey);

    describe('values', () => {
      const VALUES: Row['values'] = {
        text: 'plain',
        empty: '',
        quotes: `it's "quoted" ''twice''`,
        json: '{"odata.error":{"code":"EntityAlreadyExists"}}',
        multipart: '\r\n--changeset_1--\r\n--changesetresponse_1\r\nHTTP/1.1 409 Conflict\r\nDELETE http://x {',
        lines: 'a\nb\r\nc\td\u0000e\u2028f\u2029g\u0085h',
        unicode: 'Grüße, 東京 😀 \uffff',
        space: '  around  ',
        percent: '%27%41 + &amp; <b>',
        zero: 0,
        int: -2_147_483_648,
        maxInt: 2_147_483_647,
        moreThanInt: 2_147_483_648,
        lessThanInt: -2_147_483_649,
        safe: Number.MAX_SAFE_INTEGER,
        fraction: 0.1,
        integral: 5,
        huge: 1e21,
        largest: Number.MAX_VALUE,
        smallest: Number.MIN_VALUE,
        long: 1_764_000_000_000n,
        minLong: -(2n ** 63n),
        maxLong: 2n ** 63n - 1n,
        smallLong: 0n,
        yes: true,
        no: false,
        Übermaß: 'a name beyond ASCII',
        _1: 'a name with _',
      };

      it('come back as they were written, with their types', async () => {
        const p = partition();
        expect(await rows.commit(p, [{ kind: 'insert', row: { rowKey: 'r', values: VALUES } }])).toBe('committed');
        expect((await stored(p, 'r')).values).toEqual(VALUES);
        expect((await rows.list({ partitionKey: p })).map(({ values }) => values)).toEqual([VALUES]);
      });

      it('come back from every kind of change in a transaction of several', async () => {
        const p = partition();
        await rows.commit(p, [upsert('a', { old: 1 }), upsert('b', { old: 1 })]);
        const { etag } = await stored(p, 'a');
        expect(
          await rows.commit(p, [
            { kind: 'replace', row: { rowKey: 'a', values: VALUES }, etag },
            upsert('b', VALUES),
            upsert('c', VALUES),
            insert('d', VALUES),
          ]),
        ).toBe('committed');
        for (const { values } of await rows.list({ partitionKey: p })) expect(values).toEqual(VALUES);
        expect(await keys(p)).toEqual(['a', 'b', 'c', 'd']);
      });

      it('are replaced as a whole, not merged', async () => {
        const p = partition();
        await rows.commit(p, [upsert('r', { a: 1, b: 2 })]);
        await rows.commit(p, [upsert('r', { b: 3 })]);
        expect((await stored(p, 'r')).values).toEqual({ b: 3 });
      });

      it('may be none', async () => {
        const p = partition();
        await rows.commit(p, [insert('r', {})]);
        expect((await stored(p, 'r')).values).toEqual({});
      });

      it('that are undefined are not stored', async () => {
        const p = partition();
        await rows.commit(p, [insert('r', withUndefined({ a: 1 }))]);
        expect(Object.keys((await stored(p, 'r')).values)).toEqual(['a']);
      });

      it('hold no halves of characters and no negative zero', async () => {
        const p = partition();
        await rows.commit(p, [insert('r', { cut: '😀'.slice(0, 1), zero: -0 })]);
        expect((await stored(p, 'r')).values).toEqual({ cut: '\ufffd', zero: 0 });
      });

      it('do not change with the object that was written', async () => {
        const p = partition();
        const values = { n: 1 };
        await rows.commit(p, [insert('r', values)]);
        values.n = 2;
        expect((await stored(p, 'r')).values).toEqual({ n: 1 });
      });

      it('are those that were put in, whatever they are', async () => {
        const value = fc.oneof(
          fc.string({ unit: 'binary', maxLength: 30 }),
          fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
          fc.integer(),
          fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
          fc.boolean(),
        );
        const p = partition();
        await fc.assert(
          fc.asyncProperty(
            fc.dictionary(fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}x$/), value, { noNullPrototype: true }),
            async (values) => {
              await rows.commit(p, [upsert('r', values)]);
              expect((await stored(p, 'r')).values).toEqual(values);
            },
          ),
          { numRuns: 100 },
        );
      });
    });

    describe('keys', () => {
      it.each([
        "it's",
        "''",
        'a b',
        ' lead',
        'trail ',
        'a+b',
        'a%b',
        '%27',
        'a&b=c',
        'a:b|c,d;e',
        '{x}',
        "a')",
        '(',
        '<x>',
        '"q"',
        '@$!*~^[`]',
        '.',
        '..',
        'Grüße',
        '東京😀',
        'PartitionKey',
        'x'.repeat(512),
      ])('may be %j', async (key) => {
        const p = `${partition()}-${key}`.slice(-512);
        expect(await rows.commit(p, [insert(key, { n: 1 })])).toBe('committed');
        expect(await rows.commit(p, [insert(key, { n: 2 })])).toBe('conflict');
        const { etag } = await stored(p, key);
        expect(await rows.commit(p, [{ kind: 'replace', row: { rowKey: key, values: { n: 3 } }, etag }])).toBe('committed');
        expect(await rows.list({ partitionKey: p, from: key, before: `${key}!` })).toEqual([await stored(p, key)]);
        expect(await rows.commit(p, [{ kind: 'delete', rowKey: key, etag: (await stored(p, key)).etag }])).toBe('committed');
        expect(await rows.get(p, key)).toBeUndefined();
      });

      it('differ in case', async () => {
        const p = partition();
        await rows.commit(p, [insert('a', { n: 1 }), insert('A', { n: 2 })]);
        expect((await stored(p, 'a')).values).toEqual({ n: 1 });
        expect(await rows.get(p.toUpperCase(), 'a')).toBeUndefined();
      });

      it.each(['', 'a/b', 'a\\b', 'a#b', 'a?b', 'a\tb', 'a\u007fb', 'a\u009fb', 'x'.repeat(513), '😀'.slice(0, 1)])(
        'may not be %j, not even for reading',
        async (key) => {
          await expect(rows.get('p', key)).rejects.toThrow(RowLimitError);
          await expect(rows.get(key, 'r')).rejects.toThrow(RowLimitError);
          await expect(rows.list({ partitionKey: key })).rejects.toThrow(RowLimitError);
          await expect(rows.commit('p', [{ kind: 'delete', rowKey: key }])).rejects.toThrow(RowLimitError);
          await expect(rows.commit(key, [insert('r', {})])).rejects.toThrow(RowLimitError);
        },
      );
    });

    describe('get', () => {
      it('finds nothing where nothing is', async () => {
        const p = partition();
        expect(await rows.get(p, 'r')).toBeUndefined();
        await rows.commit(p, [insert('r', {})]);
        expect(await rows.get(p, 'r2')).toBeUndefined();
        expect(await rows.get(partition(), 'r')).toBeUndefined();
      });

      it('gives an etag that stays until the row is written', async () => {
        const p = partition();
        await rows.commit(p, [insert('r', { n: 1 }), insert('other', { n: 1 })]);
        const first = await stored(p, 'r');
        await rows.commit(p, [upsert('other', { n: 2 })]);
        expect(await stored(p, 'r')).toEqual(first);
        expect((await rows.list({ partitionKey: p, from: 'r' }))[0]).toEqual(first);
        await rows.commit(p, [upsert('r', { n: 1 })]);
        expect((await stored(p, 'r')).etag).not.toBe(first.etag);
      });
    });

    describe('list', () => {
      it('is in ascending order of UTF-16 code units', async () => {
        const p = partition();
        const unsorted = ['b', 'a', 'B', 'é', '\uffee', '😀', '~', '_', '0', '10', '9', 'aa', '-', '{', 'Z', 'z'];
        await rows.commit(
          p,
          unsorted.map((key) => insert(key, {})),
        );
        expect(await keys(p)).toEqual(unsorted.toSorted());
      });

      it('includes the first key of a range and excludes its end', async () => {
        const p = partition();
        await rows.commit(
          p,
          ['a', 'b', 'c', 'd'].map((key) => insert(key, {})),
        );
        const range = async (bounds: { from?: string; before?: string; limit?: number }) =>
          (await rows.list({ partitionKey: p, ...bounds })).map(({ rowKey }) => rowKey).join('');
        expect(await range({})).toBe('abcd');
        expect(await range({ from: 'b' })).toBe('bcd');
        expect(await range({ before: 'c' })).toBe('ab');
        expect(await range({ from: 'b', before: 'd' })).toBe('bc');
        expect(await range({ from: 'aa', before: 'cc' })).toBe('bc');
        expect(await range({ from: 'b', before: 'b' })).toBe('');
        expect(await range({ from: 'd', before: 'a' })).toBe('');
        expect(await range({ from: 'e' })).toBe('');
        expect(await range({ from: '', before: '~/' })).toBe('abcd');
        expect(await range({ from: "b'", before: "c'x" })).toBe('c');
        expect(await range({ limit: 2 })).toBe('ab');
        expect(await range({ from: 'b', limit: 2 })).toBe('bc');
        expect(await range({ limit: 4 })).toBe('abcd');
        expect(await range({ limit: 9 })).toBe('abcd');
        expect(await range({ limit: 0 })).toBe('');
      });

      it('keeps to its partition', async () => {
        const p = partition();
        await rows.commit(p, [insert('r', {})]);
        await rows.commit(`${p}x`, [insert('s', {})]);
        expect(await keys(p)).toEqual(['r']);
        expect(await keys(partition())).toEqual([]);
      });

      it('gives only the columns that are asked for', async () => {
        const p = partition();
        await rows.commit(p, [insert('a', { n: 1, big: 5n, text: 'x' }), insert('b', { text: 'y' })]);
        const [a, b] = [await stored(p, 'a'), await stored(p, 'b')];
        expect(await rows.list({ partitionKey: p, columns: [], limit: 1 })).toEqual([{ ...a, values: {} }]);
        expect(await rows.list({ partitionKey: p, columns: ['n', 'big', 'nowhere'] })).toEqual([
          { ...a, values: { n: 1, big: 5n } },
          { ...b, values: {} },
        ]);
        expect(await rows.list({ partitionKey: p })).toEqual([a, b]);
      });

      it('refuses a column that no row can have', async () => {
        for (const column of ['a,b', 'RowKey', '']) {
          await expect(rows.list({ partitionKey: 'p', columns: [column] })).rejects.toThrow(RowLimitError);
        }
      });

      it('puts all pages together', { timeout: 60_000 }, async () => {
        const p = `${partition()} ü'`;
        const all = Array.from({ length: 2_345 }, (_, n) => `😀'${String(n).padStart(5, '0')}`);
        for (let start = 0; start < all.length; start += 100)
          await rows.commit(
            p,
            all.slice(start, start + 100).map((key) => upsert(key, { n: 1 })),
          );
        expect(await keys(p)).toEqual(all);
        expect((await rows.list({ partitionKey: p, from: all[3] ?? '', limit: 1_500, columns: [] })).map(({ rowKey }) => rowKey)).toEqual(
          all.slice(3, 1_503),
        );
      });

      it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses the limit %d', async (limit) => {
        await expect(rows.list({ partitionKey: 'p', limit })).rejects.toThrow(RowLimitError);
      });
    });

    describe('commit', () => {
      const STALE = 'W/"datetime\'2020-01-01T00%3A00%3A00.0000000Z\'"';

      it('inserts only what is not there', async () => {
        const p = partition();
        expect(await rows.commit(p, [insert('r', { n: 1 })])).toBe('committed');
        expect(await rows.commit(p, [insert('r', { n: 2 })])).toBe('conflict');
        expect((await stored(p, 'r')).values).toEqual({ n: 1 });
      });

      it('inserts again what has been deleted', async () => {
        const p = partition();
        await rows.commit(p, [insert('r', { n: 1 })]);
        await rows.commit(p, [{ kind: 'delete', rowKey: 'r' }]);
        expect(await rows.commit(p, [insert('r', { n: 2 })])).toBe('committed');
        expect((await stored(p, 'r')).values).toEqual({ n: 2 });
      });

      it('replaces only what has not been written since', async () => {
        const p = partition();
        await rows.commit(p, [insert('r', { n: 1 })]);
        const { etag } = await stored(p, 'r');
        expect(await rows.commit(p, [replace('r', { n: 2 }, etag)])).toBe('committed');
        expect(await rows.commit(p, [replace('r', { n: 3 }, etag)])).toBe('conflict');
        expect((await stored(p, 'r')).values).toEqual({ n: 2 });
      });

      it('replaces nothing that is gone', async () => {
        const p = partition();
        await rows.commit(p, [insert('r', { n: 1 })]);
        const { etag } = await stored(p, 'r');
        await rows.commit(p, [{ kind: 'delete', rowKey: 'r' }]);
        expect(await rows.commit(p, [replace('r', { n: 2 }, etag)])).toBe('conflict');
        await rows.commit(p, [insert('r', { n: 3 })]);
        expect(await rows.commit(p, [replace('r', { n: 2 }, etag)])).toBe('conflict');
        expect(await rows.commit(p, [replace('never', { n: 2 }, STALE)])).toBe('conflict');
      });

      it('upserts whatever is there', async () => {
        const p = partition();
        expect(await rows.commit(p, [upsert('r', { n: 1 })])).toBe('committed');
        expect(await rows.commit(p, [upsert('r', { n: 2 })])).toBe('committed');
        expect((await stored(p, 'r')).values).toEqual({ n: 2 });
      });

      it('deletes on condition', async () => {
        const p = partition();
        await rows.commit(p, [insert('r', { n: 1 })]);
        const { etag } = await stored(p, 'r');
        await rows.commit(p, [upsert('r', { n: 2 })]);
        expect(await rows.commit(p, [{ kind: 'delete', rowKey: 'r', etag }])).toBe('conflict');
        expect(await rows.commit(p, [upsert('s', {}), { kind: 'delete', rowKey: 'r', etag }])).toBe('conflict');
        expect(await keys(p)).toEqual(['r']);
        expect(await rows.commit(p, [upsert('s', {}), { kind: 'delete', rowKey: 'r', etag: (await stored(p, 'r')).etag }])).toBe(
          'committed',
        );
        expect(await keys(p)).toEqual(['s']);
        expect(await rows.commit(p, [{ kind: 'delete', rowKey: 'r', etag }])).toBe('conflict');
      });

      it('deletes what is not there', async () => {
        const p = partition();
        expect(await rows.commit(p, [{ kind: 'delete', rowKey: 'r' }])).toBe('committed');
        expect(
          await rows.commit(
            p,
            ['a', 'b', 'c'].map((rowKey) => ({ kind: 'delete', rowKey })),
          ),
        ).toBe('committed');
      });

      it('deletes what is there and what is not, together with other changes', async () => {
        const p = partition();
        await rows.commit(p, [insert('a', {}), insert('c', {})]);
        const changes: readonly RowChange[] = [
          ...['0', 'a', 'b', 'c', 'd'].map((rowKey): RowChange => ({ kind: 'delete', rowKey })),
          insert('e', { n: 1 }),
          upsert('f', { n: 1 }),
        ];
        expect(await rows.commit(p, changes)).toBe('committed');
        expect(await keys(p)).toEqual(['e', 'f']);
      });

      it('writes nothing of a transaction with a conflict, wherever that stands', async () => {
        const p = partition();
        await rows.commit(p, [insert('there', { n: 1 }), insert('old', { n: 1 })]);
        const others: readonly RowChange[] = [
          insert('new', { n: 2 }),
          { kind: 'delete', rowKey: 'missing' },
          { kind: 'delete', rowKey: 'old' },
        ];
        const conflicts: readonly RowChange[] = [
          insert('there', { n: 3 }),
          replace('there', { n: 3 }, STALE),
          replace('nowhere', { n: 3 }, STALE),
          { kind: 'delete', rowKey: 'there', etag: STALE },
          { kind: 'delete', rowKey: 'nowhere', etag: STALE },
        ];
        const before = await rows.list({ partitionKey: p });
        for (const conflict of conflicts) {
          for (let place = 0; place <= others.length; place++) {
            expect(await rows.commit(p, others.toSpliced(place, 0, conflict))).toBe('conflict');
            expect(await rows.list({ partitionKey: p })).toEqual(before);
          }
        }
      });

      it('takes 100 changes', async () => {
        const p = partition();
        const changes = Array.from({ length: 100 }, (_, n) => insert(`r${n}`, { n }));
        expect(await rows.commit(p, changes)).toBe('committed');
        expect(await keys(p)).toHaveLength(100);
      });

      it('takes rows of almost 1 MiB and transactions of almost 4 MiB', { timeout: 60_000 }, async () => {
        const p = partition();
        const ascii = Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`t${n}`, 'x'.repeat(32_768)]));
        const other = Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`t${n}`, '€'.repeat(32_768)]));
        expect(await rows.commit(p, [upsert('a', ascii), upsert('b', ascii), upsert('c', ascii), upsert('d', other)])).toBe('committed');
        expect((await rows.list({ partitionKey: p })).map(({ values }) => values)).toEqual([ascii, ascii, ascii, other]);
      });

      it('refuses what Table Storage would not take, and writes nothing of it', async () => {
        const p = partition();
        const wrong: readonly (readonly RowChange[])[] = [
          [],
          Array.from({ length: 101 }, (_, n) => upsert(`r${n}`, {})),
          [upsert('r', {}), { kind: 'delete', rowKey: 'r' }],
          [upsert('r', {}), upsert('s', { n: Number.NaN })],
          [upsert('r', {}), upsert('s', { t: 'x'.repeat(32_769) })],
          [upsert('r', {}), upsert('s', { etag: 'x' })],
          [upsert('r', {}), replace('s', {}, '*')],
        ];
        for (const changes of wrong) await expect(rows.commit(p, changes)).rejects.toThrow(RowLimitError);
        expect(await keys(p)).toEqual([]);
      });

      it('lets one of many racing writers win', async () => {
        const p = partition();
        await rows.commit(p, [insert('state', { n: -1 })]);
        const { etag } = await stored(p, 'state');
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, n) => rows.commit(p, [insert(`result${n}`, { n }), replace('state', { n }, etag)])),
        );
        expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1);
        const winner = outcomes.indexOf('committed');
        expect((await stored(p, 'state')).values).toEqual({ n: winner });
        expect(await keys(p)).toEqual([`result${winner}`, 'state']);
      });

      it('runs in many partitions at the same time', async () => {
        const many = Array.from({ length: 30 }, partition);
        const outcomes = await Promise.all(many.map((p) => rows.commit(p, [insert('a', { p }), insert('b', { p })])));
        expect(new Set(outcomes)).toEqual(new Set(['committed']));
        for (const p of many) expect(await keys(p)).toEqual(['a', 'b']);
      });
    });

    describe('a signal that is aborted', () => {
      it('ends everything with its reason', async () => {
        const reason = new Error('the budget is spent');
        const signal = AbortSignal.abort(reason);
        const p = partition();
        await expect(rows.get(p, 'r', signal)).rejects.toBe(reason);
        await expect(rows.list({ partitionKey: p }, signal)).rejects.toBe(reason);
        await expect(rows.commit(p, [insert('r', {})], signal)).rejects.toBe(reason);
        expect(await keys(p)).toEqual([]);
      });
    });
  });
}

function insert(rowKey: string, values: Row['values']): RowChange {
  return { kind: 'insert', row: { rowKey, values } };
}

function upsert(rowKey: string, values: Row['values']): RowChange {
  return { kind: 'upsert', row: { rowKey, values } };
}

function replace(rowKey: string, values: Row['values'], etag: string): RowChange {
  return { kind: 'replace', row: { rowKey, values }, etag };
}

/** What spreading an optional field leaves behind. */
function withUndefined(values: Row['values']): Row['values'] {
  return { ...values, ...JSON.parse('{}'), ...{ nothing: undefined } };
}
