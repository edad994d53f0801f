import { type KeyPair, rsaKey } from './keys.ts';
import * as x509 from './x509.ts';

const DAY_MS = 86_400_000;

/** When a certificate is valid, in days from the simulator's start; negative is the past. */
export type Validity = readonly [fromDays: number, toDays: number];

/** What a GetCACert answer is made of. Absent fields are those of a healthy server. */
export interface BundleRecipe {
  readonly root?: Validity;
  readonly issuing?: Validity;
  readonly raSigning?: Validity | 'absent';
  readonly raEncryption?: Validity | 'absent';
  /** Of the issuing CA's and both RA certificates. */
  readonly signature?: x509.SignatureScheme;
  /** Which generation of RA keys and certificates: `2` after a renewal of the RA certificates. */
  readonly raGeneration?: 1 | 2;
  /** Which key the issuing CA has: `2` after a renewal of the CA with a new key. The subject stays. */
  readonly caGeneration?: 1 | 2;
  /** Which generation of the CA issued the RA certificates; by default the current one. */
  readonly raIssuedByGeneration?: 1 | 2;
  /** Adds the CA certificate of the first generation to the bundle, as a server does that knows both. */
  readonly withOldCa?: boolean;
  /** The server's name; another one is another back end behind the same load balancer. */
  readonly host?: string;
}

export interface Bundle {
  /** CMS certs-only, DER: `application/x-x509-ca-ra-cert`. */
  readonly pkcs7: Buffer;
  /** The issuing CA's certificate alone, DER: `application/x-x509-ca-cert`. */
  readonly single: Buffer;
}

export interface Pki {
  /** The same recipe gives the same certificates for the life of this PKI. Takes up to 0.3 s when it needs a new key. */
  readonly bundle: (recipe: BundleRecipe) => Promise<Bundle>;
}

/** Root 20 years, issuing CA 10 years, RA two years: the usual lives, all well into them. */
const HEALTHY = { root: [-1500, 5800], issuing: [-800, 2850], ra: [-100, 630] } as const;

const ROOT_NAME = [x509.domainComponent('test'), x509.domainComponent('contoso'), x509.commonName('Contoso Root CA')];
const ISSUING_NAME = [x509.domainComponent('test'), x509.domainComponent('contoso'), x509.commonName('Contoso Issuing CA 1')];

const raName = (host: string) => [x509.country('US'), x509.organisation('Contoso'), x509.commonName(`${host}-MSCEP-RA`)];

/**
 * The certificates of a Microsoft two-tier PKI and of the NDES servers enrolled in it. Makes the four keys of a healthy
 * server at once and everything else when it is asked for. `now` is epoch milliseconds; all dates are counted from it.
 */
export async function createPki(now: number): Promise<Pki> {
  const root = await healthyKeys();
  const made = new Map<string, Promise<Bundle>>();
  const issued = new Map<string, Buffer>();

  /** Certificates that do not differ between two recipes are the same certificate in both bundles. */
  function once(label: string, details: unknown, issue: () => Buffer): Buffer {
    const key = `${label} ${JSON.stringify(details)}`;
    const known = issued.get(key);
    if (known !== undefined) return known;
    const certificate = issue();
    issued.set(key, certificate);
    return certificate;
  }

  const dates = ([fromDays, toDays]: Validity) => ({
    notBefore: now + fromDays * DAY_MS,
    // Half a day more, so that the whole days left do not change between the start and the first look.
    notAfter: now + toDays * DAY_MS + DAY_MS / 2,
  });

  function rootCertificate(validity: Validity): Buffer {
    return once('root', validity, () =>
      x509.issueCertificate({
        subject: ROOT_NAME,
        issuer: ROOT_NAME,
        publicKey: root.publicKey,
        issuerPrivateKey: root.privateKey,
        ...dates(validity),
        signature: 'sha256',
        extensions: [x509.basicConstraints(true), caUsage(), x509.subjectKeyId(root.publicKey)],
      }),
    );
  }

  function issuingCertificate(key: KeyPair, generation: number, validity: Validity, signature: x509.SignatureScheme): Buffer {
    return once('issuing', [generation, validity, signature], () =>
      x509.issueCertificate({
        subject: ISSUING_NAME,
        issuer: ROOT_NAME,
        publicKey: key.publicKey,
        issuerPrivateKey: root.privateKey,
        ...dates(validity),
        signature,
        extensions: [
          x509.basicConstraints(true),
          caUsage(),
          x509.caVersion(generation - 1),
          x509.subjectKeyId(key.publicKey),
          x509.authorityKeyId(root.publicKey),
        ],
      }),
    );
  }

  function raCertificate(role: RaRole, key: KeyPair, issuer: KeyPair, validity: Validity, recipe: BundleRecipe): Buffer {
    const { host = 'NDES01', signature = 'sha256' } = recipe;
    const details = [host, recipe.raGeneration, recipe.raIssuedByGeneration ?? recipe.caGeneration, validity, signature];
    return once(role, details, () =>
      x509.issueCertificate({
        subject: raName(host),
        issuer: ISSUING_NAME,
        publicKey: key.publicKey,
        issuerPrivateKey: issuer.privateKey,
        ...dates(validity),
        signature,
        extensions: [
          x509.keyUsage(RA_ROLES[role].usage),
          x509.extendedKeyUsage(x509.CERTIFICATE_REQUEST_AGENT),
          x509.templateName(RA_ROLES[role].template),
          x509.subjectKeyId(key.publicKey),
          x509.authorityKeyId(issuer.publicKey),
        ],
      }),
    );
  }

  async function build(recipe: BundleRecipe): Promise<Bundle> {
    const { caGeneration = 1, raGeneration = 1, host = 'NDES01', signature = 'sha256', issuing = HEALTHY.issuing } = recipe;
    const [ca, raIssuer, signing, encryption] = await Promise.all([
      rsaKey(`issuing ${caGeneration}`),
      rsaKey(`issuing ${recipe.raIssuedByGeneration ?? caGeneration}`),
      rsaKey(`ra-signing ${host} ${raGeneration}`),
      rsaKey(`ra-encryption ${host} ${raGeneration}`),
    ]);
    const current = issuingCertificate(ca, caGeneration, issuing, signature);
    const certificates = [current, rootCertificate(recipe.root ?? HEALTHY.root)];
    if (recipe.withOldCa === true) certificates.push(issuingCertificate(await rsaKey('issuing 1'), 1, HEALTHY.issuing, signature));
    const { raSigning = HEALTHY.ra, raEncryption = HEALTHY.ra } = recipe;
    if (raSigning !== 'absent') certificates.push(raCertificate('ra-signing', signing, raIssuer, raSigning, recipe));
    if (raEncryption !== 'absent') certificates.push(raCertificate('ra-encryption', encryption, raIssuer, raEncryption, recipe));
    return { pkcs7: x509.certsOnly(certificates), single: current };
  }

  return {
    bundle(recipe) {
      const key = JSON.stringify(recipe);
      const known = made.get(key);
      if (known !== undefined) return known;
      const bundle = build(recipe);
      made.set(key, bundle);
      return bundle;
    },
  };
}

type RaRole = 'ra-signing' | 'ra-encryption';

/** Both templates carry the same extended key usage; only the key usage tells the two certificates apart. */
const RA_ROLES: Record<RaRole, { readonly usage: number; readonly template: string }> = {
  'ra-signing': { usage: x509.DIGITAL_SIGNATURE, template: 'EnrollmentAgentOffline' },
  'ra-encryption': { usage: x509.KEY_ENCIPHERMENT, template: 'CEPEncryption' },
};

const caUsage = () => x509.keyUsage(x509.DIGITAL_SIGNATURE, x509.KEY_CERT_SIGN, x509.CRL_SIGN);

async function healthyKeys(): Promise<KeyPair> {
  const [root] = await Promise.all([rsaKey('root'), rsaKey('issuing 1'), rsaKey('ra-signing NDES01 1'), rsaKey('ra-encryption NDES01 1')]);
  return root;
}
