/** They divide a minute: a step in a schedule begins anew with each minute, and others would leave an odd gap. */
const EVEN_SECONDS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30] as const;

/** How often cycles have to start so that the target with the shortest period (ms) has its turn in time; each minute for most. */
export function probeScheduleFor(shortestPeriodMs: number): string {
  if (shortestPeriodMs >= 60_000) return '0 * * * * *';
  const seconds = EVEN_SECONDS.findLast((even) => even * 1_000 <= shortestPeriodMs) ?? 1;
  return `*/${seconds} * * * * *`;
}
