import { describe, expect, it } from 'vitest';
import { exitCode } from '../../../src/cli/exit-code.ts';
import { fleetChanges } from '../../../src/core/monitor/fleet-changes.ts';
import { onlyTarget, overviewOf, overviewSeverities, wasBlind } from '../../../src/core/monitor/overview.ts';
import type { Status } from '../../../src/core/monitor/status.ts';
import { AT, cycleRecord, downSummary, HOUR, MINUTE, pathTo, seen, summary } from '../../support/fleet.ts';

const CYCLE = cycleRecord();

function fleet(...summaries: readonly ReturnType<typeof summary>[]) {
  return { summaries, cycle: CYCLE, problems: [] };
}

describe('the overview', () => {
  it('has the worst first, and equals by name', () => {
    const statuses: readonly Status[] = ['ok', 'maintenance', 'recovering', 'suspect', 'unknown', 'degraded', 'flapping', 'down'];
    const { targets, counts } = overviewOf(fleet(...statuses.map((status) => summary(status, { status })), summary('also-ok')), AT);
    expect(targets.map(({ summary: { id } }) => id)).toEqual([...statuses.toReversed().slice(0, -1), 'also-ok', 'ok']);
    expect(counts).toMatchObject({ ok: 2, down: 1, flapping: 1 });
  });

  it('shows a target that was ok as unknown once its last result is too old, since that result', () => {
    const { targets, counts } = overviewOf(fleet(summary('a', { lastAt: AT - HOUR })), AT);
    expect(targets[0]).toMatchObject({ status: 'unknown', stale: true, since: AT - HOUR });
    expect(counts.ok).toBe(0);
  });

  it('leaves out what is no longer configured, and names it', () => {
    const { targets, removed } = overviewOf(fleet(summary('a'), summary('b', { removedAt: AT - HOUR })), AT);
    expect(targets.map(({ summary: { id } }) => id)).toEqual(['a']);
    expect(removed).toEqual(['b']);
  });

  it('can be of one target alone', () => {
    const { targets, counts } = onlyTarget(overviewOf(fleet(summary('a'), downSummary('b')), AT), 'a');
    expect(targets).toHaveLength(1);
    expect(counts).toMatchObject({ ok: 1, down: 0 });
  });

  it('knows a cycle that saw nothing by its path', () => {
    const blind = pathTo('dns').map((hop) => ({ ...hop, state: hop.layer === 'probe' ? ('unknown' as const) : ('unreached' as const) }));
    expect(wasBlind(summary('a', { view: { path: blind } }))).toBe(true);
    expect(wasBlind(downSummary('a'))).toBe(false);
  });
});

describe('the monitor itself', () => {
  it.each([
    ['works', cycleRecord(), 'working', []],
    [
      'has stopped',
      cycleRecord({ completedAt: AT - 20 * MINUTE }),
      'overdue',
      ['no cycle has been completed for 20 min: the monitor seems to have stopped'],
    ],
    [
      'had no network',
      cycleRecord({ blindSince: AT - 12 * MINUTE }),
      'troubled',
      ["the monitor's own network is down for 12 min, so nothing can be seen"],
    ],
    [
      'could not do everything',
      cycleRecord({ counts: { due: 9, committed: 6, overtaken: 0, deferred: 2, failed: 1 }, problems: ['b: no answer'] }),
      'troubled',
      ['the results of 1 target could not be stored', '2 targets did not fit into the last cycle; first in the next one', 'b: no answer'],
    ],
    ['never ran', undefined, 'never-ran', ['no cycle has been completed yet']],
  ])('%s', (_, cycle, condition, troubles) => {
    const { monitor } = overviewOf({ summaries: [summary('a')], ...(cycle !== undefined && { cycle }), problems: [] }, AT);
    expect(monitor).toMatchObject({ condition, troubles });
  });

  it('tells of rows that cannot be read, without what could harm a terminal', () => {
    const { monitor } = overviewOf({ ...fleet(summary('a')), problems: ['row _fleet/target_b is no JSON\u001b[2J'] }, AT);
    expect(monitor.troubles).toEqual(['row _fleet/target_b is no JSON\\x1b[2J']);
  });

  it('is overdue by the shortest period of all targets', () => {
    const cycle = cycleRecord({ completedAt: AT - 2 * MINUTE });
    const quick = summary('quick', { view: { periodMs: 10_000 } });
    expect(overviewOf({ summaries: [summary('slow'), quick], cycle, problems: [] }, AT).monitor.condition).toBe('overdue');
    expect(overviewOf({ summaries: [summary('slow')], cycle, problems: [] }, AT).monitor.condition).toBe('working');
  });
});

describe('the exit code', () => {
  it.each<[string, readonly ReturnType<typeof summary>[], ReturnType<typeof cycleRecord> | undefined, number]>([
    ['0 when all is well', [summary('a'), summary('b', { status: 'maintenance' })], CYCLE, 0],
    ['1 when something is degraded', [summary('a'), summary('b', { status: 'degraded' })], CYCLE, 1],
    ['1 when something is doubtful', [summary('a', { status: 'suspect' })], CYCLE, 1],
    ['1 when a cycle left something out', [summary('a')], cycleRecord({ ownNetwork: 'down' }), 1],
    ['2 when something is down, whatever else', [downSummary('a'), summary('b', { lastAt: 0 })], undefined, 2],
    ['2 when something flaps', [summary('a', { status: 'flapping' })], CYCLE, 2],
    ['3 when a target is stale', [summary('a', { lastAt: AT - HOUR }), summary('b')], CYCLE, 3],
    ['3 when no cycle ever ran', [], undefined, 3],
    ['3 when the monitor has stopped', [summary('a')], cycleRecord({ completedAt: AT - HOUR }), 3],
  ])('is %s', (_, summaries, cycle, code) => {
    const overview = overviewOf({ summaries, ...(cycle !== undefined && { cycle }), problems: [] }, AT);
    expect(exitCode(overviewSeverities(overview))).toBe(code);
  });
});

describe('the changes between two looks', () => {
  const before = overviewOf(fleet(summary('a'), summary('b')), AT);

  it('are none when nothing has changed', () => {
    expect(fleetChanges(before, overviewOf(fleet(summary('a', { lastAt: AT }), summary('b')), AT + MINUTE))).toEqual([]);
  });

  it('are none when only the hourly test of long URLs came or went', () => {
    const after = overviewOf(fleet(summary('a', { verdict: seen('healthy-long-url-untested') }), summary('b')), AT);
    expect(fleetChanges(before, after)).toEqual([]);
  });

  it('begin with every target', () => {
    expect(fleetChanges(undefined, before).map(({ kind, target }) => `${kind} ${target.summary.id}`)).toEqual(['appeared a', 'appeared b']);
  });

  it('are a status, a verdict or an incident that is another one, and targets that come and go', () => {
    const first = overviewOf(fleet(downSummary('a'), summary('b'), summary('c')), AT);
    const second = overviewOf(fleet(downSummary('a', 'tcp-refused'), downSummary('b'), summary('d')), AT);
    expect(fleetChanges(first, second).map(({ kind, target }) => `${kind} ${target.summary.id}`)).toEqual([
      'changed a',
      'changed b',
      'appeared d',
      'removed c',
    ]);
  });

  it('are also that a target has become stale without any news', () => {
    const [change] = fleetChanges(before, overviewOf(fleet(summary('a'), summary('b')), AT + HOUR));
    expect(change).toMatchObject({ kind: 'changed', before: { status: 'ok' }, target: { status: 'unknown', stale: true } });
  });
});
