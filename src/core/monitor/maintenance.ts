import { type LocalDay, laterDay, localDay, zonedTime } from '../time.ts';
import type { InMaintenance } from './state.ts';

export const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

export type Weekday = (typeof WEEKDAYS)[number];

interface Window {
  readonly id: string;
  readonly title: string;
  /** Ids of the targets that it is for; every target when absent. */
  readonly targets?: readonly string[];
  /** Tenants whose targets it is for; every tenant when absent. */
  readonly tenants?: readonly string[];
}

/** Planned once. Epoch ms; the end is not part of it. */
export interface OneOffWindow extends Window {
  readonly kind: 'one-off';
  readonly start: number;
  readonly end: number;
}

/** Every week, or in some weeks of every month: the second Tuesday is `days: ['tuesday'], weeks: [2]`. */
export interface RecurringWindow extends Window {
  readonly kind: 'recurring';
  readonly days: readonly Weekday[];
  /** Which occurrence of the weekday within its month, 1 to 5; every one when absent. */
  readonly weeks?: readonly number[];
  /** Minutes after midnight on the clock of `timeZone`. */
  readonly startMinute: number;
  /** Real minutes: a window across a change of the clocks is as long as any other. At most a week. */
  readonly durationMinutes: number;
  /** IANA name, such as Europe/Berlin. */
  readonly timeZone: string;
}

export type MaintenanceWindow = OneOffWindow | RecurringWindow;

/** Which targets a window is for, and what it is called. */
export function scopeOf({ id, title, targets, tenants }: MaintenanceWindow): Window {
  return { id, title, ...(targets !== undefined && { targets }), ...(tenants !== undefined && { tenants }) };
}

export const MAX_RECURRING_MINUTES = 7 * 24 * 60;

/** The window that a target is in at `at` (epoch ms); of several the one that ends last, because until then nobody wants to be called. */
export function maintenanceAt(
  windows: readonly MaintenanceWindow[],
  target: { readonly id: string; readonly tenant?: string | undefined },
  at: number,
): InMaintenance | undefined {
  return windows
    .filter((window) => isFor(window, target))
    .flatMap((window) => occurrences(window, at, at + 1))
    .toSorted((a, b) => b.end - a.end)[0];
}

/** Every occurrence of the window that touches the time from `from` until `until` (epoch ms, exclusive), earliest first. */
export function occurrences(window: MaintenanceWindow, from: number, until: number): readonly InMaintenance[] {
  const { id, title } = window;
  if (window.kind === 'one-off') {
    return window.start < until && window.end > from ? [{ id, title, start: window.start, end: window.end }] : [];
  }
  const lengthMs = window.durationMinutes * 60_000;
  const found: InMaintenance[] = [];
  // By the calendar and not in steps of 24 hours, which pass over a day that has only 23. A time that the clocks leave out is taken later,
  // at worst on the next day, so that the search begins a day early.
  const lastDay = localDay(until, window.timeZone);
  for (let day = laterDay(localDay(from - lengthMs, window.timeZone), -1); !isAfter(day, lastDay); day = laterDay(day, 1)) {
    if (!isOn(window, day)) continue;
    const start = zonedTime(day, window.startMinute, window.timeZone);
    const end = start + lengthMs;
    if (start < until && end > from) found.push({ id, title, start, end });
  }
  return found;
}

function isAfter(a: LocalDay, b: LocalDay): boolean {
  return (a.year - b.year || a.month - b.month || a.day - b.day) > 0;
}

function isFor(
  { targets, tenants }: MaintenanceWindow,
  { id, tenant }: { readonly id: string; readonly tenant?: string | undefined },
): boolean {
  if (targets === undefined && tenants === undefined) return true;
  return (targets?.includes(id) ?? false) || (tenant !== undefined && (tenants?.includes(tenant) ?? false));
}

function isOn({ days, weeks }: RecurringWindow, { day, weekday }: LocalDay): boolean {
  const name = WEEKDAYS[weekday];
  if (name === undefined || !days.includes(name)) return false;
  return weeks === undefined || weeks.includes(Math.floor((day - 1) / 7) + 1);
}
