import { durationText } from '../text/duration.ts';
import { counted, minuteText, spanText } from './clock-text.ts';
import type { LogFinding } from './log-finding.ts';
import type { LogFormat } from './log-format.ts';
import type { GivenLog, PlatformCount, Timeline } from './log-summary.ts';
import { KNOWN_DEVICE_PLATFORMS, PLATFORM_NAMES } from './platform-names.ts';
import type { Platform } from './scep-exchange.ts';
import { mainPeriod, mergedTimeline } from './timeline.ts';

/** What one file told about one platform: enough to compare the log of a device with that of the server. */
export interface FileCounts {
  readonly file: string;
  readonly platforms: ReadonlyMap<Platform, PlatformInFile>;
  /** All exchanges of devices, whichever --platform asks for. */
  readonly fromDevices: number;
  readonly lastLine: number;
  /** Of all platforms; absent without dates. Files beyond the first few hundred share one. */
  readonly timeline: Timeline | undefined;
}

export interface PlatformInFile {
  count: number;
  /** Epoch ms; infinite when the log has no dates. */
  firstAt: number;
  lastAt: number;
  firstLine: number;
  /** That of `lastAt`; without dates the last one. */
  lastLine: number;
}

export interface WholeLog {
  readonly logs: readonly GivenLog[];
  readonly files: readonly FileCounts[];
  readonly platforms: readonly PlatformCount[];
  /** Epoch ms: the time that was asked for, `before` not included. */
  readonly since: number | undefined;
  readonly before: number | undefined;
  /** The only platform that was asked for. */
  readonly platform: Platform | undefined;
}

const SERVER_FORMATS: ReadonlySet<LogFormat | undefined> = new Set<LogFormat>(['iis-w3c']);

/** Clocks of a device and a server may differ by so much. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** What only the end of all logs shows: what is missing. */
export function missingThings(whole: WholeLog): readonly LogFinding[] {
  const nothing = nothingArrived(whole);
  return nothing !== undefined ? [nothing] : [...platformsNotInServerLog(whole), ...platformsThatStopped(whole)];
}

function serverLogs({ logs }: WholeLog): readonly GivenLog[] {
  return logs.filter(({ format, lines }) => SERVER_FORMATS.has(format) && lines > 0);
}

function serverFiles(whole: WholeLog): readonly FileCounts[] {
  const names = new Set(serverLogs(whole).map(({ file }) => file));
  return whole.files.filter(({ file }) => names.has(file));
}

/** An IIS log that covers time and has no request of a device. */
function nothingArrived(whole: WholeLog): LogFinding | undefined {
  const logs = serverLogs(whole);
  const covering = logs.flatMap((log) => spanWithin(log, whole));
  const [log] = logs;
  if (log === undefined || covering.length === 0 || serverFiles(whole).some(({ fromDevices }) => fromDevices > 0)) return undefined;
  const own = serverFiles(whole).reduce((sum, { platforms }) => sum + (platforms.get('probe')?.count ?? 0), 0);
  const lines = logs.reduce((sum, one) => sum + one.lines, 0);
  const [from, until] = [Math.min(...covering.map((one) => one.from)), Math.max(...covering.map((one) => one.until))];
  return {
    code: 'log-no-scep-requests',
    at: until,
    file: log.file,
    line: log.lines,
    text: `no request of a device for /certsrv/mscep in ${counted(lines, 'line')}, ${spanText(from, until)}`,
    ...(own > 0 && { detail: `only ${counted(own, 'request')} of scepwatch itself arrived: the way from outside to IIS works` }),
  };
}

/** The part of a log that was asked for, or none. */
function spanWithin({ from, until }: GivenLog, { since, before }: WholeLog): readonly Span[] {
  if (from === undefined || until === undefined) return [];
  const part = { from: Math.max(from, since ?? from), until: Math.min(until, before ?? until) };
  return part.from <= part.until ? [part] : [];
}

/** The log of a device shows requests of a platform that the log of the server does not have, although it covers that time. */
function platformsNotInServerLog(whole: WholeLog): readonly LogFinding[] {
  const servers = serverFiles(whole);
  if (servers.length === 0) return [];
  const span = spanOf(servers);
  return wantedPlatforms(whole).flatMap((platform) => {
    if (servers.some(({ platforms }) => platforms.has(platform))) return [];
    const told = whole.files.find(
      (one) => !servers.includes(one) && overlaps(one.platforms.get(platform), span) && (one.platforms.get(platform)?.count ?? 0) > 0,
    );
    const seen = told?.platforms.get(platform);
    if (told !== undefined && seen !== undefined)
      return [
        missing(platform, told.file, seen.firstLine, finite(seen.firstAt), {
          text: `${counted(seen.count, 'request')} of ${PLATFORM_NAMES[platform]} in the log of the device, none in the IIS log`,
        }),
      ];
    if (whole.platform !== platform) return [];
    const [first] = servers;
    const others = servers.reduce((sum, { fromDevices }) => sum + fromDevices, 0);
    return first === undefined
      ? []
      : [
          missing(platform, first.file, first.lastLine, finite(span.until), {
            text: `no request of ${PLATFORM_NAMES[platform]} in the IIS log, and ${counted(others, 'request')} of others`,
          }),
        ];
  });
}

function wantedPlatforms({ platform }: WholeLog): readonly Platform[] {
  return platform === undefined ? KNOWN_DEVICE_PLATFORMS : KNOWN_DEVICE_PLATFORMS.filter((one) => one === platform);
}

interface Span {
  readonly from: number;
  readonly until: number;
}

function spanOf(files: readonly FileCounts[]): Span {
  const all = files.flatMap(({ platforms }) => [...platforms.values()]);
  return { from: Math.min(...all.map(({ firstAt }) => firstAt)), until: Math.max(...all.map(({ lastAt }) => lastAt)) };
}

/** Without dates nothing speaks against it: whoever gives two logs together means one time. */
function overlaps(seen: PlatformInFile | undefined, { from, until }: Span): boolean {
  if (seen === undefined) return false;
  if (!Number.isFinite(seen.firstAt) || !Number.isFinite(from)) return true;
  return seen.lastAt >= from - CLOCK_SKEW_MS && seen.firstAt <= until + CLOCK_SKEW_MS;
}

/** Below these figures a pause is no more than chance. */
const REQUESTS_BEFORE = 10;
const BUSY_BUCKETS = 3;
const QUIET_BUCKETS = 3;
const OTHERS_MEANWHILE = 5;

/** A platform that asked regularly and then no more, while others go on. Judged by the timeline, so the order of the files does not matter. */
function platformsThatStopped(whole: WholeLog): readonly LogFinding[] {
  const { platforms } = whole;
  const timeline = mergedTimeline(mainPeriod(serverFiles(whole).flatMap((one) => (one.timeline === undefined ? [] : [one.timeline]))));
  if (timeline === undefined) return [];
  return wantedPlatforms(whole).flatMap((platform) => {
    const counts = platforms.find((one) => one.platform === platform);
    const pause = pauseAtEnd(timeline, platform);
    if (counts?.lastAt === undefined || counts.count < REQUESTS_BEFORE || pause === undefined) return [];
    const last = serverFiles(whole).find(({ platforms: seen }) => seen.get(platform)?.lastAt === counts.lastAt);
    if (last === undefined) return [];
    const { bucketMs } = timeline;
    const longest =
      pause.longestBefore === 0 ? '' : `; before, the longest pause was about ${durationText(pause.longestBefore * bucketMs)}`;
    return [
      missing(platform, last.file, last.platforms.get(platform)?.lastLine ?? 1, counts.lastAt, {
        text: `no ${PLATFORM_NAMES[platform]} request since ${minuteText(counts.lastAt)}, for about ${durationText(pause.buckets * bucketMs)}, while ${counted(pause.others, 'other')} arrived${longest}`,
      }),
    ];
  });
}

interface Pause {
  readonly buckets: number;
  readonly longestBefore: number;
  readonly others: number;
}

function pauseAtEnd({ rows }: Timeline, platform: Platform): Pause | undefined {
  const totals = (wanted: (platform: Platform) => boolean): readonly number[] => {
    const chosen = rows.filter((row) => wanted(row.platform));
    return Array.from({ length: chosen[0]?.ok.length ?? 0 }, (_, index) =>
      chosen.reduce((sum, { ok, failed, untold }) => sum + (ok[index] ?? 0) + (failed[index] ?? 0) + (untold[index] ?? 0), 0),
    );
  };
  const own = totals((one) => one === platform);
  const others = totals((one) => one !== platform && KNOWN_DEVICE_PLATFORMS.includes(one));
  const busy = own.flatMap((count, index) => (count > 0 ? [index] : []));
  const last = busy.at(-1);
  const end = others.findLastIndex((count) => count > 0);
  if (last === undefined || busy.length < BUSY_BUCKETS) return undefined;
  const buckets = end - last;
  const longestBefore = Math.max(0, ...busy.slice(1).map((index, place) => index - (busy[place] ?? 0) - 1));
  const meanwhile = others.slice(last + 1).reduce((sum, count) => sum + count, 0);
  if (buckets < QUIET_BUCKETS || buckets <= 3 * (longestBefore + 1) || meanwhile < OTHERS_MEANWHILE) return undefined;
  return { buckets, longestBefore, others: meanwhile };
}

function missing(platform: Platform, file: string, line: number, at: number | undefined, { text }: { readonly text: string }): LogFinding {
  return { code: 'log-platform-missing', platform, ...(at !== undefined && { at }), file, line, text };
}

function finite(at: number): number | undefined {
  return Number.isFinite(at) ? at : undefined;
}
