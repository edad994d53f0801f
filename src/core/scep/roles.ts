import type { CertificateFacts } from './certificate.ts';

/** EKU Certificate Request Agent: on both RA certificates of NDES, so that only key usage tells them apart. */
export const CERTIFICATE_REQUEST_AGENT = '1.3.6.1.4.1.311.20.2.1';

export const CERTIFICATE_ROLES = ['ra-signing', 'ra-encryption', 'ca', 'other'] as const;

export type CertificateRole = (typeof CERTIFICATE_ROLES)[number];

/**
 * What a certificate of a GetCACert bundle is there for, by key usage and EKU. One RA certificate may have both RA roles.
 * An end-entity certificate without the EKU counts as RA only when the bundle has none with it: clients look at key usage alone.
 */
export function certificateRoles(certificate: CertificateFacts, bundle: readonly CertificateFacts[]): readonly CertificateRole[] {
  if (certificate.isCa) return ['ca'];
  const agents = bundle.some((other) => !other.isCa && isRequestAgent(other));
  if (agents && !isRequestAgent(certificate)) return ['other'];
  const roles: CertificateRole[] = [];
  if (certificate.keyUsage?.includes('digitalSignature')) roles.push('ra-signing');
  if (certificate.keyUsage?.includes('keyEncipherment')) roles.push('ra-encryption');
  return roles.length === 0 ? ['other'] : roles;
}

export function isRequestAgent(certificate: CertificateFacts): boolean {
  return certificate.extendedKeyUsage?.includes(CERTIFICATE_REQUEST_AGENT) ?? false;
}

export interface BundleRoles {
  readonly signing: readonly CertificateFacts[];
  readonly encryption: readonly CertificateFacts[];
  /** Every RA certificate once. */
  readonly ra: readonly CertificateFacts[];
  readonly ca: readonly CertificateFacts[];
}

export function bundleRoles(bundle: readonly CertificateFacts[]): BundleRoles {
  const having = (role: CertificateRole): readonly CertificateFacts[] =>
    bundle.filter((certificate) => certificateRoles(certificate, bundle).includes(role));
  const signing = having('ra-signing');
  const encryption = having('ra-encryption');
  return { signing, encryption, ra: [...new Set([...signing, ...encryption])], ca: having('ca') };
}
