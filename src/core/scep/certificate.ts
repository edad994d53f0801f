/** Key usage bits by the names of RFC 5280 section 4.2.1.3, in bit order. */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

export type KeyUsage = (typeof KEY_USAGES)[number];

/** What was read from one X.509 certificate. Names come from a server: show them only through `printable`. */
export interface CertificateFacts {
  /** RFC 4514 order is not kept: attributes stand as in the certificate, joined by `, `. */
  readonly subject: string;
  readonly issuer: string;
  /** Lower-case hexadecimal. */
  readonly serialNumber: string;
  /** Epoch milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Lower-case hexadecimal SHA-256 and SHA-1 of the DER encoding. */
  readonly sha256: string;
  readonly sha1: string;
  readonly signatureAlgorithmOid: string;
  readonly keyType: string;
  /** RSA modulus or curve size in bits; absent when unknown. */
  readonly keyBits?: number;
  /** Absent when the certificate has no key usage extension, which is not the same as an empty one. */
  readonly keyUsage?: readonly KeyUsage[];
  /** Object identifiers; absent when there is no such extension. */
  readonly extendedKeyUsage?: readonly string[];
  /** From basic constraints. */
  readonly isCa: boolean;
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  /** Certificate template name (v1 extension) or object identifier (v2), as Microsoft CAs write it. */
  readonly template?: string;
  /** Positions, in the same bundle, of the certificates whose key verifies this certificate's signature. */
  readonly signedBy: readonly number[];
}

/** A GetCACert body, read as far as it can be read. */
export type CaCertBundle =
  | { readonly kind: 'certs-only'; readonly certificates: readonly CertificateFacts[]; readonly unreadable: number }
  | { readonly kind: 'single'; readonly certificates: readonly [CertificateFacts] }
  | { readonly kind: 'invalid'; readonly reason: string };
