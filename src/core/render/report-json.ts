import type { CertificateFacts } from '../scep/certificate.ts';
import type { Dialect } from '../scep/dialect.ts';
import type { CertificateRole } from '../scep/roles.ts';
import { printable } from '../text/printable.ts';
import { daysUntil, isoTime } from '../time.ts';
import type { Cause, Link } from '../verdict/catalog-entry.ts';
import type { VerdictCode } from '../verdict/code.ts';
import type { HopState } from '../verdict/hop.ts';
import type { Layer } from '../verdict/layer.ts';
import type { Operation, PhaseTimings, Skipped, TlsFacts } from '../verdict/observation.ts';
import type { JudgedCheck, TargetReport } from '../verdict/report.ts';
import type { Severity } from '../verdict/severity.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { listCertificates } from './certificates.ts';

export interface VerdictJson {
  readonly code: VerdictCode;
  readonly severity: Severity;
  readonly layer: Layer;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly causes: readonly Cause[];
  readonly links: readonly Link[];
}

export interface CheckJson {
  readonly operation: Operation;
  readonly dialect: Dialect;
  /** null when the check was skipped. */
  readonly verdict: VerdictJson | null;
  /** HTTP status; null when no answer arrived. */
  readonly status: number | null;
  /** Milliseconds; a phase that was not reached, or that an earlier check paid for, is absent. */
  readonly timings: Partial<PhaseTimings>;
  readonly skipped?: { readonly reason: Skipped['reason']; readonly detail: string };
  readonly alsoFound: readonly VerdictJson[];
}

export interface CertificateJson {
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** Whole days, rounded down; negative after expiry. */
  readonly daysLeft: number;
  readonly sha256: string;
  readonly serialNumber: string;
  readonly signatureAlgorithmOid: string;
  readonly keyType: string;
  readonly keyBits?: number;
  readonly template?: string;
}

export interface ProbeReportJson {
  readonly schema: 'scepwatch.probe/1';
  readonly target: { readonly url: string };
  readonly vantage: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: VerdictJson;
  readonly alsoFound: readonly VerdictJson[];
  readonly path: readonly { readonly layer: Layer; readonly state: HopState }[];
  readonly checks: readonly CheckJson[];
  readonly certificates: readonly (CertificateJson & { readonly role: CertificateRole })[];
  readonly clients: readonly { readonly platform: Dialect; readonly usable: boolean; readonly problem?: string }[];
  /** null when the URL is http or no handshake was tried. */
  readonly tls: {
    readonly serverName: string;
    readonly protocol: string | null;
    readonly cipher: string | null;
    readonly verified: boolean;
    readonly verifyError?: { readonly code: string; readonly detail: string };
    /** The peer's chain, leaf first, present even when it does not verify. */
    readonly chain: readonly CertificateJson[];
  } | null;
  readonly notes: readonly string[];
}

/** The report as the public JSON contract (docs/schemas/probe-1.schema.json). Text from the server is made printable. `now` in epoch ms. */
export function reportJson(report: TargetReport, now: number): ProbeReportJson {
  const { observation, verdict, alsoFound, path, clients, notes } = report;
  return {
    schema: 'scepwatch.probe/1',
    target: { url: observation.url },
    vantage: observation.vantage,
    startedAt: isoTime(observation.startedAt),
    durationMs: rounded(observation.durationMs),
    verdict: verdictJson(verdict),
    alsoFound: alsoFound.map(verdictJson),
    path: path.map(({ layer, state }) => ({ layer, state })),
    checks: report.checks.map(checkJson),
    certificates: listCertificates(report).map(({ role, certificate }) => ({ role, ...certificateJson(certificate, now) })),
    clients: clients.map((client) => ({
      platform: client.platform,
      usable: client.usable,
      ...(!client.usable && { problem: client.problem }),
    })),
    tls: tlsJson(observation.connection?.tls, now),
    notes,
  };
}

function verdictJson({ code, severity, layer, title, evidence, causes, links }: Verdict): VerdictJson {
  return { code, severity, layer, title, evidence, causes, links };
}

function checkJson({ observation, verdict, alsoFound }: JudgedCheck): CheckJson {
  const { operation, dialect } = observation.request;
  return {
    operation,
    dialect,
    verdict: verdict === undefined ? null : verdictJson(verdict),
    status: observation.kind === 'answered' ? observation.status : null,
    timings: observation.kind === 'skipped' ? {} : roundedTimings(observation.timings),
    ...(observation.kind === 'skipped' && { skipped: { reason: observation.reason, detail: printable(observation.detail) } }),
    alsoFound: alsoFound.map(verdictJson),
  };
}

function certificateJson(certificate: CertificateFacts, now: number): CertificateJson {
  const { subject, issuer, notBefore, notAfter, sha256, serialNumber, signatureAlgorithmOid, keyType, keyBits, template } = certificate;
  return {
    subject: printable(subject, 256),
    issuer: printable(issuer, 256),
    notBefore: isoTime(notBefore),
    notAfter: isoTime(notAfter),
    daysLeft: daysUntil(notAfter, now),
    sha256,
    serialNumber,
    signatureAlgorithmOid,
    keyType,
    ...(keyBits !== undefined && { keyBits }),
    ...(template !== undefined && { template: printable(template, 100) }),
  };
}

function tlsJson(tls: TlsFacts | undefined, now: number): ProbeReportJson['tls'] {
  if (tls === undefined) return null;
  const { serverName, protocol, cipher, verifyError, chain } = tls;
  return {
    serverName,
    protocol: protocol ?? null,
    cipher: cipher ?? null,
    verified: protocol !== undefined && verifyError === undefined,
    ...(verifyError !== undefined && { verifyError: { code: printable(verifyError.code), detail: printable(verifyError.detail, 400) } }),
    chain: chain.map((certificate) => certificateJson(certificate, now)),
  };
}

function roundedTimings(timings: PhaseTimings): Partial<PhaseTimings> {
  return Object.fromEntries(Object.entries(timings).map(([phase, ms]) => [phase, rounded(ms)]));
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
