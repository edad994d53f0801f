import { compareSeverity, type Severity } from '../core/verdict/severity.ts';
import type { Terminal } from './output.ts';

export interface Progress {
  readonly done: (severity: Severity) => void;
  readonly clear: () => void;
}

/** One line that is written over: how many of the targets are done, and the worst so far. Silent without a terminal or with one target. */
export function progressLine(total: number, { err, live }: Terminal): Progress {
  if (!live || total < 2) return { done: () => {}, clear: () => {} };
  let finished = 0;
  let worst: Severity = 'ok';
  const draw = (): void => {
    const width = 24;
    const filled = Math.round((finished / total) * width);
    err(
      `\r\x1b[2K${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${finished}/${total} probed${finished === 0 ? '' : `, worst so far: ${worst}`}`,
    );
  };
  draw();
  return {
    done: (severity) => {
      finished++;
      if (compareSeverity(severity, worst) > 0) worst = severity;
      draw();
    },
    clear: () => err('\r\x1b[2K'),
  };
}
