import type { Impact } from '../monitor/impact.ts';
import type { Status } from '../monitor/status.ts';
import { isoTime } from '../time.ts';
import type { Ink, Paint } from './paint.ts';

export const STATUS_INK: Readonly<Record<Status, Ink>> = {
  ok: 'good',
  suspect: 'caution',
  down: 'bad',
  recovering: 'caution',
  degraded: 'caution',
  unknown: 'unsure',
  maintenance: 'quiet',
  flapping: 'bad',
};

/** Each has a shape of its own, so that a table says the same without colour. */
export const STATUS_MARK: Readonly<Record<Status, string>> = {
  ok: '✓',
  suspect: '!',
  down: '✗',
  recovering: '↗',
  degraded: '!',
  unknown: '?',
  maintenance: '‖',
  flapping: '≈',
};

export const IMPACT_INK: Readonly<Record<Impact, Ink>> = { none: 'good', unknown: 'unsure', degraded: 'caution', down: 'bad' };

export const IMPACT_MARK: Readonly<Record<Impact, string>> = { none: '✓', unknown: '?', degraded: '!', down: '✗' };

/** `2026-11-24 02:14:05Z`: to the second, and easier to read than with a T. */
export function clockTime(epochMs: number): string {
  return `${isoTime(epochMs).slice(0, 19).replace('T', ' ')}Z`;
}

/** `3 targets`, `1 target`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Text that is never broken into lines: its spaces are no-break ones until `searchable`. */
export function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** With plain spaces only: nobody finds `4 min` with grep when something else stands between. */
export function searchable(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}

/** The parts of a legend side by side; each stays on one line. */
export function legendLines(parts: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined || last.length + BETWEEN.length + part.length > width) lines.push(part);
    else lines[lines.length - 1] = last + BETWEEN + part;
  }
  return lines;
}

const BETWEEN = '   ';

/** Colours each line for itself: lines are moved and left out one by one. */
export function linewise(paint: Paint): Paint {
  return (ink, text) =>
    text
      .split('\n')
      .map((line) => paint(ink, line))
      .join('\n');
}
