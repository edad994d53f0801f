import { createSecureContext, type SecureContext } from 'node:tls';
import { ecKey, type KeyPair } from './keys.ts';
import * as x509 from './x509.ts';

const DAY_MS = 86_400_000;

/**
 * What certificate the TLS server shows: `good`, out of date, for another name, its own issuer, under a CA that nobody
 * trusts, or without the intermediate CA that a client needs to reach the root.
 */
export type TlsProfile = 'good' | 'expired' | 'wrong-name' | 'self-signed' | 'private-ca' | 'missing-intermediate';

export interface TlsIdentities {
  /** The root to trust, PEM. */
  readonly caPem: string;
  readonly secureContext: (profile: TlsProfile) => SecureContext;
}

const LOCAL_NAMES = x509.subjectAlternativeName(
  ['localhost'],
  [Buffer.from([127, 0, 0, 1]), Buffer.from([...Array.from({ length: 15 }, () => 0), 1])],
);

const named = (text: string) => [x509.organisation('scepwatch simulator'), x509.commonName(text)];
const ROOT = named('Simulator TLS root');
const INTERMEDIATE = named('Simulator TLS intermediate');
const PRIVATE_ROOT = named('Simulator private CA');

/**
 * The certificates of the public side. A TLS client judges dates by the real clock and cannot be given another, so the
 * good certificate is valid, and the expired one is not, both at `now` (epoch milliseconds) and in reality.
 */
export async function createTlsIdentities(now: number): Promise<TlsIdentities> {
  const [root, intermediate, privateCa, server] = await Promise.all([
    ecKey('tls-root'),
    ecKey('tls-intermediate'),
    ecKey('tls-private-ca'),
    ecKey('tls-server'),
  ]);
  const from = Math.min(now, Date.now()) - 30 * DAY_MS;
  const until = Math.max(now, Date.now()) + 365 * DAY_MS;

  function authority(subject: Name, key: KeyPair, issuer: Name, issuerKey: KeyPair): Buffer {
    const usage = x509.keyUsage(x509.KEY_CERT_SIGN, x509.CRL_SIGN);
    const extensions = [x509.basicConstraints(true), usage, x509.subjectKeyId(key.publicKey), x509.authorityKeyId(issuerKey.publicKey)];
    return issue({ subject, key, issuer, issuerKey, notAfter: until, extensions });
  }

  function leaf(issuer: Name, issuerKey: KeyPair, names = LOCAL_NAMES, notAfter = until): Buffer {
    const extensions = [
      x509.keyUsage(x509.DIGITAL_SIGNATURE),
      x509.extendedKeyUsage(x509.SERVER_AUTHENTICATION),
      names,
      x509.subjectKeyId(server.publicKey),
      x509.authorityKeyId(issuerKey.publicKey),
    ];
    return issue({ subject: named('NDES simulator'), key: server, issuer, issuerKey, notAfter, extensions });
  }

  function issue(request: Issuance): Buffer {
    return x509.issueCertificate({
      subject: request.subject,
      issuer: request.issuer,
      publicKey: request.key.publicKey,
      issuerPrivateKey: request.issuerKey.privateKey,
      notBefore: from,
      notAfter: request.notAfter,
      signature: 'sha256',
      extensions: request.extensions,
    });
  }

  const chains: Record<TlsProfile, () => readonly Buffer[]> = {
    good: () => [leaf(ROOT, root)],
    expired: () => [leaf(ROOT, root, LOCAL_NAMES, Math.min(now, Date.now()) - DAY_MS)],
    'wrong-name': () => [leaf(ROOT, root, x509.subjectAlternativeName(['scep-contoso.msappproxy.net'], []))],
    'self-signed': () => [leaf(named('NDES simulator'), server)],
    'private-ca': () => [leaf(PRIVATE_ROOT, privateCa), authority(PRIVATE_ROOT, privateCa, PRIVATE_ROOT, privateCa)],
    'missing-intermediate': () => [leaf(INTERMEDIATE, intermediate)],
  };
  const key = server.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const contexts = new Map<TlsProfile, SecureContext>();

  return {
    caPem: x509.toPem(authority(ROOT, root, ROOT, root)),
    secureContext(profile) {
      const known = contexts.get(profile);
      if (known !== undefined) return known;
      const context = createSecureContext({ key, cert: chains[profile]().map(x509.toPem).join('') });
      contexts.set(profile, context);
      return context;
    },
  };
}

type Name = readonly x509.NameAttribute[];

interface Issuance {
  readonly subject: Name;
  readonly key: KeyPair;
  readonly issuer: Name;
  readonly issuerKey: KeyPair;
  readonly notAfter: number;
  readonly extensions: readonly Buffer[];
}
