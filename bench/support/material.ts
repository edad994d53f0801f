import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandPath } from '../../test/support/needs.ts';
import type { TlsIdentity } from '../../test/support/tls-material.ts';

export interface Material {
  /** The root to trust for TLS. */
  readonly caPem: string;
  /** RSA-2048 with an intermediate, the usual case on the internet. */
  readonly tls: TlsIdentity;
  /** GetCACert bodies: each a CA and two RA certificates, all different, with the same three keys. */
  readonly bundles: readonly Uint8Array[];
}

/** Everything that the servers of a benchmark need, made by the openssl command. */
export function makeMaterial(bundleCount = 1): Material {
  const folder = mkdtempSync(join(tmpdir(), 'scepwatch-bench-'));
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const openssl = (...args: readonly string[]): void => {
    execFileSync(commandPath('openssl'), args, { cwd: folder, stdio: 'pipe' });
  };
  const selfSign = (name: string, subject: string): void =>
    openssl('req', '-x509', ...newKey(name), '-subj', subject, '-days', '1800', '-extensions', 'authority', '-out', `${name}.pem`);
  const request = (name: string, subject: string): void => openssl('req', '-new', ...newKey(name), '-subj', subject, '-out', `${name}.csr`);
  const issue = (name: string, issuer: string, extensions: string, serial: number): void =>
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-days', '720', '-sha256'],
      ...['-set_serial', `0x6B000000${(0x10000000 + serial).toString(16)}`, '-extfile', 'openssl.cnf', '-extensions', extensions],
      ...['-out', `${name}.pem`],
    );
  try {
    writeFileSync(join(folder, 'openssl.cnf'), OPENSSL_CNF);
    selfSign('root', '/CN=scepwatch bench root');
    request('intermediate', '/CN=scepwatch bench intermediate');
    issue('intermediate', 'root', 'authority', 1);
    request('leaf', '/CN=localhost');
    issue('leaf', 'intermediate', 'server', 2);

    selfSign('ca', '/DC=test/DC=example/CN=Example Issuing CA');
    request('signing', '/C=DE/O=Example/CN=NDES01-MSCEP-RA');
    request('encryption', '/C=DE/O=Example/CN=NDES01-MSCEP-RA');
    const bundles = Array.from({ length: bundleCount }, (_, index) => {
      issue('signing', 'ca', 'signing_agent', 10 + 2 * index);
      issue('encryption', 'ca', 'encryption_agent', 11 + 2 * index);
      const files = ['ca', 'signing', 'encryption'].flatMap((name) => ['-certfile', `${name}.pem`]);
      openssl('crl2pkcs7', '-nocrl', ...files, '-outform', 'DER', '-out', 'bundle.p7b');
      return new Uint8Array(readFileSync(join(folder, 'bundle.p7b')));
    });
    return {
      caPem: read('root.pem'),
      tls: { certPem: read('leaf.pem'), keyPem: read('leaf.key'), chainPem: read('intermediate.pem') },
      bundles,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const newKey = (name: string): readonly string[] => ['-config', 'openssl.cnf', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`];

/** The long directory paths are what makes a bundle of AD CS as large as it is. */
const DIRECTORY = 'CN=Public Key Services,CN=Services,CN=Configuration,DC=example,DC=test';

/** Key usage and templates as NDES has them: "Exchange Enrollment Agent (Offline request)" and "CEP Encryption". */
const OPENSSL_CNF = `[req]
distinguished_name=dn
[dn]
[authority]
basicConstraints=critical,CA:true
keyUsage=critical,digitalSignature,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[server]
basicConstraints=critical,CA:false
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=DNS:localhost,IP:127.0.0.1
[signing_agent]
keyUsage=critical,digitalSignature
1.3.6.1.4.1.311.20.2=ASN1:BMPSTRING:EnrollmentAgentOffline
extendedKeyUsage=1.3.6.1.4.1.311.20.2.1
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
crlDistributionPoints=crl
authorityInfoAccess=@access
[encryption_agent]
keyUsage=critical,keyEncipherment
1.3.6.1.4.1.311.20.2=ASN1:BMPSTRING:CEPEncryption
extendedKeyUsage=1.3.6.1.4.1.311.20.2.1
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
crlDistributionPoints=crl
authorityInfoAccess=@access
[crl]
fullname=@crl_places
[crl_places]
URI=ldap:///CN=Example Issuing CA,CN=PKI01,CN=CDP,${DIRECTORY}?certificateRevocationList?base?objectClass=cRLDistributionPoint
[access]
caIssuers;URI=ldap:///CN=Example Issuing CA,CN=AIA,${DIRECTORY}?cACertificate?base?objectClass=certificationAuthority
`;
