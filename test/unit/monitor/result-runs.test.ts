import { describe, expect, it } from 'vitest';
import type { CycleResult } from '../../../src/core/monitor/result.ts';
import { resultRuns } from '../../../src/core/monitor/result-runs.ts';
import type { VerdictCode } from '../../../src/core/verdict/code.ts';
import { AT, MINUTE, seen } from '../../support/fleet.ts';

function result(minutesAgo: number, code: VerdictCode, parts: Partial<CycleResult> = {}): CycleResult {
  return {
    at: AT - minutesAgo * MINUTE,
    verdict: seen(code),
    alsoFound: [],
    evidence: [],
    durationMs: 50,
    checks: [],
    vantage: 'test',
    rechecked: false,
    inMaintenance: false,
    ...parts,
  };
}

function runs(...results: readonly CycleResult[]): readonly string[] {
  return resultRuns(results, 5 * MINUTE).map((run) =>
    run.kind === 'gap'
      ? `gap ${(run.until - run.from) / MINUTE}`
      : `${run.count} ${run.last.verdict.code} ${(run.until - run.from) / MINUTE}`,
  );
}

describe('runs of results', () => {
  it('are none without results', () => {
    expect(runs()).toEqual([]);
  });

  it('join equal results, newest first', () => {
    expect(runs(result(0, 'healthy'), result(5, 'healthy'), result(10, 'tcp-refused'), result(15, 'healthy'))).toEqual([
      '2 healthy 5',
      '1 tcp-refused 0',
      '1 healthy 0',
    ]);
  });

  it('take what is fine for the same, with and without a test of long URLs', () => {
    expect(runs(result(0, 'healthy'), result(5, 'healthy-long-url-untested'), result(10, 'healthy'))).toEqual(['3 healthy 10']);
  });

  it('show a gap where nobody looked, even between equal results', () => {
    expect(runs(result(0, 'healthy'), result(5, 'healthy'), result(65, 'healthy'))).toEqual(['2 healthy 5', 'gap 60', '1 healthy 0']);
  });

  it('keep what was seen in maintenance apart', () => {
    expect(runs(result(0, 'tcp-refused'), result(5, 'tcp-refused', { inMaintenance: true }))).toEqual([
      '1 tcp-refused 0',
      '1 tcp-refused 0',
    ]);
  });

  it('have the median of their response times', () => {
    const [run] = resultRuns(
      [30, 10, 20].map((responseMs, index) => result(index * 5, 'healthy', { responseMs })),
      5 * MINUTE,
    );
    expect(run).toMatchObject({ medianMs: 20 });
    expect(resultRuns([result(0, 'tcp-refused')], 5 * MINUTE)[0]).not.toHaveProperty('medianMs');
  });
});
