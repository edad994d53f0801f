import type { LogCode } from './log-code.ts';
import type { LogFinding } from './log-finding.ts';
import type { LogFormat } from './log-format.ts';
import type { LogOperation, Platform } from './scep-exchange.ts';

/** One log that was given, as far as summing up needs it. */
export interface GivenLog {
  readonly file: string;
  /** Absent when it is no log that is known, or could not be read. */
  readonly format?: LogFormat;
  readonly lines: number;
  /** What could not be read of it, or why it could not be read at all; each part of a sentence. */
  readonly problems: readonly string[];
  /** What it covers, in epoch ms, whatever part of it was asked for; absent when it has no dates. */
  readonly from?: number;
  readonly until?: number;
}

export interface StatusCount {
  /** `500.0 1346`: status, substatus and sc-win32-status as far as the log has them. */
  readonly status: string;
  readonly count: number;
}

/** How often one thing was asked for, and how it was answered. */
export interface OperationCount {
  readonly operation: LogOperation;
  readonly count: number;
  readonly ok: number;
  readonly failed: number;
  /** The log does not say how it was answered. */
  readonly untold: number;
  /** Most frequent first. */
  readonly statuses: readonly StatusCount[];
  /** Milliseconds; absent when the log has no durations. */
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  readonly slowestMs?: number;
  /** Epoch ms. */
  readonly firstAt?: number;
  readonly lastAt?: number;
  readonly lastGoodAt?: number;
}

export interface PlatformCount extends Omit<OperationCount, 'operation' | 'statuses'> {
  readonly platform: Platform;
  /** In the order of LOG_OPERATIONS. */
  readonly operations: readonly OperationCount[];
}

/** How many requests of one platform fell into each bucket of time. */
export interface TimelineRow {
  readonly platform: Platform;
  readonly ok: readonly number[];
  readonly failed: readonly number[];
  readonly untold: readonly number[];
}

export interface Timeline {
  /** Where the first bucket begins, in epoch ms. */
  readonly from: number;
  readonly bucketMs: number;
  readonly rows: readonly TimelineRow[];
  /** Requests of so different a time that they are not in the rows; absent when there are none. */
  readonly leftOut?: number;
}

/** Counted with bounded memory: of many devices the count may be too high by up to `atMost`. */
export interface FailingDevice {
  /** Identity: shown only as a pseudonym unless the operator asks. */
  readonly device: string;
  readonly platform: Platform;
  readonly failures: number;
  readonly atMost: number;
}

/** All findings of one code. */
export interface FindingSummary {
  readonly code: LogCode;
  readonly count: number;
  /** Epoch ms; absent when the log has no dates there. */
  readonly firstAt?: number;
  readonly lastAt?: number;
  /** The first few. Never empty. Identities are still in them. */
  readonly evidence: readonly LogFinding[];
  /** How often for each platform, for those that the log tells. */
  readonly platforms: readonly { readonly platform: Platform; readonly count: number }[];
  /** What all logs together say of it, in a sentence part: what is missing, or what belongs together. May name devices. */
  readonly conclusion?: string;
  /** Epoch ms of a good answer after the last of these, when such requests are answered again. */
  readonly goodAgainAt?: number;
}

/** Everything that the logs of one run say, taken together. Of bounded size, whatever the logs hold. */
export interface LogSummary {
  /** Epoch ms; what the logs cover. */
  readonly from?: number;
  readonly until?: number;
  readonly exchanges: number;
  readonly unreadableLines: number;
  /** In the order of PLATFORMS; those that do not occur are left out. */
  readonly platforms: readonly PlatformCount[];
  readonly timeline?: Timeline;
  /** Most failures first. */
  readonly failingDevices: readonly FailingDevice[];
  /** What explains most first. */
  readonly findings: readonly FindingSummary[];
  readonly enrolments: { readonly succeeded: number; readonly failed: number; readonly incomplete: number };
}
