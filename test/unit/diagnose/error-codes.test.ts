import { describe, expect, test } from 'vitest';
import { errorCodesIn, errorLine, explainErrorCode, httpStatusOf } from '../../../src/core/diagnose/error-codes.ts';

describe('an error code', () => {
  test.each([
    ['0x80090005', '0x80090005', 'NTE_BAD_DATA'],
    ['0x80092013', '0x80092013', 'CRYPT_E_REVOCATION_OFFLINE'],
    ['800B0109', '0x800B0109', 'CERT_E_UNTRUSTEDROOT'],
    ['0x800b0109L', '0x800B0109', 'CERT_E_UNTRUSTEDROOT'],
    ['2148204809', '0x800B0109', 'CERT_E_UNTRUSTEDROOT'],
    ['-2146762487', '0x800B0109', 'CERT_E_UNTRUSTEDROOT'],
    ['-2147024809', '0x80070057', 'ERROR_INVALID_PARAMETER'],
    ['-2146875375', '0x80094811', 'CERTSRV_E_KEY_LENGTH'],
    ['80070005', '0x80070005', 'ERROR_ACCESS_DENIED'],
    ['1346', '0x80070542', 'ERROR_BAD_IMPERSONATION_LEVEL'],
    ['0x542', '0x80070542', 'ERROR_BAD_IMPERSONATION_LEVEL'],
    ['12175', '0x80072F8F', 'ERROR_WINHTTP_SECURE_FAILURE'],
    ['1722', '0x800706BA', 'RPC_S_SERVER_UNAVAILABLE'],
    ['c0000005', '0xC0000005', 'STATUS_ACCESS_VIOLATION'],
    ['0x00000411', '0x00000411', 'CRPSCEPChallenge_Expired'],
    ['0x2ab0003', '0x02AB0003', 'DM_S_ACCEPTED_FOR_PROCESSING'],
    ['0x0', '0x00000000', 'S_OK'],
    [' 0x80190194 ', '0x80190194', 'HTTP 404'],
    ['0x801901F4', '0x801901F4', 'HTTP 500'],
    ['0x801901A7', '0x801901A7', 'HTTP 423'],
    ['0x80070643', '0x80070643', 'ERROR_INSTALL_FAILURE'],
    ['0x800704C7', '0x800704C7', 'Windows error 1223'],
  ])('%s is %s %s', (text, code, name) => {
    const error = explainErrorCode(text);
    expect(error).toMatchObject({ code, name });
    expect(error?.meaning).not.toBe('');
    expect(error?.hint).toMatch(/\.$/);
  });

  test.each([
    '',
    'x',
    '0x',
    '0x123456789',
    '99999999999',
    '-99999999999',
    '-2147483649',
    '4294967296',
    '404',
    '0x80110001',
    '1e9',
    '１３４６',
  ])('%s is none that is known', (text) => {
    expect(explainErrorCode(text)).toBeUndefined();
  });

  test.each([
    [400, 0x190],
    [401, 0x191],
    [403, 0x193],
    [404, 0x194],
    [408, 0x198],
    [413, 0x19d],
    [414, 0x19e],
    [500, 0x1f4],
    [502, 0x1f6],
    [503, 0x1f7],
    [504, 0x1f8],
  ])('wraps HTTP %i', (status, low) => {
    expect(httpStatusOf(0x8019_0000 + low)).toBe(status);
    expect(explainErrorCode(`0x8019${low.toString(16).padStart(4, '0')}`)?.name).toBe(`HTTP ${status}`);
  });
});

describe('error codes in a text', () => {
  const codesIn = (text: string, limit?: number): readonly string[] => errorCodesIn(text, limit).map(({ code }) => code);

  test.each([
    ['Result: (Unknown Win32 Error code: 0x80190194)', ['0x80190194']],
    ['failed 0x80072f8f (WinHttp: 12175 ERROR_WINHTTP_SECURE_FAILURE)', ['0x80072F8F']],
    ['0x80094811 (-2146875375 CERTSRV_E_KEY_LENGTH)', ['0x80094811']],
    ['not trusted by the trust provider. 800B0109', ['0x800B0109']],
    ['403 16 2148204809 453', ['0x800B0109']],
    ['Exception code: 0xc0000005', ['0xC0000005']],
    ['0x80070005 then 0x80090005', ['0x80070005', '0x80090005']],
    ['0x8007ffff, the code of nobody', ['0x8007FFFF']],
  ])('%s', (text, codes) => {
    expect(codesIn(text)).toEqual(codes);
  });

  test.each([
    'KSP Setting: (0x2), Store Location: (0x1)',
    'time stamp: 0x5215df96',
    'transId=251E592A777C82996C7CF96F3AAADCF996FC31FF',
    'thumbprint 800B0109800B0109',
    '{800b0109-0000-4000-8000-000000000000}',
    'Hash=-2146762487x',
    'Hash=1677525787',
    'version 80070005.1',
    'Result : (Unknown Win32 Error code: 0x2ab0003)',
  ])('none in %s', (text) => {
    expect(codesIn(text)).toEqual([]);
  });

  test('are told once, and not more than are asked for', () => {
    const text = '0x80070005 0x80070005 0x80090005 0x800B0109 0x80092013 0x80094800';
    expect(codesIn(text)).toHaveLength(4);
    expect(codesIn(text, 1)).toEqual(['0x80070005']);
  });

  test('read as a line', () => {
    expect(errorCodesIn('0x80090005').map(errorLine)).toEqual(['0x80090005 NTE_BAD_DATA: the data cannot be decrypted']);
  });
});
