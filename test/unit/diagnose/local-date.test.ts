import { describe, expect, test } from 'vitest';
import { localDates } from '../../../src/core/diagnose/formats/local-date.ts';

const iso = (at: number | undefined): string | undefined => (at === undefined ? undefined : new Date(at).toISOString());
const read = (...texts: readonly string[]): readonly (string | undefined)[] => {
  const dates = localDates();
  return texts.map((text) => iso(dates.read(text)));
};

describe('a date of an export', () => {
  test.each([
    ['8/20/2024 9:49:42 AM', '2024-08-20T09:49:42.000Z'],
    ['8/20/2024 12:00:00 AM', '2024-08-20T00:00:00.000Z'],
    ['8/20/2024 12:00:00 PM', '2024-08-20T12:00:00.000Z'],
    ['8/20/2024, 9:49 PM', '2024-08-20T21:49:00.000Z'],
    ['20/08/2024 21:49:42', '2024-08-20T21:49:42.000Z'],
    ['20-08-2024 21:49:42', '2024-08-20T21:49:42.000Z'],
    ['01.05.2024 10:00:00', '2024-05-01T10:00:00.000Z'],
    ['1.5.2024 1:02:03', '2024-05-01T01:02:03.000Z'],
    ['5/5/2024 10:00:00', '2024-05-05T10:00:00.000Z'],
    ['2024-05-01T10:00:00.123', '2024-05-01T10:00:00.123Z'],
    ['2024-05-01T10:00:00.1230000Z', '2024-05-01T10:00:00.123Z'],
    ['2024-05-01T10:00:00.1230000+02:00', '2024-05-01T08:00:00.123Z'],
    ['2024-05-01 10:00:00', '2024-05-01T10:00:00.000Z'],
    ['2024-05-01 9:00:00', '2024-05-01T09:00:00.000Z'],
  ])('%s is %s', (text, time) => {
    expect(read(text)).toEqual([time]);
  });

  test.each([
    '5/1/2024 10:00:00 AM',
    '01/05/2024 10:00:00',
    '1-5-2024 10:00:00',
    '',
    'yesterday',
    '13/13/2024 10:00:00',
    '99.99.2024 10:00:00',
  ])('%s is none, because nobody can tell which day it is', (text) => {
    expect(read(text)).toEqual([undefined]);
  });

  test('is understood once another date of the same log has told the order', () => {
    expect(read('5/1/2024 10:00:00', '5/13/2024 10:00:00', '5/1/2024 10:00:00')).toEqual([
      undefined,
      '2024-05-13T10:00:00.000Z',
      '2024-05-01T10:00:00.000Z',
    ]);
    expect(read('13/5/2024 10:00:00', '5/1/2024 10:00:00')[1]).toBe('2024-01-05T10:00:00.000Z');
  });

  test('is not understood where the log has both orders', () => {
    expect(read('5/13/2024 10:00:00', '13/5/2024 10:00:00', '5/1/2024 10:00:00')[2]).toBeUndefined();
  });
});
