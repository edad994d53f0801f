import { type MonitorShown, type Overview, type ShownTarget, WORST_FIRST } from '../monitor/overview.ts';
import { durationText } from '../text/duration.ts';
import { printable } from '../text/printable.ts';
import { wrap } from '../text/wrap.ts';
import { HOP_STATES, type HopState } from '../verdict/hop.ts';
import { LAYER_NAMES, LAYERS } from '../verdict/layer.ts';
import { countLines } from './count-line.ts';
import { incidentLines, openIncidents } from './incident-list.ts';
import type { Paint } from './paint.ts';
import { pathLegend } from './path-picture.ts';
import type { Cell } from './sparkline.ts';
import { legendLines, linewise, searchable, unbroken } from './status-words.ts';
import { type TableBlock, type TableOptions, targetTable } from './target-table.ts';

/** All that the live table shows. */
export interface WatchView {
  /** Absent until something has been seen. */
  readonly overview?: Overview;
  /** What is watched, and from where. */
  readonly about: string;
  /** Present while a cycle runs. */
  readonly progress?: { readonly done: number; readonly due: number };
  /** When the next cycle starts, or the next target is due. Epoch ms. */
  readonly nextAt?: number;
  /** Why what is shown may be old. */
  readonly trouble?: string;
  readonly cells: (target: ShownTarget) => readonly Cell[];
  readonly cellsTitle: TableOptions['cellsTitle'];
}

export interface FrameOptions {
  readonly width: number;
  /** Lines of the screen; as many as it takes when absent. */
  readonly height?: number;
  readonly paint: Paint;
  /** Epoch milliseconds. */
  readonly now: number;
  /** How to end it; absent when it ends by itself. */
  readonly keys?: string;
}

const BAR = 24;
/** A countdown ends at 1 s, not at 0 s. */
const ROUND_UP_MS = 999;

/** The live table as the lines of one screen: the worst at the top, and what does not fit counted. */
export function watchFrame(view: WatchView, asked: FrameOptions): readonly string[] {
  const options = { ...asked, paint: linewise(asked.paint) };
  const { height = Number.POSITIVE_INFINITY } = options;
  const head = headLines(view, options);
  const body = (room: number): readonly string[] =>
    view.overview === undefined ? [] : ['', ...bodyLines(view, view.overview, options, room)];
  const whole = body(Number.POSITIVE_INFINITY);
  const legend = legendOf(view, options);
  const told = aboutLines(view, options);
  // Where it is tight, every line is for targets.
  const foot = head.length + whole.length + 1 + legend.length + told.length <= height ? [...legend, ...told] : told;
  const shown = body(height - head.length - foot.length - 2);
  // The foot stands at the bottom of the screen, so that nothing jumps when an incident opens.
  const left = height - head.length - shown.length - foot.length - 1;
  const filler = Number.isFinite(left) ? Array<string>(Math.max(0, left)).fill('') : [];
  return [...head, ...shown, ...filler, '', ...foot].slice(0, height).map(searchable);
}

function headLines(view: WatchView, options: FrameOptions): readonly string[] {
  const { overview, progress, trouble } = view;
  const { width, paint } = options;
  const told = [...(trouble === undefined ? [] : [trouble]), ...(overview?.monitor.troubles ?? [])];
  return [
    ...(overview === undefined ? [paint('strong', 'scepwatch')] : countLines(overview, width, paint)),
    progress === undefined ? paint('quiet', timesText(view, options)) : progressText(progress),
    ...told.map((line) => paint('bad', `! ${wrap(printable(line, 300), width, 2)}`)),
  ].flatMap((line) => line.split('\n'));
}

function timesText({ overview, nextAt }: WatchView, { now }: FrameOptions): string {
  const last = overview === undefined ? [] : [lastCycle(overview.monitor)];
  const next = nextAt === undefined ? [] : [nextAt > now ? `next in ${durationText(nextAt - now + ROUND_UP_MS)}` : 'next is due'];
  return [...last, ...next].join(' · ');
}

/** `████░░░░ 12 of 40 probed`. */
export function progressText({ done, due }: { readonly done: number; readonly due: number }): string {
  const filled = due === 0 ? 0 : Math.round((done / due) * BAR);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${done} of ${due} probed`;
}

function lastCycle({ cycle, cycleAgeMs = 0 }: MonitorShown): string {
  return cycle === undefined ? 'no cycle yet' : `last cycle ${durationText(cycleAgeMs)} ago`;
}

function bodyLines(view: WatchView, overview: Overview, options: FrameOptions, room: number): readonly string[] {
  const { width, paint, now } = options;
  const { cells, cellsTitle } = view;
  const table = targetTable(overview.targets, { width, paint, now, cells, cellsTitle });
  const incidents = openIncidents(overview.targets).map((group): IncidentBlock => {
    const lines = (fixes: number): readonly string[] => ['', ...incidentLines(group, { width, paint, now, fixes, inFull: false })];
    return { full: lines(1), brief: lines(0) };
  });
  const forIncidents = sum(incidents.map(({ full }) => full.length));
  const forRows = 1 + sum(table.blocks.map(heightOf));
  // Both have what they need, or the incidents get what the rows leave, but at least two fifths.
  const incidentRoom = Math.min(forIncidents, Math.max(Math.floor(room * 0.4), room - forRows));
  const shownIncidents = withinRoom(incidents, incidentRoom, paint);
  return [table.head, ...rowLines(table.blocks, room - 1 - shownIncidents.length, paint), ...shownIncidents];
}

function heightOf({ note }: TableBlock): number {
  return note === undefined ? 1 : 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** As many rows as fit, worst first; the rest as a count by status. Notes give way to rows of what is not well. */
function rowLines(blocks: readonly TableBlock[], room: number, paint: Paint): readonly string[] {
  const variants = [blocks, blocks.map(withoutMinorNote), blocks.map(withoutNote)];
  const troubled = (variant: readonly TableBlock[]): number => sum(variant.filter(({ status }) => status !== 'ok').map(heightOf));
  const fitting = variants.find((variant) => sum(variant.map(heightOf)) <= room) ?? variants.find((variant) => troubled(variant) < room);
  const shown = fitting ?? blocks.map(withoutNote);
  const fits = sum(shown.map(heightOf)) <= room;
  const lines: string[] = [];
  for (const [index, { row, note }] of shown.entries()) {
    const added = note === undefined ? [row] : [row, note];
    if (!fits && lines.length + added.length > room - 1) return [...lines, paint('quiet', moreText(shown.slice(index)))];
    lines.push(...added);
  }
  return lines;
}

function withoutMinorNote(block: TableBlock): TableBlock {
  return block.status === 'down' || block.status === 'flapping' ? block : withoutNote(block);
}

function withoutNote({ status, row }: TableBlock): TableBlock {
  return { status, row };
}

function moreText(hidden: readonly TableBlock[]): string {
  const parts = WORST_FIRST.flatMap((status) => {
    const count = hidden.filter((one) => one.status === status).length;
    return count === 0 ? [] : [`${count} more ${status}`];
  });
  return `… and ${parts.join(', ')}`;
}

interface IncidentBlock {
  readonly full: readonly string[];
  /** Without what to do. */
  readonly brief: readonly string[];
}

/** As many incidents as fit; the rest as a count. */
function withinRoom(blocks: readonly IncidentBlock[], room: number, paint: Paint): readonly string[] {
  const lines: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const left = room - lines.length - (index === blocks.length - 1 ? 0 : 1);
    const fitting = [block.full, block.brief].find(({ length }) => length <= left);
    if (fitting === undefined) {
      const hidden = blocks.length - index;
      const more = paint('quiet', `… and ${hidden} more ${hidden === 1 ? 'incident' : 'incidents'}: scepwatch status`);
      return lines.length < room ? [...lines, more] : lines;
    }
    lines.push(...fitting);
  }
  return lines;
}

function aboutLines({ about }: WatchView, { paint, width, keys }: FrameOptions): readonly string[] {
  const told = wrap(keys === undefined ? about : `${about} · ${keys}`, width).split('\n');
  return told.map((line) => paint('quiet', line));
}

/** The hops in the order of the characters, and what the marks mean. */
function legendOf({ overview }: WatchView, { paint, width }: FrameOptions): readonly string[] {
  const hops = (overview?.targets ?? []).flatMap(({ summary }) => summary.view.path);
  if (hops.length === 0) return [];
  const edge = hops.find(({ layer }) => layer === 'edge')?.name ?? LAYER_NAMES.edge;
  const names = LAYERS.map((layer) => unbroken(layer === 'edge' ? printable(edge, 20) : LAYER_NAMES[layer]));
  const order = (state: HopState): number => HOP_STATES.indexOf(state);
  const marks = pathLegend(hops.toSorted((a, b) => order(a.state) - order(b.state))).split('   ');
  return [...wrap(`path: ${names.join(', ')}`, width).split('\n'), ...legendLines(marks, width)].map((line) => paint('quiet', line));
}
