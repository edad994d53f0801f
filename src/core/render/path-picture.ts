import type { Hop } from '../verdict/hop.ts';
import type { Layer } from '../verdict/layer.ts';
import { HOP_INK, HOP_MARK, type Paint } from './paint.ts';

const JOINT = ' ─ ';

/**
 * The way of a request as two lines of text for each row: names above, marks below, and an arrow under the hop `at` which the trouble is.
 * Rows are broken where `width` (characters) ends. `label` is written next to the arrow.
 */
export function pathPicture(path: readonly Hop[], width: number, paint: Paint, at: Layer | undefined, label: string): readonly string[] {
  const lines: string[] = [];
  for (const [index, row] of rows(path, width).entries()) {
    const lead = index === 0 ? '' : '─ ';
    lines.push(lead + row.map(({ name, state }) => paint(HOP_INK[state] === 'quiet' ? 'quiet' : 'strong', name)).join(JOINT));
    lines.push(
      ' '.repeat(lead.length) + row.map(({ name, state }) => centred(paint(HOP_INK[state], HOP_MARK[state]), name.length)).join('   '),
    );
    const trouble = row.findIndex(({ layer }) => layer === at);
    const hop = row[trouble];
    if (hop === undefined) continue;
    const column =
      lead.length + row.slice(0, trouble).reduce((sum, { name }) => sum + name.length + JOINT.length, 0) + leftOf(hop.name.length);
    const right = `╰─ ${label}`;
    const left = `${label} ─╯`;
    const text =
      column + right.length <= width || column + 1 < left.length
        ? `${' '.repeat(column)}${paint(HOP_INK[hop.state], right)}`
        : `${' '.repeat(column + 1 - left.length)}${paint(HOP_INK[hop.state], left)}`;
    lines.push(text);
  }
  return lines.map((line) => line.trimEnd());
}

/** What the marks mean, for the states that occur in this picture. */
export function pathLegend(path: readonly Hop[]): string {
  const words = {
    ok: 'works',
    degraded: 'needs attention',
    broken: 'broken',
    unknown: 'cannot tell',
    unreached: 'not reached',
    unseen: 'leaves no trace',
    absent: 'not in this path',
  } as const;
  const states = [...new Set(path.map(({ state }) => state))];
  return states.map((state) => `${HOP_MARK[state]} ${words[state]}`).join('   ');
}

function rows(path: readonly Hop[], width: number): readonly (readonly Hop[])[] {
  const all: Hop[][] = [[]];
  let used = 0;
  for (const hop of path) {
    const length = hop.name.length + JOINT.length;
    if (used > 0 && used + length - JOINT.length > width) {
      all.push([]);
      used = 2;
    }
    all.at(-1)?.push(hop);
    used += length;
  }
  return all;
}

function leftOf(width: number): number {
  return Math.floor((width - 1) / 2);
}

/** `mark` is one character wide, whatever colour codes it carries. */
function centred(mark: string, width: number): string {
  const left = leftOf(width);
  return `${' '.repeat(left)}${mark}${' '.repeat(width - 1 - left)}`;
}
