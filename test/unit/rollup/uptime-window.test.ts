import { describe, expect, it } from 'vitest';
import { uptimeOver } from '../../../src/core/rollup/uptime-window.ts';
import { slice } from '../../support/fleet.ts';

const NOW = Date.parse('2026-11-24T10:30:00Z');

describe('the uptime over a window', () => {
  it('is that of the last 24 hours, the present one included', () => {
    const hours = [
      slice('2026-11-23T10', { down: 3_600 }),
      slice('2026-11-23T11', { down: 360, up: 3_240 }),
      slice('2026-11-24T10', { up: 1_800 }),
    ];
    expect(uptimeOver({ hours, days: [] }, '24h', NOW)).toEqual({
      window: '24h',
      ratio: 5_040 / 5_400,
      downSeconds: 360,
      knownSeconds: 5_400,
      windowSeconds: 23 * 3_600 + 1_800,
    });
  });

  it('counts days of the calendar, and says how much of them is known', () => {
    const days = [
      slice('2026-11-17', { down: 86_400 }),
      slice('2026-11-18', { up: 86_400 }),
      slice('2026-11-24', { up: 30_000, degraded: 6_000 }),
    ];
    expect(uptimeOver({ hours: [], days }, '7d', NOW)).toMatchObject({ ratio: 1, downSeconds: 0, knownSeconds: 122_400 });
    expect(uptimeOver({ hours: [], days }, '30d', NOW)).toMatchObject({ downSeconds: 86_400 });
  });

  it('has no figure where nothing was judged, and counts maintenance as known', () => {
    const days = [slice('2026-11-24', { maintenance: 3_600, unknown: 600 })];
    const over = uptimeOver({ hours: [], days }, '7d', NOW);
    expect(over).not.toHaveProperty('ratio');
    expect(over.knownSeconds).toBe(3_600);
  });

  it('leaves out what a clock that was ahead has left behind', () => {
    const days = [slice('2026-11-30', { down: 86_400 })];
    expect(uptimeOver({ hours: [], days }, '90d', NOW)).toMatchObject({ knownSeconds: 0, downSeconds: 0 });
  });
});
