import { describe, expect, test } from 'vitest';
import type { CertificateFacts } from '../../../src/core/scep/certificate.ts';
import { bundleRoles, certificateRoles, isRequestAgent } from '../../../src/core/scep/roles.ts';
import { ca, certificate, raEncryption, raSigning } from '../../support/certificates.ts';

describe('the roles of a certificate', () => {
  const top = ca();
  /** The CA stands first, because the facts of test certificates say that the first one signed them. */
  const rolesIn = (certificate: CertificateFacts, ...others: readonly CertificateFacts[]) =>
    certificateRoles(certificate, [top, certificate, ...others]);

  test('a CA is a CA, whatever else it may do', () => {
    const odd = ca({ keyUsage: ['digitalSignature', 'keyEncipherment'] });
    expect(certificateRoles(odd, [odd])).toEqual(['ca']);
  });

  test('a certificate that has signed another one is a CA without basic constraints, too', () => {
    const old = ca({ isCa: false });
    expect(certificateRoles(old, [old, raSigning()])).toEqual(['ca']);
  });

  test('key usage alone tells the two RA certificates apart, as both have the same extended key usage', () => {
    const [signing, encryption] = [raSigning(), raEncryption()];
    expect([signing, encryption].map((one) => certificateRoles(one, [top, signing, encryption]))).toEqual([
      ['ra-signing'],
      ['ra-encryption'],
    ]);
  });

  test('one certificate with both key usages has both roles', () => {
    expect(rolesIn(raSigning({ keyUsage: ['digitalSignature', 'keyEncipherment'] }))).toEqual(['ra-signing', 'ra-encryption']);
  });

  test.each([[[]], [['dataEncipherment']], [['keyAgreement', 'nonRepudiation']]] as const)('key usage %j is no role', (keyUsage) => {
    expect(rolesIn(raSigning({ keyUsage }))).toEqual(['other']);
  });

  test('a certificate without key usage has no role', () => {
    const { keyUsage: _, ...rest } = raSigning();
    expect(rolesIn(rest)).toEqual(['other']);
  });

  test('without the extended key usage a certificate counts only where no other has it for the same role', () => {
    const plain = certificate({ keyUsage: ['digitalSignature'] });
    expect(rolesIn(plain)).toEqual(['ra-signing']);
    expect(rolesIn(plain, raEncryption())).toEqual(['ra-signing']);
    expect(rolesIn(plain, raSigning())).toEqual(['other']);
  });

  test('a CA with the extended key usage does not make it necessary for others', () => {
    const plain = certificate({ keyUsage: ['keyEncipherment'] });
    expect(certificateRoles(plain, [ca({ extendedKeyUsage: ['1.3.6.1.4.1.311.20.2.1'] }), plain])).toEqual(['ra-encryption']);
  });

  test('the extended key usage is found among others', () => {
    expect(isRequestAgent(certificate({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.2', '1.3.6.1.4.1.311.20.2.1'] }))).toBe(true);
    expect(isRequestAgent(certificate({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] }))).toBe(false);
    expect(isRequestAgent(certificate({}))).toBe(false);
  });

  test('a bundle lists each RA certificate once', () => {
    const both = raSigning({ keyUsage: ['digitalSignature', 'keyEncipherment'] });
    expect(bundleRoles([top, both])).toEqual({ signing: [both], encryption: [both], ra: [both], ca: [top] });
    expect(bundleRoles([])).toEqual({ signing: [], encryption: [], ra: [], ca: [] });
  });
});
