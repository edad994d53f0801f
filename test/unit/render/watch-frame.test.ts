import { describe, expect, it } from 'vitest';
import { type FleetSeen, overviewOf } from '../../../src/core/monitor/overview.ts';
import { plain } from '../../../src/core/render/paint.ts';
import type { Cell } from '../../../src/core/render/sparkline.ts';
import { type FrameOptions, type WatchView, watchFrame } from '../../../src/core/render/watch-frame.ts';
import { columnsOf } from '../../../src/core/text/columns.ts';
import { AT, cycleRecord, DAY, downSummary, HOUR, MINUTE, pathTo, seen, summary } from '../../support/fleet.ts';
import { harmIn } from '../../support/harmless.ts';

const UP: Cell = { condition: 'up', responseMs: 40 };
const DOWN: Cell = { condition: 'down' };

const TWO: FleetSeen = {
  summaries: [
    downSummary('ndes-1', 'ndes-app-pool-stopped', { view: { name: 'Contoso NDES 1' } }),
    summary('ndes-2', { view: { name: 'Contoso NDES 2' } }),
  ],
  cycle: cycleRecord(),
  problems: [],
};

function frame(fleet: FleetSeen, view: Partial<WatchView> = {}, options: Partial<FrameOptions> = {}): readonly string[] {
  return watchFrame(
    {
      overview: overviewOf(fleet, options.now ?? AT),
      about: 'the monitor at http://127.0.0.1:7071',
      cells: ({ status }) => [UP, UP, { condition: 'up', responseMs: 900 }, status === 'down' ? DOWN : UP],
      cellsTitle: () => 'last results',
      ...view,
    },
    { width: 80, paint: plain, now: AT, ...options },
  );
}

function many(down: number, ok: number): FleetSeen {
  const name = (index: number): string => String(index).padStart(2, '0');
  return {
    summaries: [
      ...Array.from({ length: down }, (_, index) => downSummary(`down-${name(index)}`)),
      ...Array.from({ length: ok }, (_, index) => summary(`ok-${name(index)}`)),
    ],
    cycle: cycleRecord(),
    problems: [],
  };
}

describe('the live table', () => {
  it('shows the worst first, the broken hop below its path, and what to do', () => {
    expect(`\n${frame(TWO, { nextAt: AT + 48_000 }, { keys: 'q ends' }).join('\n')}\n`).toMatchInlineSnapshot(`
      "
      ✗ 1 down   ✓ 1 ok
      last cycle 32 s ago · next in 48 s

        status      target             for  path        answer  last results
      ✗ down        Contoso NDES 1   4 min  ✓✓✓✓✓✓✓✗··   40 ms  ▁▁▄✗
                                                   ╰─ NDES: ndes-app-pool-stopped
      ✓ ok          Contoso NDES 2     2 d  ✓✓✓✓✓✓✓✓✓✓   40 ms  ▁▁▄▁

      ✗ Contoso NDES 1  open for 9 min
        The SCEP application pool is stopped or crashes (HTTP 503)
        → Start the SCEP application pool in IIS Manager > Application Pools on the
          NDES server, and check whether it stays started after one request.

      path: probe, DNS, TCP, TLS, app proxy, connector, IIS, NDES, policy module,
      RA/CA
      ✓ works   ✗ broken   · not reached
      the monitor at http://127.0.0.1:7071 · q ends
      "
    `);
  });

  it('is as wide as a narrow terminal', () => {
    expect(`\n${frame(TWO, {}, { width: 60 }).join('\n')}\n`).toMatchInlineSnapshot(`
      "
      ✗ 1 down   ✓ 1 ok
      last cycle 32 s ago

        status      target             for  path        answer
      ✗ down        Contoso NDES 1   4 min  ✓✓✓✓✓✓✓✗··   40 ms
                      NDES: ndes-app-pool-stopped ─╯
      ✓ ok          Contoso NDES 2     2 d  ✓✓✓✓✓✓✓✓✓✓   40 ms

      ✗ Contoso NDES 1  open for 9 min
        The SCEP application pool is stopped or crashes (HTTP 503)
        → Start the SCEP application pool in IIS Manager >
          Application Pools on the NDES server, and check whether
          it stays started after one request.

      path: probe, DNS, TCP, TLS, app proxy, connector, IIS, NDES,
      policy module, RA/CA
      ✓ works   ✗ broken   · not reached
      the monitor at http://127.0.0.1:7071
      "
    `);
  });

  it.each([60, 64, 72, 80, 100, 110])('never has a line longer than %i columns', (width) => {
    const fleet = {
      ...many(20, 20),
      summaries: [
        ...many(20, 20).summaries,
        downSummary('long', 'ndes-policy-module-not-loaded', {
          view: { name: 'A name that is far longer than any table would ever like to have it, 東京' },
        }),
        summary('stale', { lastAt: AT - DAY }),
        summary('window', {
          status: 'maintenance',
          maintenance: { id: 'w', title: 'Patch Tuesday of the whole fleet', start: AT, end: AT + HOUR },
        }),
        downSummary('expired', 'ra-certificate-expired'),
      ],
      problems: ['row _fleet/target_x is no JSON, which is a rather long story that has to be broken into several lines'],
    };
    for (const line of frame(
      fleet,
      { trouble: 'the storage cannot be read: nothing listens there, nobody knows why' },
      { width, keys: 'q or Ctrl-C ends' },
    ))
      expect(columnsOf(line), line).toBeLessThanOrEqual(width);
  });

  it.each([
    [60, 15],
    [80, 24],
    [100, 40],
    [100, 10],
  ])('fills a screen of %i by %i and never more', (width, height) => {
    for (const fleet of [TWO, many(3, 60), many(30, 10), many(0, 0)]) {
      const lines = frame(fleet, {}, { width, height, keys: 'q or Ctrl-C ends' });
      expect(lines).toHaveLength(height);
      expect(lines.at(-1)).toContain('q or Ctrl-C ends');
    }
  });

  it('counts what does not fit', () => {
    const lines = frame(many(2, 40), {}, { height: 24 });
    expect(lines[0]).toBe('✗ 2 down   ✓ 40 ok');
    expect(lines).toContainEqual(expect.stringMatching(/^✗ down +down-00 /));
    expect(lines.find((line) => line.startsWith('…'))).toMatch(/^… and 3\d more ok$/);
    expect(lines).toContainEqual(expect.stringMatching(/^✗ down-00, down-01 {2}open for 9 min$/));
  });

  it('rather shows every target that is down than a remark on each', () => {
    const lines = frame(many(7, 40), {}, { height: 20, keys: 'q ends' });
    expect(lines.filter((line) => line.startsWith('✗ down '))).toHaveLength(7);
    expect(lines.join('\n')).not.toContain('╰─');
    expect(frame(many(2, 2), {}, { height: 24 }).filter((line) => line.startsWith('path: '))).toHaveLength(1);
  });

  it('tells one trouble of many targets once', () => {
    const lines = frame(many(30, 0));
    expect(lines.filter((line) => line.includes('application pool is stopped'))).toHaveLength(1);
    expect(lines).toContainEqual(expect.stringMatching(/^✗ down-00, .* and \d+ more {2}open for 9 min$/));
  });

  it('has a bar instead of the times while a cycle runs', () => {
    expect(frame(TWO, { progress: { done: 3, due: 12 }, nextAt: AT })[1]).toBe('██████░░░░░░░░░░░░░░░░░░ 3 of 12 probed');
    expect(frame(TWO, { nextAt: AT + 48_000 })[1]).toBe('last cycle 32 s ago · next in 48 s');
    expect(frame(TWO, { nextAt: AT - 1 })[1]).toBe('last cycle 32 s ago · next is due');
  });

  it('is there before anything has been seen', () => {
    const lines = watchFrame(
      { about: '2 targets watched from here', progress: { done: 0, due: 2 }, cells: () => [], cellsTitle: () => '' },
      { width: 80, height: 6, paint: plain, now: AT, keys: 'q ends' },
    );
    expect(lines).toEqual(['scepwatch', '░░░░░░░░░░░░░░░░░░░░░░░░ 0 of 2 probed', '', '', '', '2 targets watched from here · q ends']);
  });

  it('shows nothing as ok that is too old, neither status nor path', () => {
    const lines = frame({ ...TWO, cycle: cycleRecord({ completedAt: AT - 20 * MINUTE }) }, {}, { now: AT + 20 * MINUTE });
    expect(lines[0]).toBe('? 2 unknown');
    expect(lines[2]).toBe('! no cycle has been completed for 40 min: the monitor seems to have stopped');
    expect(lines).toContainEqual(expect.stringMatching(/^\? unknown +Contoso NDES 2 +21 min {2}\?{10} +– /));
    expect(lines).toContainEqual(expect.stringMatching(/no result for 21 min; it was ok$/));
  });

  it('says why there is nothing new', () => {
    expect(frame(TWO, { trouble: 'the storage cannot be read' })).toContain('! the storage cannot be read');
  });

  it.each([
    [
      'a recovery that is not confirmed',
      { status: 'recovering', verdict: seen('healthy'), view: { path: pathTo() } },
      'was: ndes-app-pool-stopped',
    ],
    [
      'something that comes and goes',
      { status: 'flapping', verdict: seen('healthy'), view: { path: pathTo() } },
      'comes and goes: ndes-app-pool-stopped',
    ],
  ] as const)('names the incident of %s', (_, parts, note) => {
    expect(frame({ ...TWO, summaries: [downSummary('a', 'ndes-app-pool-stopped', parts)] }).join('\n')).toContain(note);
  });

  it('names the certificate that begins to expire although all is well', () => {
    const expiring = summary('a', { verdict: { ...seen('ra-certificate-expiring'), severity: 'info' } });
    expect(frame({ ...TWO, summaries: [expiring] })).toContainEqual(expect.stringContaining('╰─ RA/CA: ra-certificate-expiring'));
  });

  it('says that nothing could be seen when the own network was down', () => {
    const path = pathTo().map((hop) => ({ ...hop, state: hop.layer === 'probe' ? ('unknown' as const) : ('unreached' as const) }));
    const lines = frame({ ...TWO, summaries: [summary('a', { status: 'unknown', view: { path } })] });
    expect(lines.join('\n')).toContain("the monitor's own network was down; before: healthy");
  });

  it('harms no terminal, whatever is stored', () => {
    const evil = '\u001b[2J\u202etxt.exe\u200b\nnext line';
    const lines = frame(
      {
        summaries: [
          downSummary('a', 'ndes-app-pool-stopped', {
            view: { name: evil, path: pathTo('ndes').map((hop) => ({ ...hop, name: evil })), evidence: [evil] },
          }),
          summary('b', { status: 'maintenance', maintenance: { id: 'w', title: evil, start: AT, end: AT + HOUR } }),
        ],
        cycle: cycleRecord({ problems: [evil] }),
        problems: [evil],
      },
      { trouble: evil },
    );
    expect(lines.map(harmIn).filter((harm) => harm !== undefined)).toEqual([]);
  });
});
