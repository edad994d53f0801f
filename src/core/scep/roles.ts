import type { CertificateFacts, KeyUsage } from './certificate.ts';

/** EKU Certificate Request Agent: on both RA certificates of NDES, so that only key usage tells them apart. */
export const CERTIFICATE_REQUEST_AGENT = '1.3.6.1.4.1.311.20.2.1';

export const CERTIFICATE_ROLES = ['ra-signing', 'ra-encryption', 'ca', 'other'] as const;

export type CertificateRole = (typeof CERTIFICATE_ROLES)[number];

export interface BundleRoles {
  readonly signing: readonly CertificateFacts[];
  readonly encryption: readonly CertificateFacts[];
  /** Every RA certificate once. */
  readonly ra: readonly CertificateFacts[];
  readonly ca: readonly CertificateFacts[];
}

/**
 * What the certificates of a GetCACert bundle are there for, by key usage and EKU. One RA certificate may have both RA roles.
 * For each role those with the EKU come first; others count only when no certificate with it has that role, because clients look at key usage alone.
 */
export function bundleRoles(bundle: readonly CertificateFacts[]): BundleRoles {
  const ca = bundle.filter((certificate) => isAuthority(certificate, bundle));
  const endEntities = bundle.filter((certificate) => !ca.includes(certificate));
  const having = (usage: KeyUsage): readonly CertificateFacts[] => {
    const fitting = endEntities.filter(({ keyUsage }) => keyUsage?.includes(usage) ?? false);
    const agents = fitting.filter(isRequestAgent);
    return agents.length > 0 ? agents : fitting;
  };
  const signing = having('digitalSignature');
  const encryption = having('keyEncipherment');
  return { signing, encryption, ra: [...new Set([...signing, ...encryption])], ca };
}

/** The roles of one certificate of a bundle, never empty. */
export function certificateRoles(certificate: CertificateFacts, bundle: readonly CertificateFacts[]): readonly CertificateRole[] {
  const { signing, encryption, ca } = bundleRoles(bundle);
  const roles: CertificateRole[] = [];
  if (ca.includes(certificate)) roles.push('ca');
  if (signing.includes(certificate)) roles.push('ra-signing');
  if (encryption.includes(certificate)) roles.push('ra-encryption');
  return roles.length === 0 ? ['other'] : roles;
}

/** A CA by its basic constraints, or, as with version 1 certificates that have none, by what it has signed. */
export function isAuthority(certificate: CertificateFacts, bundle: readonly CertificateFacts[]): boolean {
  return certificate.isCa || bundle.some((other) => other !== certificate && other.signedBy.some((index) => bundle[index] === certificate));
}

export function isRequestAgent(certificate: CertificateFacts): boolean {
  return certificate.extendedKeyUsage?.includes(CERTIFICATE_REQUEST_AGENT) ?? false;
}
