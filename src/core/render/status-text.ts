import type { Incident } from '../monitor/incident.ts';
import type { MonitorShown, Overview, ShownTarget } from '../monitor/overview.ts';
import { columnsOf, fitted } from '../text/columns.ts';
import { durationText, responseText } from '../text/duration.ts';
import { printable } from '../text/printable.ts';
import { wrap } from '../text/wrap.ts';
import { daysUntil, isoDay } from '../time.ts';
import { CATALOG } from '../verdict/catalog.ts';
import { countLines } from './count-line.ts';
import { incidentLines, openIncidents } from './incident-list.ts';
import type { Ink, Paint } from './paint.ts';
import { pathLegend, pathPicture } from './path-picture.ts';
import { hourCells, hoursTitle, SPARKLINE_LEGEND, sparkline } from './sparkline.ts';
import { clockTime, counted, legendLines, linewise, STATUS_INK, STATUS_MARK, searchable, unbroken } from './status-words.ts';
import { targetNote, targetTable } from './target-table.ts';
import { uptimeLines } from './uptime-lines.ts';

export interface StatusOptions {
  /** Characters in a line. */
  readonly width: number;
  readonly paint: Paint;
  /** Stored incidents by id, as far as they were read; for the reasons. */
  readonly incidents: ReadonlyMap<string, Incident>;
}

const HOURS = 24;
const CERTIFICATES_SHOWN = 5;
const FIXES_SHOWN = 3;
/** A certificate that lasts longer than this is nobody's concern today. */
const FAR_DAYS = 90;

/** All targets once, what is open with its first steps, what expires next, and how the monitor itself is. */
export function statusText(overview: Overview, asked: StatusOptions): string {
  const options = { ...asked, paint: linewise(asked.paint) };
  const { width, paint } = options;
  const { targets, at } = overview;
  const table = targetTable(targets, {
    width,
    paint,
    now: at,
    cells: ({ summary }) => hourCells(summary.hours, at, HOURS),
    cellsTitle: hoursTitle,
  });
  return sections([
    [...countLines(overview, width, paint), ...monitorLines(overview.monitor, options)],
    targets.length === 0 ? [] : [table.head, ...table.blocks.flatMap(({ row, note }) => [row, ...(note === undefined ? [] : [note])])],
    titled('Open incidents', incidentSection(targets, at, options), paint),
    titled('Certificates that expire soonest', certificateLines(targets, at, options), paint),
    overview.removed.length === 0
      ? []
      : [paint('quiet', wrap(`No longer configured: ${overview.removed.map((id) => printable(id)).join(', ')}`, width))],
  ]);
}

/** One target in full. */
export function targetStatusText(target: ShownTarget, monitor: MonitorShown, now: number, asked: StatusOptions): string {
  const options = { ...asked, paint: linewise(asked.paint) };
  const { width, paint } = options;
  const { summary, status, stale, since } = target;
  const { view } = summary;
  const note = targetNote(target, now);
  const aloud = stale || note?.at === undefined ? undefined : note.at;
  return sections([
    [
      `${paint(STATUS_INK[status], `${STATUS_MARK[status]} ${status}`)}  ${paint('strong', printable(view.name))}`,
      ...factLines(target, now).map((line) => paint('quiet', `  ${wrap(line, width, 2)}`)),
      ...(note === undefined || note.at !== undefined ? [] : [`  ${paint(note.ink, wrap(note.text, width, 2))}`]),
      ...monitorTroubles(monitor, options),
    ],
    indented([
      ...(stale ? [paint('unsure', `As it was ${durationText(now - since)} ago:`)] : []),
      ...pathPicture(view.path, width - 2, paint, aloud, aloud === undefined ? '' : verdictLabel(target)),
      ...legendLines(pathLegend(view.path).split('   '), width - 2).map((line) => paint('quiet', line)),
    ]),
    titled('Last result', seenLines(target, options), paint),
    titled('Open incident', incidentSection([target], now, options), paint),
    titled('Uptime', uptimeLines(summary, now, paint), paint),
    titled(
      'Last 24 hours',
      [
        sparkline(hourCells(summary.hours, now, HOURS), HOURS, paint),
        ...legendLines(SPARKLINE_LEGEND, width - 2).map((line) => paint('quiet', line)),
      ],
      paint,
    ),
    titled('Certificates', certificateLines([target], now, options), paint),
  ]);
}

function sections(all: readonly (readonly string[])[]): string {
  const text = all.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return searchable(`${text.join('\n\n')}\n`);
}

function titled(title: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.length === 0 ? [] : [paint('strong', title), ...indented(lines)];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split('\n')).map((line) => (line === '' ? '' : `  ${line}`));
}

function monitorLines({ cycle, cycleAgeMs = 0, ...monitor }: MonitorShown, options: StatusOptions): readonly string[] {
  const { width, paint } = options;
  if (cycle === undefined) return monitorTroubles(monitor, options);
  const { completedAt, startedAt, counts } = cycle;
  const parts = [
    `last cycle ${durationText(cycleAgeMs)} ago`,
    clockTime(completedAt),
    `${counted(counts.due, 'target')} probed in ${responseText(completedAt - startedAt)}`,
  ];
  return [paint('quiet', wrap(parts.map(unbroken).join(' · '), width)), ...monitorTroubles(monitor, options)];
}

function monitorTroubles(
  { condition, troubles }: Pick<MonitorShown, 'condition' | 'troubles'>,
  { width, paint }: StatusOptions,
): readonly string[] {
  const ink: Ink = condition === 'troubled' ? 'caution' : 'bad';
  return troubles.map((line) => paint(ink, `! ${wrap(line, width, 2)}`));
}

function incidentSection(targets: readonly ShownTarget[], now: number, { width, paint, incidents }: StatusOptions): readonly string[] {
  return openIncidents(targets).flatMap((group, index) => [
    ...(index === 0 ? [] : ['']),
    ...incidentLines(group, { width: width - 2, paint, now, fixes: FIXES_SHOWN, inFull: true, incidents }),
  ]);
}

function factLines({ summary, stale, since }: ShownTarget, now: number): readonly string[] {
  const { id, view, lastAt, status } = summary;
  const who = [id, ...(view.tenant === undefined ? [] : [printable(view.tenant)]), `probed every ${durationText(view.periodMs)}`];
  const when = stale
    ? [`last result ${clockTime(lastAt)}`, `it was ${status}`]
    : [
        `for ${durationText(Math.max(0, now - since))}, since ${clockTime(since)}`,
        `last result ${durationText(Math.max(0, now - lastAt))} ago`,
      ];
  const answer = view.responseMs === undefined ? [] : [`answered in ${responseText(view.responseMs)}`];
  return [who, [...when, ...answer]].map((parts) => parts.map(unbroken).join(' · '));
}

function verdictLabel({ summary: { verdict, incident } }: ShownTarget): string {
  return verdict.severity === 'ok' ? (incident?.verdict.code ?? verdict.code) : verdict.code;
}

/** The verdict is explained here unless the incident below is about the same. */
function seenLines({ summary: { view, verdict, incident } }: ShownTarget, { width, paint }: StatusOptions): readonly string[] {
  const { title, meaning } = CATALOG[verdict.code];
  const evidence = view.evidence.map((line) => wrap(printable(line, 500), width - 2, 2));
  if (verdict.code === incident?.verdict.code) return evidence.length === 0 ? [verdict.code] : evidence;
  const head = wrap(`${verdict.code}: ${title}`, width - 2, 2);
  return verdict.severity === 'ok' ? [head] : [head, ...evidence, paint('quiet', wrap(meaning, width - 2))];
}

interface Expiry {
  readonly role: string;
  readonly name: string;
  readonly notAfter: number;
}

/** With several targets the soonest of them, and only those that come near; of one target all. */
function certificateLines(targets: readonly ShownTarget[], now: number, { width, paint }: StatusOptions): readonly string[] {
  const all = targets
    .flatMap(({ summary: { view } }) =>
      view.certificates.map(({ role, notAfter }): Expiry => ({ role, name: printable(view.name), notAfter })),
    )
    .toSorted((a, b) => a.notAfter - b.notAfter);
  const shown = targets.length > 1 ? all.filter(({ notAfter }, index) => index === 0 || daysUntil(notAfter, now) <= FAR_DAYS) : all;
  const longest = Math.max(0, ...shown.map(({ name }) => columnsOf(name)));
  const lines = shown.slice(0, CERTIFICATES_SHOWN).map(({ role, name, notAfter }) => {
    const days = daysUntil(notAfter, now);
    const countdown = days < 0 ? `expired ${counted(-days, 'day')} ago` : `${counted(days, 'day')} left`;
    const ink: Ink = days < 7 ? 'bad' : days < 60 ? 'caution' : 'good';
    const whose = targets.length > 1 ? `  ${fitted(name, Math.min(longest, Math.max(10, width - 45)))}` : '';
    return `${role.padEnd(4)}${paint(ink, countdown.padStart(20))}  ${isoDay(notAfter)}${whose}`.trimEnd();
  });
  const hidden = shown.length - lines.length;
  return [...lines, ...(hidden > 0 ? [paint('quiet', `… and ${hidden} more within ${FAR_DAYS} days`)] : [])];
}
