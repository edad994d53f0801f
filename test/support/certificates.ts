import type { CaCertBundle, CertificateFacts } from '../../src/core/scep/certificate.ts';
import { CERTIFICATE_REQUEST_AGENT } from '../../src/core/scep/roles.ts';
import { DAY_MS } from '../../src/core/time.ts';

/** Certificates as facts, for tests of pure code: no bytes behind them. Positions in `healthyBundle`: 0 CA, 1 RA signing, 2 RA encryption. */

export const NOW = Date.UTC(2026, 10, 24, 12);

let serial = 0;

export function certificate(parts: Partial<CertificateFacts>): CertificateFacts {
  const id = (++serial).toString(16).padStart(4, '0');
  return {
    subject: `CN=Test ${id}`,
    issuer: 'CN=Contoso Issuing CA',
    serialNumber: id,
    notBefore: NOW - 100 * DAY_MS,
    notAfter: NOW + 600 * DAY_MS,
    sha256: id.repeat(16),
    sha1: id.repeat(10),
    signatureAlgorithmOid: '1.2.840.113549.1.1.11',
    keyType: 'rsa',
    keyBits: 2048,
    isCa: false,
    signedBy: [],
    ...parts,
  };
}

export function ca(parts: Partial<CertificateFacts> = {}): CertificateFacts {
  return certificate({
    subject: 'CN=Contoso Issuing CA',
    issuer: 'CN=Contoso Issuing CA',
    isCa: true,
    keyUsage: ['keyCertSign', 'cRLSign'],
    notAfter: NOW + 3000 * DAY_MS,
    signedBy: [0],
    ...parts,
  });
}

export function raSigning(parts: Partial<CertificateFacts> = {}): CertificateFacts {
  return certificate({
    subject: 'CN=NDES01-MSCEP-RA',
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: [CERTIFICATE_REQUEST_AGENT],
    signedBy: [0],
    ...parts,
  });
}

export function raEncryption(parts: Partial<CertificateFacts> = {}): CertificateFacts {
  return certificate({
    subject: 'CN=NDES01-MSCEP-RA',
    keyUsage: ['keyEncipherment'],
    extendedKeyUsage: [CERTIFICATE_REQUEST_AGENT],
    signedBy: [0],
    ...parts,
  });
}

export function bundleOf(certificates: readonly CertificateFacts[]): CaCertBundle {
  return { kind: 'certs-only', certificates, unreadable: 0 };
}

export function healthyBundle(): CaCertBundle {
  return bundleOf([ca(), raSigning(), raEncryption()]);
}
