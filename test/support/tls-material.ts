import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandPath } from './needs.ts';

/** A server's certificate, its key, and the intermediates to send along. */
export interface TlsIdentity {
  readonly certPem: string;
  readonly keyPem: string;
  readonly chainPem?: string;
}

export interface LeafOptions {
  /** Subject alternative names as openssl writes them: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface TlsMaterial {
  /** The root to trust; every leaf but selfSigned comes from an intermediate below it. */
  readonly caPem: string;
  readonly good: TlsIdentity;
  readonly expired: TlsIdentity;
  readonly notYetValid: TlsIdentity;
  /** For `other.example.test` only. */
  readonly wrongName: TlsIdentity;
  readonly selfSigned: TlsIdentity;
  /** The good leaf, sent without its intermediate. */
  readonly missingIntermediate: TlsIdentity;
  readonly issue: (leaf: LeafOptions) => TlsIdentity;
}

const HERE = ['DNS:localhost', 'IP:127.0.0.1'];
const DAY_MS = 86_400_000;
const NEW_KEY = ['-config', 'openssl.cnf', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];

let cached: TlsMaterial | undefined;

/** Certificates made by the openssl command, so that a mistake in our own code cannot hide in them; once per process. */
export function tlsMaterial(): TlsMaterial {
  cached ??= makeMaterial();
  return cached;
}

function makeMaterial(): TlsMaterial {
  const now = Date.now();
  const lastMonth = new Date(now - 30 * DAY_MS);
  const yesterday = new Date(now - DAY_MS);
  const tomorrow = new Date(now + DAY_MS);
  const nextMonth = new Date(now + 30 * DAY_MS);
  const leafFor = (names: readonly string[]) => `${LEAF_EXTENSIONS}subjectAltName=${names.join(',')}\n`;

  const root = selfSign('scepwatch test root', CA_EXTENSIONS);
  const intermediate = sign(root, 'scepwatch test intermediate', CA_EXTENSIONS, yesterday, nextMonth);
  const issue = ({ names = HERE, notBefore = yesterday, notAfter = nextMonth }: LeafOptions): TlsIdentity => {
    const leaf = sign(intermediate, 'scepwatch test leaf', leafFor(names), notBefore, notAfter);
    return { ...leaf, chainPem: intermediate.certPem };
  };

  const good = issue({});
  return {
    caPem: root.certPem,
    good,
    expired: issue({ notBefore: lastMonth, notAfter: yesterday }),
    notYetValid: issue({ notBefore: tomorrow }),
    wrongName: issue({ names: ['DNS:other.example.test'] }),
    selfSigned: selfSign('localhost', leafFor(HERE)),
    missingIntermediate: { certPem: good.certPem, keyPem: good.keyPem },
    issue,
  };
}

function selfSign(commonName: string, extensions: string): TlsIdentity {
  return inFolder(({ write, openssl, identity }) => {
    write('openssl.cnf', `${OPENSSL_CNF}${extensions}`);
    openssl(
      'req',
      '-x509',
      '-new',
      ...NEW_KEY,
      '-subj',
      `/CN=${commonName}`,
      '-days',
      '30',
      '-extensions',
      'extensions',
      '-out',
      'cert.pem',
    );
    return identity();
  });
}

function sign(issuer: TlsIdentity, commonName: string, extensions: string, notBefore: Date, notAfter: Date): TlsIdentity {
  return inFolder(({ write, openssl, identity }) => {
    write('openssl.cnf', `${OPENSSL_CNF}${extensions}`);
    write('issuer.pem', issuer.certPem);
    write('issuer.key', issuer.keyPem);
    write('index.txt', '');
    openssl('req', '-new', ...NEW_KEY, '-subj', `/CN=${commonName}`, '-out', 'request.pem');
    // `openssl ca`, as `openssl x509 -req` takes no exact dates before openssl 3.4.
    const dates = ['-startdate', asn1Time(notBefore), '-enddate', asn1Time(notAfter)];
    const files = ['-cert', 'issuer.pem', '-keyfile', 'issuer.key', '-in', 'request.pem', '-out', 'cert.pem', '-outdir', '.'];
    openssl('ca', '-config', 'openssl.cnf', '-batch', '-notext', '-create_serial', '-extensions', 'extensions', ...dates, ...files);
    return identity();
  });
}

interface Folder {
  readonly write: (name: string, text: string) => void;
  readonly openssl: (...args: string[]) => void;
  readonly identity: () => TlsIdentity;
}

/** The folder goes at once: vitest ends its workers without their exit handlers. */
function inFolder<T>(work: (folder: Folder) => T): T {
  const path = mkdtempSync(join(tmpdir(), 'scepwatch-tls-'));
  const read = (name: string) => readFileSync(join(path, name), 'utf8');
  try {
    return work({
      write: (name, text) => writeFileSync(join(path, name), text),
      openssl: (...args) => execFileSync(commandPath('openssl'), args, { cwd: path, stdio: 'pipe' }),
      identity: () => ({ certPem: read('cert.pem'), keyPem: read('key.pem') }),
    });
  } finally {
    rmSync(path, { recursive: true });
  }
}

/** `YYMMDDhhmmssZ`: X.509 writes dates before 2050 with two digits for the year (RFC 5280 section 4.1.2.5). */
const asn1Time = (date: Date) => `${date.toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`;

const CA_EXTENSIONS = 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n';
const LEAF_EXTENSIONS = 'basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n';

const OPENSSL_CNF = `[req]
distinguished_name=dn
[dn]
[ca]
default_ca=test_ca
[test_ca]
database=index.txt
serial=serial
default_md=sha256
policy=any
[any]
commonName=supplied
[extensions]
`;
