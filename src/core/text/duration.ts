const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1_000 },
] as const;

/** From here on hours beside the days tell nobody anything. */
const MANY_DAYS = 10;

/** A time span in milliseconds for people, in its two largest units and rounded down: `45 s`, `3 h 20 min`, `2 d 4 h`, `34 d`. */
export function durationText(ms: number): string {
  const index = UNITS.findIndex((unit) => ms >= unit.ms);
  const unit = UNITS[index];
  if (unit === undefined) return '0 s';
  const whole = Math.floor(ms / unit.ms);
  const finer = UNITS[index + 1];
  const rest = finer === undefined ? 0 : Math.floor((ms % unit.ms) / finer.ms);
  // Seconds beside minutes would make a text that never stands still.
  const alone = finer === undefined || rest === 0 || unit.name === 'min' || (unit.name === 'd' && whole >= MANY_DAYS);
  return alone ? `${whole} ${unit.name}` : `${whole} ${unit.name} ${rest} ${finer.name}`;
}

/** The same in the largest unit alone, for tables: `45 s`, `4 min`, `3 h`, `34 d`. */
export function shortDuration(ms: number): string {
  const unit = UNITS.find((one) => ms >= one.ms);
  return unit === undefined ? '0 s' : `${Math.floor(ms / unit.ms)} ${unit.name}`;
}

/** How long an answer took, for people: `34 ms`, `1.2 s`. */
export function responseText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
