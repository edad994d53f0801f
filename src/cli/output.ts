import { styleText } from 'node:util';
import { type Ink, type Paint, plain } from '../core/render/paint.ts';

/** Where a command writes, and what the other end can show; tests pass their own. */
export interface Terminal {
  /** Reports and data. */
  readonly out: (text: string) => void;
  /** Errors, progress and debug output. */
  readonly err: (text: string) => void;
  /** Characters in a line. */
  readonly width: number;
  readonly paint: Paint;
  /** True when `err` is a terminal on which a line can be written over. */
  readonly live: boolean;
}

const DEFAULT_WIDTH = 100;
const MAX_WIDTH = 110;
const MIN_WIDTH = 60;

const STYLES: Readonly<Record<Ink, Parameters<typeof styleText>[0]>> = {
  good: 'green',
  bad: ['bold', 'red'],
  caution: 'yellow',
  unsure: 'magenta',
  quiet: 'dim',
  strong: 'bold',
};

const ansi: Paint = (ink, text) => styleText(STYLES[ink], text, { validateStream: false });

/** Colour only on a terminal, never with NO_COLOR (no-color.org), always with FORCE_COLOR. */
export function processTerminal(environment: NodeJS.ProcessEnv): Terminal {
  const { stdout, stderr } = process;
  const forced = (environment.FORCE_COLOR ?? '') !== '' && environment.FORCE_COLOR !== '0';
  const refused = (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb';
  // `… | head` closes the pipe early: there is nobody left to tell, and nothing went wrong.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    width: stdout.isTTY ? Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, stdout.columns)) : DEFAULT_WIDTH,
    paint: !refused && (forced || stdout.isTTY) ? ansi : plain,
    live: stderr.isTTY === true && environment.TERM !== 'dumb',
  };
}
