import { describe, expect, it } from 'vitest';
import { timeSpan } from '../../../src/cli/time-range.ts';

const NOW = Date.parse('2026-11-24T10:00:00Z');
const DAY = 86_400_000;

describe('a span of time', () => {
  it.each([
    [undefined, undefined, '2026-11-23T10:00:00.001Z', '2026-11-24T10:00:00.001Z'],
    ['24h', undefined, '2026-11-23T10:00:00.000Z', '2026-11-24T10:00:00.001Z'],
    ['7d', undefined, '2026-11-17T10:00:00.000Z', '2026-11-24T10:00:00.001Z'],
    ['2w', '1d', '2026-11-10T10:00:00.000Z', '2026-11-23T10:00:00.000Z'],
    ['90min', undefined, '2026-11-24T08:30:00.000Z', '2026-11-24T10:00:00.001Z'],
    ['2026-11-20', '2026-11-21', '2026-11-20T00:00:00.000Z', '2026-11-22T00:00:00.000Z'],
    ['2026-11-20T14:00+01:00', '2026-11-20T14:00Z', '2026-11-20T13:00:00.000Z', '2026-11-20T14:00:00.000Z'],
  ])('since %s until %s is from %s to %s', (since, until, from, to) => {
    const span = timeSpan(since, until, DAY, NOW);
    expect([new Date(span.from).toISOString(), new Date(span.until).toISOString()]).toEqual([from, to]);
  });

  it.each(['yesterday', '2026-02-30', '24', '-3d', '2026-11-20T14:00', ''])('is not %j', (text) => {
    expect(() => timeSpan(text, undefined, DAY, NOW)).toThrow(/^--since takes a time span such as 24h or 7d/);
  });

  it('does not end before it begins', () => {
    expect(() => timeSpan('1h', '2h', DAY, NOW)).toThrow('--since is not before --until');
  });
});
