import { type FleetChange, fleetChanges } from '../core/monitor/fleet-changes.ts';
import { type FleetSeen, type Overview, overviewOf, type ShownTarget } from '../core/monitor/overview.ts';
import { type Cell, hourCells, hoursTitle, lastResultCell } from '../core/render/sparkline.ts';
import { progressText, type WatchView, watchFrame } from '../core/render/watch-frame.ts';
import { changeJson, cycleEventJson, troubleJson, type WatchEventJson } from '../core/render/watch-json.ts';
import { changeLine, cycleLine, type ToldChange, troubleLine } from '../core/render/watch-lines.ts';
import { printableJson } from '../core/text/printable.ts';
import { openScreen } from './live-screen.ts';
import type { Terminal } from './output.ts';
import type { WatchListener, WatchSource } from './watch-source.ts';

/** One way of showing what a source sees. */
export interface WatchOutput extends WatchListener {
  readonly close: () => void;
}

const TICK_MS = 1_000;
const HOURS = 24;
/** More than any table shows. */
const KEPT_CELLS = 60;

/** A table that is drawn anew every second, and left standing when it ends. */
export function liveOutput(source: WatchSource, { out, paint }: Terminal, onQuit: () => void): WatchOutput {
  let view = emptyView(source);
  const recent = recentResults();
  const draw = (): void => {
    const now = Date.now();
    screen.draw(watchFrame(aged(view, now), { ...screen.size(), paint, now, keys: 'q or Ctrl-C ends' }));
  };
  const screen = openScreen({ onQuit, onRedraw: draw });
  const tick = setInterval(draw, TICK_MS);
  let seen: FleetSeen | undefined;
  const aged = (shown: WatchView, now: number): WatchView => (seen === undefined ? shown : { ...shown, overview: overviewOf(seen, now) });
  draw();
  return {
    fleet: async (fleet, nextAt) => {
      seen = fleet;
      recent.add(fleet);
      const { progress: _, nextAt: __, ...rest } = view;
      view = { ...rest, ...(nextAt !== undefined && { nextAt }), cells: source.history === 'hours' ? hoursOf : recent.cells };
      draw();
    },
    progress: (done, due) => {
      view = { ...view, progress: { done, due } };
      // The tick draws the rest: a thousand targets would be a thousand frames.
      if (done === 0) draw();
    },
    trouble: (problem) => {
      const { trouble: _, ...rest } = view;
      view = problem === undefined ? rest : { ...rest, trouble: problem };
    },
    close: () => {
      clearInterval(tick);
      const { width } = screen.size();
      screen.close();
      const now = Date.now();
      if (seen !== undefined) out(`${watchFrame(lasting(aged(view, now)), { width, paint, now }).join('\n')}\n`);
    },
  };
}

/** Of a table that stands still nothing is left to come. */
function lasting({ progress: _, nextAt: __, ...view }: WatchView): WatchView {
  return view;
}

/** The table once, when the round is over; what there is to wait for on standard error meanwhile. */
export function onceOutput(source: WatchSource, { out, err, live, width, paint }: Terminal): WatchOutput {
  const recent = recentResults();
  const clear = (): void => {
    if (live) err('\r\x1b[2K');
  };
  return {
    fleet: async (fleet) => {
      clear();
      recent.add(fleet);
      const now = Date.now();
      const cells = source.history === 'hours' ? hoursOf : recent.cells;
      out(`${watchFrame({ ...emptyView(source), cells, overview: overviewOf(fleet, now) }, { width, paint, now }).join('\n')}\n`);
    },
    progress: (done, due) => {
      if (live && due > 1) err(`\r\x1b[2K${progressText({ done, due })}`);
    },
    trouble: () => {},
    close: clear,
  };
}

interface LineFormat {
  readonly change: (told: ToldChange, now: number) => string;
  readonly cycle: (overview: Overview, nextAt: number | undefined) => string;
  readonly trouble: (problem: string, now: number) => string;
}

/** One line for each change and each cycle, for people and for files. */
export function lineOutput(source: WatchSource, { out, paint }: Terminal): WatchOutput {
  const format: LineFormat = {
    change: (told, now) => changeLine(told, now, paint),
    cycle: (overview, nextAt) => cycleLine(overview, nextAt, paint),
    trouble: (problem, now) => troubleLine(problem, now, paint),
  };
  return linesOf(source, out, format);
}

/** The same as JSON. */
export function jsonOutput(source: WatchSource, { out }: Terminal): WatchOutput {
  const line = (event: WatchEventJson): string => printableJson(event);
  const format: LineFormat = {
    change: (told, now) => line(changeJson(told, now)),
    cycle: (overview, nextAt) => line(cycleEventJson(overview, nextAt)),
    trouble: (problem, now) => line(troubleJson(problem, now)),
  };
  return linesOf(source, out, format);
}

function linesOf(source: WatchSource, out: Terminal['out'], format: LineFormat): WatchOutput {
  let before: Overview | undefined;
  let told: readonly string[] = [];
  const tellOnce = (troubles: readonly string[]): void => {
    for (const trouble of troubles) if (!told.includes(ageless(trouble))) out(`${format.trouble(trouble, Date.now())}\n`);
    told = troubles.map(ageless);
  };
  return {
    fleet: async (fleet, nextAt) => {
      const now = Date.now();
      const overview = overviewOf(fleet, now);
      for (const change of fleetChanges(before, overview))
        out(`${format.change({ change, updates: await updatesOf(source, change) }, now)}\n`);
      const { cycle } = overview.monitor;
      // A timer that fires every minute starts many cycles in which no target is due.
      if (cycle !== undefined && cycle.id !== before?.monitor.cycle?.id && (cycle.counts.due > 0 || before === undefined))
        out(`${format.cycle(overview, nextAt)}\n`);
      tellOnce(overview.monitor.troubles);
      before = overview;
    },
    progress: () => {},
    trouble: (problem) => {
      if (problem !== undefined) tellOnce([problem]);
    },
    close: () => {},
  };
}

/** The same trouble a minute later is no news. */
function ageless(trouble: string): string {
  return trouble.replaceAll(/\d+/g, '#');
}

/** What was told of a target's incident between the last look and this one. */
async function updatesOf(source: WatchSource, change: FleetChange): Promise<ToldChange['updates']> {
  const { summary } = change.target;
  const before = change.kind === 'changed' ? change.before.summary : undefined;
  if (before?.incident === undefined && summary.incident === undefined) return [];
  return source.updates(summary.id, before?.lastAt ?? (summary.incident?.openedAt ?? summary.lastAt) - 1);
}

function emptyView({ about, history }: WatchSource): WatchView {
  return { about, cells: () => [], cellsTitle: history === 'hours' ? hoursTitle : () => 'last results' };
}

function hoursOf({ summary }: ShownTarget, now = Date.now()): readonly Cell[] {
  return hourCells(summary.hours, now, HOURS);
}

interface RecentResults {
  readonly add: (fleet: FleetSeen) => void;
  readonly cells: (target: ShownTarget) => readonly Cell[];
}

/** The results of each target that this process has seen. */
function recentResults(): RecentResults {
  const seen = new Map<string, { readonly at: number; readonly cells: readonly Cell[] }>();
  return {
    add: ({ summaries }) => {
      for (const summary of summaries) {
        const known = seen.get(summary.id);
        if (known?.at === summary.lastAt) continue;
        seen.set(summary.id, { at: summary.lastAt, cells: [...(known?.cells ?? []), lastResultCell(summary)].slice(-KEPT_CELLS) });
      }
    },
    cells: ({ summary }) => seen.get(summary.id)?.cells ?? [],
  };
}
