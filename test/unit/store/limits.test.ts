import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkChanges, checkRange, largestSize, rowSize } from '../../../src/store/limits.ts';
import { type Row, type RowChange, RowLimitError } from '../../../src/store/rows.ts';
import { batchRequest } from '../../../src/store/tables/batch.ts';
import { entityJson } from '../../../src/store/tables/entity.ts';

const SECRET = 'do-not-print-this';

function upsert(values: Readonly<Record<string, unknown>>, rowKey = 'state'): RowChange {
  return { kind: 'upsert', row: { rowKey, values: anyValues(values) } };
}

/** Values that the type does not allow, as a caller without types would give them. */
function anyValues(values: Readonly<Record<string, unknown>>): Row['values'] {
  return values as Row['values'];
}

function problem(changes: readonly RowChange[], partitionKey = 'contoso'): string {
  try {
    checkChanges(partitionKey, changes);
  } catch (error) {
    if (error instanceof RowLimitError) return error.message;
    throw error;
  }
  return 'none';
}

function properties(count: number): Readonly<Record<string, number>> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, n]));
}

describe('the size of a row', () => {
  it.each<[string, Row['values'], number]>([
    ['no values', {}, 0],
    ['a text', { Address: 'Mountain View' }, 8 + 14 + 13 * 2 + 4],
    ['an empty text', { a: '' }, 8 + 2 + 4],
    ['a text beyond ASCII', { a: '😀' }, 8 + 2 + 4 + 4],
    ['an Int32', { Age: 23 }, 8 + 6 + 4],
    ['the largest Int32', { n: 2 ** 31 - 1 }, 8 + 2 + 4],
    ['the smallest number that is a Double', { n: 2 ** 31 }, 8 + 2 + 8],
    ['a fraction', { AmountDue: 200.23 }, 8 + 18 + 8],
    ['an Int64', { n: 1n }, 8 + 2 + 8],
    ['a boolean', { IsActive: true }, 8 + 16 + 1],
    ['several', { a: 'x', b: 1 }, 8 + 2 + 6 + (8 + 2 + 4)],
    ['an undefined one', anyValues({ a: undefined }), 0],
  ])('with %s is that of the documentation', (_, values, size) => {
    expect(rowSize('part', { rowKey: 'row', values })).toBe(4 + 2 * (4 + 3) + size);
  });
});

describe('the limits of a row', () => {
  it.each<[string, RowChange]>([
    ['252 properties', upsert(properties(252))],
    ['252 properties besides undefined ones', upsert({ ...properties(252), more: undefined, evenMore: undefined })],
    ['a text of 32,768 characters', upsert({ text: 'x'.repeat(32_768) })],
    ['a name of 255 characters', upsert({ ['x'.repeat(255)]: 1 })],
    ['names of letters, digits and _', upsert({ a: 1, _b: 1, Größe: 1, x1‿2: 1, Ⅷ: 1 })],
    ['the ends of Int64', upsert({ a: -(2n ** 63n), b: 2n ** 63n - 1n })],
    ['the ends of Double', upsert({ a: Number.MAX_VALUE, b: -Number.MAX_VALUE, c: Number.MIN_VALUE })],
    ['keys of 512 characters', { kind: 'delete', rowKey: 'k'.repeat(512) }],
  ])('allow %s', (_, change) => {
    expect(problem([change])).toBe('none');
  });

  it.each<[string, RowChange, string]>([
    ['253 properties', upsert(properties(253)), 'row "state" of partition "contoso" has 253 properties; a row has at most 252'],
    [
      'a text of 32,769 characters',
      upsert({ text: SECRET.padEnd(32_769) }),
      'row "state" of partition "contoso", property "text" has 32769 characters; a text has at most 32768',
    ],
    ['a name of 256 characters', upsert({ ['x'.repeat(256)]: SECRET }), 'the name has 256 characters; it has at most 255'],
    ['NaN', upsert({ n: Number.NaN }), 'row "state" of partition "contoso", property "n" is not a finite number'],
    ['Infinity', upsert({ n: Number.POSITIVE_INFINITY }), 'property "n" is not a finite number'],
    ['more than Int64', upsert({ n: 2n ** 63n }), 'property "n" does not fit into 64 bits with sign'],
    ['less than Int64', upsert({ n: -(2n ** 63n) - 1n }), 'property "n" does not fit into 64 bits with sign'],
    ['null', upsert({ n: null }), 'property "n" is null; a value is a string, number, boolean or bigint'],
    ['a date', upsert({ n: new Date(0) }), 'property "n" is of type object'],
    ['a list', upsert({ n: [SECRET] }), 'property "n" is of type object'],
  ])('forbid %s', (_, change, message) => {
    expect(problem([change])).toContain(message);
    expect(problem([change])).not.toContain(SECRET);
  });

  it.each(['', '1a', 'a-b', 'a.b', 'a b', 'a/b', 'odata.type', 'a@odata.type', "a'", 'a\u0000', 'a\u200d', '😀'])(
    'forbid the name %j',
    (name) => {
      expect(problem([upsert({ [name]: SECRET })])).toMatch(
        /^row "state" of partition "contoso", property ".*": the name is not an identifier/,
      );
    },
  );

  it.each(['PartitionKey', 'partitionKey', 'RowKey', 'rowkey', 'Timestamp', 'timestamp', 'etag', 'ETag', '__proto__'])(
    'forbid the name %s, which is reserved',
    (name) => {
      expect(problem([upsert(JSON.parse(`{"${name}":1}`))])).toContain(`property "${name}": the name is reserved`);
    },
  );

  it('forbid a row of more than 1 MiB', () => {
    const texts = (last: number) =>
      Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`text${n}`, 'x'.repeat(n === 15 ? last : 32_768)] as const));
    const fits = 32_768 - (rowSize('contoso', { rowKey: 'state', values: texts(32_768) }) - 1024 * 1024) / 2;
    expect(problem([upsert(texts(fits))])).toBe('none');
    expect(problem([upsert(texts(fits + 1))])).toBe('row "state" of partition "contoso" has 1048578 bytes; a row has at most 1048576');
  });

  it('forbid a row whose JSON Azurite would not take, and no other', () => {
    const row = (length: number): Row => ({
      rowKey: 'state',
      values: Object.fromEntries(
        Array.from({ length: 6 }, (_, n) => [`text${n}`, '€'.repeat(Math.min(32_768, Math.max(0, length - n * 32_768)))] as const),
      ),
    });
    let [most, least] = [0, 6 * 32_768];
    while (least - most > 1) {
      const middle = Math.floor((most + least) / 2);
      if (problem([{ kind: 'upsert', row: row(middle) }]) === 'none') most = middle;
      else least = middle;
    }
    expect(problem([{ kind: 'upsert', row: row(least) }])).toMatch(/has \d+ bytes of JSON; a row has at most 1048576/);
    expect(entityJson('contoso', row(most)).length).toBeLessThanOrEqual(1024 * 1024);
    expect(entityJson('contoso', row(most)).length).toBeGreaterThan(1024 * 1024 - 1024);
  });
});

describe('the limits of a key', () => {
  it.each([
    ['', 'row key "" is empty'],
    ['k'.repeat(513), 'has 513 characters; a key has at most 512'],
    ['a/b', 'row key "a/b" holds /; a key holds no / \\ # ? and no control character'],
    ['a\\b', 'holds \\;'],
    ['a#b', 'holds #;'],
    ['a?b', 'holds ?;'],
    ['a\tb', 'row key "a\\tb" holds U+0009;'],
    ['a\u001f', 'holds U+001F;'],
    ['a\u007f', 'row key "a\\u007f" holds U+007F;'],
    ['a\u009f', 'holds U+009F;'],
    ['\ud83d', 'row key "\\ud83d" holds half a character'],
  ])('forbid %j', (rowKey, message) => {
    expect(problem([{ kind: 'delete', rowKey }])).toContain(message);
    expect(problem([{ kind: 'delete', rowKey: 'r' }], rowKey)).toContain(message.replace('row key', 'partition key'));
  });

  it('shorten a long key in the message', () => {
    expect(problem([{ kind: 'delete', rowKey: 'k'.repeat(5000) }]).length).toBeLessThan(200);
  });
});

describe('the limits of a transaction', () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => upsert({}, `r${n}`));

  it('are 1 to 100 changes', () => {
    expect(problem([])).toBe('a transaction in partition "contoso" has 0 changes; it takes 1 to 100');
    expect(problem(many(100))).toBe('none');
    expect(problem(many(101))).toBe('a transaction in partition "contoso" has 101 changes; it takes 1 to 100');
  });

  it('forbid a row that stands there twice', () => {
    expect(problem([upsert({}), { kind: 'delete', rowKey: 'state' }])).toContain(
      'row "state" of partition "contoso" stands twice in one transaction',
    );
    expect(problem([upsert({}, 'a'), upsert({}, 'A')])).toBe('none');
  });

  it('are 4 MiB of rows', () => {
    const large = (length: number) => Object.fromEntries(Array.from({ length }, (_, n) => [`t${n}`, 'x'.repeat(32_768)] as const));
    const four = ['a', 'b', 'c', 'd'].map((key) => upsert(large(15), key));
    expect(problem(four)).toBe('none');
    expect(problem([...four, upsert(large(5), 'e')])).toMatch(
      /^a transaction in partition "contoso" has \d+ bytes; it takes at most 4194304$/,
    );
  });

  it('are 4 MiB of JSON', () => {
    const five = Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`t${n}`, '€'.repeat(32_768)] as const));
    const changes = Array.from({ length: 5 }, (_, n) => upsert(five, `r${n}`));
    expect(problem(changes.slice(0, 4))).toBe('none');
    expect(problem(changes)).toMatch(/has \d+ bytes; it takes at most 4194304/);
  });

  it.each(['*', '', 'a\r\nIf-None-Match: *', 'ä'])('forbid the etag %j', (etag) => {
    const message = 'row "state" of partition "contoso": the etag is none that a table gave';
    expect(problem([{ kind: 'replace', row: { rowKey: 'state', values: {} }, etag }])).toBe(message);
    expect(problem([{ kind: 'delete', rowKey: 'state', etag }])).toBe(message);
  });

  it('never count less than the longest that can be sent', () => {
    const keys = ['€'.repeat(512), '東'.repeat(512)] as const;
    for (const values of [
      Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`${'ü'.repeat(200)}${n}`, -(2n ** 63n)] as const)),
      Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`a${n}`, -1.234567890123456e-300] as const)),
      { text: '€'.repeat(32_768), control: '\u0001'.repeat(32_768), quotes: '"'.repeat(32_768) },
      {},
    ]) {
      const change: RowChange = { kind: 'upsert', row: { rowKey: keys[1], values } };
      expect(
        batchRequest('https://contoso.table.core.windows.net/scepwatch', keys[0], [change], 'i'.repeat(36)).body.length,
      ).toBeLessThanOrEqual(largestSize(keys[0], change));
    }
  });

  it('never count less than what is sent', () => {
    const key = fc.string({ unit: fc.constantFrom('a', '€', "'", '%', '\u{1f600}', '"'), minLength: 1, maxLength: 60 });
    const name = fc.string({ unit: fc.constantFrom('a', 'ü', '東'), minLength: 1, maxLength: 40 });
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: fc.constantFrom('€', '\u0000', '"'), maxLength: 60 }),
      fc.constantFrom(-(2n ** 63n), -2_147_483_648, -1.234567890123456e-300, false),
    );
    fc.assert(
      fc.property(key, key, fc.dictionary(name, value, { noNullPrototype: true, maxKeys: 20 }), (partitionKey, rowKey, values) => {
        const changes: readonly RowChange[] = [
          { kind: 'replace', row: { rowKey, values }, etag: `W/"datetime'2026-11-24T03%3A10%3A28.9348688Z'"` },
          { kind: 'delete', rowKey: `${rowKey}x`, etag: `W/"datetime'2026-11-24T03%3A10%3A28.9348688Z'"` },
        ];
        const { body } = batchRequest(
          `https://${'a'.repeat(24)}.table.core.windows.net/${'t'.repeat(63)}`,
          partitionKey,
          changes,
          'i'.repeat(36),
        );
        expect(body).toMatch(/^[\r\n -~]*$/);
        const counted = changes.reduce((sum, change) => sum + largestSize(partitionKey, change), 0);
        expect(body.length).toBeLessThanOrEqual(counted);
      }),
    );
  });
});

describe('the limits of a range', () => {
  it('allow an end that is no key', () => {
    expect(() => checkRange({ partitionKey: 'p', from: 'result', before: 'result/', limit: 0, columns: ['n'] })).not.toThrow();
    expect(() => checkRange({ partitionKey: 'p', from: '', before: `${'k'.repeat(512)}\uffff` })).not.toThrow();
  });

  it.each([
    [{ from: 'a\u0000' }, 'first row key "a\\u0000" holds U+0000'],
    [{ before: 'x'.repeat(1025) }, 'has 1025 characters'],
    [{ before: '\udc00' }, 'holds half a character'],
    [{ limit: -1 }, 'a list from partition "p" has limit -1'],
    [{ limit: 1.5 }, 'limit 1.5'],
    [{ columns: ['a b'] }, 'a list from partition "p", property "a b": the name is not an identifier'],
  ])('forbid %j', (range, message) => {
    expect(() => checkRange({ partitionKey: 'p', ...range })).toThrow(message);
  });
});
