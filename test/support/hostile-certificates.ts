import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { bitString, integer, octetString, oid, sequence, set, tlv, utf8String } from './der.ts';

/** Certificates that no CA would issue, written byte by byte and signed with a real key so that OpenSSL reads them. */
export interface HostileParts {
  /** The value of the common name as an encoded string of any type. */
  readonly subjectName?: Uint8Array;
  readonly issuerName?: Uint8Array;
  readonly notBefore?: Uint8Array;
  readonly notAfter?: Uint8Array;
  readonly serialNumber?: Uint8Array;
  /** Object identifier and value (what the OCTET STRING holds). */
  readonly extensions?: readonly (readonly [oid: string, value: Uint8Array])[];
  /** Subject public key info to claim instead of that of the signing key. */
  readonly spki?: Uint8Array;
  /** An algorithm and a signature that fits it in form only. */
  readonly signed?: { readonly algorithm: Uint8Array; readonly signature: Uint8Array };
}

let keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;

function keyPair() {
  keys ??= generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return keys;
}

export function hostileCertificate(parts: HostileParts): Buffer {
  const { publicKey, privateKey } = keyPair();
  const algorithm = parts.signed?.algorithm ?? sequence(oid('1.2.840.10045.4.3.2'));
  const named = (value: Uint8Array) => sequence(set(sequence(oid('2.5.4.3'), value)));
  const {
    subjectName = utf8String('hostile'),
    issuerName = subjectName,
    notBefore = utcTime('260101000000Z'),
    notAfter = utcTime('271231235959Z'),
    serialNumber = Buffer.from([1]),
    extensions = [],
    spki = publicKey.export({ type: 'spki', format: 'der' }),
  } = parts;
  const list = extensions.map(([id, value]) => sequence(oid(id), octetString(value)));
  const tbs = sequence(
    tlv(0xa0, integer(2)),
    integer(serialNumber),
    algorithm,
    named(issuerName),
    sequence(notBefore, notAfter),
    named(subjectName),
    spki,
    ...(list.length === 0 ? [] : [tlv(0xa3, sequence(...list))]),
  );
  return sequence(tbs, algorithm, bitString(parts.signed?.signature ?? sign('sha256', tbs, privateKey)));
}

/** The key that signs every hostile certificate, for a TLS server that shows one. */
export function hostileKeyPem(): string {
  return keyPair().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export const utcTime = (text: string) => tlv(0x17, Buffer.from(text));
export const generalizedTime = (text: string) => tlv(0x18, Buffer.from(text));

/** An RSA key whose checks cost as much as OpenSSL allows, modulus and exponent of 3072 bits, and a signature that has to be checked with it. */
export function expensiveRsa(): Pick<HostileParts, 'spki' | 'signed'> {
  const { n } = generateKeyPairSync('rsa', { modulusLength: 3072 }).publicKey.export({ format: 'jwk' });
  const e = Buffer.alloc(383, 0xff).toString('base64url');
  return {
    spki: createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: String(n), e } }).export({ type: 'spki', format: 'der' }),
    signed: { algorithm: sequence(oid('1.2.840.113549.1.1.11'), Buffer.from([5, 0])), signature: Buffer.alloc(384, 0x55) },
  };
}

/** The most expensive of the usual curves; the signature does not fit, but that shows only at the end of the check. */
export function expensiveCurve(): Pick<HostileParts, 'spki'> {
  return { spki: generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey.export({ type: 'spki', format: 'der' }) };
}

export const BASIC_CONSTRAINTS = '2.5.29.19';
export const KEY_USAGE = '2.5.29.15';
export const SUBJECT_KEY_ID = '2.5.29.14';
export const SUBJECT_ALT_NAME = '2.5.29.17';
export const AUTHORITY_KEY_ID = '2.5.29.35';
export const EXTENDED_KEY_USAGE = '2.5.29.37';
export const TEMPLATE_NAME = '1.3.6.1.4.1.311.20.2';
export const TEMPLATE_INFORMATION = '1.3.6.1.4.1.311.21.7';

export const caExtension = () => [BASIC_CONSTRAINTS, sequence(tlv(0x01, Buffer.from([0xff])))] as const;
