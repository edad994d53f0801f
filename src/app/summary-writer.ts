import type { TargetSummary } from '../core/monitor/summary.ts';
import type { Log } from './log.ts';
import type { FleetIndex, Store } from './store.ts';

/** Writes the summaries of committed targets while the others are still being probed: one slow server must not hide what is known of the rest. */
export interface SummaryWriter {
  readonly add: (summary: TargetSummary) => void;
  /** Writes what is left, and waits for all. Answers what could not be written, for people. */
  readonly finish: () => Promise<readonly string[]>;
}

/** So many make one request. */
const BATCH = 50;
/** Nobody has to wait longer than this (ms) for what is known. */
export const SUMMARY_WAIT_MS = 3_000;

export function summaryWriter(
  { store, log, delay }: { readonly store: Store; readonly log: Log; readonly delay: (ms: number, signal: AbortSignal) => Promise<void> },
  index: FleetIndex['targets'],
  signal: AbortSignal,
): SummaryWriter {
  const waiting: TargetSummary[] = [];
  const writes: Promise<void>[] = [];
  const problems: string[] = [];
  const finished = new AbortController();
  let isTimed = false;

  const write = async (summaries: readonly TargetSummary[]): Promise<void> => {
    try {
      const known = summaries.map((summary) => ({ summary, before: index.get(summary.id)?.etag }));
      await store.writeSummaries(
        known.map(({ summary, before }) => ({ summary, ...(before !== undefined && { before }) })),
        signal,
      );
    } catch (error) {
      // The records are committed; the next cycle, which finds the summaries behind them, writes these again.
      const problem = `summaries of ${summaries.length} targets: ${error instanceof Error ? error.message : String(error)}`;
      problems.push(problem);
      log.error('summaries could not be written', { problem });
    }
  };
  const flush = (): void => {
    if (waiting.length > 0) writes.push(write(waiting.splice(0)));
  };
  const flushLater = (): void => {
    if (isTimed) return;
    isTimed = true;
    delay(SUMMARY_WAIT_MS, AbortSignal.any([signal, finished.signal])).then(
      () => {
        isTimed = false;
        flush();
      },
      // Finished, or aborted with everything else.
      () => {},
    );
  };
  return {
    add: (summary) => {
      waiting.push(summary);
      if (waiting.length >= BATCH) flush();
      else flushLater();
    },
    finish: async () => {
      finished.abort();
      flush();
      await Promise.all(writes);
      return problems;
    },
  };
}
