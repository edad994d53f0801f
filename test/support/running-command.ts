import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A command line that goes on until it is ended. */
export interface RunningCommand {
  /** Everything it has written so far, standard output and then standard error. */
  readonly said: () => string;
  /** Waits until it has said this; rejects when it ends before. */
  readonly saying: (wanted: RegExp) => Promise<RegExpExecArray>;
  readonly type: (text: string) => void;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Nobody reads its output any more. */
  readonly hangUp: () => void;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export const SCEPWATCH = join(import.meta.dirname, '../../src/cli/scepwatch.mjs');

/** Starts a program; nothing of this process's environment goes along but the search path. */
export function runningCommand(
  command: string,
  args: readonly string[],
  { cwd, environment = {} }: { readonly cwd?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): RunningCommand {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...environment },
    timeout: 60_000,
    ...(cwd !== undefined && { cwd }),
  });
  let out = '';
  let err = '';
  let over = false;
  const news = new EventTarget();
  const tell = (): boolean => news.dispatchEvent(new Event('news'));
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
    tell();
  });
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
    tell();
  });
  // A command that has ended reads nothing any more.
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
    over = true;
    tell();
    return (code ?? signal) as number | NodeJS.Signals;
  });
  const said = (): string => `${out}${err}`;
  return {
    said,
    saying: async (wanted) => {
      for (;;) {
        const match = wanted.exec(said());
        if (match !== null) return match;
        if (over) throw new Error(`it ended without saying ${wanted}:\n${said()}`);
        await once(news, 'news');
      }
    },
    type: (text) => child.stdin.write(text),
    kill: (signal) => child.kill(signal),
    hangUp: () => child.stdout.destroy(),
    ended,
  };
}
