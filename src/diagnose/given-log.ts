import type { GivenLog } from '../core/diagnose/log-summary.ts';
import type { ReadFile } from './read-log.ts';

/** What was read, as the diagnosis tells it. */
export function givenLog({ name, format, lines, problem, unreadableLines, cutLines, from, to }: ReadFile): GivenLog {
  return {
    file: name,
    ...(format !== undefined && { format }),
    lines,
    problems: [
      ...(problem === undefined ? [] : [problem]),
      ...(unreadableLines > 0 ? [`${counted(unreadableLines)} of it cannot be read`] : []),
      ...(cutLines > 0 ? [`${counted(cutLines)} longer than a megabyte: only the beginning was looked at`] : []),
    ],
    ...(from !== undefined && to !== undefined && { from, until: to }),
  };
}

function counted(lines: number): string {
  return lines === 1 ? '1 line' : `${lines} lines`;
}
