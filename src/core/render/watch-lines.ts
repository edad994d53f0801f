import type { FleetChange } from '../monitor/fleet-changes.ts';
import type { IncidentUpdate } from '../monitor/incident.ts';
import type { Overview } from '../monitor/overview.ts';
import { REASONS } from '../monitor/reason.ts';
import { durationText, responseText } from '../text/duration.ts';
import { printable } from '../text/printable.ts';
import { isoTime } from '../time.ts';
import { CATALOG } from '../verdict/catalog.ts';
import { LAYER_NAMES } from '../verdict/layer.ts';
import { countWords } from './count-line.ts';
import { type Paint, plain } from './paint.ts';
import { STATUS_INK, STATUS_MARK } from './status-words.ts';

/** A change together with what was told about the target's incident meanwhile. */
export interface ToldChange {
  readonly change: FleetChange;
  /** Oldest first. */
  readonly updates: readonly IncidentUpdate[];
}

/** One line for one change, with its time: `… ✗ NDES 1 (ndes-1): suspect → down, ndes-app-pool-stopped at NDES: title`. */
export function changeLine({ change, updates }: ToldChange, now: number, paint: Paint = plain): string {
  const { summary, status, stale } = change.target;
  const name = printable(summary.view.name);
  const whose = name === summary.id ? name : `${name} (${summary.id})`;
  if (change.kind === 'removed') return `${lineTime(now)} – ${whose}: no longer configured`;
  const from = change.kind === 'changed' && change.before.status !== status ? `${change.before.status} → ` : '';
  const { code, severity, layer } = summary.verdict;
  const verdict = severity === 'ok' ? code : `${code} at ${LAYER_NAMES[layer]}: ${CATALOG[code].title}`;
  const said = stale ? `no result for ${durationText(Math.max(0, now - summary.lastAt))}` : verdict;
  const told = updates.map(({ kind, reason }) => `; incident ${kind}: ${REASONS[reason]}`).join('');
  return `${lineTime(now)} ${paint(STATUS_INK[status], `${STATUS_MARK[status]} ${whose}: ${from}${status}`)}, ${said}${told}`;
}

/** One line for one completed cycle. `nextAt` in epoch ms. */
export function cycleLine(overview: Overview, nextAt: number | undefined, paint: Paint = plain): string {
  const { cycle } = overview.monitor;
  const next = nextAt === undefined ? '' : `, next ${lineTime(nextAt)}`;
  const took = cycle === undefined ? '' : `, took ${responseText(cycle.completedAt - cycle.startedAt)}`;
  return paint('quiet', `${lineTime(cycle?.completedAt ?? overview.at)} = cycle: ${countWords(overview)}${took}${next}`);
}

/** One line for what is wrong with the monitor itself. */
export function troubleLine(trouble: string, now: number, paint: Paint = plain): string {
  return `${lineTime(now)} ${paint('bad', `! ${printable(trouble, 400)}`)}`;
}

/** ISO 8601 in UTC, to the second. */
function lineTime(epochMs: number): string {
  return `${isoTime(epochMs).slice(0, 19)}Z`;
}
