import { redactedUrl } from '../core/text/redact.ts';
import type { Observation } from '../core/verdict/observation.ts';
import { blindPath } from '../core/verdict/path.ts';
import type { TargetReport } from '../core/verdict/report.ts';
import { verdictOf } from '../core/verdict/verdict.ts';
import type { Observe } from './ports.ts';
import { limitsFor } from './probe-limits.ts';

const CONTROL_ANSWER_MS = 5_000;

/** True when no check got an answer from anybody on the way: the target's network may be at fault, or ours. A refusal is an answer. */
export function failedOnTheWay({ observation }: TargetReport): boolean {
  const asked = observation.checks.filter(({ kind }) => kind !== 'skipped');
  return asked.length > 0 && asked.every(isUnanswered);
}

function isUnanswered(check: Observation): boolean {
  return check.kind === 'failed' && (check.phase === 'dns' || (check.phase === 'tcp' && check.code !== 'ECONNREFUSED'));
}

export type OwnNetwork = { readonly works: true } | { readonly works: false; readonly evidence: readonly string[] };

/** Asks the control URLs, all at once. One that answers proves that the network works, whatever it answers. */
export async function checkOwnNetwork(observe: Observe, controlUrls: readonly string[], vantage: string): Promise<OwnNetwork> {
  if (controlUrls.length === 0) return { works: true };
  const seen = await Promise.all(
    controlUrls.map(async (url) => {
      const { checks } = await observe({
        url,
        checks: [{ operation: 'base-url', dialect: 'android' }],
        longUrlBytes: 0,
        limits: limitsFor(CONTROL_ANSWER_MS, 1),
        insecure: false,
        compareBackends: 0,
        vantage,
      });
      const [check] = checks;
      return { url, check, answered: check !== undefined && check.kind !== 'skipped' && !isUnanswered(check) };
    }),
  );
  if (seen.some(({ answered }) => answered)) return { works: true };
  return {
    works: false,
    evidence: seen.map(
      ({ url, check }) =>
        `control ${redactedUrl(url)}: ${check?.kind === 'failed' ? `${check.code} in phase ${check.phase}` : 'not asked'}`,
    ),
  };
}

/** The same report, judged as what it is: nothing was seen of the target. */
export function blindReport(report: TargetReport, evidence: readonly string[]): TargetReport {
  const verdict = verdictOf('probe-network-down', [...report.verdict.evidence, ...evidence]);
  return { ...report, verdict, alsoFound: [], path: blindPath(report.path) };
}
