import { describe, expect, test } from 'vitest';
import { bundleRoles, certificateRoles, isRequestAgent } from '../../../src/core/scep/roles.ts';
import { ca, certificate, raEncryption, raSigning } from '../../support/certificates.ts';

describe('the roles of a certificate', () => {
  const agent = raSigning();

  test('a CA is a CA, whatever else it may do', () => {
    expect(certificateRoles(ca({ keyUsage: ['digitalSignature', 'keyEncipherment'] }), [])).toEqual(['ca']);
  });

  test('key usage alone tells the two RA certificates apart, as both have the same extended key usage', () => {
    expect([raSigning(), raEncryption()].map((one) => certificateRoles(one, [agent]))).toEqual([['ra-signing'], ['ra-encryption']]);
  });

  test('one certificate with both key usages has both roles', () => {
    expect(certificateRoles(raSigning({ keyUsage: ['digitalSignature', 'keyEncipherment'] }), [agent])).toEqual([
      'ra-signing',
      'ra-encryption',
    ]);
  });

  test.each([[[]], [['dataEncipherment']], [['keyAgreement', 'nonRepudiation']]] as const)('key usage %j is no role', (keyUsage) => {
    expect(certificateRoles(raSigning({ keyUsage }), [agent])).toEqual(['other']);
  });

  test('a certificate without key usage has no role', () => {
    const { keyUsage: _, ...rest } = raSigning();
    expect(certificateRoles(rest, [agent])).toEqual(['other']);
  });

  test('without the extended key usage a certificate counts only where no other has it', () => {
    const plain = certificate({ keyUsage: ['digitalSignature'] });
    expect(certificateRoles(plain, [plain])).toEqual(['ra-signing']);
    expect(certificateRoles(plain, [plain, agent])).toEqual(['other']);
  });

  test('a CA with the extended key usage does not make it necessary for others', () => {
    const plain = certificate({ keyUsage: ['keyEncipherment'] });
    const oddCa = ca({ extendedKeyUsage: ['1.3.6.1.4.1.311.20.2.1'] });
    expect(certificateRoles(plain, [plain, oddCa])).toEqual(['ra-encryption']);
  });

  test('the extended key usage is found among others', () => {
    expect(isRequestAgent(certificate({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.2', '1.3.6.1.4.1.311.20.2.1'] }))).toBe(true);
    expect(isRequestAgent(certificate({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] }))).toBe(false);
    expect(isRequestAgent(certificate({}))).toBe(false);
  });

  test('a bundle lists each RA certificate once', () => {
    const both = raSigning({ keyUsage: ['digitalSignature', 'keyEncipherment'] });
    const top = ca();
    expect(bundleRoles([top, both])).toEqual({ signing: [both], encryption: [both], ra: [both], ca: [top] });
    expect(bundleRoles([])).toEqual({ signing: [], encryption: [], ra: [], ca: [] });
  });
});
