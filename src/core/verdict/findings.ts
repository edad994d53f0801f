import { type CaCaps, missingCapabilities } from '../scep/ca-caps.ts';
import type { CaCertBundle, CertificateFacts } from '../scep/certificate.ts';
import { type ClientView, issuerProblem } from '../scep/client-selection.ts';
import { bundleRoles } from '../scep/roles.ts';
import { printable } from '../text/printable.ts';
import { DAY_MS, daysUntil, isoDay } from '../time.ts';
import type { VerdictCode } from './code.ts';
import type { Severity } from './severity.ts';

/** Something that a readable answer says about the service. Several can be true at once, so each is judged by itself. */
export interface Finding {
  readonly code: VerdictCode;
  readonly evidence: readonly string[];
  readonly severity?: Severity;
}

/** Rows 48, 49 and 61. */
export function capsFindings(caps: CaCaps): readonly Finding[] {
  switch (caps.kind) {
    case 'empty':
      return [{ code: 'scep-caps-empty', evidence: ['GetCACaps answered with an empty body'] }];
    case 'invalid':
      return [{ code: 'scep-caps-invalid', evidence: [`GetCACaps answered no list of keywords: ${caps.reason}`] }];
    case 'caps': {
      const missing = missingCapabilities(caps.capabilities);
      return missing.length === 0
        ? []
        : [{ code: 'scep-caps-limited', evidence: [`GetCACaps lists ${caps.capabilities.join(', ')}: ${missing.join(' and ')} missing`] }];
    }
  }
}

/** A GetCACert answer over a further connection; without a bundle when it was no readable 200. */
export interface Comparison {
  readonly bundle?: CaCertBundle;
  readonly described: string;
}

export interface BundleContext {
  /** Epoch milliseconds by the monitor's clock. */
  readonly now: number;
  /** SHA-256 or SHA-1 fingerprints, lower-case hexadecimal, of which one must stand in the bundle; empty when the operator pinned none. */
  readonly caPins: readonly string[];
  /** What other connections of the same cycle were answered. */
  readonly comparisons: readonly Comparison[];
  /** SHA-256 fingerprints seen in the last cycle that could read them. */
  readonly last?: { readonly ra: readonly string[]; readonly ca: readonly string[] };
  readonly clients: readonly ClientView[];
}

/** Rows 50 to 62, each judged by itself; the caller picks the most severe. */
export function bundleFindings(bundle: CaCertBundle, context: BundleContext): readonly Finding[] {
  if (bundle.kind === 'invalid')
    return [{ code: 'scep-cacert-invalid', evidence: [`GetCACert answered no certificates: ${printable(bundle.reason)}`] }];
  const { certificates } = bundle;
  const { signing, encryption, ra, ca } = bundleRoles(certificates);
  const { now } = context;
  return [
    ...finding(
      'ra-certificate-expired',
      ra
        .filter(({ notAfter }) => notAfter < now)
        .map((certificate) => `${name('RA', certificate)} expired on ${isoDay(certificate.notAfter)}`),
    ),
    ...finding(
      'ra-certificate-not-yet-valid',
      [...ra, ...ca]
        .filter(({ notBefore }) => notBefore > now)
        .map(
          (certificate) =>
            `${name(ca.includes(certificate) ? 'CA' : 'RA', certificate)} is valid only from ${isoDay(certificate.notBefore)}`,
        ),
    ),
    ...finding(
      'ca-certificate-expired',
      ca
        .filter(({ notAfter }) => notAfter < now)
        .map((certificate) => `${name('CA', certificate)} expired on ${isoDay(certificate.notAfter)}`),
    ),
    ...missingRa(bundle, signing, encryption, context.clients),
    ...finding(
      'ra-issued-by-old-ca',
      ra.flatMap((certificate) => {
        const problem = issuerProblem(certificate, certificates);
        return problem === undefined ? [] : [`${name('RA', certificate)}: ${problem}`];
      }),
    ),
    ...pinMismatch(ca, context.caPins),
    ...inconsistent(certificates, context.comparisons),
    ...finding(
      'weak-or-unsupported-signature',
      [...ra, ...ca.filter((certificate) => !isSelfSigned(certificate, certificates))].flatMap((certificate) => {
        const weakness = WEAK_SIGNATURES[certificate.signatureAlgorithmOid];
        return weakness === undefined ? [] : [`${name(ca.includes(certificate) ? 'CA' : 'RA', certificate)} is signed with ${weakness}`];
      }),
    ),
    ...expiring('ra-certificate-expiring', 'RA', ra, now, RA_STEPS),
    ...expiring('ca-certificate-expiring', 'CA', ca, now, CA_STEPS),
    ...changed(ra, ca, context.last),
  ];
}

function finding(code: VerdictCode, evidence: readonly string[], severity?: Severity): readonly Finding[] {
  return evidence.length === 0 ? [] : [{ code, evidence, ...(severity !== undefined && { severity }) }];
}

function missingRa(
  bundle: CaCertBundle,
  signing: readonly CertificateFacts[],
  encryption: readonly CertificateFacts[],
  clients: readonly ClientView[],
): readonly Finding[] {
  if (signing.length > 0 && encryption.length > 0) return [];
  const evidence: string[] = [];
  if (bundle.kind === 'single') evidence.push('GetCACert answered one single certificate; NDES answers the CA and two RA certificates');
  if (signing.length === 0)
    evidence.push('no RA certificate for signing (key usage digitalSignature, template Exchange Enrollment Agent (Offline request))');
  if (encryption.length === 0) evidence.push('no RA certificate for encryption (key usage keyEncipherment, template CEP Encryption)');
  for (const client of clients) if (!client.usable) evidence.push(`${client.platform}: ${printable(client.problem)}`);
  return [{ code: 'ra-certificate-missing', evidence }];
}

function pinMismatch(authorities: readonly CertificateFacts[], pins: readonly string[]): readonly Finding[] {
  if (pins.length === 0 || authorities.some(({ sha256, sha1 }) => pins.includes(sha256) || pins.includes(sha1))) return [];
  const seen = authorities.map((certificate) => `${name('CA', certificate)} has SHA-256 ${certificate.sha256}`);
  return [{ code: 'ca-pin-mismatch', evidence: [`none of the ${pins.length} pinned fingerprints is that of a CA in the bundle`, ...seen] }];
}

function inconsistent(certificates: readonly CertificateFacts[], comparisons: readonly Comparison[]): readonly Finding[] {
  const first = fingerprints(certificates);
  const different = comparisons.filter(
    ({ bundle }) => bundle === undefined || bundle.kind === 'invalid' || fingerprints(bundle.certificates) !== first,
  );
  if (different.length === 0) return [];
  const answers = new Set(
    different.map(({ bundle, described }) => (bundle === undefined || bundle.kind === 'invalid' ? described : 'other certificates')),
  );
  return [
    {
      code: 'inconsistent-backends',
      evidence: [
        `${different.length} of ${comparisons.length} further connections were answered differently from the first one: ${[...answers].join('; ')}`,
      ],
    },
  ];
}

function fingerprints(certificates: readonly CertificateFacts[]): string {
  return [...new Set(certificates.map(({ sha256 }) => sha256))].toSorted().join();
}

/** Signature algorithms that current clients refuse or cannot read, by object identifier. */
const WEAK_SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.10': 'RSASSA-PSS, which iOS does not accept here',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1 (DSA)',
  '1.2.840.10045.4.1': 'SHA-1 (ECDSA)',
  '1.3.14.3.2.29': 'SHA-1',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.2': 'MD2',
};

/** The signature of a root proves nothing and is checked by nobody, so its algorithm does not matter. PSS does: it cannot even be read. */
function isSelfSigned(certificate: CertificateFacts, certificates: readonly CertificateFacts[]): boolean {
  return (
    certificate.signatureAlgorithmOid !== '1.2.840.113549.1.1.10' &&
    certificate.signedBy.some((index) => certificates[index] === certificate)
  );
}

interface ExpirySteps {
  readonly crit: number;
  readonly warn: number;
  readonly info: number;
}

/** Days. RA certificates come from two-year templates that do not renew themselves; a CA takes months to replace. */
const RA_STEPS: ExpirySteps = { crit: 7, warn: 30, info: 60 };
const CA_STEPS: ExpirySteps = { crit: 30, warn: 90, info: 180 };

function expiring(
  code: VerdictCode,
  role: string,
  certificates: readonly CertificateFacts[],
  now: number,
  steps: ExpirySteps,
): readonly Finding[] {
  const soon = certificates
    .filter(({ notAfter }) => notAfter >= now && notAfter - now <= steps.info * DAY_MS)
    .toSorted((a, b) => a.notAfter - b.notAfter);
  const [first] = soon;
  if (first === undefined) return [];
  const left = first.notAfter - now;
  const severity = left <= steps.crit * DAY_MS ? 'crit' : left <= steps.warn * DAY_MS ? 'warn' : 'info';
  return finding(
    code,
    soon.map(
      (certificate) =>
        `${name(role, certificate)} expires on ${isoDay(certificate.notAfter)}, ${inDays(daysUntil(certificate.notAfter, now))}`,
    ),
    severity,
  );
}

function inDays(days: number): string {
  return days === 0 ? 'today' : days === 1 ? 'in 1 day' : `in ${days} days`;
}

function changed(ra: readonly CertificateFacts[], ca: readonly CertificateFacts[], last: BundleContext['last']): readonly Finding[] {
  if (last === undefined) return [];
  const added = (now: readonly CertificateFacts[], before: readonly string[]): readonly CertificateFacts[] =>
    now.filter(({ sha256 }) => !before.includes(sha256));
  return [
    ...finding(
      'ra-certificate-rotated',
      last.ra.length === 0 ? [] : added(ra, last.ra).map((certificate) => `${name('RA', certificate)} is new since the last cycle`),
    ),
    ...finding(
      'ca-certificate-changed',
      last.ca.length === 0 ? [] : added(ca, last.ca).map((certificate) => `${name('CA', certificate)} is new since the last cycle`),
    ),
  ];
}

/** For people: role, use and subject. */
function name(role: string, { subject, keyUsage }: CertificateFacts): string {
  const use = role === 'RA' && keyUsage !== undefined ? (keyUsage.includes('digitalSignature') ? 'signing ' : 'encryption ') : '';
  return `${role} ${use}certificate "${printable(subject, 100)}"`;
}
