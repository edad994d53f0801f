import type { Incident, IncidentUpdate } from '../monitor/incident.ts';
import { REASONS } from '../monitor/reason.ts';
import type { CycleResult } from '../monitor/result.ts';
import { type ResultGap, type ResultRun, resultRuns } from '../monitor/result-runs.ts';
import { percentile } from '../rollup/histogram.ts';
import {
  CONDITIONS_OVER_TIME,
  HOUR_MS,
  mergeRollups,
  type Rollup,
  type RollupSpan,
  rollupKey,
  startOfKey,
  uptime,
} from '../rollup/rollup.ts';
import { sliceOf } from '../rollup/slice.ts';
import { durationText, responseText } from '../text/duration.ts';
import { printable } from '../text/printable.ts';
import { wrap } from '../text/wrap.ts';
import { DAY_MS } from '../time.ts';
import { CATALOG } from '../verdict/catalog.ts';
import { LAYER_NAMES } from '../verdict/layer.ts';
import { type Paint, SEVERITY_INK, SEVERITY_MARK } from './paint.ts';
import { type Cell, hourCells, SPARKLINE_LEGEND, sliceCell, sparkline } from './sparkline.ts';
import { clockTime, counted, IMPACT_INK, IMPACT_MARK, legendLines, linewise } from './status-words.ts';
import { inkOf, percentText } from './uptime-lines.ts';

export const HISTORY_VIEWS = ['timeline', 'incidents', 'days', 'hours', 'results'] as const;

export type HistoryView = (typeof HISTORY_VIEWS)[number];

/** What was read of one target's history. Times in epoch ms. */
export interface History {
  readonly at: number;
  readonly target: {
    readonly id: string;
    readonly name: string;
    readonly tenant?: string;
    readonly periodMs: number;
    readonly removedAt?: number;
  };
  readonly from: number;
  readonly until: number;
  /** Newest first. */
  readonly incidents: readonly Incident[];
  /** Newest first. */
  readonly results: readonly CycleResult[];
  /** Oldest first. */
  readonly hours: readonly Rollup[];
  /** Oldest first. */
  readonly days: readonly Rollup[];
}

export interface HistoryOptions {
  readonly view: HistoryView;
  /** Every result on a line of its own; else equal ones in a row are one line. */
  readonly everyResult: boolean;
  /** Entries of each list. */
  readonly limit: number;
  readonly width: number;
  readonly paint: Paint;
}

/** Up to here a timeline shows hours, beyond it days. */
const HOURS_UP_TO_MS = 2 * DAY_MS;
const HOUR_CELLS = 12;
/** From here on a line has room for two percentiles, and for how long it was down. */
const WIDTH_FOR_TIMES = 76;
const WIDTH_FOR_ALL = 92;

/** What has become of one target over time, newest first. */
export function historyText(history: History, asked: HistoryOptions): string {
  const options = { ...asked, paint: linewise(asked.paint) };
  const { view, paint, width } = options;
  const wants = (...views: readonly HistoryView[]): boolean => views.includes(view);
  const byHours = view === 'hours' || (view === 'timeline' && history.until - history.from <= HOURS_UP_TO_MS);
  return `${[
    headLines(history, options),
    wants('timeline', 'days', 'hours') ? (byHours ? hourLines(history, options) : dayLines(history, options)) : [],
    wants('timeline', 'incidents') ? incidentSection(history, options) : [],
    wants('timeline', 'results') ? resultSection(history, options) : [],
    byHours || wants('incidents', 'results') ? [] : legendLines(SPARKLINE_LEGEND, width).map((line) => paint('quiet', line)),
  ]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headLines({ target, from, until, hours, days }: History, { paint, width }: HistoryOptions): readonly string[] {
  const whole = hours.length > 0 ? hours : days;
  const ratio = uptime(whole);
  const down = mergeRollups('', whole).seconds.down;
  const available = ratio === undefined ? [] : [`available ${percentText(ratio)}${down > 0 ? `, down ${durationText(down * 1_000)}` : ''}`];
  const { id, name, tenant, removedAt } = target;
  return [
    paint('strong', printable(name)),
    paint(
      'quiet',
      wrap(
        [
          printable(id),
          ...(tenant === undefined ? [] : [printable(tenant)]),
          `${clockTime(from)} to ${clockTime(until)}`,
          ...available,
        ].join(' · '),
        width,
      ),
    ),
    ...(removedAt === undefined ? [] : [paint('unsure', `no longer configured since ${clockTime(removedAt)}`)]),
  ];
}

function section(
  title: string,
  lines: readonly string[],
  total: number,
  { limit, paint }: HistoryOptions,
  empty: string,
): readonly string[] {
  const shown = lines.length === 0 ? [paint('quiet', empty)] : lines;
  const more = total > limit ? [paint('quiet', `… and ${total - limit} more; --limit ${total} shows them`)] : [];
  return [
    paint('strong', title),
    ...[...shown, ...more].flatMap((line) => line.split('\n')).map((line) => (line === '' ? '' : `  ${line}`)),
  ];
}

/** Every span of the time that was asked for, newest first: those without data too, but not those before the first that has some. */
function spans(history: History, span: RollupSpan): readonly { readonly key: string; readonly rollup: Rollup | undefined }[] {
  const rollups = span === 'hour' ? history.hours : history.days;
  const spanMs = span === 'hour' ? HOUR_MS : DAY_MS;
  const [first] = rollups;
  if (first === undefined) return [];
  const byKey = new Map(rollups.map((rollup) => [rollup.key, rollup]));
  const start = startOfKey(first.key);
  const last = startOfKey(rollupKey(span, Math.max(history.from, Math.min(history.until - 1, history.at))));
  return Array.from({ length: Math.max(0, Math.round((last - start) / spanMs) + 1) }, (_, index) => {
    const key = rollupKey(span, last - index * spanMs);
    return { key, rollup: byKey.get(key) };
  });
}

function dayLines(history: History, options: HistoryOptions): readonly string[] {
  const { limit, paint, width } = options;
  const days = spans(history, 'day');
  const hours = history.hours.map(sliceOf);
  const lines = days.slice(0, limit).map(({ key, rollup }) => {
    const lastHour = startOfKey(key) + DAY_MS - HOUR_MS;
    const passed = 24 - Math.max(0, Math.ceil((lastHour - history.at) / HOUR_MS));
    const strip = sparkline(hourCells(hours, Math.min(lastHour, history.at), passed), passed, paint) + ' '.repeat(24 - passed);
    return `${key}  ${strip}  ${figures(rollup, width, paint)}`.trimEnd();
  });
  return section('Days', lines, days.length, options, 'nothing is known of these days');
}

function hourLines(history: History, options: HistoryOptions): readonly string[] {
  const { limit, paint, width } = options;
  const hours = spans(history, 'hour');
  const lines = hours
    .slice(0, limit)
    .map(({ key, rollup }) => `${key.replace('T', ' ')}:00Z  ${shares(rollup, paint)}  ${figures(rollup, width, paint)}`.trimEnd());
  return section('Hours', lines, hours.length, options, 'nothing is known of these hours');
}

/** How an hour was divided, in twelfths; what there was at all has at least one of them. */
function shares(rollup: Rollup | undefined, paint: Paint): string {
  const cells = CONDITIONS_OVER_TIME.flatMap((condition): readonly Cell[] => {
    const seconds = rollup?.seconds[condition] ?? 0;
    const count = seconds === 0 ? 0 : Math.max(1, Math.round((seconds / 3_600) * HOUR_CELLS));
    return Array<Cell>(count).fill({ condition, responseMs: Number.POSITIVE_INFINITY });
  });
  const known =
    cells.length > HOUR_CELLS
      ? [
          ...cells.filter(({ condition }) => condition === 'up').slice(cells.length - HOUR_CELLS),
          ...cells.filter(({ condition }) => condition !== 'up'),
        ]
      : cells;
  return sparkline([...known, ...Array<Cell>(Math.max(0, HOUR_CELLS - known.length)).fill({ condition: 'none' })], HOUR_CELLS, paint);
}

function figures(rollup: Rollup | undefined, width: number, paint: Paint): string {
  if (rollup === undefined || sliceCell(sliceOf(rollup)).condition === 'none') return paint('quiet', 'no data');
  const ratio = uptime([rollup]);
  const share = ratio === undefined ? paint('unsure', 'unknown'.padStart(8)) : paint(inkOf(ratio), percentText(ratio).padStart(8));
  const time = (p: number): string => {
    const ms = percentile(rollup.responseMs, p);
    return (ms === undefined ? '–' : responseText(ms)).padStart(7);
  };
  const times = width < WIDTH_FOR_TIMES ? `p95${time(0.95)}` : `p50${time(0.5)}  p95${time(0.95)}`;
  const down = rollup.seconds.down > 0 && width >= WIDTH_FOR_ALL ? `  down ${durationText(rollup.seconds.down * 1_000)}` : '';
  return `${share}  ${paint('quiet', times)}${down}`;
}

function incidentSection({ incidents, at }: History, options: HistoryOptions): readonly string[] {
  const lines = incidents
    .slice(0, options.limit)
    .flatMap((incident, index) => [...(index === 0 ? [] : ['']), ...incidentLines(incident, at, options)]);
  return section('Incidents', lines, incidents.length, options, 'none');
}

function incidentLines(incident: Incident, now: number, { paint, width }: HistoryOptions): readonly string[] {
  const { impact, startedAt, endedAt, worst, updates, updatesLeftOut } = incident;
  const lasted =
    endedAt === undefined ? `open for ${durationText(Math.max(0, now - startedAt))}` : `for ${durationText(endedAt - startedAt)}`;
  const head = `${paint(IMPACT_INK[impact], `${IMPACT_MARK[impact]} ${impact}`)}  ${paint('strong', clockTime(startedAt))}  ${endedAt === undefined ? paint('bad', lasted) : lasted}`;
  const told = updates.map((update) => updateLines(update, width, paint));
  // Of many updates the middle is not kept; the first ones stand before it.
  const gap = updatesLeftOut === 0 ? [] : [paint('quiet', `${counted(updatesLeftOut, 'update')} left out here`)];
  const lines = [...told.slice(0, KEPT_AT_FRONT), gap, ...told.slice(KEPT_AT_FRONT)].flat();
  return [head, `  ${wrap(CATALOG[worst.code].title, width - 2, 2)}`, ...lines.map((line) => `  ${line}`)];
}

const KEPT_AT_FRONT = 10;
const EVENT_COLUMN = 9;

function updateLines({ at, kind, reason, verdict }: IncidentUpdate, width: number, paint: Paint): readonly string[] {
  const why = paint('quiet', `  ${wrap(REASONS[reason], width - 4, 2)}`);
  return [`${clockTime(at)}  ${kind.padEnd(EVENT_COLUMN)} ${verdict.code}`, ...why.split('\n')];
}

function resultSection({ results, target }: History, options: HistoryOptions): readonly string[] {
  const { everyResult, limit, paint, width } = options;
  const entries = everyResult ? results.map(alone) : resultRuns(results, target.periodMs);
  const shown = entries.slice(0, limit);
  const widest = Math.max(0, ...shown.map((entry) => (entry.kind === 'gap' ? 0 : entry.last.verdict.code.length)));
  const lines = shown.flatMap((entry) => (entry.kind === 'gap' ? [gapLine(entry, paint)] : runLines(entry, widest, width, paint)));
  return section(everyResult ? 'Results' : 'Results, equal ones in one line', lines, entries.length, options, 'none');
}

function alone(result: CycleResult): ResultRun {
  const { at, responseMs } = result;
  return { kind: 'results', last: result, from: at, until: at, count: 1, ...(responseMs !== undefined && { medianMs: responseMs }) };
}

function gapLine({ from, until }: ResultGap, paint: Paint): string {
  return paint('unsure', `${clockTime(from)}  · nothing for ${durationText(until - from)}`);
}

function runLines({ last, from, until, count, medianMs }: ResultRun, widest: number, width: number, paint: Paint): readonly string[] {
  const { code, severity, layer } = last.verdict;
  const answer = medianMs === undefined ? '–' : responseText(medianMs);
  const line = `${clockTime(from)}  ${paint(SEVERITY_INK[severity], `${SEVERITY_MARK[severity]} ${code.padEnd(widest)}`)}  ${answer.padStart(7)}`;
  const facts = [
    ...(count === 1 ? [] : [`${count} in ${durationText(until - from)}`]),
    ...(severity === 'ok' ? [] : [`at ${LAYER_NAMES[layer]}`]),
    ...(last.inMaintenance ? ['in maintenance'] : []),
  ].join(' · ');
  const [evidence] = last.evidence;
  const room = width - 2 - clockTime(from).length - widest - answer.padStart(7).length - 8;
  const wide = facts.length <= room;
  const below = [...(wide || facts === '' ? [] : [facts]), ...(evidence === undefined ? [] : [printable(evidence, 300)])];
  return [
    wide && facts !== '' ? `${line}  ${paint('quiet', facts)}` : line,
    ...below.map((text) => paint('quiet', `    ${wrap(text, width - 2, 4)}`)),
  ];
}
