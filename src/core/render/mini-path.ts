import { columnsOf, shortened } from '../text/columns.ts';
import type { Hop } from '../verdict/hop.ts';
import type { Layer } from '../verdict/layer.ts';
import { HOP_INK, HOP_MARK, type Ink, type Paint } from './paint.ts';

/** The way of a request with one character for each hop. Of a path that is out of date nothing is known any more. */
export function miniPath(path: readonly Hop[], stale: boolean, paint: Paint): string {
  if (stale) return paint('quiet', '?'.repeat(path.length));
  return path.map(({ state }) => paint(HOP_INK[state], HOP_MARK[state])).join('');
}

/** A remark below a mini path: an arrow from the hop that it is about. */
export interface PathNote {
  /** Absent when it is about no hop. */
  readonly at?: Layer;
  readonly text: string;
  readonly ink: Ink;
}

const LEAST_INDENT = 2;

/** The line below a mini path that begins in column `column`: an arrow to the hop, its words on the side where there is room. */
export function noteLine({ at, text, ink }: PathNote, path: readonly Hop[], column: number, width: number, paint: Paint): string {
  const index = path.findIndex(({ layer }) => layer === at);
  if (index === -1) {
    const shown = shortened(text, width - LEAST_INDENT);
    const start = Math.max(LEAST_INDENT, Math.min(column, width - columnsOf(shown)));
    return `${' '.repeat(start)}${paint(ink, shown)}`;
  }
  const hop = column + index;
  const right = `╰─ ${text}`;
  const left = `${text} ─╯`;
  if (hop + right.length > width && left.length <= hop + 1) return `${' '.repeat(hop + 1 - left.length)}${paint(ink, left)}`;
  return `${' '.repeat(hop)}${paint(ink, right)}`;
}
