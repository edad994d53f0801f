import { describe, expect, it, test } from 'vitest';
import { createIdentityRedactor } from '../../../src/core/diagnose/redact-identities.ts';

const CSR =
  'MIAGCSqGSIb3DQEHAqCAMIACAQExDzANBglghkgBZQMEAgMFADCABgkqhkiG9w0BBwGggCSABIIZfzCABgkqhkiG9w0BBwOggDCAAgEAMYIBgjCCAX4CAQAwZjBPMRUwEwYK';
const GUID = '51bad41f-3854-4eb5-a2f2-0f7a94034ee8';

function redacted(text: string, showIdentities = false): string {
  return createIdentityRedactor({ showIdentities }).text(text);
}

describe('text of a log', () => {
  it.each([
    // Addresses
    ['443 - 10.5.14.22 profiled/1.0', '443 - address-1 profiled/1.0'],
    ['fe80::f53d:89b8:c3e8:5fec%13 GET /', 'address-1 GET /'],
    ['from 2001:db8:0:1:2:3:4:5.', 'from address-1.'],
    ['MAC aa:bb:cc:dd:ee:ff', 'MAC device-1'],
    // Users
    ['dn=CN=jdoe@contoso.com; serial=1', 'dn=CN=user-1; serial=1'],
    ['[dn=CN=John Doe; serial=1]', '[dn=CN=user-1; serial=1]'],
    ['User: CONTOSO\\jdoe', 'User: user-1'],
    ['User:          S-1-5-21-1-2-3-1001', 'User:          user-1'],
    ['<Data Name="UserName">jdoe</Data>', '<Data Name="UserName">user-1</Data>'],
    ['<Security UserID="S-1-5-21-1-2-3-4"/>', '<Security UserID="user-1"/>'],
    ['C:\\Users\\jdoe\\mscep.log', 'C:\\Users\\user-1\\mscep.log'],
    ['GET /certsrv/mscep_admin/ - 443 svc_ndes 10.0.0.2 x', 'GET /certsrv/mscep_admin/ - 443 user-1 address-1 x'],
    // Devices
    ['Computer:      LAPTOP-17', 'Computer:      device-1'],
    ['<Computer>PC1.contoso.com</Computer>', '<Computer>device-1</Computer>'],
    ['DeviceName="Max iPhone"', 'DeviceName="device-1 iPhone"'],
    [`ModelName=AC_${GUID}%2FLogicalName_39907e78_e61b_4730_b9fa_d44a53e4111c;Hash=1`, 'ModelName=AC_id-1%2FLogicalName_id-2;Hash=1'],
    [
      'senderNonce=Nonce [D447AE9955E624A56A09D64E2B3AE76E],transId=251E592A777C82996C7CF96F3AAADCF996FC31FF]',
      'senderNonce=Nonce [hash-1],transId=hash-2]',
    ],
    // Behind an encoded sign
    [`x=1%2F${GUID}%2010.0.0.1%20D447AE9955E624A56A09D64E2B3AE76E`, 'x=1%2Fid-1%20address-1%20hash-1'],
    // Secrets, also beside other columns
    [
      `GET /certsrv/mscep/mscep.dll operation=PKIOperation&message=${CSR} 443 - 10.0.0.1 UA`,
      `GET /certsrv/mscep/mscep.dll operation=PKIOperation&message=<request-of-${CSR.length}-characters> 443 - address-1 UA`,
    ],
    [`operation=PKIOperation&message=${CSR} 443 - -`, `operation=PKIOperation&message=<request-of-${CSR.length}-characters> 443 - -`],
    [
      `operation=PKIOperation&message=${CSR}…${CSR.slice(0, 20)} 443`,
      `operation=PKIOperation&message=<request-of-${CSR.length + 21}-characters> 443`,
    ],
    [`blob ${CSR}== end`, `blob <data-of-${CSR.length + 2}-characters> end`],
    ['The enrollment challenge password is: <B> A1B2C3D4E5F60718 </B>', 'The enrollment challenge password is: <B> <redacted> </B>'],
    ['challengePassword=abcd1234', 'challengePassword=<redacted>'],
    ['<Challenge>abcd1234</Challenge>', '<Challenge><redacted></Challenge>'],
    ['https://bob:s3cret@portal.contoso.com/a?ticket=1', 'https://<redacted>@portal.contoso.com/a?…'],
  ])('shows %s without identities', (text, shown) => {
    expect(redacted(text)).toBe(shown);
  });

  it.each([
    'GET /certsrv/mscep/mscep.dll operation=GetCACert&message=SCEP%20Authority 443 - ',
    "Received '200 OK' when sending GetCACaps(ca) to https://ndes.msappproxy.net/certsrv/mscep/mscep.dll?operation=GetCACaps&message=ca",
    'NDES URL: (https://srv/certsrv/mscep/mscep.dll/pkiclient.exe), Container Name: (), KSP Setting: (0x2)',
    'Faulting application name: w3wp.exe, version: 8.5.9600.16384, time stamp: 0x5215df96, 1.3.6.1.5.5.7.3.2',
    'debug    18:30:53.691033 -0500    profiled    Attempting to retrieve issued certificate...',
    'MSI (c) (28:54) [16:13:11:905]: Product Version: 6.1711.4.0.',
    'NT AUTHORITY\\SYSTEM S-1-5-18 127.0.0.1 ::1 HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP',
    'C:\\Windows\\system32\\inetsrv\\w3wp.exe',
    'The password in the certificate request cannot be verified. Verify challenge returns false',
    'issuer CN=FourthCoffee CA, DC=fourthcoffee',
    'com.microsoft.omadm.platforms.android.certmgr.CertificateEnrollmentManager  18327    10  There are 1 requests',
    'User:          <UserSid>  Computer:      <Computer Name>',
  ])('leaves alone what names nobody: %s', (text) => {
    expect(redacted(text)).toBe(text);
  });

  test('pasted wrapped loses the rest of a request in the next lines too', () => {
    const broken = CSR.match(/.{1,70}/g)?.join('\n    ') ?? '';
    expect(redacted(`message=${broken} 443`)).not.toMatch(/[A-Za-z0-9+/]{16}/);
  });

  test('is cut at a readable length, and not within an identity', () => {
    const shown = redacted(`${'x '.repeat(7_990)}${GUID}`);
    expect(shown.length).toBeLessThan(16_050);
    expect(shown).not.toContain('51bad41f');
  });
});

describe('the names that stand for identities', () => {
  test('are the same for the same identity, whatever its case, and different for another', () => {
    const { text, device } = createIdentityRedactor({ showIdentities: false });
    expect(text('10.0.0.1 10.0.0.2 10.0.0.1')).toBe('address-1 address-2 address-1');
    expect(device('10.0.0.2')).toBe('address-2');
    expect(text('JDoe@contoso.com jdoe@CONTOSO.com')).toBe('user-1 user-1');
    expect(device('LAPTOP-17')).toBe('device-1');
    expect(text('Computer: laptop-17')).toBe('Computer: device-1');
    expect(device('::1')).toBe('::1');
  });

  test('stand in paths as well', () => {
    const { file, text } = createIdentityRedactor({ showIdentities: false });
    expect(file('/home/max/u_ex.log')).toBe('/home/user-1/u_ex.log');
    expect(file('C:\\Users\\max\\u_ex.log')).toBe('C:\\Users\\user-1\\u_ex.log');
    expect(text('/home/max/u_ex.log: permission denied')).toBe('/home/user-1/u_ex.log: permission denied');
    expect(file('u_ex261124.log')).toBe('u_ex261124.log');
  });

  test('do not change when text is shown twice', () => {
    const { text } = createIdentityRedactor({ showIdentities: false });
    const once = text(`User: CONTOSO\\jdoe 10.0.0.1 ${GUID} Computer: PC1`);
    expect(text(once)).toBe(once);
  });
});

describe('with identities shown', () => {
  test('only secrets are hidden', () => {
    const line = `CONTOSO\\jdoe 10.0.0.1 ${GUID} Computer: PC1`;
    expect(redacted(line, true)).toBe(line);
    expect(redacted(`message=${CSR}`, true)).toBe(`message=<request-of-${CSR.length}-characters>`);
    expect(redacted('challengePassword=abcd1234', true)).toBe('challengePassword=<redacted>');
    const { device, file } = createIdentityRedactor({ showIdentities: true });
    expect([device('10.0.0.1'), file('/home/max/x')]).toEqual(['10.0.0.1', '/home/max/x']);
  });
});
