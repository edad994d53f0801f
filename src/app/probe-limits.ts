/** Time limits in milliseconds and size limits in bytes of one probe of one target. */
export interface ProbeLimits {
  readonly dnsMs: number;
  readonly tcpMs: number;
  readonly tlsMs: number;
  /** From the request sent to the answer's last byte. */
  readonly answerMs: number;
  /** The whole target, all checks together; what does not fit is reported as skipped, never as broken. */
  readonly budgetMs: number;
  /** What is left for the remaining checks together once one of them has had no reply within its limit. */
  readonly afterNoReplyMs: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** A GetCACert answer with long chains may be larger than a page. */
  readonly bundleBytes: number;
}

/** Application proxy's cold start is about 5 s; its own back-end timeout of 85 s needs `limitsFor(95_000)` once per incident. */
export const DEFAULT_ANSWER_MS = 20_000;

/** Bare URL, GetCACaps, GetCACert. */
const USUAL_CHECKS = 3;

/**
 * All limits from the one that people set: how long to wait for one answer. The budget lets each of `checks` use its limit up,
 * so that a slow server is judged in full; once one check has had no reply at all, the others share half a limit more.
 */
export function limitsFor(answerMs: number, checks = USUAL_CHECKS): ProbeLimits {
  const dnsMs = Math.min(5_000, answerMs);
  const tcpMs = Math.min(10_000, answerMs);
  const tlsMs = Math.min(10_000, answerMs);
  return {
    dnsMs,
    tcpMs,
    tlsMs,
    answerMs,
    budgetMs: dnsMs + tcpMs + tlsMs + answerMs * checks,
    afterNoReplyMs: Math.round(answerMs / 2),
    headerBytes: 64 * 1024,
    bodyBytes: 64 * 1024,
    bundleBytes: 256 * 1024,
  };
}
