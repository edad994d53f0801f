import { emitKeypressEvents, type Key } from 'node:readline';

/** A terminal of which every line is written over. */
export interface Screen {
  readonly draw: (lines: readonly string[]) => void;
  readonly size: () => { readonly width: number; readonly height: number };
  /** Leaves the terminal as it was. May be called more than once. */
  readonly close: () => void;
}

export interface ScreenEvents {
  /** q, Ctrl-C or Ctrl-D was pressed. */
  readonly onQuit: () => void;
  /** The size is another one, or the screen was away and is back. */
  readonly onRedraw: () => void;
}

/** The other screen, where nothing scrolls; no cursor; lines that are too long are cut instead of broken. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
/** Before the line and not behind it: at the right edge it would take the last character. */
const CLEAR_LINE = '\x1b[K';
const TO_SCREEN_END = '\x1b[J';

const MIN_WIDTH = 60;
/** Longer lines are hard to read, however wide the window is. */
const MAX_WIDTH = 110;
const FALLBACK = { columns: 80, rows: 24 };

/** True when standard output is a terminal on which this works. */
export function hasScreen({ TERM }: NodeJS.ProcessEnv): boolean {
  return process.stdout.isTTY === true && TERM !== 'dumb';
}

export function openScreen({ onQuit, onRedraw }: ScreenEvents): Screen {
  const { stdin, stdout } = process;
  let open = false;
  const enter = (): void => {
    if (open) return;
    open = true;
    stdout.write(ENTER);
    if (stdin.isTTY) stdin.setRawMode(true);
  };
  const leave = (): void => {
    if (!open) return;
    open = false;
    if (stdin.isTTY) stdin.setRawMode(false);
    stdout.write(LEAVE);
  };
  const suspend = (): void => {
    leave();
    // The whole group, as the terminal itself would have done it had it not been told to pass keys through.
    process.kill(0, 'SIGTSTP');
  };
  const resume = (): void => {
    enter();
    onRedraw();
  };
  const onKey = (_text: string | undefined, { name, ctrl = false }: Key): void => {
    if (name === 'q' || (ctrl && (name === 'c' || name === 'd'))) onQuit();
    else if (ctrl && name === 'z' && process.platform !== 'win32') suspend();
  };

  enter();
  // However the process ends, nobody is left with a terminal without a cursor.
  process.once('exit', leave);
  process.on('SIGCONT', resume);
  stdout.on('resize', onRedraw);
  if (stdin.isTTY) {
    emitKeypressEvents(stdin);
    stdin.on('keypress', onKey);
    stdin.resume();
  }
  return {
    draw: (lines) => {
      if (open) stdout.write(`${HOME}${lines.map((line) => CLEAR_LINE + line).join('\r\n')}${TO_SCREEN_END}`);
    },
    size: () => ({
      width: Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, stdout.columns ?? FALLBACK.columns)),
      height: stdout.rows ?? FALLBACK.rows,
    }),
    close: () => {
      leave();
      process.removeListener('exit', leave);
      process.removeListener('SIGCONT', resume);
      stdout.removeListener('resize', onRedraw);
      stdin.removeListener('keypress', onKey);
      if (stdin.isTTY) stdin.pause();
    },
  };
}
