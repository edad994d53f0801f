import { constants, createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import * as der from './der.ts';

/** One attribute of a name: the OID and the value, already encoded. */
export type NameAttribute = readonly [oid: string, value: Buffer];

export type SignatureScheme = 'sha256' | 'sha1' | 'rsassa-pss';

export interface CertificateRequest {
  readonly subject: readonly NameAttribute[];
  readonly issuer: readonly NameAttribute[];
  readonly publicKey: KeyObject;
  readonly issuerPrivateKey: KeyObject;
  /** Epoch milliseconds; whole seconds survive. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Of the issuer's signature. An elliptic-curve key signs with ECDSA and SHA-256 whatever stands here. */
  readonly signature: SignatureScheme;
  readonly extensions: readonly Buffer[];
}

export const commonName = (text: string): NameAttribute => ['2.5.4.3', der.utf8String(text)];
export const organisation = (text: string): NameAttribute => ['2.5.4.10', der.utf8String(text)];
export const country = (text: string): NameAttribute => ['2.5.4.6', der.printableString(text)];
export const domainComponent = (text: string): NameAttribute => ['0.9.2342.19200300.100.1.25', der.ia5String(text)];

export const CERTIFICATE_REQUEST_AGENT = '1.3.6.1.4.1.311.20.2.1';
export const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';

export const DIGITAL_SIGNATURE = 0;
export const KEY_ENCIPHERMENT = 2;
export const KEY_CERT_SIGN = 5;
export const CRL_SIGN = 6;

function extension(oid: string, value: Buffer, critical = false): Buffer {
  return der.sequence(der.objectIdentifier(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

export const keyUsage = (...bits: readonly number[]): Buffer => extension('2.5.29.15', der.namedBits(bits), true);
export const extendedKeyUsage = (...oids: readonly string[]): Buffer =>
  extension('2.5.29.37', der.sequence(...oids.map(der.objectIdentifier)));
export const basicConstraints = (isCa: boolean): Buffer => extension('2.5.29.19', der.sequence(...(isCa ? [der.boolean(true)] : [])), true);
export const subjectKeyId = (key: KeyObject): Buffer => extension('2.5.29.14', der.octetString(keyId(key)));
export const authorityKeyId = (key: KeyObject): Buffer => extension('2.5.29.35', der.sequence(der.implicit(0, keyId(key))));

/** The version-1 template extension of Microsoft CAs: the template's name as a BMPString. */
export const templateName = (name: string): Buffer => extension('1.3.6.1.4.1.311.20.2', der.bmpString(name));

/** The CA version extension of Microsoft CAs: how often the CA was renewed, once for each new key. */
export const caVersion = (renewals: number): Buffer => extension('1.3.6.1.4.1.311.21.1', der.integer(Buffer.from([renewals])));

export function subjectAlternativeName(dnsNames: readonly string[], addresses: readonly Buffer[]): Buffer {
  const names = dnsNames.map((name) => der.implicit(2, Buffer.from(name, 'latin1')));
  return extension('2.5.29.17', der.sequence(...names, ...addresses.map((address) => der.implicit(7, address))));
}

/** SHA-1 over the whole public key information: any value that differs between keys serves (RFC 5280 section 4.2.1.2). */
function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function name(attributes: readonly NameAttribute[]): Buffer {
  return der.sequence(...attributes.map(([oid, value]) => der.set(der.sequence(der.objectIdentifier(oid), value))));
}

const SHA256 = der.sequence(der.objectIdentifier('2.16.840.1.101.3.4.2.1'), der.nothing());

const RSA_ALGORITHMS: Record<SignatureScheme, Buffer> = {
  sha256: der.sequence(der.objectIdentifier('1.2.840.113549.1.1.11'), der.nothing()),
  sha1: der.sequence(der.objectIdentifier('1.2.840.113549.1.1.5'), der.nothing()),
  'rsassa-pss': der.sequence(
    der.objectIdentifier('1.2.840.113549.1.1.10'),
    der.sequence(
      der.explicit(0, SHA256),
      der.explicit(1, der.sequence(der.objectIdentifier('1.2.840.113549.1.1.8'), SHA256)),
      der.explicit(2, der.integer(Buffer.from([32]))),
    ),
  ),
};

const ECDSA_SHA256 = der.sequence(der.objectIdentifier('1.2.840.10045.4.3.2'));

function signed(bytes: Buffer, key: KeyObject, scheme: SignatureScheme): Buffer {
  if (scheme === 'rsassa-pss' && key.asymmetricKeyType === 'rsa') {
    return sign('sha256', bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  }
  return sign(scheme === 'sha1' ? 'sha1' : 'sha256', bytes, key);
}

/** Issues one X.509 version 3 certificate with a random serial number and answers its DER encoding (RFC 5280). */
export function issueCertificate(request: CertificateRequest): Buffer {
  const algorithm = request.issuerPrivateKey.asymmetricKeyType === 'ec' ? ECDSA_SHA256 : RSA_ALGORITHMS[request.signature];
  const serial = randomBytes(16);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  const toBeSigned = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(serial),
    algorithm,
    name(request.issuer),
    der.sequence(der.time(request.notBefore), der.time(request.notAfter)),
    name(request.subject),
    request.publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...request.extensions)),
  );
  return der.sequence(toBeSigned, algorithm, der.bitString(signed(toBeSigned, request.issuerPrivateKey, request.signature)));
}

/** A degenerate SignedData: certificates only, nothing signed, no signers (RFC 8894 section 3.4, RFC 5652 section 5). */
export function certsOnly(certificates: readonly Buffer[]): Buffer {
  const signedData = der.sequence(
    der.integer(Buffer.from([1])),
    der.set(),
    der.sequence(der.objectIdentifier('1.2.840.113549.1.7.1')),
    der.explicit(0, ...certificates),
    der.set(),
  );
  return der.sequence(der.objectIdentifier('1.2.840.113549.1.7.2'), der.explicit(0, signedData));
}

export function toPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
