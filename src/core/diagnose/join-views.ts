import type { TargetSummary } from '../monitor/summary.ts';
import { durationText } from '../text/duration.ts';
import { CATALOG } from '../verdict/catalog.ts';
import type { VerdictCode } from '../verdict/code.ts';
import { LAYER_NAMES, LAYERS, type Layer } from '../verdict/layer.ts';
import type { TargetReport } from '../verdict/report.ts';
import { compareSeverity, type Severity } from '../verdict/severity.ts';
import { catalogEntry } from './catalog.ts';
import { counted, minuteText, spanText } from './clock-text.ts';
import type { LogCode } from './log-code.ts';
import type { FindingSummary, LogSummary } from './log-summary.ts';
import { DEVICE_PLATFORMS, PLATFORM_NAMES } from './platform-names.ts';

/** How a target looks from outside, whoever looked. */
export interface OutsideView {
  /** The URL that was probed, or the name of the target. */
  readonly target: string;
  /** When it was seen, in epoch ms. */
  readonly at: number;
  readonly code: VerdictCode;
  readonly severity: Severity;
  readonly layer: Layer;
  /** What was answered, shortly: `bare URL 403, GetCACaps 200`. Absent when it is not known. */
  readonly answers?: string;
}

/**
 * What both views say of each other: `agree` the same thing; `log-explains` the log has the cause of what is seen outside;
 * `outside-explains` the other way round; `inside-only` what no probe can see; `blocked-before-iis` reachable, and devices do not arrive;
 * `platform-missing` reachable, and one kind of device does not arrive; `over` the log shows what is no longer so; `later` it began after the log ends;
 * `contradiction` they cannot both be of the same way; `apart` two different troubles; `cannot-tell` the probe could not judge.
 */
export const RELATIONS = [
  'agree',
  'log-explains',
  'outside-explains',
  'inside-only',
  'blocked-before-iis',
  'platform-missing',
  'over',
  'later',
  'contradiction',
  'apart',
  'cannot-tell',
] as const;

export type Relation = (typeof RELATIONS)[number];

export interface JoinedView {
  readonly outside: OutsideView;
  readonly relation: Relation;
  /** The worse of both; a probe that could not judge does not count. */
  readonly severity: Severity;
  /** One answer of a sentence or two. */
  readonly answer: string;
  /** The finding that the answer rests on. */
  readonly finding?: LogCode;
  /** What limits the answer. */
  readonly notes: readonly string[];
}

export function outsideOfReport({ observation, verdict, checks }: TargetReport): OutsideView {
  const answers = checks.flatMap(({ observation: seen }) =>
    seen.kind === 'answered' ? [`${OPERATION_NAMES[seen.request.operation]} ${seen.status}`] : [],
  );
  return {
    target: observation.url,
    at: observation.startedAt,
    code: verdict.code,
    severity: verdict.severity,
    layer: verdict.layer,
    ...(answers.length > 0 && { answers: [...new Set(answers)].join(', ') }),
  };
}

const OPERATION_NAMES = { 'base-url': 'bare URL', 'ca-caps': 'GetCACaps', 'ca-cert': 'GetCACert', 'long-url': 'long URL' } as const;

/** The monitor's last view of a target. */
export function outsideOfSummary({ view, verdict, lastAt }: TargetSummary): OutsideView {
  return { target: view.name, at: lastAt, code: verdict.code, severity: verdict.severity, layer: verdict.layer };
}

/** What a verdict from outside may come from, as a log shows it. Likeliest first. */
const EXPLAINED_BY: Partial<Readonly<Record<VerdictCode, readonly LogCode[]>>> = {
  'ndes-internal-error': [
    'log-impersonation-right-missing',
    'log-service-account-refused',
    'log-ndes-ra-certificate-unusable',
    'log-ndes-cannot-start',
    'log-worker-process-crashed',
  ],
  'ndes-partial-failure': ['log-impersonation-right-missing', 'log-service-account-refused', 'log-ndes-ra-certificate-unusable'],
  'ndes-app-pool-stopped': [
    'log-policy-certificate-expired',
    'log-worker-process-crashed',
    'log-service-account-refused',
    'log-chain-not-trusted',
    'log-verify-certificate-untrusted',
  ],
  'service-unavailable': ['ndes-app-pool-stopped', 'log-worker-process-crashed', 'log-policy-certificate-expired'],
  'ndes-policy-module-not-loaded': ['log-connector-installation-failed', 'log-ndes-cannot-start'],
  'ra-certificate-expired': ['log-ndes-ra-certificate-unusable', 'log-ndes-cannot-start'],
  'ra-certificate-missing': ['log-ndes-ra-certificate-unusable', 'log-ndes-cannot-start'],
  'approxy-no-active-connector': ['log-proxy-connector-certificate', 'log-proxy-connector-network'],
  'approxy-gateway-timeout': ['log-proxy-connector-certificate', 'log-proxy-connector-network'],
  'approxy-connector-unauthorized': ['log-proxy-connector-certificate', 'log-proxy-connector-network'],
  'approxy-bad-gateway': ['log-proxy-connector-network', 'ndes-app-pool-stopped', 'iis-host-binding-mismatch'],
  'approxy-forbidden': ['log-proxy-connector-unauthorized', 'iis-auth-required'],
  'iis-auth-required': ['log-proxy-connector-unauthorized'],
  'approxy-backend-timeout': ['log-client-gave-up', 'log-worker-process-crashed'],
  'client-timeout': ['log-client-gave-up', 'log-worker-process-crashed'],
  'slow-response': ['log-client-gave-up'],
  'ra-issued-by-old-ca': ['log-chain-not-trusted'],
  'weak-or-unsupported-signature': ['log-ios-chain-not-trusted', 'log-chain-not-trusted'],
  'ca-pin-mismatch': ['log-ios-chain-not-trusted', 'log-chain-not-trusted'],
  'long-url-blocked-414': ['long-url-blocked-400', 'url-too-long'],
  'long-url-blocked-400': ['long-url-blocked-414', 'url-too-long'],
  'long-url-blocked-404-15': ['long-url-blocked-404-14'],
  'long-url-blocked-404-14': ['long-url-blocked-404-15'],
};

/** What a verdict from outside makes devices report. */
const EXPLAINS: Partial<Readonly<Record<LogCode, readonly VerdictCode[]>>> = {
  'log-windows-cannot-reach-ndes': [
    'dns-name-not-found',
    'tcp-refused',
    'tcp-timeout',
    'tls-untrusted',
    'tls-certificate-expired',
    'tls-name-mismatch',
    'connection-reset',
    'client-timeout',
  ],
  'log-ios-chain-not-trusted': ['weak-or-unsupported-signature', 'ca-pin-mismatch', 'tls-untrusted'],
  'log-chain-not-trusted': ['ra-issued-by-old-ca', 'ca-pin-mismatch'],
};

/** What fails behind every answer that can be had from outside. */
const UNSEEN_FROM_OUTSIDE: ReadonlySet<LogCode> = new Set<LogCode>([
  'log-verify-request-failed',
  'log-verify-certificate-untrusted',
  'log-policy-module-tls-failed',
  'log-challenge-rejected',
  'log-policy-certificate-expired',
  'log-enrolment-failed',
  'log-enrolment-incomplete',
  'log-connector-renewal-failed',
  'log-connector-request-failed',
  'log-connector-service-unreachable',
  'log-ndes-cannot-reach-ca',
  'log-ndes-password-not-verified',
]);

/** A log that ends so long before the probe may tell of another day. */
const OLD_MS = 3_600_000;

/** Joins what the logs say with how the target looks from outside into one answer. */
export function joinViews(summary: LogSummary, outside: OutsideView): JoinedView {
  const [worst] = summary.findings.filter(({ code }) => isTrouble(catalogEntry(code).severity));
  const severities = [...(worst === undefined ? [] : [catalogEntry(worst.code).severity]), outside.severity].filter(
    (one) => one !== 'unknown',
  );
  const severity = severities.toSorted((a, b) => compareSeverity(b, a))[0] ?? 'unknown';
  const whole: Case = { summary, outside, worst, gap: summary.until === undefined ? undefined : outside.at - summary.until };
  const found = RULES.map((rule) => rule(whole)).find((one) => one !== undefined) ?? agreement(whole);
  return { outside, severity, ...found, notes: notesOf(whole) };
}

function isTrouble(severity: Severity): boolean {
  return severity === 'crit' || severity === 'warn';
}

interface Case {
  readonly summary: LogSummary;
  readonly outside: OutsideView;
  /** The most important finding that is any trouble. */
  readonly worst: FindingSummary | undefined;
  /** How long before the probe the log ends, in milliseconds; absent without dates. */
  readonly gap: number | undefined;
}

type Found = Pick<JoinedView, 'relation' | 'answer' | 'finding'>;

type Rule = (one: Case) => Found | undefined;

/** First match wins. */
const RULES: readonly Rule[] = [
  cannotTell,
  sameTrouble,
  logExplains,
  outsideExplains,
  answersBrokenWay,
  nothingArrives,
  platformMissing,
  insideTrouble,
  twoTroubles,
];

function cannotTell({ outside, worst }: Case): Found | undefined {
  if (outside.severity !== 'unknown') return undefined;
  const inside = worst === undefined ? 'the log shows no trouble' : `the log shows: ${titleOf(worst)}`;
  return { relation: 'cannot-tell', answer: `From here the server could not be judged (${outside.code}); ${inside}.`, ...codeOf(worst) };
}

function sameTrouble({ outside, summary }: Case): Found | undefined {
  const same = summary.findings.find(({ code, goodAgainAt }) => code === outside.code && goodAgainAt === undefined);
  if (same === undefined || !isTrouble(outside.severity)) return undefined;
  return {
    relation: 'agree',
    answer: `Both views show the same: ${seenOutside(outside)}, and the log has it ${times(same.count)}${sinceText(same)}.`,
    ...codeOf(same),
  };
}

function logExplains({ outside, summary }: Case): Found | undefined {
  if (!isTrouble(outside.severity)) return undefined;
  const causes = (EXPLAINED_BY[outside.code] ?? []).flatMap((code) => summary.findings.filter((finding) => finding.code === code));
  const cause = causes.find(({ goodAgainAt }) => goodAgainAt === undefined) ?? causes[0];
  if (cause === undefined) return undefined;
  const inside = `${titleOf(cause)}${sinceText(cause)}`;
  const answer =
    cause.goodAgainAt === undefined
      ? `The log names the cause: ${inside}.`
      : `The log has a cause that was over at ${minuteText(cause.goodAgainAt)} and may be back: ${inside}.`;
  return { relation: 'log-explains', answer: `Outside: ${seenOutside(outside)}. ${answer}`, ...codeOf(cause) };
}

function outsideExplains({ outside, summary }: Case): Found | undefined {
  if (!isTrouble(outside.severity)) return undefined;
  const empty = summary.findings.find(({ code }) => code === 'log-no-scep-requests');
  if (empty !== undefined && isBeforeIis(outside.layer))
    return {
      relation: 'outside-explains',
      answer: `No request of a device reaches IIS because none gets past ${LAYER_NAMES[outside.layer]}: ${seenOutside(outside)}.`,
      ...codeOf(empty),
    };
  const told = summary.findings.find(({ code }) => EXPLAINS[code]?.includes(outside.code) === true);
  return told === undefined
    ? undefined
    : {
        relation: 'outside-explains',
        answer: `${titleOf(told)}, and the view from outside tells why: ${seenOutside(outside)}.`,
        ...codeOf(told),
      };
}

/** Broken before IIS, and yet devices were answered. */
function answersBrokenWay({ outside, summary, gap, worst }: Case): Found | undefined {
  if (outside.severity !== 'crit' || !isBeforeIis(outside.layer)) return undefined;
  const lastGood = lastGoodOfDevices(summary);
  if (lastGood === undefined) return undefined;
  if (gap !== undefined && gap > RECENT_MS)
    return {
      relation: 'later',
      answer: `Outside: ${seenOutside(outside)}. Devices were still answered at ${minuteText(lastGood)}, so it began after that.`,
      ...codeOf(worst),
    };
  return {
    relation: 'contradiction',
    answer: `From outside the way is broken at ${LAYER_NAMES[outside.layer]} (${outside.code}), but devices were answered until ${minuteText(lastGood)}: they come another way, or the way of the probe is not theirs.`,
    ...codeOf(worst),
  };
}

const RECENT_MS = 15 * 60_000;

function nothingArrives({ outside, summary }: Case): Found | undefined {
  const empty = summary.findings.find(({ code }) => code === 'log-no-scep-requests');
  if (empty === undefined || isTrouble(outside.severity)) return undefined;
  const covered = summary.from === undefined || summary.until === undefined ? '' : ` ${spanText(summary.from, summary.until)}`;
  return {
    relation: 'blocked-before-iis',
    answer: `Reachable from outside (${shortly(outside)}), but the IIS log has no request of a device${covered}: devices are blocked on the way, or use another URL.`,
    ...codeOf(empty),
  };
}

function platformMissing({ outside, summary, worst }: Case): Found | undefined {
  if (worst?.code !== 'log-platform-missing' || isTrouble(outside.severity)) return undefined;
  const told = worst.platforms.map(({ platform }) => {
    const last = summary.platforms.find((one) => one.platform === platform)?.lastAt;
    return `no ${PLATFORM_NAMES[platform]} request in IIS${last === undefined ? '' : ` since ${minuteText(last)}`}`;
  });
  return {
    relation: 'platform-missing',
    answer: `Reachable from outside (${shortly(outside)}), but ${told.join(' and ')}.`,
    ...codeOf(worst),
  };
}

function insideTrouble({ outside, worst, gap }: Case): Found | undefined {
  if (worst === undefined || isTrouble(outside.severity)) return undefined;
  const lead = `Reachable from outside (${shortly(outside)}), but the log shows: ${titleOf(worst)}${sinceText(worst)}`;
  if (worst.goodAgainAt !== undefined)
    return {
      relation: 'over',
      answer: `The log shows: ${titleOf(worst)}${sinceText(worst)}. It is over: requests were answered again, and the target is reachable from outside (${shortly(outside)}).`,
      ...codeOf(worst),
    };
  if (UNSEEN_FROM_OUTSIDE.has(worst.code)) return { relation: 'inside-only', answer: `${lead}. No probe can see that.`, ...codeOf(worst) };
  const over = gap !== undefined && gap > 0 ? `; the log ends ${durationText(gap)} before the probe, so it may be over` : '';
  return { relation: 'over', answer: `${lead}. The probe does not meet it${over}, or it hits only some requests.`, ...codeOf(worst) };
}

function twoTroubles({ outside, worst, summary }: Case): Found | undefined {
  if (!isTrouble(outside.severity)) return undefined;
  const inside =
    worst === undefined
      ? summary.exchanges === 0
        ? 'The log says nothing about it'
        : 'The log shows no trouble: it ends before, or the requests of the probe do not get there'
      : `The log shows something else: ${titleOf(worst)}${sinceText(worst)}`;
  return { relation: 'apart', answer: `Outside: ${seenOutside(outside)}. ${inside}.`, ...codeOf(worst) };
}

function agreement({ outside, summary }: Case): Found {
  const good = summary.platforms.filter(({ platform }) => DEVICE_PLATFORMS.includes(platform)).reduce((sum, { ok }) => sum + ok, 0);
  const inside = good === 0 ? 'the log shows no trouble' : `the log has ${counted(good, 'request')} of devices that were answered well`;
  return { relation: 'agree', answer: `Both views agree: reachable from outside (${shortly(outside)}), and ${inside}.` };
}

function notesOf({ gap, summary, outside }: Case): readonly string[] {
  if (gap === undefined) return summary.exchanges === 0 ? [] : ['The log has no dates, so the two views cannot be put on one timeline.'];
  if (gap > OLD_MS) return [`The log ends ${durationText(gap)} before the view from outside (${minuteText(outside.at)}).`];
  return gap < -OLD_MS ? [`The log goes on for ${durationText(-gap)} after the view from outside (${minuteText(outside.at)}).`] : [];
}

function lastGoodOfDevices({ platforms }: LogSummary): number | undefined {
  const all = platforms
    .filter(({ platform }) => DEVICE_PLATFORMS.includes(platform))
    .flatMap(({ lastGoodAt }) => (lastGoodAt === undefined ? [] : [lastGoodAt]));
  return all.length === 0 ? undefined : Math.max(...all);
}

function isBeforeIis(layer: Layer): boolean {
  return LAYERS.indexOf(layer) < LAYERS.indexOf('iis');
}

function seenOutside({ code }: OutsideView): string {
  return `${CATALOG[code].title} (${code})`;
}

/** `bare URL 403, GetCACaps 200: healthy`. */
function shortly({ answers, code }: OutsideView): string {
  return answers === undefined ? code : `${answers}: ${code}`;
}

function titleOf({ code }: FindingSummary): string {
  return catalogEntry(code).title;
}

function sinceText({ firstAt, lastAt }: FindingSummary): string {
  if (firstAt === undefined || lastAt === undefined) return '';
  return firstAt === lastAt ? `, at ${minuteText(firstAt)}` : `, ${spanText(firstAt, lastAt)}`;
}

function codeOf(finding: FindingSummary | undefined): { readonly finding?: LogCode } {
  return finding === undefined ? {} : { finding: finding.code };
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
