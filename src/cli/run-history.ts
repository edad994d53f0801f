import type { Store, TimeRange } from '../app/store.ts';
import type { Incident } from '../core/monitor/incident.ts';
import type { TargetSummary } from '../core/monitor/summary.ts';
import { resultsCsv, rollupsCsv } from '../core/render/history-csv.ts';
import { historyJson } from '../core/render/history-json.ts';
import { HISTORY_VIEWS, type History, type HistoryView, historyText } from '../core/render/history-text.ts';
import { HOUR_MS } from '../core/rollup/rollup.ts';
import { printableJson } from '../core/text/printable.ts';
import { DAY_MS } from '../core/time.ts';
import type { HistoryCommandOptions } from './history.ts';
import { knownTarget, openMonitorStore } from './monitor-store.ts';
import type { Terminal } from './output.ts';
import { type TimeSpan, timeSpan } from './time-range.ts';
import { UsageError } from './usage-error.ts';

const USUAL_SPAN_MS: Readonly<Record<HistoryView, number>> = {
  timeline: 7 * DAY_MS,
  incidents: 90 * DAY_MS,
  days: 30 * DAY_MS,
  hours: 48 * HOUR_MS,
  results: DAY_MS,
};

const TEXT_LIMIT = 50;
/** More than this no machine on a desk should have to hold at once. */
const MOST_ROWS = 100_000;

/** Prints what was stored of one target. */
export async function runHistory(id: string, options: HistoryCommandOptions, { out, width, paint }: Terminal): Promise<void> {
  const view = viewOf(options);
  const now = Date.now();
  const span = timeSpan(options.since, options.until, USUAL_SPAN_MS[view], now);
  const limit = options.limit ?? (options.json === true || options.csv === true ? MOST_ROWS : TEXT_LIMIT);
  const monitor = await openMonitorStore(options, process.env);
  const history = await monitor.read(async (store, signal) => {
    const { summaries } = await store.readFleet(signal);
    return readHistory(store, knownTarget(id, summaries), view, span, now, signal);
  });
  if (options.csv === true) out(csv(history, view, limit));
  else if (options.json === true) out(`${printableJson(historyJson(history, view, limit), 2)}\n`);
  else out(historyText(history, { view, everyResult: options.all === true, limit, width, paint }));
}

function viewOf(options: HistoryCommandOptions): HistoryView {
  const [view = 'timeline', another] = HISTORY_VIEWS.filter((name) => name !== 'timeline' && options[name] === true);
  if (another !== undefined) throw new UsageError(`--${view} and --${another} are two views; give one of them`);
  if (options.all === true && view !== 'results') throw new UsageError('--all goes with --results');
  if (options.json === true && options.csv === true) throw new UsageError('--json and --csv are two formats; give one of them');
  if (options.csv === true && (view === 'timeline' || view === 'incidents'))
    throw new UsageError('--csv goes with --results, --hours or --days');
  return view;
}

async function readHistory(
  store: Store,
  { id, view: seen, removedAt }: TargetSummary,
  view: HistoryView,
  { from, until }: TimeSpan,
  now: number,
  signal: AbortSignal,
): Promise<History> {
  const range: TimeRange = { from, before: until, limit: MOST_ROWS };
  const wants = (...views: readonly HistoryView[]): boolean => views.includes(view);
  const [incidents, results, hours, days] = await Promise.all([
    wants('timeline', 'incidents') ? readIncidents(store, id, range, signal) : [],
    wants('timeline', 'results') ? store.readResults(id, range, signal) : [],
    wants('timeline', 'hours', 'days') ? store.readRollups(id, 'hour', range, signal) : [],
    wants('timeline', 'days') ? store.readRollups(id, 'day', range, signal) : [],
  ]);
  const { name, tenant, periodMs } = seen;
  const target = { id, name, ...(tenant !== undefined && { tenant }), periodMs, ...(removedAt !== undefined && { removedAt }) };
  return { at: now, target, from, until, incidents, results, hours, days };
}

/** Those opened within the time, and the one before it when it reached into it: incidents of one target never overlap. */
async function readIncidents(store: Store, id: string, range: TimeRange, signal: AbortSignal): Promise<readonly Incident[]> {
  const [within, before] = await Promise.all([
    store.readIncidents(id, range, signal),
    store.readIncidents(id, { from: 0, before: range.from, limit: 1 }, signal),
  ]);
  return [...within, ...before.filter(({ endedAt }) => endedAt === undefined || endedAt > range.from)];
}

function csv(history: History, view: HistoryView, limit: number): string {
  switch (view) {
    case 'hours':
      return rollupsCsv(history.hours.toReversed().slice(0, limit));
    case 'days':
      return rollupsCsv(history.days.toReversed().slice(0, limit));
    case 'results':
    case 'timeline':
    case 'incidents':
      return resultsCsv(history.results.slice(0, limit));
  }
}
