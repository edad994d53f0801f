import { describe, expect, test } from 'vitest';
import { durationText, responseText, shortDuration } from '../../../src/core/text/duration.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('a duration', () => {
  test.each([
    [0, '0 s', '0 s'],
    [999, '0 s', '0 s'],
    [45_000, '45 s', '45 s'],
    [4 * MINUTE + 50_000, '4 min', '4 min'],
    [HOUR, '1 h', '1 h'],
    [3 * HOUR + 20 * MINUTE, '3 h 20 min', '3 h'],
    [2 * DAY + 4 * HOUR, '2 d 4 h', '2 d'],
    [2 * DAY + 50 * MINUTE, '2 d', '2 d'],
    [34 * DAY + 5 * HOUR, '34 d', '34 d'],
  ])('of %i ms is %j, and %j in a table', (ms, long, short) => {
    expect(durationText(ms)).toBe(long);
    expect(shortDuration(ms)).toBe(short);
  });

  test.each([
    [0.4, '0 ms'],
    [340, '340 ms'],
    [999, '999 ms'],
    [1_240, '1.2 s'],
    [20_000, '20.0 s'],
  ])('of an answer of %d ms is %j', (ms, text) => {
    expect(responseText(ms)).toBe(text);
  });
});
