import { describe, expect, test } from 'vitest';
import { headerValue, redactedHeaderValue } from '../../../src/core/http/headers.ts';
import { redactedUrl } from '../../../src/core/text/redact.ts';

const HEADERS = [
  ['Server', 'Microsoft-IIS/10.0'],
  ['X-MS-Proxy-Connector-Id', '6e5dc3a8'],
  ['set-cookie', 'first'],
  ['Set-Cookie', 'second'],
  ['__proto__', 'x'],
] as const;

describe('a header', () => {
  test.each([
    ['server', 'Microsoft-IIS/10.0'],
    ['SERVER', 'Microsoft-IIS/10.0'],
    ['x-ms-proxy-connector-id', '6e5dc3a8'],
    ['set-cookie', 'first'],
    ['date', undefined],
    ['constructor', undefined],
  ])('%s is %s', (name, value) => {
    expect(headerValue(HEADERS, name)).toBe(value);
  });

  test.each([
    'X-MS-Proxy-Subscription-Id',
    'x-ms-proxy-app-id',
    'x-ms-proxy-group-id',
    'Set-Cookie',
    'Cookie',
    'Authorization',
    'Report-To',
  ])('%s is not shown', (name) => {
    expect(redactedHeaderValue(name, 'secret')).toBe('<redacted>');
  });

  test.each(['Server', 'x-ms-proxy-transaction-id', 'x-ms-proxy-connector-id'])('%s is shown as it is', (name) => {
    expect(redactedHeaderValue(name, 'value')).toBe('value');
  });
});

describe('the target of a redirect', () => {
  const tenant = '6e5dc3a8-7d43-4e7e-a1b5-0f1d3f0b9a11';

  test.each([
    [
      `https://login.microsoftonline.com/${tenant}/oauth2/authorize?client_id=${tenant}&state=x`,
      'https://login.microsoftonline.com/<tenant>/oauth2/authorize?…',
    ],
    [`https://login.microsoftonline.com/${tenant.toUpperCase()}/saml2`, 'https://login.microsoftonline.com/<tenant>/saml2'],
    ['https://example.test/page#token=x', 'https://example.test/page?…'],
    ['https://user:secret@example.test/', 'https://<redacted>@example.test/'],
    ['https://user:se@cret@example.test/', 'https://<redacted>@example.test/'],
    ['//user:secret@example.test/', '//<redacted>@example.test/'],
    ['https://example.test/a@b', 'https://example.test/a@b'],
    ['/relative?query', '/relative?…'],
    ['', ''],
  ])('%s is shown as %s', (location, shown) => {
    expect(redactedUrl(location)).toBe(shown);
    expect(redactedHeaderValue('LOCATION', location)).toBe(shown);
  });
});
