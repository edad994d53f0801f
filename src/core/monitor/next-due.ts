import { isDue, periodAt } from './due.ts';

/** The first instant (epoch ms, to the second) at or after `lastAt` at which a target with a last result at `lastAt` is due again. */
export function nextDueAt(lastAt: number, periodMs: number): number {
  // A period begins a little before the clock shows it, by less than the few seconds searched here.
  const clock = (periodAt(lastAt, periodMs) + 1) * periodMs;
  for (let at = clock - SEARCHED_MS; at < clock; at += 1_000) if (at >= lastAt && isDue(lastAt, periodMs, at)) return at;
  return clock;
}

const SEARCHED_MS = 5_000;
