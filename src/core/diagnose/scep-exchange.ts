/** Whose request it was, by its user agent or by the log that it stands in. */
export const PLATFORMS = ['android', 'ios', 'macos', 'windows', 'policy-module', 'probe', 'other'] as const;

export type Platform = (typeof PLATFORMS)[number];

/** What was asked for. `verify` and `notify` are the calls of the old policy module to the certificate registration point. */
export const LOG_OPERATIONS = [
  'GetCACaps',
  'GetCACert',
  'PKIOperation',
  'GetNextCACert',
  'base-url',
  'admin',
  'verify',
  'notify',
  'other',
] as const;

export type LogOperation = (typeof LOG_OPERATIONS)[number];

/** One request of a device, or of the policy module, as a log tells it. */
export interface ScepExchange {
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** Epoch ms; absent when the log has no date. */
  readonly at?: number;
  readonly platform: Platform;
  readonly operation: LogOperation;
  /** HTTP status; absent when the log does not say. */
  readonly status?: number;
  readonly substatus?: number;
  /** sc-win32-status, as an unsigned number. */
  readonly win32?: number;
  readonly tookMs?: number;
  /** What tells devices apart in this log: a client address, a device name. Identity: never shown unless the operator asks. */
  readonly device?: string;
  /** The whole line; given only for lines that are evidence, because most are not. Not redacted. */
  readonly text?: string;
}
