import { headerValue } from '../http/headers.ts';
import { printable } from '../text/printable.ts';
import { slowestAnswerMs } from '../verdict/aggregate.ts';
import type { VerdictCode } from '../verdict/code.ts';
import type { Operation } from '../verdict/observation.ts';
import type { TargetReport } from '../verdict/report.ts';
import type { VerdictSeen } from './state.ts';

/** One check of a kept result, in short: enough to draw it and to ask Microsoft about it. */
export interface CheckResult {
  readonly operation: Operation;
  readonly dialect: string;
  /** HTTP status; absent when no answer arrived. */
  readonly status?: number;
  /** Node's or undici's error code when no answer arrived, `skipped` when the check was left out. */
  readonly failure?: string;
  /** From the start of the request to its end. */
  readonly ms?: number;
  readonly code?: VerdictCode;
  /** `x-ms-proxy-transaction-id` of an answer that was not as it should be; safe to print. */
  readonly transactionId?: string;
}

/** One cycle of one target, as it is kept. */
export interface CycleResult {
  /** When the verdict was there. Epoch ms. */
  readonly at: number;
  readonly verdict: VerdictSeen;
  readonly alsoFound: readonly VerdictSeen[];
  /** What was seen; empty when the target is fine. */
  readonly evidence: readonly string[];
  readonly durationMs: number;
  /** Slowest answer; absent when there was none. */
  readonly responseMs?: number;
  readonly checks: readonly CheckResult[];
  readonly vantage: string;
  /** The first observation was bad, and this is the second one of the same cycle. */
  readonly rechecked: boolean;
  readonly inMaintenance: boolean;
}

const MAX_EVIDENCE_LINES = 12;
const MAX_EVIDENCE_CHARACTERS = 500;
const MAX_ID_CHARACTERS = 60;

export function cycleResult(report: TargetReport, facts: Pick<CycleResult, 'at' | 'rechecked' | 'inMaintenance'>): CycleResult {
  const { observation, verdict, alsoFound, checks } = report;
  const slowest = slowestAnswerMs(observation.checks);
  return {
    ...facts,
    verdict: seenOf(verdict),
    alsoFound: alsoFound.map(seenOf),
    evidence: verdict.severity === 'ok' ? [] : keptEvidence(verdict.evidence),
    durationMs: Math.round(observation.durationMs),
    ...(observation.checks.some(({ kind }) => kind === 'answered') && { responseMs: Math.round(slowest) }),
    checks: checks.map(({ observation: seen, verdict: judged }) => {
      const { operation, dialect } = seen.request;
      const code = judged === undefined ? {} : { code: judged.code };
      if (seen.kind === 'skipped') return { operation, dialect, failure: 'skipped' };
      const ms = Math.round(seen.timings.totalMs);
      if (seen.kind === 'failed') return { operation, dialect, failure: seen.code, ms, ...code };
      const transactionId = judged?.severity === 'ok' ? undefined : headerValue(seen.headers, 'x-ms-proxy-transaction-id');
      return {
        operation,
        dialect,
        status: seen.status,
        ms,
        ...code,
        ...(transactionId !== undefined && { transactionId: printable(transactionId, MAX_ID_CHARACTERS) }),
      };
    }),
    vantage: observation.vantage,
  };
}

export function seenOf({ code, severity, layer }: VerdictSeen): VerdictSeen {
  return { code, severity, layer };
}

export function keptEvidence(evidence: readonly string[]): readonly string[] {
  return evidence.slice(0, MAX_EVIDENCE_LINES).map((line) => printable(line, MAX_EVIDENCE_CHARACTERS));
}
