import { type Overview, WORST_FIRST } from '../monitor/overview.ts';
import type { Paint } from './paint.ts';
import { counted, STATUS_INK, STATUS_MARK } from './status-words.ts';

type Counted = Pick<Overview, 'counts' | 'targets'>;

const BETWEEN = '   ';

/** How many targets are how, worst first: `✗ 1 down   ✓ 38 ok`. Several lines where `width` (characters) ends. */
export function countLines({ counts, targets }: Counted, width: number, paint: Paint): readonly string[] {
  if (targets.length === 0) return ['no targets'];
  const lines: string[] = [];
  let used = width;
  for (const status of WORST_FIRST) {
    if (counts[status] === 0) continue;
    const text = `${STATUS_MARK[status]} ${counts[status]} ${status}`;
    const fits = used + BETWEEN.length + text.length <= width;
    lines.push(`${fits ? `${lines.pop()}${BETWEEN}` : ''}${paint(STATUS_INK[status], text)}`);
    used = (fits ? used + BETWEEN.length : 0) + text.length;
  }
  return lines;
}

/** The same as words, for a line that programs read as well: `2 targets: 1 down, 1 ok`. */
export function countWords({ counts, targets }: Counted): string {
  const parts = WORST_FIRST.filter((status) => counts[status] > 0).map((status) => `${counts[status]} ${status}`);
  return `${counted(targets.length, 'target')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}
