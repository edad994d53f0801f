import { iisAnswer, welcomePage } from '../pages/iis.ts';
import { otherSite } from '../pages/intermediaries.ts';
import type { BundleRecipe, Validity } from '../pki.ts';
import type { Answer } from '../reply.ts';
import { type Behaviour, notShown, shown } from './behaviour.ts';
import { caCaps, customBase, detailedBase } from './healthy.ts';

const bundle = (recipe: BundleRecipe): Behaviour => ({ bundles: [recipe] });
const bothRa = (validity: Validity): Behaviour => bundle({ raSigning: validity, raEncryption: validity });
const raDaysLeft = (days: number): Behaviour => bothRa([days - 730, days]);
const caDaysLeft = (days: number): Behaviour => bundle({ issuing: [days - 3650, days] });
const capabilities = (...keywords: readonly string[]): Behaviour => ({ caCaps: () => caCaps(keywords) });

const EXPIRED: Validity = [-733, -3];
const NOT_YET: Validity = [2, 732];
const RENEWED: Validity = [-1, 729];
const RENEWED_CA: Validity = [-7, 3643];

/** Bytes that no parser takes for CMS or X.509, under the right Content-Type. */
function brokenCaCert(body: Buffer): Behaviour {
  return { caCert: () => iisAnswer(200, 'OK', 'application/x-x509-ca-ra-cert', body) };
}

/** The start of a SignedData that promises 3,900 bytes and holds none. */
const CUT_OFF = Buffer.from('30820f3c06092a864886f70d010702a0820f2d', 'hex');

const statusOnly = (status: number, reason: string): Answer => iisAnswer(status, reason, undefined, Buffer.alloc(0));

/** The SCEP operations and the certificates they carry: rows 48 to 62 and the aggregate rows of the decision table. */
export const SCEP_FAULTS = {
  'scep-caps-empty': shown('GetCACaps answers 200 with an empty body', { empty: capabilities() }),
  'scep-caps-invalid': shown('GetCACaps answers 200 with something that is no list of capabilities', {
    html: { caCaps: () => otherSite() },
    'no-keyword': capabilities('Hello', 'World'),
  }),
  'scep-cacert-invalid': shown('GetCACert answers 200 with something that holds no certificates', {
    html: { caCert: () => otherSite() },
    'welcome-page': { caCert: () => welcomePage() },
    'cut-off': brokenCaCert(CUT_OFF),
    garbage: brokenCaCert(Buffer.from('\u0001\u0002not a certificate\u0003', 'latin1')),
    empty: brokenCaCert(Buffer.alloc(0)),
  }),
  'ra-certificate-expired': shown('GetCACert holds RA certificates that expired three days ago', {
    both: bothRa(EXPIRED),
    signing: bundle({ raSigning: EXPIRED }),
    encryption: bundle({ raEncryption: EXPIRED }),
  }),
  'ra-certificate-not-yet-valid': shown('GetCACert holds certificates that become valid the day after tomorrow', {
    ra: bothRa(NOT_YET),
    ca: bundle({ issuing: [2, 3652] }),
  }),
  'ca-certificate-expired': shown('GetCACert holds a CA certificate that expired three days ago', {
    issuing: bundle({ issuing: [-3653, -3] }),
    root: bundle({ root: [-7303, -3] }),
  }),
  'ra-certificate-missing': shown('GetCACert lacks an RA certificate', {
    signing: bundle({ raSigning: 'absent' }),
    encryption: bundle({ raEncryption: 'absent' }),
    both: bundle({ raSigning: 'absent', raEncryption: 'absent' }),
    'single-certificate': { bundleForm: 'single' },
  }),
  'ra-issued-by-old-ca': shown('the CA was renewed with a new key, the RA certificates are still from the old one', {
    'old-ca-in-bundle': bundle({ caGeneration: 2, issuing: RENEWED_CA, raIssuedByGeneration: 1, withOldCa: true }),
    'old-ca-absent': bundle({ caGeneration: 2, issuing: RENEWED_CA, raIssuedByGeneration: 1 }),
  }),
  'ca-pin-mismatch': shown('healthy; the mismatch is with the fingerprint in the configuration', { healthy: {} }, 'setting'),
  'inconsistent-backends': shown('each further connection that asks for GetCACert reaches another NDES server', {
    'two-servers': { bundles: [{}, { host: 'NDES02', raSigning: [-40, 690], raEncryption: [-40, 690] }] },
  }),
  'weak-or-unsupported-signature': shown('CA and RA certificates with a signature that clients refuse', {
    sha1: bundle({ signature: 'sha1' }),
    'rsassa-pss': bundle({ signature: 'rsassa-pss' }),
  }),
  'ra-certificate-expiring': shown('both RA certificates expire soon', {
    '20-days': raDaysLeft(20),
    '5-days': raDaysLeft(5),
    '45-days': raDaysLeft(45),
  }),
  'ca-certificate-expiring': shown('the issuing CA expires soon', {
    '60-days': caDaysLeft(60),
    '10-days': caDaysLeft(10),
    '150-days': caDaysLeft(150),
  }),
  'scep-caps-limited': shown('GetCACaps without POSTPKIOperation or SHA-256', {
    neither: capabilities('Renewal', 'SHA-1', 'DES3'),
    'no-post': capabilities('Renewal', 'SHA-512', 'SHA-256', 'SHA-1', 'DES3'),
    'no-sha-256': capabilities('POSTPKIOperation', 'Renewal', 'SHA-1', 'DES3'),
  }),
  'ra-certificate-rotated': shown(
    'healthy with renewed RA certificates: switch to it after a healthy probe',
    { renewed: bundle({ raGeneration: 2, raSigning: RENEWED, raEncryption: RENEWED }) },
    'history',
  ),
  'ca-certificate-changed': shown(
    'healthy with a renewed CA and new RA certificates: switch to it after a healthy probe',
    { renewed: bundle({ caGeneration: 2, issuing: RENEWED_CA, raGeneration: 2, raSigning: RENEWED, raEncryption: RENEWED }) },
    'history',
  ),
  'ndes-partial-failure': shown('base URL 403 as it should be, GetCACaps works, GetCACert answers a status without a code of its own', {
    'http-204': { caCert: () => statusOnly(204, 'No Content') },
    'http-202': { caCert: () => statusOnly(202, 'Accepted') },
  }),
  'ndes-base-anomaly': shown('the operations work, the bare URL answers neither 403 nor 200', {
    'http-405': { base: () => statusOnly(405, 'Method Not Allowed') },
    'http-410': { base: () => statusOnly(410, 'Gone') },
  }),
  healthy: shown('everything as it should be: base URL 403, capabilities, CA and RA certificates', {
    custom: {},
    detailed: { base: detailedBase },
    german: { base: customBase('german') },
    polish: { base: customBase('polish') },
    'polish-utf-8': { base: customBase('polish-utf-8') },
  }),
  'healthy-long-url-untested': shown('healthy; the verdict is what a probe without the long URL says', { healthy: {} }, 'setting'),
  'base-403-only': notShown(
    'the verdict is about what the probe did, not about what the server answered',
    'probe a healthy simulator with the base-url check alone',
  ),
} as const;
