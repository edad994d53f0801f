import { X509Certificate } from 'node:crypto';
import { type CertificateFacts, KEY_USAGES, type KeyUsage } from '../core/scep/certificate.ts';
import { type BerElement, childrenOf, objectIdentifier, readElement, TAG } from './ber.ts';

/** A certificate that has been read, with the handle that signature checks need. */
export interface ReadCertificate {
  readonly facts: CertificateFacts;
  readonly x509: X509Certificate;
}

/** Longest text of a certificate that is kept; X.520 allows 64 characters for a common name. */
const MAX_TEXT = 1024;
const BAD_DATE = 'Bad time value';
const MAX_KEY_ID_BYTES = 64;
const MAX_EXTENDED_KEY_USAGES = 64;

/**
 * Reads one DER certificate. OpenSSL (node:crypto) reads names, dates and key; the rest is what Node does not show:
 * key usage, key identifiers and Microsoft's template name.
 * @returns undefined when the bytes are not a certificate, or one whose dates or key make no sense.
 */
export function readCertificate(der: Uint8Array): ReadCertificate | undefined {
  try {
    const x509 = new X509Certificate(der);
    return { x509, facts: certificateFacts(x509) };
  } catch {
    // Whatever OpenSSL dislikes about bytes from a server is a fact about the bytes; the caller counts it.
    return undefined;
  }
}

/** The facts of a certificate that Node has already parsed, such as a TLS peer's. `signedBy` is left empty. Throws on unreadable dates. */
export function certificateFacts(x509: X509Certificate): CertificateFacts {
  const der = new Uint8Array(x509.raw);
  const { signatureAlgorithmOid, extensions } = readStructure(der);
  const notBefore = x509.validFromDate.getTime();
  const notAfter = x509.validToDate.getTime();
  // For a date that is none, OpenSSL prints this and Node's Date holds whatever was in memory.
  if (x509.validFrom === BAD_DATE || x509.validTo === BAD_DATE) throw new TypeError('certificate without readable dates');
  const key = keyFacts(x509);
  const keyUsage = readKeyUsage(extensions.get(OID.keyUsage));
  const subjectKeyId = readOctets(extensions.get(OID.subjectKeyIdentifier));
  const authorityKeyId = readAuthorityKeyId(extensions.get(OID.authorityKeyIdentifier));
  const template = readTemplate(extensions);
  return {
    subject: distinguishedName(x509.subject),
    issuer: distinguishedName(x509.issuer),
    serialNumber: bounded(x509.serialNumber.toLowerCase()),
    notBefore,
    notAfter,
    sha256: hexOfFingerprint(x509.fingerprint256),
    sha1: hexOfFingerprint(x509.fingerprint),
    signatureAlgorithmOid,
    keyType: key.type,
    ...(key.bits !== undefined && { keyBits: key.bits }),
    ...(keyUsage !== undefined && { keyUsage }),
    ...(x509.keyUsage !== undefined && { extendedKeyUsage: x509.keyUsage.slice(0, MAX_EXTENDED_KEY_USAGES) }),
    isCa: x509.ca,
    ...(subjectKeyId !== undefined && { subjectKeyId }),
    ...(authorityKeyId !== undefined && { authorityKeyId }),
    ...(template !== undefined && { template }),
    signedBy: [],
  };
}

const OID = {
  keyUsage: '2.5.29.15',
  subjectKeyIdentifier: '2.5.29.14',
  authorityKeyIdentifier: '2.5.29.35',
  /** Microsoft: template name of a version 1 template, BMPString. */
  templateName: '1.3.6.1.4.1.311.20.2',
  /** Microsoft: template object identifier of a version 2 template, first element of a SEQUENCE. */
  templateInformation: '1.3.6.1.4.1.311.21.7',
} as const;

/** Node prints one attribute a line, root first; people read the common name first. */
function distinguishedName(lines: string | undefined): string {
  return bounded((lines ?? '').split('\n').toReversed().join(', '));
}

function bounded(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1).toWellFormed()}…` : text;
}

function hexOfFingerprint(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

function keyFacts(x509: X509Certificate): { readonly type: string; readonly bits?: number } {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey;
    const bits = asymmetricKeyDetails?.modulusLength ?? CURVE_BITS[asymmetricKeyDetails?.namedCurve ?? ''];
    return { type: asymmetricKeyType ?? 'unknown', ...(bits !== undefined && { bits }) };
  } catch {
    // An algorithm that this OpenSSL does not know is still a certificate with dates.
    return { type: 'unknown' };
  }
}

const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

interface Structure {
  readonly signatureAlgorithmOid: string;
  /** Extension value (the content of its OCTET STRING) by object identifier. */
  readonly extensions: ReadonlyMap<string, Uint8Array>;
}

/** Walks Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature } of RFC 5280 section 4.1. */
function readStructure(der: Uint8Array): Structure {
  const [tbs, algorithm] = partsOf(readElement(der));
  const holder = partsOf(tbs).find(({ tag }) => tag === TAG.constructed3);
  const [list] = partsOf(holder);
  const extensions = new Map<string, Uint8Array>();
  for (const extension of partsOf(list)) {
    const parts = partsOf(extension);
    const id = objectIdentifier(parts[0]);
    const value = parts.at(-1);
    if (id !== undefined && value?.tag === TAG.octetString) extensions.set(id, value.value);
  }
  const [signatureAlgorithm] = partsOf(algorithm);
  return { signatureAlgorithmOid: objectIdentifier(signatureAlgorithm) ?? '', extensions };
}

/** What cannot be read has no parts: OpenSSL has accepted the certificate, so one damaged extension only hides itself. */
function partsOf(element: BerElement | undefined): readonly BerElement[] {
  return (element === undefined ? undefined : childrenOf(element)) ?? [];
}

function readValue(value: Uint8Array | undefined): BerElement | undefined {
  return value === undefined ? undefined : readElement(value);
}

function readKeyUsage(value: Uint8Array | undefined): readonly KeyUsage[] | undefined {
  if (value === undefined) return undefined;
  const bits = readElement(value);
  if (bits?.tag !== TAG.bitString) return [];
  // The first octet counts the unused bits at the end, which DER makes zero.
  const octets = bits.value.subarray(1);
  return KEY_USAGES.filter((_, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

function readOctets(value: Uint8Array | undefined): string | undefined {
  const octets = readValue(value);
  return octets?.tag === TAG.octetString ? keyId(octets.value) : undefined;
}

function readAuthorityKeyId(value: Uint8Array | undefined): string | undefined {
  const keyIdentifier = partsOf(readValue(value)).find(({ tag }) => tag === TAG.primitive0);
  return keyIdentifier === undefined ? undefined : keyId(keyIdentifier.value);
}

function keyId(octets: Uint8Array): string | undefined {
  return octets.length > MAX_KEY_ID_BYTES ? undefined : Buffer.from(octets).toString('hex');
}

function readTemplate(extensions: ReadonlyMap<string, Uint8Array>): string | undefined {
  const name = readValue(extensions.get(OID.templateName));
  if (name?.tag === TAG.bmpString) return bounded(new TextDecoder('utf-16be').decode(name.value));
  if (name?.tag === TAG.utf8String) return bounded(new TextDecoder().decode(name.value));
  const [id] = partsOf(readValue(extensions.get(OID.templateInformation)));
  return objectIdentifier(id);
}
