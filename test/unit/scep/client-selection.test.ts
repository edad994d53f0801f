import { describe, expect, test } from 'vitest';
import type { CertificateFacts } from '../../../src/core/scep/certificate.ts';
import { clientViews, issuerProblem, issuersOf } from '../../../src/core/scep/client-selection.ts';
import type { Dialect } from '../../../src/core/scep/dialect.ts';
import { DAY_MS } from '../../../src/core/time.ts';
import { ca, certificate, NOW, raEncryption, raSigning } from '../../support/certificates.ts';

const CA_RA = 'application/x-x509-ca-ra-cert';
const CA_ONLY = 'application/x-x509-ca-cert';

function view(platform: Dialect, certificates: readonly CertificateFacts[], contentType = CA_RA) {
  const found = clientViews({ certificates, contentType }).find((one) => one.platform === platform);
  if (found === undefined) throw new Error(`no view of ${platform}`);
  return found;
}

const problem = (platform: Dialect, certificates: readonly CertificateFacts[], contentType = CA_RA) => {
  const found = view(platform, certificates, contentType);
  return found.usable ? undefined : found.problem;
};

describe('a healthy bundle', () => {
  const [top, signing, encryption] = [ca(), raSigning(), raEncryption()];

  test.each(['android', 'ios', 'windows'] as const)(
    'serves %s: encrypt for one RA certificate, trust the other, in any order',
    (platform) => {
      const expected = { platform, usable: true, recipient: encryption, verifier: signing, issuer: top };
      expect(view(platform, [top, signing, encryption])).toEqual(expected);
      const turned = [top, { ...encryption }, { ...signing }] as const;
      expect(view(platform, turned)).toEqual({ ...expected, recipient: turned[1], verifier: turned[2] });
    },
  );
});

describe('Android (jscep)', () => {
  test('encrypts for the CA where there is nothing else', () => {
    const only = ca();
    expect(view('android', [only])).toMatchObject({ usable: true, recipient: only, verifier: only, issuer: only });
  });

  test('takes a certificate without key usage for every use', () => {
    const { keyUsage: _, ...open } = raSigning();
    expect(view('android', [ca(), open])).toMatchObject({ usable: true, recipient: open, verifier: open });
  });

  test('takes dataEncipherment where nothing has keyEncipherment', () => {
    const data = certificate({ keyUsage: ['dataEncipherment'], signedBy: [0] });
    expect(view('android', [ca(), data])).toMatchObject({ usable: true, recipient: data });
  });

  test('finds the issuer by its name alone', () => {
    const stranger = raEncryption({ issuer: 'CN=Somebody Else' });
    expect(problem('android', [ca(), raSigning(), stranger])).toBe('the CA that issued the encryption certificate is not in the bundle');
  });

  test('cannot do without a certificate to encrypt for', () => {
    expect(problem('android', [raSigning()])).toBe(
      'no certificate to encrypt for: none allows keyEncipherment and there is no CA certificate',
    );
    expect(problem('android', [])).toBeDefined();
  });

  test('cannot do without a certificate to verify with', () => {
    expect(problem('android', [raEncryption()])).toBe(
      'no certificate to verify replies with: none allows digitalSignature and there is no CA certificate',
    );
  });
});

describe('iOS', () => {
  const healthy = [ca(), raSigning(), raEncryption()];

  test.each(['', 'text/html', 'application/octet-stream'])('refuses Content-Type %j', (contentType) => {
    expect(problem('ios', healthy, contentType)).toMatch(/^the Content-Type is (?:missing|"[^"]+"); Apple's client accepts only/);
  });

  test('takes a single certificate for everything, a bundle under its Content-Type for nothing', () => {
    const only = ca();
    expect(view('ios', [only], CA_ONLY)).toMatchObject({ usable: true, recipient: only, verifier: only, issuer: only });
    expect(problem('ios', healthy, CA_ONLY)).toBe('application/x-x509-ca-cert announces one certificate, but the answer is a bundle');
  });

  test('takes one certificate with both usages', () => {
    const both = raSigning({ keyUsage: ['digitalSignature', 'keyEncipherment'] });
    expect(view('ios', [ca(), both])).toMatchObject({ usable: true, recipient: both, verifier: both });
  });

  test('goes up to the root of the bundle', () => {
    const root = ca({ subject: 'CN=Root', issuer: 'CN=Root', signedBy: [0] });
    const issuing = ca({ issuer: 'CN=Root', signedBy: [0] });
    expect(view('ios', [root, issuing, raSigning({ signedBy: [1] }), raEncryption({ signedBy: [1] })])).toMatchObject({
      usable: true,
      issuer: root,
    });
  });

  test('refuses certificates of two CAs', () => {
    const [one, other] = [ca({ signedBy: [0] }), ca({ subject: 'CN=Other', issuer: 'CN=Other', signedBy: [1] })];
    expect(problem('ios', [one, other, raSigning({ signedBy: [0] }), raEncryption({ signedBy: [1] })])).toBe(
      'the certificates chain to two different CAs, which makes Apple refuse the bundle',
    );
  });

  test.each([
    [[raSigning()], 'no RA certificate allows keyEncipherment'],
    [[raEncryption()], 'no RA certificate allows digitalSignature'],
    [[raSigning({ keyUsage: [] })], 'no RA certificate has a key usage that allows signing or encryption'],
    [[], 'no certificate of the bundle was issued by another one of it'],
  ])('says what is missing (%#)', (ra, expected) => {
    expect(problem('ios', [ca(), ...ra])).toBe(expected);
  });

  test('takes either certificate of a CA that was renewed with its key for the same root', () => {
    const [old, renewed] = [ca({ signedBy: [0, 1] }), ca({ signedBy: [0, 1] })];
    expect(view('ios', [old, renewed, raSigning({ signedBy: [0, 1] }), raEncryption({ signedBy: [0, 1] })])).toMatchObject({
      usable: true,
      issuer: old,
    });
  });

  test('comes to an end with CAs that sign one another', () => {
    const [a, b] = [ca({ subject: 'CN=A', issuer: 'CN=B', signedBy: [1] }), ca({ subject: 'CN=B', issuer: 'CN=A', signedBy: [0] })];
    expect(view('ios', [a, b, raSigning({ signedBy: [0] }), raEncryption({ signedBy: [0] })])).toBeDefined();
  });
});

describe('Windows', () => {
  test('does not take the CA for an RA certificate', () => {
    expect(problem('windows', [ca({ keyUsage: ['digitalSignature', 'keyEncipherment'] })])).toBe(
      'no RA certificate allows keyEncipherment',
    );
    expect(problem('windows', [ca(), raEncryption()])).toBe('no RA certificate allows digitalSignature');
  });

  test('refuses RA certificates that an older CA certificate issued', () => {
    const old = ca({ notBefore: NOW - 2000 * DAY_MS });
    const renewed = ca({ notBefore: NOW - 10 * DAY_MS, signedBy: [1] });
    const byOld = [old, renewed, raSigning({ signedBy: [0] }), raEncryption({ signedBy: [0] })];
    expect(problem('windows', byOld)).toBe(
      'an older certificate of the CA issued the RA certificate; the CA has been renewed with a new key since',
    );
    expect(view('android', byOld).usable).toBe(true);
  });

  test('takes RA certificates that old and new CA certificate verify, as their key is the same', () => {
    const old = ca({ notBefore: NOW - 2000 * DAY_MS, signedBy: [0, 1] });
    const renewed = ca({ notBefore: NOW - 10 * DAY_MS, signedBy: [0, 1] });
    expect(view('windows', [old, renewed, raSigning({ signedBy: [0, 1] }), raEncryption({ signedBy: [0, 1] })]).usable).toBe(true);
  });
});

describe('the issuer of an RA certificate', () => {
  test('is never the certificate itself, and never one that is not there', () => {
    const own = raSigning({ signedBy: [0, 7] });
    expect(issuersOf(own, [own])).toEqual([]);
  });

  test('is missing, or of the same name with another key', () => {
    expect(issuerProblem(raSigning({ signedBy: [] }), [])).toBe('the CA that issued the RA certificate is not in the bundle');
    expect(issuerProblem(raSigning({ signedBy: [] }), [ca()])).toBe(
      'a CA of the same name is in the bundle, but another key of it issued the RA certificate',
    );
  });
});
