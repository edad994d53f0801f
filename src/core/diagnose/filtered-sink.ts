import type { LogSink } from './log-format.ts';
import type { Platform } from './scep-exchange.ts';

/** Which part of the logs is wanted. */
export interface LogFilter {
  /** Epoch ms, included. */
  readonly since?: number;
  /** Epoch ms, not included. */
  readonly until?: number;
  readonly platform?: Platform;
}

/** Lets through what is wanted. What has no time, or, among findings, no platform, may be of the wanted part and is let through. */
export function filteredSink(sink: LogSink, { since, until, platform }: LogFilter): LogSink {
  if (since === undefined && until === undefined && platform === undefined) return sink;
  const first = since ?? Number.NEGATIVE_INFINITY;
  const last = until ?? Number.POSITIVE_INFINITY;
  const isInTime = (at: number | undefined): boolean => at === undefined || (at >= first && at < last);
  return {
    exchange: (exchange) => {
      if (isInTime(exchange.at) && (platform === undefined || exchange.platform === platform)) sink.exchange(exchange);
    },
    finding: (finding) => {
      if (isInTime(finding.at) && (platform === undefined || finding.platform === undefined || finding.platform === platform))
        sink.finding(finding);
    },
    seen: (at) => {
      if (isInTime(at)) sink.seen(at);
    },
    unreadable: sink.unreadable,
  };
}
