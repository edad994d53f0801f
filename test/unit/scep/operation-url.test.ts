import { describe, expect, test } from 'vitest';
import { DIALECTS } from '../../../src/core/scep/dialect.ts';
import { DEFAULT_LONG_URL_BYTES, MAX_LONG_URL_BYTES, MIN_LONG_URL_BYTES, operationUrl } from '../../../src/core/scep/operation-url.ts';

const URL_OF_PROFILE = 'https://ndes-contoso.msappproxy.net/certsrv/mscep/mscep.dll';

describe('the URL of an operation', () => {
  test.each([
    ['android', 'ca-caps', '?operation=GetCACaps&message=ca-scepwatch'],
    ['android', 'ca-cert', '?operation=GetCACert&message=ca-scepwatch'],
    ['ios', 'ca-caps', '?operation=GetCACaps&message=SCEP%20Authority-scepwatch'],
    ['ios', 'ca-cert', '?operation=GetCACert&message=SCEP%20Authority-scepwatch'],
    ['windows', 'ca-caps', '/pkiclient.exe?operation=GetCACaps&message=default-scepwatch'],
    ['windows', 'ca-cert', '/pkiclient.exe?operation=GetCACert&message=default-scepwatch'],
  ] as const)('of %s for %s ends in %s', (dialect, operation, ending) => {
    expect(operationUrl(URL_OF_PROFILE, operation, dialect)).toBe(`${URL_OF_PROFILE}${ending}`);
  });

  test.each(DIALECTS)('without an operation is the profile URL itself for %s', (dialect) => {
    expect(operationUrl(URL_OF_PROFILE, 'base-url', dialect)).toBe(URL_OF_PROFILE);
  });

  test.each(
    DIALECTS.flatMap((dialect) =>
      [MIN_LONG_URL_BYTES, DEFAULT_LONG_URL_BYTES, MAX_LONG_URL_BYTES].map((length) => [dialect, length] as const),
    ),
  )('of a long URL for %s has a query of exactly %i bytes, without anything to parse', (dialect, length) => {
    const { search } = new URL(operationUrl(URL_OF_PROFILE, 'long-url', dialect, length));
    expect(Buffer.byteLength(search.slice(1))).toBe(length);
    expect(search).toMatch(/^\?operation=GetCACaps&message=[\w%-]+-A+$/);
  });

  test('is as long as a real enrolment by default: beyond IIS, within HTTP.sys', () => {
    expect(DEFAULT_LONG_URL_BYTES).toBeGreaterThan(4_096);
    expect(DEFAULT_LONG_URL_BYTES).toBeLessThan(16_384);
    expect(operationUrl(URL_OF_PROFILE, 'long-url', 'ios').length).toBe(URL_OF_PROFILE.length + 1 + DEFAULT_LONG_URL_BYTES);
  });
});
