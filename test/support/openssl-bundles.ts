import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandPath } from './needs.ts';

/** A certificate and its key, made by the openssl command, so that a mistake in our own code cannot hide in them. */
export interface Issued {
  readonly certPem: string;
  readonly keyPem: string;
  readonly der: Buffer;
}

export interface IssueOptions {
  /** As openssl's -subj takes it. */
  readonly subject: string;
  /** Lines of an openssl extension section; sections of their own may follow. */
  readonly extensions: string;
  /** Self-signed without one. */
  readonly issuer?: Issued;
  /** A key to use again, as a CA does that is renewed with the same key. */
  readonly keyPem?: string;
  readonly key?: 'rsa' | 'ec';
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly digest?: 'sha256' | 'sha1';
  readonly pss?: boolean;
}

const DAY_MS = 86_400_000;

export const CA = 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n';
export const AGENT = 'extendedKeyUsage=1.3.6.1.4.1.311.20.2.1\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n';
export const SIGNING_RA = `keyUsage=critical,digitalSignature\n${AGENT}1.3.6.1.4.1.311.20.2=ASN1:BMP:EnrollmentAgentOffline\n`;
export const ENCRYPTION_RA = `keyUsage=critical,keyEncipherment\n${AGENT}1.3.6.1.4.1.311.20.2=ASN1:BMP:CEPEncryption\n`;

export function issue(options: IssueOptions): Issued {
  const { subject, extensions, issuer, keyPem, key = 'ec', digest = 'sha256', pss = false } = options;
  const notBefore = options.notBefore ?? new Date(Date.now() - DAY_MS);
  const notAfter = options.notAfter ?? new Date(Date.now() + 700 * DAY_MS);
  return inFolder(({ write, read, openssl }) => {
    write('openssl.cnf', `${OPENSSL_CNF}${extensions}`);
    write('index.txt', '');
    if (keyPem !== undefined) write('key.pem', keyPem);
    else if (key === 'rsa') openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', 'key.pem');
    else openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'key.pem');
    openssl('req', '-new', '-config', 'openssl.cnf', '-utf8', '-key', 'key.pem', '-subj', subject, '-out', 'request.pem');
    if (issuer !== undefined) {
      write('issuer.pem', issuer.certPem);
      write('issuer.key', issuer.keyPem);
    }
    const signer = issuer === undefined ? ['-selfsign', '-keyfile', 'key.pem'] : ['-cert', 'issuer.pem', '-keyfile', 'issuer.key'];
    const dates = ['-startdate', asn1Time(notBefore), '-enddate', asn1Time(notAfter)];
    const padding = pss ? ['-sigopt', 'rsa_padding_mode:pss'] : [];
    const files = ['-in', 'request.pem', '-out', 'cert.pem', '-outdir', '.'];
    const how = ['-batch', '-notext', '-utf8', '-preserveDN', '-rand_serial', '-md', digest, '-extensions', 'extensions', ...padding];
    openssl('ca', '-config', 'openssl.cnf', ...how, ...dates, ...signer, ...files);
    const certPem = read('cert.pem').toString();
    return { certPem, keyPem: read('key.pem').toString(), der: new X509Certificate(certPem).raw };
  });
}

/** A degenerate CMS message as `openssl crl2pkcs7` writes it; with a CRL beside the certificates when an issuer of one is given. */
export function certsOnlyByOpenssl(certificates: readonly Issued[], crlOf?: Issued): Buffer {
  return inFolder(({ write, read, openssl }) => {
    write('all.pem', certificates.map(({ certPem }) => certPem).join(''));
    if (crlOf !== undefined) {
      write('openssl.cnf', OPENSSL_CNF);
      write('index.txt', '');
      write('issuer.pem', crlOf.certPem);
      write('issuer.key', crlOf.keyPem);
      openssl(
        'ca',
        '-config',
        'openssl.cnf',
        '-gencrl',
        '-crldays',
        '30',
        '-cert',
        'issuer.pem',
        '-keyfile',
        'issuer.key',
        '-out',
        'crl.pem',
      );
    }
    const crl = crlOf === undefined ? ['-nocrl'] : ['-in', 'crl.pem'];
    openssl('crl2pkcs7', ...crl, '-certfile', 'all.pem', '-outform', 'DER', '-out', 'bundle.p7b');
    return read('bundle.p7b');
  });
}

export interface NdesBundle {
  readonly ca: Issued;
  readonly signing: Issued;
  readonly encryption: Issued;
  readonly bundle: Buffer;
}

let cached: NdesBundle | undefined;

/** What NDES answers to GetCACert: the CA and two RA certificates with the names and templates of a default installation; once per process. */
export function ndesBundle(): NdesBundle {
  cached ??= makeNdesBundle();
  return cached;
}

function makeNdesBundle(): NdesBundle {
  const ca = issue({ subject: '/DC=test/DC=contoso/CN=Contoso Issuing CA', extensions: CA, key: 'rsa' });
  const signing = issue({ subject: '/C=US/CN=NDES01-MSCEP-RA', extensions: SIGNING_RA, issuer: ca, key: 'rsa' });
  const encryption = issue({ subject: '/C=US/CN=NDES01-MSCEP-RA', extensions: ENCRYPTION_RA, issuer: ca, key: 'rsa' });
  return { ca, signing, encryption, bundle: certsOnlyByOpenssl([ca, signing, encryption]) };
}

interface Folder {
  readonly write: (name: string, text: string) => void;
  readonly read: (name: string) => Buffer;
  readonly openssl: (...args: string[]) => void;
}

/** The folder goes at once: vitest ends its workers without their exit handlers. */
function inFolder<T>(work: (folder: Folder) => T): T {
  const path = mkdtempSync(join(tmpdir(), 'scepwatch-bundle-'));
  try {
    return work({
      write: (name, text) => writeFileSync(join(path, name), text),
      read: (name) => readFileSync(join(path, name)),
      openssl: (...args) => execFileSync(commandPath('openssl'), args, { cwd: path, stdio: 'pipe' }),
    });
  } finally {
    rmSync(path, { recursive: true });
  }
}

/** `YYYYMMDDhhmmssZ`, which openssl turns into UTCTime or GeneralizedTime. */
const asn1Time = (date: Date) => `${date.toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;

const OPENSSL_CNF = `[req]
distinguished_name=dn
string_mask=utf8only
[dn]
[ca]
default_ca=test_ca
[test_ca]
database=index.txt
serial=serial
default_md=sha256
policy=any
string_mask=utf8only
[any]
countryName=optional
organizationName=optional
organizationalUnitName=optional
domainComponent=optional
commonName=optional
[extensions]
`;
