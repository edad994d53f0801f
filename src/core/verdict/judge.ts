import { decodeBody } from '../http/decode-body.ts';
import { headerValue } from '../http/headers.ts';
import { parseCaCaps } from '../scep/ca-caps.ts';
import type { CaCertBundle } from '../scep/certificate.ts';
import { type ClientView, clientViews } from '../scep/client-selection.ts';
import { bundleRoles } from '../scep/roles.ts';
import { printable } from '../text/printable.ts';
import { slowestAnswerMs, targetVerdict } from './aggregate.ts';
import type { VerdictCode } from './code.ts';
import { answerFacts, type Facts, failureFacts } from './facts.ts';
import { bundleFindings, type Comparison, capsFindings, type Finding } from './findings.ts';
import type { Layer } from './layer.ts';
import { notesOn, notNdes } from './notes.ts';
import type { Observation, TargetObservation } from './observation.ts';
import { requestPath } from './path.ts';
import type { JudgeContext, JudgedCheck, ReadBundle, TargetHistory, TargetReport } from './report.ts';
import { firstSymptom, type RuleContext } from './rules.ts';
import { byImportance, type Verdict, verdictOf } from './verdict.ts';

/**
 * Judges one target: per check first, aggregate after (docs/verdicts.md). Pure, so the same observation always gives the same report.
 * `bundles` holds the bodies of GetCACert answers with status 200, read by the caller, because reading X.509 takes a library.
 */
export function judgeTarget(observation: TargetObservation, bundles: readonly ReadBundle[], context: JudgeContext): TargetReport {
  const bundleOf = (check: Observation): CaCertBundle | undefined => bundles.find((read) => read.observation === check)?.bundle;
  const comparisons = observation.comparisons.flatMap((check) => comparisonOf(check, bundleOf(check)));
  const checks = observation.checks.map((check) => judgeCheck(check, observation.checks, bundleOf(check), comparisons, context));
  const { verdict: judged, alsoFound } = targetVerdict(checks, context);
  // Part of the evidence and no note: the causes below speak of IIS and NDES.
  const doubts = judged.severity === 'ok' ? [] : notNdes(checks);
  const verdict = { ...judged, evidence: [...judged.evidence, ...doubts] };
  const readable = checks.find(({ bundle }) => bundle !== undefined && bundle.kind !== 'invalid');
  const clients = readable?.bundle === undefined ? [] : viewsOf(readable.observation, readable.bundle);
  return {
    observation,
    verdict,
    alsoFound,
    checks,
    clients,
    doubts,
    path: requestPath(observation, checks, verdict, alsoFound),
    notes: notesOn(observation, checks, clients, context.now),
  };
}

function judgeCheck(
  check: Observation,
  all: readonly Observation[],
  bundle: CaCertBundle | undefined,
  comparisons: readonly Comparison[],
  context: JudgeContext,
): JudgedCheck {
  if (check.kind === 'skipped') return { observation: check, alsoFound: [] };
  const facts = check.kind === 'answered' ? answerFacts(check) : failureFacts(check);
  const seen = `${check.request.operation}: ${facts.described}`;

  const symptom = firstSymptom(facts, ruleContext(check, all, context));
  if (symptom !== undefined) {
    return {
      observation: check,
      verdict: verdictOf(symptom.code, [seen, ...symptom.evidence, ...supportEvidence(symptom.code, check)], {
        severity: symptom.severity,
        layer: layerOf(symptom.code, check, all),
      }),
      alsoFound: [],
    };
  }
  if (check.kind === 'failed') return { observation: check, verdict: verdictOf('unclassified', [seen]), alsoFound: [] };

  switch (check.request.operation) {
    case 'base-url':
      return { observation: check, verdict: check.status === 403 ? passed(facts) : verdictOf('unclassified', [seen]), alsoFound: [] };
    case 'long-url':
      return { observation: check, verdict: check.status === 200 ? passed(facts) : verdictOf('unclassified', [seen]), alsoFound: [] };
    case 'ca-caps': {
      if (check.status !== 200) return { observation: check, verdict: verdictOf('unclassified', [seen]), alsoFound: [] };
      const caps = parseCaCaps(decodeBody(check.body, headerValue(check.headers, 'content-type')).text);
      return { observation: check, caps, ...mostImportant(facts, capsFindings(caps)) };
    }
    case 'ca-cert': {
      if (check.status !== 200 || bundle === undefined)
        return { observation: check, verdict: verdictOf('unclassified', [seen]), alsoFound: [] };
      const findings = bundleFindings(bundle, {
        now: context.now,
        caPins: context.caPins,
        comparisons,
        ...(context.history.fingerprints !== undefined && { last: context.history.fingerprints }),
        clients: viewsOf(check, bundle),
      });
      return { observation: check, bundle, ...mostImportant(facts, findings) };
    }
  }
}

/** A connection for which no time was left proves nothing about the server behind it. */
function comparisonOf(check: Observation, bundle: CaCertBundle | undefined): readonly Comparison[] {
  if (check.kind === 'skipped') return [];
  const { described } = check.kind === 'answered' ? answerFacts(check) : failureFacts(check);
  return [{ described, ...(bundle !== undefined && { bundle }) }];
}

/**
 * Where a connection broke off or a reply stayed out. The code alone does not tell: it is the hop behind the last one that is known to work.
 * In the handshake that is TLS; after it the NDES application once IIS has answered anything, the connector once the proxy has, else the edge.
 */
function layerOf(code: VerdictCode, check: Observation, all: readonly Observation[]): Layer | undefined {
  if (code !== 'connection-reset' && code !== 'client-timeout') return undefined;
  if (check.kind === 'failed' && check.phase === 'tls') return 'tls';
  if (check.kind === 'failed' && check.phase === 'tcp') return 'tcp';
  const answers = all.filter((other) => other.kind === 'answered').map(answerFacts);
  if (answers.some(({ throughProxy, byConnector }) => byConnector || !throughProxy)) return 'ndes';
  return answers.length > 0 ? 'connector' : 'edge';
}

function ruleContext(check: Observation, all: readonly Observation[], { now, vantagePoints, history }: JudgeContext): RuleContext {
  const caps = all.find(
    ({ kind, request }) => kind === 'answered' && request.operation === 'ca-caps' && request.dialect === check.request.dialect,
  );
  return {
    now,
    vantagePoints,
    ...(caps?.kind === 'answered' && { capsStatus: caps.status }),
    ...(history.raNotAfter !== undefined && { lastRaNotAfter: history.raNotAfter }),
  };
}

/** What Microsoft's support asks for first when application proxy is at fault. */
function supportEvidence(code: VerdictCode, check: Observation): readonly string[] {
  if (check.kind !== 'answered' || !code.startsWith('approxy-')) return [];
  const transaction = headerValue(check.headers, 'x-ms-proxy-transaction-id');
  return transaction === undefined
    ? []
    : [`${check.request.operation} transaction id, for Microsoft support: ${printable(transaction, 60)}`];
}

function passed(facts: Facts): Verdict {
  return verdictOf('healthy', [`${facts.operation}: ${facts.described}`]);
}

function mostImportant(facts: Facts, findings: readonly Finding[]): { readonly verdict: Verdict; readonly alsoFound: readonly Verdict[] } {
  const [first, ...others] = findings.map(({ code, evidence, severity }) => verdictOf(code, evidence, { severity })).toSorted(byImportance);
  return first === undefined ? { verdict: passed(facts), alsoFound: [] } : { verdict: first, alsoFound: others };
}

function viewsOf(check: Observation, bundle: CaCertBundle): readonly ClientView[] {
  if (check.kind !== 'answered' || bundle.kind === 'invalid') return [];
  const contentType = (headerValue(check.headers, 'content-type') ?? '').split(';', 1)[0] ?? '';
  return clientViews({ certificates: bundle.certificates, contentType: printable(contentType.toLowerCase(), 60) });
}

/** What the next cycle wants to know of this one; empty parts when the certificates could not be read. */
export function historyAfter(report: TargetReport, before: TargetHistory): TargetHistory {
  const bundle = report.checks.find((check) => check.bundle !== undefined && check.bundle.kind !== 'invalid')?.bundle;
  const slowestAnswersMs = [slowestAnswerMs(report.observation.checks), ...(before.slowestAnswersMs ?? [])].slice(0, 5);
  if (bundle === undefined || bundle.kind === 'invalid') return { ...before, slowestAnswersMs };
  const { ra, ca } = bundleRoles(bundle.certificates);
  const sha256 = ({ sha256 }: { readonly sha256: string }): string => sha256;
  return {
    ...(ra.length > 0 && { raNotAfter: Math.min(...ra.map(({ notAfter }) => notAfter)) }),
    fingerprints: { ra: ra.map(sha256), ca: ca.map(sha256) },
    slowestAnswersMs,
  };
}
