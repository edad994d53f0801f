import { type FileCounts, missingThings, type PlatformInFile } from './conclusions.ts';
import { describedExchange } from './described-exchange.ts';
import { createFindingTally, type FindingTally } from './finding-tally.ts';
import { byImportance } from './importance.ts';
import { createIosChain } from './ios-chain.ts';
import type { LogCode } from './log-code.ts';
import type { LogFinding } from './log-finding.ts';
import type { LogSink } from './log-format.ts';
import type { FindingSummary, GivenLog, LogSummary, PlatformCount, Timeline } from './log-summary.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { DEVICE_PLATFORMS } from './platform-names.ts';
import { createRequestCounts } from './request-counts.ts';
import type { Platform, ScepExchange } from './scep-exchange.ts';
import { countOf, createTimeline, mainPeriod, mergedTimeline, type TimelineTally } from './timeline.ts';
import { createDeviceTally } from './top-devices.ts';

export interface TallyOptions {
  /** Epoch ms, inclusive. What has no date is always counted. */
  readonly since?: number;
  /** Epoch ms, exclusive. */
  readonly until?: number;
  /** Only this platform, and what concerns all of them. */
  readonly platform?: Platform;
}

export interface Tally {
  /** Where the parsers put what they understand. */
  readonly sink: LogSink;
  /** What all of it says, once every log has been read. */
  readonly conclude: (logs: readonly GivenLog[]) => LogSummary;
}

/** The last millisecond of the year 9999; what lies beyond has no name that people could read. */
const END_OF_TIME = 253_402_300_799_999;

const DEVICES_SHOWN = 10;

/** More files than this are counted together. */
const FILES_APART = 10_000;

/** Sums up what parsers understand, in memory that does not grow with the logs. */
export function createTally(options: TallyOptions = {}): Tally {
  const requests = createRequestCounts();
  const failing = createDeviceTally();
  const findings = createFindingTally();
  const iosChain = createIosChain();
  const verify = createVerifyStory();
  const files = createFileCounts();
  let generalPage: LogFinding | undefined;
  let exchanges = 0;
  let unreadableLines = 0;
  let from = Number.POSITIVE_INFINITY;
  let until = Number.NEGATIVE_INFINITY;

  const cover = (at: number): void => {
    if (at < from) from = at;
    if (at > until) until = at;
  };

  const addExchange = (exchange: ScepExchange): void => {
    const at = validTime(exchange.at);
    if (!isWithin(at, options)) return;
    if (at !== undefined) cover(at);
    const outcome = outcomeOf(exchange);
    files.add(exchange, at, outcome);
    if (!isWanted(exchange.platform, options.platform)) return;
    exchanges++;
    requests.add(exchange, outcome, at);
    if (outcome === 'failed' && exchange.device !== undefined) failing.add(exchange.device, exchange.platform);
    iosChain.add(exchange, at);
    verify.add(exchange, at);
    if (exchange.operation === 'base-url' && exchange.status === 200)
      generalPage ??= describedExchange('ndes-policy-module-not-loaded', exchange, at);
  };

  const sink: LogSink = {
    exchange: addExchange,
    finding: (finding) => {
      const at = validTime(finding.at);
      if (!isWithin(at, options) || !isWanted(finding.platform, options.platform)) return;
      if (at !== undefined) cover(at);
      findings.add(finding, at);
    },
    seen: (at) => {
      const valid = validTime(at);
      if (valid !== undefined && isWithin(valid, options)) cover(valid);
    },
    unreadable: () => {
      unreadableLines++;
    },
  };

  return {
    sink,
    conclude: (logs) => {
      const span = Number.isFinite(from) ? { from, until } : undefined;
      const platforms = requests.result();
      const counted = files.result();
      const picture = pictureOf(counted, options.platform);
      const whole = {
        logs,
        files: counted,
        platforms,
        since: options.since,
        before: options.until,
        platform: options.platform,
      };
      const concluded = [iosChain.conclude(span?.until), verify.conclude(platforms), generalPage, ...missingThings(whole)];
      const sentences = addMissing(
        findings,
        concluded.filter((finding) => finding !== undefined),
      );
      const count = (code: LogCode): number => findings.count(code);
      return {
        ...span,
        exchanges,
        unreadableLines,
        platforms,
        ...(picture !== undefined && { timeline: picture }),
        failingDevices: failing.top(DEVICES_SHOWN),
        findings: findings
          .result()
          .map((finding) => withConclusion(withRecovery(finding, platforms), sentences))
          .toSorted(byImportance),
        enrolments: {
          succeeded: count('log-enrolment-succeeded'),
          failed: count('log-enrolment-failed'),
          incomplete: count('log-enrolment-incomplete'),
        },
      };
    },
  };
}

function validTime(at: number | undefined): number | undefined {
  return at !== undefined && at >= 0 && at <= END_OF_TIME ? Math.floor(at) : undefined;
}

function isWithin(at: number | undefined, { since, until }: TallyOptions): boolean {
  return at === undefined || ((since === undefined || at >= since) && (until === undefined || at < until));
}

/** The policy module and what has no platform concern every device. */
function isWanted(platform: Platform | undefined, wanted: Platform | undefined): boolean {
  return wanted === undefined || platform === undefined || platform === wanted || platform === 'policy-module';
}

/** The requests that were asked for, of the time to which most of them belong. */
function pictureOf(files: readonly FileCounts[], wanted: Platform | undefined): Timeline | undefined {
  const all = files.flatMap(({ timeline }) => {
    const rows = timeline?.rows.filter(({ platform }) => isWanted(platform, wanted)) ?? [];
    return timeline === undefined || rows.length === 0 ? [] : [{ ...timeline, rows }];
  });
  const merged = mergedTimeline(mainPeriod(all));
  const leftOut = all.reduce((sum, one) => sum + countOf(one), 0) - (merged === undefined ? 0 : countOf(merged));
  return merged === undefined ? undefined : { ...merged, ...(leftOut > 0 && { leftOut }) };
}

/** What a parser has told already is not told again, but what it adds up to is. Answers the sentences of all conclusions by their code. */
function addMissing(findings: FindingTally, concluded: readonly LogFinding[]): ReadonlyMap<LogCode, string> {
  const known = new Set(concluded.flatMap(({ code }) => (findings.has(code) ? [code] : [])));
  const sentences = new Map<LogCode, string>();
  for (const finding of concluded) {
    const { code, text, detail = text } = finding;
    const before = sentences.get(code);
    sentences.set(code, before === undefined ? detail : `${before}; ${detail}`);
    if (!known.has(code)) findings.add(finding, finding.at);
  }
  return sentences;
}

/** Failures that concern every request of a platform, so that a later good answer shows that they are over. */
const ENDS_WITH_A_GOOD_ANSWER: ReadonlySet<LogCode> = new Set<LogCode>([
  'log-impersonation-right-missing',
  'log-service-account-refused',
  'log-verify-request-failed',
  'log-verify-certificate-untrusted',
  'log-no-scep-requests',
  'ndes-app-pool-stopped',
  'service-unavailable',
  'ndes-internal-error',
  'iis-config-invalid',
]);

function withConclusion(finding: FindingSummary, sentences: ReadonlyMap<LogCode, string>): FindingSummary {
  const conclusion = sentences.get(finding.code);
  return conclusion === undefined ? finding : { ...finding, conclusion };
}

function withRecovery(finding: FindingSummary, platforms: readonly PlatformCount[]): FindingSummary {
  const { code, lastAt } = finding;
  if (lastAt === undefined || !ENDS_WITH_A_GOOD_ANSWER.has(code)) return finding;
  const concerned = finding.platforms.map(({ platform }) => platform);
  const good = platforms
    .filter(({ platform }) => (concerned.length === 0 ? DEVICE_PLATFORMS.includes(platform) : concerned.includes(platform)))
    .map(({ lastGoodAt }) => lastGoodAt ?? Number.NEGATIVE_INFINITY);
  // Every platform that failed has to be well again.
  const goodAgainAt = Math.min(...good);
  return good.length > 0 && goodAgainAt > lastAt ? { ...finding, goodAgainAt } : finding;
}

interface VerifyStory {
  readonly add: (exchange: ScepExchange, at: number | undefined) => void;
  readonly conclude: (platforms: readonly PlatformCount[]) => LogFinding | undefined;
}

/** Once may be a restart; from here on it is a story. */
const REPEATED = 2;

/** Devices get GetCACert and GetCACaps, and then VerifyRequest fails again and again: network and NDES are fine, what verifies is not. */
function createVerifyStory(): VerifyStory {
  let failures = 0;
  let first: LogFinding | undefined;
  return {
    add: (exchange, at) => {
      if (exchange.operation !== 'verify' || exchange.status === undefined || exchange.status < 500) return;
      failures++;
      first ??= describedExchange('log-verify-request-failed', exchange, at);
    },
    conclude: (platforms) => {
      const answered = (operation: string): number =>
        platforms.reduce((sum, one) => sum + (one.operations.find((each) => each.operation === operation)?.ok ?? 0), 0);
      const [certificates, capabilities] = [answered('GetCACert'), answered('GetCACaps')];
      if (first === undefined || failures < REPEATED || certificates === 0 || capabilities === 0) return undefined;
      return {
        ...first,
        detail: `GetCACert answered well ${certificates} times, GetCACaps ${capabilities} times, and VerifyRequest failed ${failures} times`,
      };
    },
  };
}

interface FileTally {
  readonly add: (exchange: ScepExchange, at: number | undefined, outcome: Outcome) => void;
  readonly result: () => readonly FileCounts[];
}

interface OneFile {
  readonly file: string;
  readonly platforms: Map<Platform, PlatformInFile>;
  fromDevices: number;
  lastLine: number;
  readonly timeline: TimelineTally;
}

/** Further files share one timeline. */
const TIMELINES = 300;

const DEVICES: ReadonlySet<Platform> = new Set(DEVICE_PLATFORMS);

function createFileCounts(): FileTally {
  const byFile = new Map<string, OneFile>();
  const shared = createTimeline();
  let current: OneFile | undefined;
  const fileOf = (file: string): OneFile | undefined => {
    if (current?.file === file) return current;
    current = byFile.get(file);
    if (current === undefined && byFile.size < FILES_APART) {
      current = { file, platforms: new Map(), fromDevices: 0, lastLine: 0, timeline: byFile.size < TIMELINES ? createTimeline() : shared };
      byFile.set(file, current);
    }
    return current;
  };
  return {
    add: ({ file, line, platform }, at, outcome) => {
      const counts = fileOf(file);
      if (counts === undefined) return;
      counts.lastLine = line;
      if (at !== undefined) counts.timeline.add(platform, at, outcome);
      if (DEVICES.has(platform)) counts.fromDevices++;
      const seen = counts.platforms.get(platform);
      if (seen === undefined)
        counts.platforms.set(platform, { count: 1, firstAt: at ?? Infinity, lastAt: at ?? -Infinity, firstLine: line, lastLine: line });
      else addToFile(seen, line, at);
    },
    // The shared timeline is told once, with the first of those that share it.
    result: () => [...byFile.values()].map((one, index) => ({ ...one, timeline: index <= TIMELINES ? one.timeline.result() : undefined })),
  };
}

function addToFile(seen: PlatformInFile, line: number, at: number | undefined): void {
  seen.count++;
  if (at === undefined || at >= seen.lastAt) seen.lastLine = line;
  if (at === undefined) return;
  if (at < seen.firstAt) seen.firstAt = at;
  if (at > seen.lastAt) seen.lastAt = at;
}
