import type { CertificateFacts } from '../scep/certificate.ts';
import { type CertificateRole, certificateRoles } from '../scep/roles.ts';
import type { TargetReport } from '../verdict/report.ts';

export interface ListedCertificate {
  readonly role: CertificateRole;
  readonly certificate: CertificateFacts;
}

const ROLE_ORDER: Readonly<Record<CertificateRole, number>> = { 'ra-signing': 0, 'ra-encryption': 1, ca: 2, other: 3 };

/** Every certificate of the target's bundles once for each role that it plays, RA first; dialects that got the same bundle count once. */
export function listCertificates({ checks }: TargetReport): readonly ListedCertificate[] {
  const listed = new Map<string, ListedCertificate>();
  for (const { bundle } of checks) {
    if (bundle === undefined || bundle.kind === 'invalid') continue;
    for (const certificate of bundle.certificates) {
      for (const role of certificateRoles(certificate, bundle.certificates))
        listed.set(`${role} ${certificate.sha256}`, { role, certificate });
    }
  }
  return [...listed.values()].toSorted(
    (a, b) => ROLE_ORDER[a.role] - ROLE_ORDER[b.role] || a.certificate.notAfter - b.certificate.notAfter,
  );
}
