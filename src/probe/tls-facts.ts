import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { certificateFacts } from '../certificate/read-certificate.ts';
import type { CertificateFacts } from '../core/scep/certificate.ts';
import { isoDay } from '../core/time.ts';
import type { TlsFacts } from '../core/verdict/observation.ts';

/** What a chain may be long at most before we stop walking it. */
const MAX_CHAIN = 10;

/** Everything about a finished handshake: protocol, cipher, the peer's chain and why it does not verify, if it does not. */
export function tlsFacts(socket: TLSSocket, serverName: string): TlsFacts {
  const leaf = socket.getPeerX509Certificate();
  const chain = leaf === undefined ? [] : readChain(leaf);
  // Both are gone when the server hung up as soon as the handshake was done.
  const protocol = socket.getProtocol() ?? undefined;
  const cipher = socket.getCipher()?.name;
  const verifyError = verifyErrorOf(socket, serverName, leaf, chain);
  return {
    ...(protocol !== undefined && { protocol }),
    ...(cipher !== undefined && { cipher }),
    serverName,
    ...(verifyError !== undefined && { verifyError }),
    chain,
  };
}

function readChain(leaf: X509Certificate): readonly CertificateFacts[] {
  const chain: CertificateFacts[] = [];
  const seen = new Set<string>();
  for (
    let certificate: X509Certificate | undefined = leaf;
    certificate !== undefined && chain.length < MAX_CHAIN;
    certificate = certificate.issuerCertificate
  ) {
    const facts = remembered(certificate);
    if (facts === undefined || seen.has(facts.sha256)) break;
    seen.add(facts.sha256);
    chain.push(facts);
  }
  return chain;
}

const MAX_REMEMBERED = 2048;
const known = new Map<string, CertificateFacts>();

/** A server shows the same chain at every probe for months; its extensions need to be read once. */
function remembered(certificate: X509Certificate): CertificateFacts | undefined {
  const fingerprint = certificate.fingerprint256;
  const before = known.get(fingerprint);
  if (before !== undefined) return before;
  try {
    const facts = certificateFacts(certificate);
    known.set(fingerprint, facts);
    if (known.size > MAX_REMEMBERED) known.delete(known.keys().next().value ?? '');
    return facts;
  } catch {
    // OpenSSL could finish a handshake with it, but its dates or extensions are nonsense: the chain ends here.
    return undefined;
  }
}

function verifyErrorOf(
  socket: TLSSocket,
  serverName: string,
  leaf: X509Certificate | undefined,
  chain: readonly CertificateFacts[],
): TlsFacts['verifyError'] {
  if (socket.authorized) return undefined;
  const reported: unknown = socket.authorizationError;
  const code =
    typeof reported === 'string' ? reported : reported instanceof Error && 'code' in reported ? String(reported.code) : 'CERT_UNTRUSTED';
  const expired = chain.find(({ notAfter }) => notAfter < Date.now());
  // An expired leaf is the operator's problem whatever else OpenSSL met first on its way up the chain.
  if (expired !== undefined && (expired === chain[0] || code === 'CERT_HAS_EXPIRED')) {
    return { code: 'CERT_HAS_EXPIRED', detail: `certificate "${expired.subject}" expired on ${isoDay(expired.notAfter)}` };
  }
  // Node names the chain's error only; a wrong name is a fault of its own, and the one that the operator can put right.
  if (leaf !== undefined && !isFor(leaf, serverName))
    return {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      detail: `the certificate is not for ${serverName} but for ${leaf?.subjectAltName ?? chain[0]?.subject ?? 'nothing'}`,
    };
  const [first] = chain;
  return {
    code,
    detail:
      first === undefined
        ? 'the server sent no certificate'
        : `certificate "${first.subject}" issued by "${first.issuer}", ${chain.length} certificate(s) in the chain`,
  };
}

function isFor(leaf: X509Certificate, serverName: string): boolean {
  return (isIP(serverName) === 0 ? leaf.checkHost(serverName) : leaf.checkIP(serverName)) !== undefined;
}
