import type { Slice } from '../rollup/slice.ts';
import { UPTIME_WINDOWS, type UptimeOver, type UptimeWindow, uptimeOver } from '../rollup/uptime-window.ts';
import { durationText } from '../text/duration.ts';
import type { Ink, Paint } from './paint.ts';

const WORDS: Readonly<Record<UptimeWindow, string>> = { '24h': '24 h', '7d': '7 d', '30d': '30 d', '90d': '90 d' };

/** Below this share of the window the figure says how much it stands for. */
const NEARLY_ALL = 0.95;

/** How available a target was over each window, one line each: `30 d   99.871 %   of 3 d with data   down 12 min`. */
export function uptimeLines(
  slices: { readonly hours: readonly Slice[]; readonly days: readonly Slice[] },
  now: number,
  paint: Paint,
): readonly string[] {
  return UPTIME_WINDOWS.map((window) => {
    const over = uptimeOver(slices, window, now);
    const { ratio, downSeconds } = over;
    const figure = ratio === undefined ? paint('unsure', 'no data'.padStart(9)) : paint(inkOf(ratio), percentText(ratio).padStart(9));
    const remarks = [coverageText(over), downSeconds > 0 ? `down ${durationText(downSeconds * 1_000)}` : ''].filter((part) => part !== '');
    return `${WORDS[window].padEnd(5)}${figure}${remarks.length === 0 ? '' : `  ${paint('quiet', remarks.join(' · '))}`}`;
  });
}

/** Three digits behind the point where they matter, and never 100 % when it was not. */
export function percentText(ratio: number): string {
  if (ratio === 1) return '100 %';
  return `${(Math.floor(ratio * 100_000) / 1_000).toFixed(ratio >= 0.99 ? 3 : 1)} %`;
}

export function inkOf(ratio: number): Ink {
  if (ratio >= 0.999) return 'good';
  return ratio >= 0.99 ? 'caution' : 'bad';
}

/** How much of the window the figure stands for; empty when it is nearly all. */
function coverageText({ ratio, knownSeconds, windowSeconds }: UptimeOver): string {
  if (ratio === undefined || knownSeconds >= windowSeconds * NEARLY_ALL) return '';
  return `of ${durationText(knownSeconds * 1_000)} with data`;
}
