import { describe, expect, it } from 'vitest';
import { redactedText, redactedUrl, withoutSecrets } from '../../../src/core/text/redact.ts';

const GUID = '9d1c5c6e-1111-4222-8333-444455556666';

describe('a URL that is shown', () => {
  it.each([
    [
      'https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/authorize?client_id=s3cret',
      'https://login.microsoftonline.com/<tenant>/oauth2/authorize?…',
    ],
    [`https://sts.windows.net/${GUID}/wsfed#x`, 'https://sts.windows.net/<tenant>/wsfed?…'],
    [`https://portal.contoso.com/${GUID}/a`, 'https://portal.contoso.com/<id>/a'],
    ['https://bob:s3cret@portal.contoso.com/a', 'https://<redacted>@portal.contoso.com/a'],
    ['https:\\\\bob:s3cret@portal.contoso.com/a', 'https://<redacted>@portal.contoso.com/a'],
    ['https://bob:s3cret%40portal.contoso.com/a', 'https://<redacted>@portal.contoso.com/a'],
    ['//bob:s3cret@portal.contoso.com', '//<redacted>@portal.contoso.com'],
    ['https://portal.contoso.com/a;jsessionid=s3cret', 'https://portal.contoso.com/a?…'],
    ['/relative/path?ticket=s3cret', '/relative/path?…'],
    ['https://portal.contoso.com/a/b', 'https://portal.contoso.com/a/b'],
    ['', ''],
  ])('keeps host and path and nothing else: %s', (url, shown) => {
    expect(redactedUrl(url)).toBe(shown);
  });
});

describe('text that is shown', () => {
  it.each([
    [
      `moved to <a href="https://login.microsoftonline.com/${GUID}/x?state=s3cret">here</a>`,
      'moved to <a href="https://login.microsoftonline.com/<tenant>/x?…">here</a>',
    ],
    [`Transaction ID: ${GUID}`, 'Transaction ID: <id>'],
    ['The enrollment challenge password is: <B> A1B2C3D4E5F60718 </B>', 'The enrollment challenge password is: <B> <redacted> </B>'],
    ['HTTP Error 503. The service is unavailable.', 'HTTP Error 503. The service is unavailable.'],
  ])('loses queries, identifiers and challenges: %s', (text, shown) => {
    expect(redactedText(text)).toBe(shown);
  });
});

describe('a message that repeats what was typed', () => {
  it.each([
    "unknown command 'https://bob:s3cret@h.example/x'",
    '--ca: cannot read https://bob:s3cret@h.example/x (ENOENT)',
    "unknown option '--bogus=https://bob:s3cret@h/'",
    '"https://bob:s3cret%40h:99999/" is not a URL',
    'did you mean https://h.example/x?challenge=s3cret',
  ])('does not repeat a secret: %s', (message) => {
    expect(withoutSecrets(message)).not.toContain('s3cret');
  });

  it('leaves other messages alone', () => {
    const message = 'the URL carries a user name or password; leave out everything between // and @';
    expect(withoutSecrets(message)).toBe(message);
    expect(withoutSecrets('did you mean https://ndes.contoso.com/certsrv/mscep/mscep.dll?')).toBe(
      'did you mean https://ndes.contoso.com/certsrv/mscep/mscep.dll?',
    );
  });
});
