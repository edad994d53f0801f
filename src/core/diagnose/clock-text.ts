import { isoTime } from '../time.ts';

/** `2026-11-24 02:10Z`: what a sentence needs. */
export function minuteText(at: number): string {
  return `${isoTime(at).slice(0, 16).replace('T', ' ')}Z`;
}

/** `from 2026-11-24 02:10Z until 06:59Z`: the day is told once when it is the same. */
export function spanText(from: number, until: number): string {
  const [start, end] = [minuteText(from), minuteText(until)];
  return `from ${start} until ${start.slice(0, 10) === end.slice(0, 10) ? end.slice(11) : end}`;
}

/** `1 request`, `12 requests`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
