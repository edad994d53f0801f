/** Time limits in milliseconds and size limits in bytes of one probe of one target. */
export interface ProbeLimits {
  readonly dnsMs: number;
  readonly tcpMs: number;
  readonly tlsMs: number;
  /** From the request sent to the answer's last byte. */
  readonly answerMs: number;
  /** The whole target, all checks together; what does not fit is reported as skipped, never as broken. */
  readonly budgetMs: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** A GetCACert answer with long chains may be larger than a page. */
  readonly bundleBytes: number;
}

/** Application proxy's cold start is about 5 s; its own back-end timeout of 85 s needs `limitsFor(95_000)` once per incident. */
export const DEFAULT_ANSWER_MS = 20_000;

/** All limits from the one that people set: how long to wait for one answer. The target's budget is one and a half times that. */
export function limitsFor(answerMs: number, longUrl = false): ProbeLimits {
  return {
    dnsMs: Math.min(5_000, answerMs),
    tcpMs: Math.min(10_000, answerMs),
    tlsMs: Math.min(10_000, answerMs),
    answerMs,
    // Whether a long URL hangs can be told only after a full wait of its own.
    budgetMs: Math.round(answerMs * (longUrl ? 2.5 : 1.5)),
    headerBytes: 64 * 1024,
    bodyBytes: 64 * 1024,
    bundleBytes: 256 * 1024,
  };
}
