import type { CertificateFacts } from '../scep/certificate.ts';
import { bundleRoles } from '../scep/roles.ts';
import type { TargetReport } from '../verdict/report.ts';

export const COUNTDOWN_ROLES = ['RA', 'CA', 'TLS'] as const;

/** When the first certificate of a role expires. */
export interface CertificateCountdown {
  readonly role: (typeof COUNTDOWN_ROLES)[number];
  /** Epoch ms. */
  readonly notAfter: number;
}

/** One countdown for each role whose certificates this cycle could read. */
export function countdownsOf({ checks, observation }: TargetReport): readonly CertificateCountdown[] {
  const certificates = checks.flatMap(({ bundle }) => (bundle === undefined || bundle.kind === 'invalid' ? [] : bundle.certificates));
  const { ra, ca } = bundleRoles(certificates);
  const [leaf] = observation.connection?.tls?.chain ?? [];
  return [...first('RA', ra), ...first('CA', ca), ...first('TLS', leaf === undefined ? [] : [leaf])];
}

function first(role: CertificateCountdown['role'], certificates: readonly CertificateFacts[]): readonly CertificateCountdown[] {
  return certificates.length === 0 ? [] : [{ role, notAfter: Math.min(...certificates.map(({ notAfter }) => notAfter)) }];
}
