import type { TargetState } from './state.ts';

/** What the machine believes about a target, from its results alone. */
export const CONDITIONS = ['ok', 'suspect', 'down', 'recovering', 'degraded', 'unknown'] as const;

export type Condition = (typeof CONDITIONS)[number];

/** What people are shown: the condition, or what stands above it. */
export const STATUSES = [...CONDITIONS, 'maintenance', 'flapping'] as const;

export type Status = (typeof STATUSES)[number];

/** The status as the last cycle left it. */
export function statusOf(state: TargetState | undefined): Status {
  if (state === undefined) return 'unknown';
  if (state.maintenance !== undefined) return 'maintenance';
  if (state.blind) return 'unknown';
  if (state.flappingSince !== undefined) return 'flapping';
  return state.condition;
}

/** True when the last result is too old to say anything about now: shown as unknown, never as ok. Times in epoch ms. */
export function isStale(lastAt: number | undefined, now: number, staleAfterMs: number): boolean {
  return lastAt === undefined || now - lastAt > staleAfterMs;
}
