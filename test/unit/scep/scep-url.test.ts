import { describe, expect, test } from 'vitest';
import { parseScepUrl } from '../../../src/core/scep/scep-url.ts';

const NDES = 'https://ndes-contoso.msappproxy.net/certsrv/mscep/mscep.dll';
const LOOKS_LIKE = 'a SCEP server URL looks like https://<app>-<tenant>.msappproxy.net/certsrv/mscep/mscep.dll';

describe('a SCEP server URL', () => {
  test.each([
    [NDES, NDES],
    [`  ${NDES}\n`, NDES],
    ['HTTPS://NDES.Contoso.COM/CertSrv/mscep/mscep.dll', 'https://ndes.contoso.com/CertSrv/mscep/mscep.dll'],
    ['http://ndes.contoso.com/certsrv/mscep/mscep.dll', 'http://ndes.contoso.com/certsrv/mscep/mscep.dll'],
    ['https://ndes.contoso.com:8443/scep', 'https://ndes.contoso.com:8443/scep'],
    ['https://[2001:db8::1]/scep', 'https://[2001:db8::1]/scep'],
    ['https://bücher.example/scep', 'https://xn--bcher-kva.example/scep'],
    ['https://ndes.contoso.com/certsrv/mscep_administration', 'https://ndes.contoso.com/certsrv/mscep_administration'],
  ])('%j is taken as %s', (text, url) => {
    expect(parseScepUrl(text)).toEqual({ ok: true, url, notes: [] });
  });

  const NO_PATH = 'The URL has no path, so /certsrv/mscep/mscep.dll was used, where NDES always answers.';
  const CLIENT_ENDING = 'The ending /pkiclient.exe was left out: Windows devices add it themselves (--dialect windows probes it).';

  test.each([
    ['https://ndes-contoso.msappproxy.net', [NO_PATH]],
    ['https://ndes-contoso.msappproxy.net/', [NO_PATH]],
    [`${NDES}/pkiclient.exe`, [CLIENT_ENDING]],
    [`${NDES}/PkiClient.EXE/`, [CLIENT_ENDING]],
    ['https://ndes-contoso.msappproxy.net/pkiclient.exe', [CLIENT_ENDING, NO_PATH]],
  ])('%s is put right, and the note says how', (text, notes) => {
    expect(parseScepUrl(text)).toEqual({ ok: true, url: NDES, notes });
  });

  const ADMIN =
    'the URL is the NDES admin page: every visit uses up a challenge password; probe https://ndes.contoso.com/certsrv/mscep/mscep.dll instead';

  test.each([
    ['', `"" is not a URL; ${LOOKS_LIKE}`],
    ['hello', `"hello" is not a URL; ${LOOKS_LIKE}`],
    ['https://', `"https://" is not a URL; ${LOOKS_LIKE}`],
    ['ndes.contoso.com/scep', '"ndes.contoso.com/scep" is not a URL; did you mean https://ndes.contoso.com/scep?'],
    ['ndes.contoso.com:8443/scep', 'a SCEP server URL starts with https:// (or http://); did you mean https://ndes.contoso.com:8443/scep?'],
    ['ftp://ndes.contoso.com/scep', 'a SCEP server URL starts with https:// (or http://), not ftp:'],
    ['file:///certsrv', 'a SCEP server URL starts with https:// (or http://), not file:'],
    [
      'https://user@ndes.contoso.com/',
      'the URL carries a user name or password; SCEP needs neither, so leave out everything between // and @',
    ],
    [`${NDES}?operation=GetCACaps`, `the URL has a query; give the server URL of the SCEP profile without it: ${NDES}`],
    [`${NDES}?`, `the URL has a query; give the server URL of the SCEP profile without it: ${NDES}`],
    [`${NDES}#x`, `the URL has a fragment (#…), which no server ever sees; give ${NDES}`],
    [`${NDES}#`, `the URL has a fragment (#…), which no server ever sees; give ${NDES}`],
    ['https://ndes.contoso.com/certsrv/mscep_admin', ADMIN],
    ['https://ndes.contoso.com/CertSrv/MSCEP_Admin/', ADMIN],
    ['https://ndes.contoso.com/certsrv/mscep_admin/mscep.dll', ADMIN],
    ['https://ndes.contoso.com/certsrv/mscep%5fadmin', ADMIN],
    ['https://ndes.contoso.com/certsrv/%6Dscep_admin?x', ADMIN],
    ['\u001b[2J', `"\\x1b[2J" is not a URL; ${LOOKS_LIKE}`],
  ])('%j is refused in one line that says what would be right', (text, problem) => {
    expect(parseScepUrl(text)).toEqual({ ok: false, problem });
  });

  test.each([
    'https://alice:S3CRET@ndes.contoso.com/scep',
    'https://S3CRET@ndes.contoso.com/scep',
    'https://alice:S3CRET@ndes.contoso.com:99999/scep',
    'https://alice:S3C@S3CRET@ndes.contoso.com/scep',
    'ftp://alice:S3CRET@ndes.contoso.com/',
    'alice:S3CRET@ndes.contoso.com/scep',
    'S3CRET:x@ndes.contoso.com/scep',
    '//alice:S3CRET@ndes.contoso.com',
    'https:/ /alice:S3CRET@ndes',
  ])('%s is refused without repeating its credentials', (text) => {
    const parsed = parseScepUrl(text);
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed).toLowerCase()).not.toContain('s3cret');
    expect(JSON.stringify(parsed)).not.toContain('alice');
  });
});
