import { printable } from '../text/printable.ts';
import type { Observation, Operation } from './observation.ts';
import type { JudgeContext, JudgedCheck } from './report.ts';
import { compareSeverity } from './severity.ts';
import { byImportance, type Verdict, verdictOf } from './verdict.ts';

/** Row 66: a cycle is slow above this, in milliseconds; a cold application pool alone takes about five seconds. */
const SLOW_ANSWER_MS = 10_000;
const SLOW_RUNS = 3;
const SLOW_WINDOW = 5;

/**
 * Rows 64 to 70: one verdict for the target from those of its checks, the most severe first, among equals the lower row.
 * One exception, row 65: when both SCEP operations work, a bare URL that answers oddly is an anomaly and no outage,
 * so the anomaly takes the place of the bare URL's own verdict.
 */
export function targetVerdict(
  checks: readonly JudgedCheck[],
  context: JudgeContext,
): { readonly verdict: Verdict; readonly alsoFound: readonly Verdict[] } {
  const of = (operation: Operation): readonly JudgedCheck[] =>
    checks.filter(({ observation }) => observation.request.operation === operation);
  const [base] = of('base-url');
  const operations = [...of('ca-caps'), ...of('ca-cert')];
  const candidates: Verdict[] = [];

  const anomaly = base !== undefined && isBaseAnomaly(base, of('ca-caps'), of('ca-cert'));
  for (const check of checks) {
    if (check.verdict === undefined || isOk(check.verdict)) continue;
    if (check === base && anomaly) candidates.push(verdictOf('ndes-base-anomaly', check.verdict.evidence));
    else candidates.push(check.verdict, ...check.alsoFound);
  }

  if (base !== undefined && statusOf(base) === 403 && isPassing(base)) {
    const failing = operations.filter((check) => check.verdict !== undefined && statusOf(check) !== 200);
    if (failing.length > 0) candidates.push(verdictOf('ndes-partial-failure', [...evidenceOf(failing), ...evidenceOf([base])]));
  }
  const slow = slowEvidence(checks, context);
  if (slow !== undefined) candidates.push(verdictOf('slow-response', [slow]));

  // Planned but not judged, for want of time: neither good nor bad is proven, so nothing milder than `unknown` may stand.
  const unjudged = operations.flatMap(unjudgedEvidence);
  const proven = mergeByCode(candidates).toSorted(byImportance);
  if (unjudged.length > 0 && !proven.some(({ severity }) => compareSeverity(severity, 'unknown') >= 0)) {
    return { verdict: verdictOf('unclassified', [...evidenceOf(checks), ...unjudged]), alsoFound: proven };
  }
  const [worst, ...rest] = proven;
  if (worst !== undefined) return { verdict: worst, alsoFound: rest };
  return { verdict: quietVerdict(checks, base, of('ca-caps'), of('ca-cert'), of('long-url')), alsoFound: [] };
}

/** Rows 67 to 70: nothing is wrong; how much has been proven? */
function quietVerdict(
  checks: readonly JudgedCheck[],
  base: JudgedCheck | undefined,
  caps: readonly JudgedCheck[],
  certs: readonly JudgedCheck[],
  longUrls: readonly JudgedCheck[],
): Verdict {
  const evidence = evidenceOf(checks);
  if (base === undefined || !isPassing(base)) return verdictOf('unclassified', evidence.length === 0 ? ['nothing was probed'] : evidence);
  if (caps.length === 0 && certs.length === 0) return verdictOf('base-403-only', evidence);
  if (!allPassing(caps) || !allPassing(certs)) return verdictOf('unclassified', evidence);
  return verdictOf(allPassing(longUrls) ? 'healthy' : 'healthy-long-url-untested', evidence);
}

function allPassing(checks: readonly JudgedCheck[]): boolean {
  return checks.length > 0 && checks.every(isPassing);
}

function isPassing({ verdict }: JudgedCheck): boolean {
  return verdict !== undefined && isOk(verdict);
}

function isOk({ severity }: Verdict): boolean {
  return severity === 'ok';
}

/** "P2 and P3 fine": answered 200 with usable content; a warning about that content does not stop an enrolment. */
function isWorking({ verdict, observation }: JudgedCheck): boolean {
  return (
    verdict !== undefined &&
    compareSeverity(verdict.severity, 'crit') < 0 &&
    verdict.code !== 'unclassified' &&
    observation.kind === 'answered' &&
    observation.status === 200
  );
}

function isBaseAnomaly(base: JudgedCheck, caps: readonly JudgedCheck[], certs: readonly JudgedCheck[]): boolean {
  if (base.verdict === undefined || isOk(base.verdict)) return false;
  const status = statusOf(base);
  if (status === 403 || status === 200) return false;
  return caps.length > 0 && certs.length > 0 && [...caps, ...certs].every(isWorking);
}

function statusOf({ observation }: JudgedCheck): number | undefined {
  return observation.kind === 'answered' ? observation.status : undefined;
}

function evidenceOf(checks: readonly JudgedCheck[]): readonly string[] {
  return checks.flatMap(({ verdict }) => verdict?.evidence ?? []);
}

function unjudgedEvidence({ observation }: JudgedCheck): readonly string[] {
  return observation.kind === 'skipped' ? [`${observation.request.operation} was not judged: ${printable(observation.detail)}`] : [];
}

/** Three checks that fail alike are one problem with three lines of evidence. */
function mergeByCode(verdicts: readonly Verdict[]): readonly Verdict[] {
  const merged = new Map<string, Verdict>();
  for (const verdict of verdicts) {
    const before = merged.get(verdict.code);
    if (before === undefined) {
      merged.set(verdict.code, verdict);
      continue;
    }
    const graver = compareSeverity(verdict.severity, before.severity) > 0 ? verdict : before;
    merged.set(verdict.code, { ...graver, evidence: [...new Set([...before.evidence, ...verdict.evidence])] });
  }
  return [...merged.values()];
}

function slowEvidence(checks: readonly JudgedCheck[], { history }: JudgeContext): string | undefined {
  const slowestNow = slowestAnswerMs(checks.map(({ observation }) => observation));
  const runs = [slowestNow, ...(history.slowestAnswersMs ?? [])].slice(0, SLOW_WINDOW);
  const slow = runs.filter((ms) => ms > SLOW_ANSWER_MS);
  if (slow.length < SLOW_RUNS) return undefined;
  return `the slowest answer took more than ${SLOW_ANSWER_MS / 1000} s in ${slow.length} of the last ${runs.length} cycles: ${runs.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(', ')}`;
}

/** How long the slowest answer of a cycle took, in milliseconds; what never answered is not slow but broken. */
export function slowestAnswerMs(checks: readonly Observation[]): number {
  return Math.max(0, ...checks.map((check) => (check.kind === 'answered' ? check.timings.totalMs : 0)));
}
