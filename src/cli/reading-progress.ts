import { shortened } from '../core/text/columns.ts';
import { printable } from '../core/text/printable.ts';
import type { ReadProgress } from '../diagnose/diagnose-files.ts';
import type { Terminal } from './output.ts';

export interface ReadingLine {
  readonly show: (progress: ReadProgress) => void;
  readonly clear: () => void;
}

/** What is read in less time needs no progress. */
const QUIET_MS = 300;
const EVERY_MS = 100;
const BAR = 24;
const MEGABYTE = 1_000_000;

/** One line that is written over: how much has been read, how fast, and how long it will take. Silent without a terminal. */
export function readingLine({ err, live, width }: Terminal, now: () => number = Date.now): ReadingLine {
  if (!live) return { show: () => {}, clear: () => {} };
  const started = now();
  let last = started + QUIET_MS - EVERY_MS;
  let shown = false;
  return {
    show: (progress) => {
      const at = now();
      if (at - last < EVERY_MS) return;
      last = at;
      shown = true;
      err(`\r\x1b[2K${shortened(progressText(progress, at - started), width - 1)}`);
    },
    clear: () => {
      if (shown) err('\r\x1b[2K');
    },
  };
}

/** `████░░░░ 412 of 2 048 MB, 180 MB/s, 9 s left: u_ex261124.log`. */
export function progressText({ name, readBytes, totalBytes }: ReadProgress, elapsedMs: number): string {
  const megabytes = (bytes: number): string => `${Math.round(bytes / MEGABYTE)}`;
  const perMs = readBytes / Math.max(1, elapsedMs);
  const speed = `${Math.round((perMs * 1_000) / MEGABYTE)} MB/s`;
  const file = printable(name.split(/[\\/]/).at(-1) ?? '', 80);
  if (totalBytes === undefined || totalBytes === 0) return `${megabytes(readBytes)} MB, ${speed}: ${file}`;
  const filled = Math.min(BAR, Math.round((readBytes / totalBytes) * BAR));
  const left = Math.max(0, Math.round((totalBytes - readBytes) / Math.max(perMs, 1) / 1_000));
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${megabytes(readBytes)} of ${megabytes(totalBytes)} MB, ${speed}, ${left} s left: ${file}`;
}
