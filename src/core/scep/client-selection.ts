import type { CertificateFacts } from './certificate.ts';
import { DIALECTS, type Dialect } from './dialect.ts';
import { isAuthority } from './roles.ts';

/**
 * Could a platform's SCEP client work with this bundle? A client has to pick three certificates from GetCACert:
 * whom to encrypt the request for, whose signature to expect on the reply, and which CA issues the certificate.
 */
export type ClientView =
  | {
      readonly platform: Dialect;
      readonly usable: true;
      readonly recipient: CertificateFacts;
      readonly verifier: CertificateFacts;
      readonly issuer: CertificateFacts;
    }
  | { readonly platform: Dialect; readonly usable: false; readonly problem: string };

/** `contentType` is the answer's, without parameters, lower case; empty when the server sent none. */
export interface BundleAnswer {
  readonly certificates: readonly CertificateFacts[];
  readonly contentType: string;
}

const SELECTORS: Readonly<Record<Dialect, (answer: BundleAnswer) => ClientView>> = { android: asJscep, ios: asApple, windows: asWindows };

export function clientViews(answer: BundleAnswer): readonly ClientView[] {
  return DIALECTS.map((platform) => SELECTORS[platform](answer));
}

/**
 * jscep, the library in Intune's Android agent. Its inspector takes the first certificate that fits, in this order:
 * recipient: keyEncipherment, else dataEncipherment (end entity), else a CA; verifier: end entity with digitalSignature, else a CA;
 * issuer: the CA whose subject is the recipient's issuer. A certificate without key usage fits every usage (java.security.cert.X509CertSelector).
 */
function asJscep({ certificates }: BundleAnswer): ClientView {
  const allows = (usage: 'digitalSignature' | 'keyEncipherment' | 'dataEncipherment') => (certificate: CertificateFacts) =>
    certificate.keyUsage === undefined || certificate.keyUsage.includes(usage);
  const endEntities = certificates.filter(({ isCa }) => !isCa);
  const authority = certificates.find(({ isCa }) => isCa);
  const recipient = certificates.find(allows('keyEncipherment')) ?? endEntities.find(allows('dataEncipherment')) ?? authority;
  const verifier = endEntities.find(allows('digitalSignature')) ?? authority;
  if (recipient === undefined)
    return unusable('android', 'no certificate to encrypt for: none allows keyEncipherment and there is no CA certificate');
  if (verifier === undefined)
    return unusable('android', 'no certificate to verify replies with: none allows digitalSignature and there is no CA certificate');
  const issuer = certificates.find(({ isCa, subject }) => isCa && subject === recipient.issuer);
  if (issuer === undefined) return unusable('android', 'the CA that issued the encryption certificate is not in the bundle');
  return { platform: 'android', usable: true, recipient, verifier, issuer };
}

const APPLE_TYPES: readonly string[] = ['application/x-x509-ca-cert', 'application/x-x509-ca-ra-cert'];

/**
 * Apple's Security framework. It goes by the Content-Type, wants every certificate that chains inside the bundle to end at one and the same CA,
 * and then either one RA certificate that may both sign and encrypt, or one for each. A single certificate is taken as the CA and serves for everything.
 */
function asApple({ certificates, contentType }: BundleAnswer): ClientView {
  const [only] = certificates;
  if (!APPLE_TYPES.includes(contentType)) {
    return unusable(
      'ios',
      `the Content-Type is ${contentType === '' ? 'missing' : `"${contentType}"`}; Apple's client accepts only ${APPLE_TYPES.join(' and ')}`,
    );
  }
  if (contentType === 'application/x-x509-ca-cert') {
    if (only === undefined || certificates.length > 1)
      return unusable('ios', 'application/x-x509-ca-cert announces one certificate, but the answer is a bundle');
    return { platform: 'ios', usable: true, recipient: only, verifier: only, issuer: only };
  }

  let top: CertificateFacts | undefined;
  let signing: CertificateFacts | undefined;
  let encryption: CertificateFacts | undefined;
  let both: CertificateFacts | undefined;
  for (const leaf of certificates) {
    const authority = chainTop(leaf, certificates);
    if (authority === leaf) continue;
    if (top !== undefined && top !== authority)
      return unusable('ios', 'the certificates chain to two different CAs, which makes Apple refuse the bundle');
    top = authority;
    const canSign = leaf.keyUsage?.includes('digitalSignature') ?? false;
    const canEncrypt = leaf.keyUsage?.includes('keyEncipherment') ?? false;
    if (canSign && canEncrypt) both ??= leaf;
    else if (canEncrypt) encryption ??= leaf;
    else if (canSign) signing ??= leaf;
  }
  if (top === undefined) return unusable('ios', 'no certificate of the bundle was issued by another one of it');
  if (signing !== undefined && encryption !== undefined)
    return { platform: 'ios', usable: true, recipient: encryption, verifier: signing, issuer: top };
  if (both !== undefined) return { platform: 'ios', usable: true, recipient: both, verifier: both, issuer: top };
  if (encryption === undefined && signing === undefined)
    return unusable('ios', 'no RA certificate has a key usage that allows signing or encryption');
  return unusable(
    'ios',
    encryption === undefined ? 'no RA certificate allows keyEncipherment' : 'no RA certificate allows digitalSignature',
  );
}

function chainTop(leaf: CertificateFacts, certificates: readonly CertificateFacts[]): CertificateFacts {
  let current = leaf;
  // A chain is never longer than the bundle; the bound also ends cross-signed loops.
  for (let step = 0; step < certificates.length; step++) {
    // A root ends its chain, even where a second certificate of the same key, as a renewal leaves it, verifies it as well.
    if (current.signedBy.some((index) => certificates[index] === current)) break;
    const issuer = issuersOf(current, certificates).find((candidate) => candidate !== current && candidate !== leaf);
    if (issuer === undefined) break;
    current = issuer;
  }
  return current;
}

/**
 * Windows' enrolment service builds a real chain: besides a signing and an encryption certificate it needs both to be issued by a CA of the bundle
 * and rejects them with 0x800B0109 when that CA has since been replaced.
 */
function asWindows({ certificates }: BundleAnswer): ClientView {
  const endEntities = certificates.filter(({ isCa }) => !isCa);
  const recipient = endEntities.find(({ keyUsage }) => keyUsage?.includes('keyEncipherment') ?? false);
  const verifier = endEntities.find(({ keyUsage }) => keyUsage?.includes('digitalSignature') ?? false);
  if (recipient === undefined) return unusable('windows', 'no RA certificate allows keyEncipherment');
  if (verifier === undefined) return unusable('windows', 'no RA certificate allows digitalSignature');
  for (const certificate of [recipient, verifier]) {
    const problem = issuerProblem(certificate, certificates);
    if (problem !== undefined) return unusable('windows', problem);
  }
  const [issuer] = issuersOf(recipient, certificates);
  return issuer === undefined
    ? unusable('windows', 'the CA that issued the RA certificates is not in the bundle')
    : { platform: 'windows', usable: true, recipient, verifier, issuer };
}

/** The certificates of the bundle that issued this one, proven by signature, never itself. */
export function issuersOf(certificate: CertificateFacts, certificates: readonly CertificateFacts[]): readonly CertificateFacts[] {
  return certificate.signedBy
    .map((index) => certificates[index])
    .filter((candidate) => candidate !== undefined && candidate !== certificate) as CertificateFacts[];
}

/** Why an RA certificate does not belong to the current CA of its bundle, or undefined when it does. */
export function issuerProblem(ra: CertificateFacts, certificates: readonly CertificateFacts[]): string | undefined {
  const issuers = issuersOf(ra, certificates);
  const sameName = certificates.filter((candidate) => candidate.subject === ra.issuer && isAuthority(candidate, certificates));
  if (issuers.length === 0) {
    return sameName.length === 0
      ? 'the CA that issued the RA certificate is not in the bundle'
      : 'a CA of the same name is in the bundle, but another key of it issued the RA certificate';
  }
  const newest = Math.max(...sameName.map(({ notBefore }) => notBefore));
  // A CA renewed with the same key verifies old and new alike, so any match with the newest one will do.
  return issuers.some(({ notBefore }) => notBefore >= newest)
    ? undefined
    : 'an older certificate of the CA issued the RA certificate; the CA has been renewed with a new key since';
}

function unusable(platform: Dialect, problem: string): ClientView {
  return { platform, usable: false, problem };
}
