import { beforeAll, describe, expect, test } from 'vitest';
import { readBundle } from '../../src/certificate/read-bundle.ts';
import type { CertificateFacts } from '../../src/core/scep/certificate.ts';
import { clientViews, issuerProblem } from '../../src/core/scep/client-selection.ts';
import { bundleRoles, certificateRoles } from '../../src/core/scep/roles.ts';
import { DAY_MS } from '../../src/core/time.ts';
import { bundleFindings } from '../../src/core/verdict/findings.ts';
import { certsOnly, DATA, indefinite, integer, oid, sequence, tlv } from '../support/der.ts';
import { generalizedTime, hostileCertificate, utcTime } from '../support/hostile-certificates.ts';
import { needs } from '../support/needs.ts';
import {
  AGENT,
  CA,
  certsOnlyByOpenssl,
  ENCRYPTION_RA,
  type Issued,
  issue,
  type NdesBundle,
  ndesBundle,
  SIGNING_RA,
} from '../support/openssl-bundles.ts';

const openssl = needs('openssl');

const CA_RA = 'application/x-x509-ca-ra-cert';

function certificatesOf(body: Uint8Array): readonly CertificateFacts[] {
  const bundle = readBundle(body);
  if (bundle.kind === 'invalid') throw new Error(bundle.reason);
  return bundle.certificates;
}

const rolesOf = (body: Uint8Array) => {
  const certificates = certificatesOf(body);
  return certificates.map((certificate) => certificateRoles(certificate, certificates).join('+'));
};

const usable = (body: Uint8Array, contentType = CA_RA) =>
  clientViews({ certificates: certificatesOf(body), contentType }).map((view) => `${view.platform} ${view.usable ? 'can' : 'cannot'}`);

const findingsOf = (body: Uint8Array) =>
  bundleFindings(readBundle(body), { now: Date.now(), caPins: [], comparisons: [], clients: [] }).map(({ code }) => code);

const invalid = (body: Uint8Array) => {
  const bundle = readBundle(body);
  return bundle.kind === 'invalid' ? bundle.reason : bundle.kind;
};

describe('a GetCACert body made by openssl', openssl.suite, () => {
  let ndes: NdesBundle;
  let small: Issued;
  beforeAll(() => {
    ndes = ndesBundle();
    small = issue({ subject: '/CN=Small CA', extensions: CA });
  });

  const ra = (extensions: string, issuer = small, more: Partial<Parameters<typeof issue>[0]> = {}) =>
    issue({ subject: '/CN=NDES01-MSCEP-RA', extensions, issuer, ...more });

  test('of NDES has a CA and two RA certificates that every client can use', () => {
    expect(readBundle(ndes.bundle)).toMatchObject({ kind: 'certs-only', unreadable: 0 });
    expect(rolesOf(ndes.bundle)).toEqual(['ca', 'ra-signing', 'ra-encryption']);
    expect(usable(ndes.bundle)).toEqual(['android can', 'ios can', 'windows can']);
    expect(findingsOf(ndes.bundle)).toEqual([]);
    expect(
      certificatesOf(ndes.bundle).map(({ subject, issuer, keyType, keyBits, template, signedBy, isCa }) => ({
        subject,
        issuer,
        keyType,
        keyBits,
        template,
        signedBy,
        isCa,
      })),
    ).toEqual([
      {
        subject: 'CN=Contoso Issuing CA, DC=contoso, DC=test',
        issuer: 'CN=Contoso Issuing CA, DC=contoso, DC=test',
        keyType: 'rsa',
        keyBits: 2048,
        template: undefined,
        signedBy: [0],
        isCa: true,
      },
      {
        subject: 'CN=NDES01-MSCEP-RA, C=US',
        issuer: 'CN=Contoso Issuing CA, DC=contoso, DC=test',
        keyType: 'rsa',
        keyBits: 2048,
        template: 'EnrollmentAgentOffline',
        signedBy: [0],
        isCa: false,
      },
      {
        subject: 'CN=NDES01-MSCEP-RA, C=US',
        issuer: 'CN=Contoso Issuing CA, DC=contoso, DC=test',
        keyType: 'rsa',
        keyBits: 2048,
        template: 'CEPEncryption',
        signedBy: [0],
        isCa: false,
      },
    ]);
  });

  test('links the certificates by their key identifiers, in lower-case hexadecimal', () => {
    const [ca, signing] = certificatesOf(ndes.bundle);
    expect(ca?.subjectKeyId).toMatch(/^[0-9a-f]{40}$/);
    expect(signing?.authorityKeyId).toBe(ca?.subjectKeyId);
  });

  test.each([
    ['digitalSignature', ['digitalSignature']],
    ['nonRepudiation', ['nonRepudiation']],
    ['keyEncipherment', ['keyEncipherment']],
    ['dataEncipherment', ['dataEncipherment']],
    ['keyAgreement,encipherOnly', ['keyAgreement', 'encipherOnly']],
    ['keyAgreement,decipherOnly', ['keyAgreement', 'decipherOnly']],
    ['keyCertSign,cRLSign', ['keyCertSign', 'cRLSign']],
    ['digitalSignature,keyEncipherment,dataEncipherment', ['digitalSignature', 'keyEncipherment', 'dataEncipherment']],
  ])('reads key usage %s', (words, keyUsage) => {
    expect(certificatesOf(issue({ subject: '/CN=usage', extensions: `keyUsage=critical,${words}\n` }).der)[0]?.keyUsage).toEqual(keyUsage);
  });

  test('tells an absent key usage and extended key usage from empty ones', () => {
    const [bare] = certificatesOf(issue({ subject: '/CN=bare', extensions: 'subjectKeyIdentifier=hash\n' }).der);
    expect(bare).not.toHaveProperty('keyUsage');
    expect(bare).not.toHaveProperty('extendedKeyUsage');
    const [signing] = certificatesOf(ra(SIGNING_RA).der);
    expect(signing?.extendedKeyUsage).toEqual(['1.3.6.1.4.1.311.20.2.1']);
  });

  test('with one RA certificate for both usages serves everybody', () => {
    const body = certsOnlyByOpenssl([small, ra(`keyUsage=critical,digitalSignature,keyEncipherment\n${AGENT}`)]);
    expect(rolesOf(body)).toEqual(['ca', 'ra-signing+ra-encryption']);
    expect(usable(body)).toEqual(['android can', 'ios can', 'windows can']);
  });

  test('with RA certificates that have no extended key usage goes by key usage alone', () => {
    const body = certsOnlyByOpenssl([small, ra('keyUsage=critical,digitalSignature\n'), ra('keyUsage=critical,keyEncipherment\n')]);
    expect(rolesOf(body)).toEqual(['ca', 'ra-signing', 'ra-encryption']);
    expect(usable(body)).toEqual(['android can', 'ios can', 'windows can']);
  });

  test('shows the object identifier of a version 2 template', () => {
    const extensions = `${AGENT}1.3.6.1.4.1.311.21.7=ASN1:SEQUENCE:template\n[template]\nid=OID:1.3.6.1.4.1.311.21.8.16128.15.1\nmajor=INTEGER:100\n`;
    expect(certificatesOf(ra(extensions).der)[0]?.template).toBe('1.3.6.1.4.1.311.21.8.16128.15.1');
  });

  test.each([
    ['BMP', 'Ünïcode 証明'],
    ['UTF8', 'Ünïcode 証明'],
  ])('shows a template name written as %sString', (type, name) => {
    expect(certificatesOf(ra(`1.3.6.1.4.1.311.20.2=ASN1:FORMAT:UTF8,${type}:${name}\n`).der)[0]?.template).toBe(name);
  });

  test('is read with lengths of either kind, the same certificates from both', () => {
    const ders = [ndes.ca, ndes.signing, ndes.encryption].map(({ der }) => der);
    const expected = certificatesOf(ndes.bundle);
    expect(certificatesOf(certsOnly(ders))).toEqual(
      expected.toSorted((a, b) => ders.findIndex((der) => isSame(der, a)) - ders.findIndex((der) => isSame(der, b))),
    );
    expect(certificatesOf(certsOnly(ders, indefinite))).toEqual(certificatesOf(certsOnly(ders)));
  });

  test('that is one certificate is read as such, with or without rubbish behind it', () => {
    expect(readBundle(small.der)).toMatchObject({ kind: 'single', certificates: [{ subject: 'CN=Small CA', isCa: true, signedBy: [0] }] });
    expect(readBundle(Buffer.concat([small.der, Buffer.from('\r\n')]))).toMatchObject({ kind: 'single' });
    expect(usable(small.der, 'application/x-x509-ca-cert')).toEqual(['android can', 'ios can', 'windows cannot']);
  });

  test('with CRLs beside the certificates is read', () => {
    expect(rolesOf(certsOnlyByOpenssl([small, ra(SIGNING_RA), ra(ENCRYPTION_RA)], small))).toEqual(['ca', 'ra-signing', 'ra-encryption']);
  });

  test('with junk among the certificates counts it', () => {
    const body = certsOnly([small.der, tlv(0xa1, Buffer.from('junk')), sequence(integer(1)), ra(SIGNING_RA).der]);
    expect(readBundle(body)).toMatchObject({
      kind: 'certs-only',
      unreadable: 2,
      certificates: [
        { isCa: true, signedBy: [0] },
        { isCa: false, signedBy: [0] },
      ],
    });
  });

  test('with dates that mean nothing does not count as read, whatever memory holds', () => {
    for (const text of ['260132000000Z', '991332999999Z', '26010', '']) {
      expect(invalid(hostileCertificate({ notBefore: utcTime(text) }))).toBe('it is neither a CMS message nor an X.509 certificate');
      expect(invalid(hostileCertificate({ notAfter: utcTime(text) }))).toBe('it is neither a CMS message nor an X.509 certificate');
    }
    expect(certificatesOf(hostileCertificate({ notAfter: generalizedTime('99991231235959Z') }))[0]?.notAfter).toBe(
      Date.UTC(9999, 11, 31, 23, 59, 59),
    );
  });

  test('reads 24 certificates and counts the others', () => {
    // The last octet belongs to the signature: other bytes, and still a certificate.
    const others = Array.from({ length: 30 }, (_, index) => Buffer.concat([small.der.subarray(0, -1), Buffer.from([index])]));
    expect(readBundle(certsOnly(others))).toMatchObject({ kind: 'certs-only', unreadable: 6 });
    expect(certificatesOf(certsOnly(others))).toHaveLength(24);
    expect(readBundle(certsOnly(Array.from({ length: 30 }, () => small.der)))).toMatchObject({
      certificates: { length: 1 },
      unreadable: 0,
    });
  });

  test('says why it cannot be read', () => {
    const message = certsOnly([small.der]);
    expect(invalid(Buffer.alloc(0))).toBe('the body is empty');
    expect(invalid(Buffer.from('<html>'))).toBe('it is a page, not certificates');
    expect(invalid(Buffer.from('\ufeff  <html>', 'utf16le'))).toBe('it is a page, not certificates');
    expect(invalid(Buffer.from(small.certPem))).toBe('it is PEM text; RFC 8894 section 4.2 wants DER');
    expect(invalid(Buffer.from(message.toString('base64')))).toBe('it is base64 text; RFC 8894 section 4.2 wants DER');
    expect(invalid(Buffer.from('hello'))).toBe('it does not start like a certificate or a CMS message');
    expect(invalid(message.subarray(0, -1))).toBe('its ASN.1 structure is damaged, incomplete or larger than any real bundle');
    expect(invalid(sequence(oid(DATA)))).toBe('it is a CMS message of type 1.2.840.113549.1.7.1, not SignedData');
    expect(invalid(certsOnly([]))).toBe('the CMS message holds no certificates');
    expect(invalid(certsOnly([sequence(integer(1))]))).toBe('no element of the CMS message is a readable certificate');
    expect(invalid(sequence(integer(1)))).toBe('it is neither a CMS message nor an X.509 certificate');
  });

  test.each([
    ['RSASSA-PSS', { pss: true }, '1.2.840.113549.1.1.10'],
    ['SHA-1', { digest: 'sha1' }, '1.2.840.113549.1.1.5'],
  ] as const)('signed with %s is readable and remarked upon', (_, how, signatureAlgorithmOid) => {
    const rsa = ndes.ca;
    const body = certsOnlyByOpenssl([rsa, ra(SIGNING_RA, rsa, how), ra(ENCRYPTION_RA, rsa)]);
    const signing = bundleRoles(certificatesOf(body)).signing[0];
    expect(signing?.signatureAlgorithmOid).toBe(signatureAlgorithmOid);
    expect(findingsOf(body)).toEqual(['weak-or-unsupported-signature']);
  });

  test('of a CA that signs itself with RSASSA-PSS is remarked upon, with SHA-1 not', () => {
    const self = (how: Partial<Parameters<typeof issue>[0]>) => {
      const top = issue({ subject: '/CN=Self', extensions: CA, key: 'rsa', ...how });
      return findingsOf(certsOnlyByOpenssl([top, ra(SIGNING_RA, top), ra(ENCRYPTION_RA, top)]));
    };
    expect(self({ pss: true })).toEqual(['weak-or-unsupported-signature']);
    expect(self({ digest: 'sha1' })).toEqual([]);
  });

  describe('after the CA was renewed', () => {
    const longAgo = new Date(Date.now() - 2000 * DAY_MS);

    test('with a new key: RA certificates of the old one serve everybody but Windows', () => {
      const old = issue({ subject: '/CN=Renewed CA', extensions: CA, notBefore: longAgo });
      const renewed = issue({ subject: '/CN=Renewed CA', extensions: CA });
      const body = certsOnlyByOpenssl([renewed, old, ra(SIGNING_RA, old), ra(ENCRYPTION_RA, old)]);
      const certificates = certificatesOf(body);
      const { signing } = bundleRoles(certificates);
      expect(
        signing.map(({ signedBy }) =>
          signedBy.map((index) => certificates[index]?.notBefore === Math.floor(longAgo.getTime() / 1000) * 1000),
        ),
      ).toEqual([[true]]);
      expect(signing.map((one) => issuerProblem(one, certificates))).toEqual([
        'an older certificate of the CA issued the RA certificate; the CA has been renewed with a new key since',
      ]);
      expect(usable(body)).toContain('windows cannot');
      expect(findingsOf(body)).toContain('ra-issued-by-old-ca');
    });

    test('with a new key of which alone the bundle tells: the RA certificates are of a CA that is not there', () => {
      const old = issue({ subject: '/CN=Renewed CA', extensions: CA, notBefore: longAgo });
      const renewed = issue({ subject: '/CN=Renewed CA', extensions: CA });
      const certificates = certificatesOf(certsOnlyByOpenssl([renewed, ra(SIGNING_RA, old)]));
      expect(bundleRoles(certificates).signing.map((one) => issuerProblem(one, certificates))).toEqual([
        'a CA of the same name is in the bundle, but another key of it issued the RA certificate',
      ]);
    });

    test('with the same key: nothing has to be done', () => {
      const old = issue({ subject: '/CN=Renewed CA', extensions: CA, notBefore: longAgo });
      const renewed = issue({ subject: '/CN=Renewed CA', extensions: CA, keyPem: old.keyPem });
      const body = certsOnlyByOpenssl([renewed, old, ra(SIGNING_RA, old), ra(ENCRYPTION_RA, old)]);
      for (const { signedBy } of certificatesOf(body)) expect(signedBy).toHaveLength(2);
      expect(usable(body)).toEqual(['android can', 'ios can', 'windows can']);
      expect(findingsOf(body)).toEqual([]);
    });
  });

  test('of a chain links each certificate with the one above it', () => {
    const root = issue({ subject: '/CN=Root', extensions: CA });
    const issuing = issue({ subject: '/CN=Issuing', extensions: CA, issuer: root });
    const body = certsOnly([ra(SIGNING_RA, issuing).der, ra(ENCRYPTION_RA, issuing).der, issuing.der, root.der]);
    expect(certificatesOf(body).map(({ signedBy }) => signedBy)).toEqual([[2], [2], [3], [3]]);
    expect(usable(body)).toEqual(['android can', 'ios can', 'windows can']);
  });
});

function isSame(der: Buffer, { sha256 }: CertificateFacts): boolean {
  return certificatesOf(der)[0]?.sha256 === sha256;
}
