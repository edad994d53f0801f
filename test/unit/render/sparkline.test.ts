import { describe, expect, it } from 'vitest';
import { plain } from '../../../src/core/render/paint.ts';
import { type Cell, hourCells, lastResultCell, sliceCell, sparkline } from '../../../src/core/render/sparkline.ts';
import { AT, downSummary, pathTo, slice, summary } from '../../support/fleet.ts';

const up = (responseMs: number): Cell => ({ condition: 'up', responseMs });

describe('a sparkline', () => {
  it('is as high as answers are slow, on one scale for all targets', () => {
    expect(sparkline([0, 150, 151, 500, 1_000, 2_000, 4_000, 9_000, 60_000].map(up), 20, plain)).toBe('▁▁▂▃▄▅▆▇█');
  });

  it('has a shape of its own for everything that does not work', () => {
    const cells = (['degraded', 'down', 'unknown', 'maintenance', 'none'] as const).map(
      (condition): Cell => ({ condition, responseMs: 10 }),
    );
    expect(sparkline(cells, 20, plain)).toBe('!✗?‖·');
  });

  it('shows the latest, and colours what belongs together at once', () => {
    const inked: string[] = [];
    const line = sparkline([up(1), up(1), { condition: 'down' }, { condition: 'down' }, up(1)], 4, (ink, text) => {
      inked.push(`${ink} ${text}`);
      return text;
    });
    expect(line).toBe('▁✗✗▁');
    expect(inked).toEqual(['good ▁', 'bad ✗✗', 'good ▁']);
  });

  it('has a cell for each hour, also for those that nobody watched', () => {
    const cells = hourCells([slice('2026-11-24T07', { up: 3_600 }, 200), slice('2026-11-24T09', { up: 3_000, down: 600 })], AT, 4);
    expect(sparkline(cells, 4, plain)).toBe('▂·✗·');
  });

  it.each([
    [{ up: 3_599, down: 1 }, 'down'],
    [{ up: 3_000, degraded: 600 }, 'degraded'],
    [{ up: 1_000, unknown: 2_600 }, 'up'],
    [{ unknown: 600, maintenance: 600 }, 'unknown'],
    [{ maintenance: 600 }, 'maintenance'],
    [{}, 'none'],
  ] as const)('takes an hour of %j for %s', (seconds, condition) => {
    expect(sliceCell(slice('2026-11-24T09', seconds)).condition).toBe(condition);
  });

  it('takes the last result of a target for what it was', () => {
    expect(lastResultCell(summary('a'))).toEqual({ condition: 'up', responseMs: 40 });
    expect(lastResultCell(downSummary('a')).condition).toBe('down');
    expect(lastResultCell(downSummary('a', 'tcp-refused', { maintenance: { id: 'w', title: 'w', start: 0, end: AT } })).condition).toBe(
      'maintenance',
    );
    const blind = pathTo().map((hop) => ({ ...hop, state: 'unreached' as const }));
    expect(lastResultCell(summary('a', { view: { path: blind } })).condition).toBe('unknown');
  });
});
