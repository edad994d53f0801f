import { catalogEntry } from '../diagnose/catalog.ts';
import { type Diagnosis, diagnosisSeverity } from '../diagnose/diagnosis.ts';
import type { JoinedView } from '../diagnose/join-views.ts';
import type { LogCode } from '../diagnose/log-code.ts';
import type { LogFinding } from '../diagnose/log-finding.ts';
import type { LogFormat } from '../diagnose/log-format.ts';
import type { FailingDevice, FindingSummary, LogSummary, OperationCount, PlatformCount, TimelineRow } from '../diagnose/log-summary.ts';
import type { IdentityRedactor } from '../diagnose/redact-identities.ts';
import type { LogOperation, Platform } from '../diagnose/scep-exchange.ts';
import { printable } from '../text/printable.ts';
import { isoTime } from '../time.ts';
import type { Cause, Link } from '../verdict/catalog-entry.ts';
import type { VerdictCode } from '../verdict/code.ts';
import type { Layer } from '../verdict/layer.ts';
import type { Severity } from '../verdict/severity.ts';

export interface EvidenceJson {
  readonly file: string;
  readonly line: number;
  /** Lines that belong together are joined by line feeds. */
  readonly text: string;
  readonly at?: string;
  readonly detail?: string;
}

export interface FindingJson {
  readonly code: LogCode;
  readonly severity: Severity;
  readonly layer: Layer;
  readonly title: string;
  readonly meaning: string;
  /** Absent when it concerns several, or none in particular. */
  readonly platform?: Platform;
  readonly platforms: readonly { readonly platform: Platform; readonly count: number }[];
  readonly count: number;
  readonly firstAt?: string;
  readonly lastAt?: string;
  /** What all logs together say of it. */
  readonly conclusion?: string;
  readonly goodAgainAt?: string;
  /** The first piece. */
  readonly evidence: EvidenceJson;
  readonly moreEvidence: readonly EvidenceJson[];
  readonly causes: readonly Cause[];
  /** Those of all causes in their order, each once. */
  readonly fixes: readonly string[];
  readonly links: readonly Link[];
}

export interface CountJson {
  readonly count: number;
  readonly ok: number;
  readonly failed: number;
  readonly untold: number;
  /** Of those whose answer is told; null when none is. */
  readonly successRate: number | null;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  readonly slowestMs?: number;
  readonly firstAt?: string;
  readonly lastAt?: string;
  readonly lastGoodAt?: string;
}

export interface DiagnoseReportJson {
  readonly schema: 'scepwatch.diagnose/1';
  /** The worst of all, that from outside included. */
  readonly severity: Severity;
  /** Most important first. */
  readonly findings: readonly FindingJson[];
  readonly summary: {
    readonly logs: readonly {
      readonly file: string;
      readonly format: LogFormat | null;
      readonly lines: number;
      readonly problems: readonly string[];
    }[];
    readonly from: string | null;
    readonly until: string | null;
    readonly exchanges: number;
    readonly unreadableLines: number;
    readonly enrolments: LogSummary['enrolments'];
    readonly platforms: readonly (CountJson & {
      readonly platform: Platform;
      readonly operations: readonly (CountJson & {
        readonly operation: LogOperation;
        readonly statuses: readonly { readonly status: string; readonly count: number }[];
      })[];
    })[];
    /** null when the logs have no dates. */
    readonly timeline: { readonly from: string; readonly bucketMs: number; readonly rows: readonly TimelineRow[] } | null;
    readonly failingDevices: readonly FailingDevice[];
  };
  readonly outside?: {
    readonly target: string;
    readonly at: string;
    readonly code: VerdictCode;
    readonly severity: Severity;
    readonly layer: Layer;
    readonly answers?: string;
  };
  readonly joined?: Pick<JoinedView, 'relation' | 'severity' | 'answer' | 'finding' | 'notes'>;
  readonly identitiesShown: boolean;
}

/** What the logs say as the public JSON contract (docs/schemas/diagnose-1.schema.json). Text of logs is redacted and printable. */
export function diagnoseJson(diagnosis: Diagnosis, redactor: IdentityRedactor, identitiesShown: boolean): DiagnoseReportJson {
  const { logs, summary, joined } = diagnosis;
  // In the order of the text output, so that both use the same names.
  const findings = summary.findings.map((finding) => findingJson(finding, redactor));
  return {
    schema: 'scepwatch.diagnose/1',
    severity: diagnosisSeverity(diagnosis),
    findings,
    summary: {
      logs: logs.map(({ file, format, lines, problems }) => ({
        file: printable(redactor.file(file), 400),
        format: format ?? null,
        lines,
        problems: problems.map((problem) => printable(redactor.text(problem), 400)),
      })),
      from: instantOrNull(summary.from),
      until: instantOrNull(summary.until),
      exchanges: summary.exchanges,
      unreadableLines: summary.unreadableLines,
      enrolments: summary.enrolments,
      platforms: summary.platforms.map(platformJson),
      timeline: summary.timeline === undefined ? null : { ...summary.timeline, from: isoTime(summary.timeline.from) },
      failingDevices: summary.failingDevices.map((one) => ({ ...one, device: printable(redactor.device(one.device)) })),
    },
    ...(joined !== undefined && viewsJson(joined)),
    identitiesShown,
  };
}

function viewsJson({ outside, relation, severity, answer, finding, notes }: JoinedView): Pick<DiagnoseReportJson, 'outside' | 'joined'> {
  return {
    outside: { ...outside, target: printable(outside.target, 400), at: isoTime(outside.at) },
    joined: { relation, severity, answer: printable(answer, 1_000), ...(finding !== undefined && { finding }), notes },
  };
}

function findingJson(finding: FindingSummary, redactor: IdentityRedactor): FindingJson {
  const { code, count, platforms, conclusion } = finding;
  const { severity, layer, title, meaning, causes, links } = catalogEntry(code);
  const [first, ...more] = finding.evidence.map((piece) => evidenceJson(piece, redactor));
  const [only] = platforms;
  return {
    code,
    severity,
    layer,
    title,
    meaning,
    ...(only !== undefined && platforms.length === 1 && { platform: only.platform }),
    platforms,
    count,
    ...instants(finding),
    ...(conclusion !== undefined && { conclusion: printable(redactor.text(conclusion), 1_000) }),
    evidence: first ?? { file: '', line: 0, text: '' },
    moreEvidence: more,
    causes,
    fixes: [...new Set(causes.flatMap(({ fixes }) => fixes))],
    links,
  };
}

function evidenceJson({ file, line, text, at, detail }: LogFinding, redactor: IdentityRedactor): EvidenceJson {
  return {
    file: printable(redactor.file(file), 400),
    line,
    text: redactor
      .text(text)
      .split('\n')
      .map((one) => printable(one, 4_000))
      .join('\n'),
    ...(at !== undefined && { at: isoTime(at) }),
    ...(detail !== undefined && { detail: printable(redactor.text(detail), 1_000) }),
  };
}

function platformJson(one: PlatformCount): DiagnoseReportJson['summary']['platforms'][number] {
  return {
    platform: one.platform,
    ...countJson(one),
    operations: one.operations.map((each) => ({ operation: each.operation, ...countJson(each), statuses: each.statuses })),
  };
}

function countJson(counts: Omit<OperationCount, 'operation' | 'statuses'>): CountJson {
  const { count, ok, failed, untold, p50, p95, p99, slowestMs } = counts;
  return {
    count,
    ok,
    failed,
    untold,
    successRate: ok + failed === 0 ? null : Math.round((ok / (ok + failed)) * 100_000) / 100_000,
    ...(p50 !== undefined && { p50Ms: p50 }),
    ...(p95 !== undefined && { p95Ms: p95 }),
    ...(p99 !== undefined && { p99Ms: p99 }),
    ...(slowestMs !== undefined && { slowestMs }),
    ...instants(counts),
  };
}

type InstantName = 'firstAt' | 'lastAt' | 'lastGoodAt' | 'goodAgainAt';

/** The times of a record, as ISO 8601; those that it does not have stay absent. */
function instants(record: { readonly [Name in InstantName]?: number }): { readonly [Name in InstantName]?: string } {
  const { firstAt, lastAt, lastGoodAt, goodAgainAt } = record;
  return {
    ...(firstAt !== undefined && { firstAt: isoTime(firstAt) }),
    ...(lastAt !== undefined && { lastAt: isoTime(lastAt) }),
    ...(lastGoodAt !== undefined && { lastGoodAt: isoTime(lastGoodAt) }),
    ...(goodAgainAt !== undefined && { goodAgainAt: isoTime(goodAgainAt) }),
  };
}

function instantOrNull(at: number | undefined): string | null {
  return at === undefined ? null : isoTime(at);
}
