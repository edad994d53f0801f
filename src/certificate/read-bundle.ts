import { createHash } from 'node:crypto';
import type { CaCertBundle, CertificateFacts } from '../core/scep/certificate.ts';
import { type BerElement, childrenOf, objectIdentifier, readElement, TAG } from './ber.ts';
import { type ReadCertificate, readCertificate } from './read-certificate.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';

/** A real bundle has a chain and two RA certificates; what is beyond this is there to keep us busy. */
const MAX_CERTIFICATES = 24;
/** Bound on the work that a bundle of look-alikes can cause. */
const MAX_SIGNATURE_CHECKS = 40;
/** Larger bundles are read again each time, so that what is remembered stays small. */
const MAX_REMEMBERED_BYTES = 16 * 1024;

/**
 * Reads the body of a GetCACert answer (RFC 8894 section 4.2): a degenerate certs-only CMS SignedData (CA and RA certificates), or one single certificate.
 * Goes by the bytes, never by the Content-Type, because NDES and proxies get that wrong. Never throws.
 */
export function readBundle(body: Uint8Array): CaCertBundle {
  if (body.length === 0) return { kind: 'invalid', reason: 'the body is empty' };
  if (body.length > MAX_REMEMBERED_BYTES) return read(body);
  const key = createHash('sha256').update(body).digest('base64');
  const known = recent.get(key);
  if (known !== undefined) return known;
  const bundle = read(body);
  // The same bundle comes back every cycle for two years: reading it once is enough.
  recent.set(key, bundle);
  if (recent.size > MAX_REMEMBERED) recent.delete(recent.keys().next().value ?? '');
  return bundle;
}

const MAX_REMEMBERED = 256;
const recent = new Map<string, CaCertBundle>();

function read(body: Uint8Array): CaCertBundle {
  if (body[0] !== TAG.sequence) return { kind: 'invalid', reason: whatElse(body) };
  const outer = readElement(body);
  const parts = outer === undefined ? undefined : childrenOf(outer);
  if (parts === undefined) return DAMAGED;
  const contentType = objectIdentifier(parts[0]);
  if (contentType !== undefined) return fromCms(contentType, parts[1]);
  const single = readCertificate(body);
  if (single === undefined) return { kind: 'invalid', reason: 'it is neither a CMS message nor an X.509 certificate' };
  const [linked] = linkBySignature([single]);
  return linked === undefined ? { kind: 'invalid', reason: 'it holds no certificate' } : { kind: 'single', certificates: [linked] };
}

const DAMAGED: CaCertBundle = { kind: 'invalid', reason: 'its ASN.1 structure is damaged, incomplete or larger than any real bundle' };

/** ContentInfo { signedData, [0] SignedData { version, digestAlgorithms, encapContentInfo, [0] certificates, … } } of RFC 5652 section 5.1. */
function fromCms(contentType: string, content: BerElement | undefined): CaCertBundle {
  if (contentType !== SIGNED_DATA) return { kind: 'invalid', reason: `it is a CMS message of type ${contentType}, not SignedData` };
  const [signedData] = (content === undefined ? undefined : childrenOf(content)) ?? [];
  const fields = signedData === undefined ? undefined : childrenOf(signedData);
  if (fields === undefined) return DAMAGED;
  const holder = fields.find(({ tag }) => tag === TAG.constructed0);
  const held = holder === undefined ? [] : childrenOf(holder);
  if (held === undefined) return DAMAGED;
  const elements = withoutRepetitions(held);
  const certificates = elements.slice(0, MAX_CERTIFICATES).map(({ bytes }) => readCertificate(bytes));
  const readable = certificates.filter((certificate) => certificate !== undefined);
  if (readable.length === 0)
    return {
      kind: 'invalid',
      reason: elements.length === 0 ? 'the CMS message holds no certificates' : 'no element of the CMS message is a readable certificate',
    };
  return { kind: 'certs-only', certificates: linkBySignature(readable), unreadable: elements.length - readable.length };
}

/** Some servers list a certificate twice, once for itself and once in a chain. */
function withoutRepetitions(elements: readonly BerElement[]): readonly BerElement[] {
  const seen = new Set<string>();
  return elements.filter(({ bytes }) => seen.size < seen.add(Buffer.from(bytes).toString('latin1')).size);
}

function linkBySignature(certificates: readonly ReadCertificate[]): readonly CertificateFacts[] {
  let checks = 0;
  return certificates.map(({ facts, x509 }) => {
    const signedBy: number[] = [];
    for (const [index, issuer] of certificates.entries()) {
      if (issuer.facts.subject !== facts.issuer) continue;
      checks += isLargeCurve(issuer.facts) ? 2 : 1;
      if (checks > MAX_SIGNATURE_CHECKS) break;
      if (verifies(x509, issuer)) signedBy.push(index);
    }
    return { ...facts, signedBy };
  });
}

function verifies(x509: ReadCertificate['x509'], issuer: ReadCertificate): boolean {
  try {
    return isQuick(issuer) && x509.verify(issuer.x509.publicKey);
  } catch {
    // A key or an algorithm that OpenSSL does not know verifies nothing.
    return false;
  }
}

const MAX_RSA_BITS = 8192;
const MAX_RSA_EXPONENT = 2n ** 32n;

/** Keys of which a check takes well under a millisecond; with others a server could decide for how long we calculate. */
function isQuick({ facts: { keyType, keyBits = 0 }, x509 }: ReadCertificate): boolean {
  const { publicExponent = 0n } = x509.publicKey.asymmetricKeyDetails ?? {};
  if (keyType === 'rsa' || keyType === 'rsa-pss') return keyBits <= MAX_RSA_BITS && publicExponent <= MAX_RSA_EXPONENT;
  // Only the usual curves have a known size.
  return keyType === 'ec' ? keyBits > 0 : keyType === 'ed25519' || keyType === 'ed448';
}

/** About a millisecond for P-521, ten times as long as for anything else. */
function isLargeCurve({ keyType, keyBits = 0 }: CertificateFacts): boolean {
  return keyType === 'ec' && keyBits > 256;
}

/** What a body is that is no ASN.1, as far as its first bytes tell. */
function whatElse(body: Uint8Array): string {
  const start = Buffer.from(body.subarray(0, 128))
    .toString('latin1')
    .replaceAll('\0', '')
    .replace(/^(?:ÿþ|þÿ|ï»¿)/, '')
    .trimStart();
  if (start.startsWith('<')) return 'it is a page, not certificates';
  if (start.startsWith('-----BEGIN')) return 'it is PEM text; RFC 8894 section 4.2 wants DER';
  if (/^MI[A-Za-z0-9+/\s]{30}/.test(start)) return 'it is base64 text; RFC 8894 section 4.2 wants DER';
  return 'it does not start like a certificate or a CMS message';
}
