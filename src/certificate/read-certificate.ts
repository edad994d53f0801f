import { X509Certificate } from 'node:crypto';
import * as asn1js from 'asn1js';
import { type CertificateFacts, KEY_USAGES, type KeyUsage } from '../core/scep/certificate.ts';

/** A certificate that has been read, with the handle that signature checks need. */
export interface ReadCertificate {
  readonly facts: CertificateFacts;
  readonly x509: X509Certificate;
}

/** Limits for one ASN.1 structure from a hostile server; a real CA + RA bundle has about 600 nodes and is 14 levels deep. */
export const ASN1_LIMITS = { maxDepth: 40, maxNodes: 20_000, maxContentLength: 262_144, parseEmbedded: false } as const;

/**
 * Reads one DER certificate. OpenSSL (node:crypto) reads names, dates and key; asn1js reads the extensions that Node does not show:
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
  if (Number.isNaN(notBefore) || Number.isNaN(notAfter)) throw new TypeError('certificate without readable dates');
  const key = keyFacts(x509);
  const keyUsage = readKeyUsage(extensions.get(OID.keyUsage));
  const subjectKeyId = readOctets(extensions.get(OID.subjectKeyIdentifier));
  const authorityKeyId = readAuthorityKeyId(extensions.get(OID.authorityKeyIdentifier));
  const template = readTemplate(extensions);
  return {
    subject: distinguishedName(x509.subject),
    issuer: distinguishedName(x509.issuer),
    serialNumber: x509.serialNumber.toLowerCase(),
    notBefore,
    notAfter,
    sha256: hexOfFingerprint(x509.fingerprint256),
    sha1: hexOfFingerprint(x509.fingerprint),
    signatureAlgorithmOid,
    keyType: key.type,
    ...(key.bits !== undefined && { keyBits: key.bits }),
    ...(keyUsage !== undefined && { keyUsage }),
    ...(x509.keyUsage !== undefined && { extendedKeyUsage: x509.keyUsage }),
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
  return (lines ?? '').split('\n').toReversed().join(', ');
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
  const [tbs, algorithm] = childrenOf(parse(der));
  const extensions = new Map<string, Uint8Array>();
  const holder = childrenOf(tbs).find(({ idBlock }) => idBlock.tagClass === CONTEXT_SPECIFIC && idBlock.tagNumber === 3);
  const [list] = childrenOf(holder);
  for (const extension of childrenOf(list)) {
    const parts = childrenOf(extension);
    const [id] = parts;
    const value = parts.at(-1);
    if (id instanceof asn1js.ObjectIdentifier && value instanceof asn1js.OctetString) extensions.set(id.valueBlock.toString(), value.valueBlock.valueHexView);
  }
  const [oid] = childrenOf(algorithm);
  return { signatureAlgorithmOid: oid instanceof asn1js.ObjectIdentifier ? oid.valueBlock.toString() : '', extensions };
}

export const CONTEXT_SPECIFIC = 3;

/** The parsed structure, or undefined when the bytes are no complete ASN.1 value within our limits. */
export function parse(bytes: Uint8Array): asn1js.BaseBlock | undefined {
  const { offset, result } = asn1js.fromBER(bytes as Uint8Array<ArrayBuffer>, ASN1_LIMITS);
  return offset === -1 ? undefined : result;
}

/** The elements of a constructed value; none for a primitive one or for undefined. */
export function childrenOf(block: asn1js.BaseBlock | undefined): readonly asn1js.BaseBlock[] {
  const value: unknown = block?.valueBlock !== undefined && 'value' in block.valueBlock ? block.valueBlock.value : undefined;
  return Array.isArray(value) ? value : [];
}

function readKeyUsage(value: Uint8Array | undefined): readonly KeyUsage[] | undefined {
  if (value === undefined) return undefined;
  const bits = parse(value);
  if (!(bits instanceof asn1js.BitString)) return [];
  const bytes = bits.valueBlock.valueHexView;
  return KEY_USAGES.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

function readOctets(value: Uint8Array | undefined): string | undefined {
  const octets = value === undefined ? undefined : parse(value);
  return octets instanceof asn1js.OctetString ? hex(octets.valueBlock.valueHexView) : undefined;
}

function readAuthorityKeyId(value: Uint8Array | undefined): string | undefined {
  const keyIdentifier = childrenOf(value === undefined ? undefined : parse(value)).find(({ idBlock }) => idBlock.tagClass === CONTEXT_SPECIFIC && idBlock.tagNumber === 0);
  return keyIdentifier instanceof asn1js.Primitive ? hex(keyIdentifier.valueBlock.valueHexView) : undefined;
}

function readTemplate(extensions: ReadonlyMap<string, Uint8Array>): string | undefined {
  const name = extensions.get(OID.templateName);
  const parsedName = name === undefined ? undefined : parse(name);
  if (parsedName instanceof asn1js.BmpString || parsedName instanceof asn1js.Utf8String) return parsedName.valueBlock.value;
  const information = extensions.get(OID.templateInformation);
  const [id] = childrenOf(information === undefined ? undefined : parse(information));
  return id instanceof asn1js.ObjectIdentifier ? id.valueBlock.toString() : undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
