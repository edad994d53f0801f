import { staleAfterMs } from './due.ts';
import type { CycleResult } from './result.ts';
import type { VerdictSeen } from './state.ts';

/** Results in a row that say the same. Times in epoch ms. */
export interface ResultRun {
  readonly kind: 'results';
  /** The newest of them. */
  readonly last: CycleResult;
  readonly from: number;
  readonly until: number;
  readonly count: number;
  /** Median of the response times in milliseconds; absent without answers. */
  readonly medianMs?: number;
}

/** A stretch of time without any result, longer than two periods. */
export interface ResultGap {
  readonly kind: 'gap';
  readonly from: number;
  readonly until: number;
}

/** Equal results as one run each, gaps between them; newest first, as `results` are. */
export function resultRuns(results: readonly CycleResult[], periodMs: number): readonly (ResultRun | ResultGap)[] {
  const runs: (ResultRun | ResultGap)[] = [];
  let open: CycleResult[] = [];
  const close = (): void => {
    if (open.length > 0) runs.push(runOf(open));
    open = [];
  };
  for (const result of results) {
    const newer = open.at(-1);
    if (newer !== undefined) {
      const gap = newer.at - result.at > staleAfterMs(periodMs);
      if (gap || !isSame(newer, result)) close();
      if (gap) runs.push({ kind: 'gap', from: result.at, until: newer.at });
    }
    open.push(result);
  }
  close();
  return runs;
}

/** Long URLs are tested only once an hour: what is fine is fine, with or without them. */
export function saysTheSame(a: VerdictSeen, b: VerdictSeen): boolean {
  return a.severity === b.severity && (a.code === b.code || a.severity === 'ok');
}

function isSame(a: CycleResult, b: CycleResult): boolean {
  return saysTheSame(a.verdict, b.verdict) && a.inMaintenance === b.inMaintenance;
}

/** `results` newest first, at least one. */
function runOf(results: readonly CycleResult[]): ResultRun {
  const [last] = results;
  const first = results.at(-1);
  if (last === undefined || first === undefined) throw new Error('a run has results');
  const times = results.flatMap(({ responseMs }) => responseMs ?? []).toSorted((a, b) => a - b);
  const medianMs = times[Math.floor(times.length / 2)];
  return { kind: 'results', last, from: first.at, until: last.at, count: results.length, ...(medianMs !== undefined && { medianMs }) };
}
