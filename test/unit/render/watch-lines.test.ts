import { describe, expect, it } from 'vitest';
import { fleetChanges } from '../../../src/core/monitor/fleet-changes.ts';
import { overviewOf } from '../../../src/core/monitor/overview.ts';
import type { TargetSummary } from '../../../src/core/monitor/summary.ts';
import { changeJson, cycleEventJson, troubleJson } from '../../../src/core/render/watch-json.ts';
import { changeLine, cycleLine, type ToldChange, troubleLine } from '../../../src/core/render/watch-lines.ts';
import { AT, cycleRecord, downSummary, HOUR, incident, seen, summary } from '../../support/fleet.ts';
import { schemaProblems } from '../../support/published-schema.ts';

function overview(...summaries: readonly TargetSummary[]) {
  return overviewOf({ summaries, cycle: cycleRecord(), problems: [] }, AT);
}

function told(before: readonly TargetSummary[], after: readonly TargetSummary[], updates: ToldChange['updates'] = []): ToldChange {
  const [change] = fleetChanges(before.length === 0 ? undefined : overview(...before), overview(...after));
  if (change === undefined) throw new Error('nothing has changed');
  return { change, updates };
}

const OPENED = incident('a').updates;
const NAMED = downSummary('a', 'ndes-app-pool-stopped', { view: { name: 'NDES 1' } });
const RESOLVED = [{ at: AT, kind: 'resolved', reason: 'successes-reached', verdict: seen('healthy') }] as const;

describe('the lines of a watch without a terminal', () => {
  it.each<[string, ToldChange, string]>([
    ['appears', told([], [summary('a')]), '2026-11-24T10:00:00Z ✓ a: ok, healthy'],
    [
      'goes down',
      told([summary('a', { status: 'suspect' })], [NAMED], OPENED),
      '2026-11-24T10:00:00Z ✗ NDES 1 (a): suspect → down, ndes-app-pool-stopped at NDES: The SCEP application pool is stopped or crashes (HTTP 503); incident opened: as many results in a row were bad as the policy asks for',
    ],
    [
      'fails for another reason',
      told([downSummary('a')], [downSummary('a', 'tcp-refused')]),
      '2026-11-24T10:00:00Z ✗ a: down, tcp-refused at TCP: The address of the SCEP server refuses connections or cannot be routed',
    ],
    [
      'comes back',
      told([downSummary('a')], [summary('a')], RESOLVED),
      '2026-11-24T10:00:00Z ✓ a: down → ok, healthy; incident resolved: as many results in a row were better as the policy asks for',
    ],
    [
      'is no longer seen',
      told([summary('a')], [summary('a', { lastAt: AT - HOUR })]),
      '2026-11-24T10:00:00Z ? a: ok → unknown, no result for 1 h',
    ],
    ['is no longer configured', told([summary('a')], [summary('a', { removedAt: AT })]), '2026-11-24T10:00:00Z – a: no longer configured'],
  ])('are one for a target that %s', (_, change, line) => {
    expect(changeLine(change, AT)).toBe(line);
    expect(schemaProblems('watch-1.schema.json', JSON.stringify(changeJson(change, AT)))).toBe('');
  });

  it('are one for each cycle', () => {
    const both = overview(downSummary('a'), summary('b'));
    expect(cycleLine(both, AT + 60_000)).toBe(
      '2026-11-24T09:59:28Z = cycle: 2 targets: 1 down, 1 ok, took 1.0 s, next 2026-11-24T10:01:00Z',
    );
    expect(schemaProblems('watch-1.schema.json', JSON.stringify(cycleEventJson(both, undefined)))).toBe('');
  });

  it('are one for what is wrong with the monitor itself, on one line', () => {
    expect(troubleLine('the storage\ncannot be read', AT)).toBe('2026-11-24T10:00:00Z ! the storage cannot be read');
    expect(schemaProblems('watch-1.schema.json', JSON.stringify(troubleJson('x', AT)))).toBe('');
  });
});
