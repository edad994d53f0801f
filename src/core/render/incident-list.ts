import type { Incident } from '../monitor/incident.ts';
import type { ShownTarget } from '../monitor/overview.ts';
import { REASONS, type Reason } from '../monitor/reason.ts';
import { columnsOf, shortened } from '../text/columns.ts';
import { durationText } from '../text/duration.ts';
import { printable } from '../text/printable.ts';
import { wrap } from '../text/wrap.ts';
import { CATALOG } from '../verdict/catalog.ts';
import type { VerdictCode } from '../verdict/code.ts';
import type { Paint } from './paint.ts';
import { clockTime, IMPACT_INK, IMPACT_MARK, legendLines, unbroken } from './status-words.ts';

/** Incidents that are open for the same verdict: what to do is told once. */
export interface IncidentGroup {
  readonly code: VerdictCode;
  /** Worst first. */
  readonly targets: readonly ShownTarget[];
}

export interface IncidentOptions {
  readonly width: number;
  readonly paint: Paint;
  /** Epoch milliseconds. */
  readonly now: number;
  /** How many steps are shown. */
  readonly fixes: number;
  /** Each target on a line of its own with time and reason; else all of them on one. */
  readonly inFull: boolean;
  /** Stored incidents by id, as far as they were read; for the reasons. */
  readonly incidents?: ReadonlyMap<string, Incident>;
}

/** The open incidents of the targets, in their order. */
export function openIncidents(targets: readonly ShownTarget[]): readonly IncidentGroup[] {
  const groups = Map.groupBy(
    targets.filter(({ summary }) => summary.incident !== undefined),
    ({ summary }) => summary.incident?.verdict.code ?? summary.verdict.code,
  );
  return [...groups].map(([code, members]) => ({ code, targets: members }));
}

/** The first steps of the likeliest causes. */
export function firstFixes(code: VerdictCode, most: number): readonly string[] {
  return CATALOG[code].causes.flatMap(({ fixes }) => fixes).slice(0, most);
}

/** Lines for one group: who, what, and what to do first. */
export function incidentLines(group: IncidentGroup, options: IncidentOptions): readonly string[] {
  const { width, paint, fixes, inFull } = options;
  const steps = firstFixes(group.code, fixes);
  return [
    ...(inFull ? group.targets.flatMap((target) => memberLines(target, options)) : [membersLine(group.targets, options)]),
    `  ${paint('strong', wrap(CATALOG[group.code].title, width, 2))}`,
    ...steps.map((step, index) => {
      const lead = fixes === 1 ? '→ ' : `${index + 1}. `;
      return `  ${lead}${wrap(step, width, 2 + lead.length)}`;
    }),
    ...(inFull ? legendLines(furtherHelp(group), width - 2).map((line) => paint('quiet', `  ${line}`)) : []),
  ].flatMap((line) => line.split('\n'));
}

function furtherHelp({ code, targets: [first] }: IncidentGroup): readonly string[] {
  return [`all steps: scepwatch explain ${code}`, ...(first === undefined ? [] : [`what happened: scepwatch history ${first.summary.id}`])];
}

function headOf({ summary }: ShownTarget, paint: Paint): string {
  const impact = summary.incident?.impact ?? 'unknown';
  return paint(IMPACT_INK[impact], IMPACT_MARK[impact]);
}

function membersLine(targets: readonly ShownTarget[], { width, paint, now }: IncidentOptions): string {
  const [first] = targets;
  if (first === undefined) return '';
  const longest = Math.max(...targets.map(({ summary }) => now - (summary.incident?.startedAt ?? now)));
  const lasting = `open for ${durationText(longest)}`;
  const names = namesWithin(
    targets.map(({ summary }) => printable(summary.view.name)),
    width - lasting.length - 4,
  );
  return `${headOf(first, paint)} ${names}  ${paint('quiet', lasting)}`;
}

/** `a, b and 3 more`, as many names as there is room for. */
function namesWithin(names: readonly string[], room: number): string {
  for (let shown = names.length; shown > 0; shown--) {
    const hidden = names.length - shown;
    const text = `${names.slice(0, shown).join(', ')}${hidden > 0 ? ` and ${hidden} more` : ''}`;
    if (columnsOf(text) <= room) return text;
  }
  const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
  return `${shortened(names[0] ?? '', room - more.length)}${more}`;
}

function memberLines(target: ShownTarget, { width, paint, now, incidents }: IncidentOptions): readonly string[] {
  const { id, view, incident } = target.summary;
  if (incident === undefined) return [];
  const lasting = `open for ${durationText(Math.max(0, now - incident.startedAt))}`;
  const name = shortened(printable(view.name), width - lasting.length - 4);
  const reason = openingReason(incidents?.get(incident.id));
  const told = [id, unbroken(`since ${clockTime(incident.startedAt)}`), ...(reason === undefined ? [] : [reason.text])].join(' · ');
  return [`${headOf(target, paint)} ${paint('strong', name)}  ${paint('quiet', lasting)}`, paint('quiet', `  ${wrap(told, width, 2)}`)];
}

/** Why an incident was opened. */
export function openingReason(incident: Incident | undefined): { readonly name: Reason; readonly text: string } | undefined {
  const name = incident?.updates[0]?.reason;
  return name === undefined ? undefined : { name, text: REASONS[name] };
}
