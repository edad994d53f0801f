import { type ShownTarget, wasBlind } from '../monitor/overview.ts';
import type { Status } from '../monitor/status.ts';
import { columnsOf, fitted } from '../text/columns.ts';
import { durationText, responseText, shortDuration } from '../text/duration.ts';
import { printable } from '../text/printable.ts';
import { LAYER_NAMES } from '../verdict/layer.ts';
import { miniPath, noteLine, type PathNote } from './mini-path.ts';
import { type Ink, type Paint, SEVERITY_INK } from './paint.ts';
import { type Cell, sparkline } from './sparkline.ts';
import { clockTime, STATUS_INK, STATUS_MARK } from './status-words.ts';

export interface TableOptions {
  /** Characters in a line. */
  readonly width: number;
  readonly paint: Paint;
  /** Epoch milliseconds. */
  readonly now: number;
  /** What the last column shows, oldest first. */
  readonly cells: (target: ShownTarget) => readonly Cell[];
  /** Its title when there is room for `count` of them. */
  readonly cellsTitle: (count: number) => string;
}

/** One target: its row, and the note below it when there is something to say. */
export interface TableBlock {
  readonly status: Status;
  readonly row: string;
  readonly note?: string;
}

export interface TargetTable {
  readonly head: string;
  readonly blocks: readonly TableBlock[];
}

interface Columns {
  readonly name: number;
  /** 0 when there is no room. */
  readonly cells: number;
  /** Where the path begins. */
  readonly path: number;
}

const STATUS_COLUMN = 14;
const SINCE_COLUMN = 6;
const PATH_COLUMN = 10;
const RESPONSE_COLUMN = 7;
const GAP = 2;
const FEWEST_CELLS = 12;
const MOST_CELLS = 24;
const LONGEST_NAME = 40;
const WITHOUT_NAME_AND_CELLS = STATUS_COLUMN + SINCE_COLUMN + PATH_COLUMN + RESPONSE_COLUMN + 3 * GAP + 1;

/** All targets, in the order in which they come. */
export function targetTable(targets: readonly ShownTarget[], options: TableOptions): TargetTable {
  const columns = columnsFor(targets, options.width);
  return {
    head: options.paint('quiet', headLine(columns, options.cellsTitle)),
    blocks: targets.map((target) => block(target, columns, options)),
  };
}

function columnsFor(targets: readonly ShownTarget[], width: number): Columns {
  const longest = Math.max(6, ...targets.map(({ summary }) => columnsOf(printable(summary.view.name))));
  const room = width - WITHOUT_NAME_AND_CELLS;
  const withCells = room - GAP - FEWEST_CELLS >= Math.min(longest, 18);
  const name = Math.min(longest, LONGEST_NAME, withCells ? room - GAP - FEWEST_CELLS : room);
  const cells = withCells ? Math.min(MOST_CELLS, room - GAP - name) : 0;
  return { name, cells, path: STATUS_COLUMN + name + GAP + SINCE_COLUMN + GAP };
}

function headLine({ name, cells }: Columns, cellsTitle: TableOptions['cellsTitle']): string {
  const left = [fitted('  status', STATUS_COLUMN), fitted('target', name), '  ', 'for'.padStart(SINCE_COLUMN), '  '].join('');
  const right = [fitted('path', PATH_COLUMN), ' ', 'answer'.padStart(RESPONSE_COLUMN), ' '.repeat(GAP)].join('');
  return `${left}${right}${cells === 0 ? '' : fitted(cellsTitle(cells), cells)}`.trimEnd();
}

function block(target: ShownTarget, columns: Columns, options: TableOptions): TableBlock {
  const { summary, status, stale, since } = target;
  const { paint, now, width } = options;
  const { path, responseMs } = summary.view;
  const name = fitted(printable(summary.view.name), columns.name);
  const cells = options.cells(target);
  const row = [
    paint(STATUS_INK[status], fitted(`${STATUS_MARK[status]} ${status}`, STATUS_COLUMN)),
    status === 'ok' ? name : paint('strong', name),
    '  ',
    paint('quiet', shortDuration(Math.max(0, now - since)).padStart(SINCE_COLUMN)),
    '  ',
    miniPath(path, stale, paint),
    ' '.repeat(Math.max(0, PATH_COLUMN - path.length) + 1),
    (stale || responseMs === undefined ? '–' : responseText(responseMs)).padStart(RESPONSE_COLUMN),
    columns.cells === 0 ? '' : `${' '.repeat(GAP)}${sparkline(cells, columns.cells, paint)}`,
  ].join('');
  const note = targetNote(target, now);
  return { status, row, ...(note !== undefined && { note: noteLine(note, path, columns.path, width, paint) }) };
}

/** What has to be said about a target beyond its row; undefined when it is simply fine. `now` in epoch ms. */
export function targetNote({ summary, status, stale }: ShownTarget, now: number): PathNote | undefined {
  const { verdict, incident, maintenance, view } = summary;
  const about = (ink: Ink): PathNote => {
    const hop = view.path.find(({ layer }) => layer === verdict.layer)?.name ?? LAYER_NAMES[verdict.layer];
    return { at: verdict.layer, text: `${printable(hop)}: ${verdict.code}`, ink };
  };
  if (stale) return { text: `no result for ${durationText(now - summary.lastAt)}; it was ${summary.status}`, ink: 'unsure' };
  if (status === 'maintenance' && maintenance !== undefined)
    return { text: `${printable(maintenance.title, 60)}, until ${clockTime(maintenance.end)}`, ink: 'quiet' };
  if (wasBlind(summary)) return { text: `the monitor's own network was down; before: ${verdict.code}`, ink: 'unsure' };
  if (verdict.severity !== 'ok' && verdict.severity !== 'info') return about(SEVERITY_INK[verdict.severity]);
  if (incident !== undefined)
    return {
      at: incident.verdict.layer,
      text: `${status === 'flapping' ? 'comes and goes' : 'was'}: ${incident.verdict.code}`,
      ink: 'caution',
    };
  return verdict.severity === 'info' ? about('quiet') : undefined;
}
