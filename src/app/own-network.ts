import { redactedUrl } from '../core/text/redact.ts';
import { blindPath } from '../core/verdict/path.ts';
import type { TargetReport } from '../core/verdict/report.ts';
import { verdictOf } from '../core/verdict/verdict.ts';
import type { Observe } from './ports.ts';
import { limitsFor } from './probe-limits.ts';

const CONTROL_ANSWER_MS = 5_000;

/** True when no check came as far as an established connection: the target's network may be at fault, or ours. */
export function failedOnTheWay({ observation }: TargetReport): boolean {
  const asked = observation.checks.filter(({ kind }) => kind !== 'skipped');
  return asked.length > 0 && asked.every((check) => check.kind === 'failed' && (check.phase === 'dns' || check.phase === 'tcp'));
}

export type OwnNetwork = { readonly works: true } | { readonly works: false; readonly evidence: readonly string[] };

/** Asks the control URLs, all at once. One connection that stands proves that the network works, whatever is answered on it. */
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
      return {
        url,
        check,
        connected: check?.kind === 'answered' || (check?.kind === 'failed' && check.phase !== 'dns' && check.phase !== 'tcp'),
      };
    }),
  );
  if (seen.some(({ connected }) => connected)) return { works: true };
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
