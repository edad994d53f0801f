import { describe, expect, it, test } from 'vitest';
import { catalogEntry, LOG_CATALOG } from '../../../src/core/diagnose/catalog.ts';
import { isLogCode, LOG_CODES, LOG_ONLY_CODES, type LogCode, type LogOnlyCode, SHARED_CODES } from '../../../src/core/diagnose/log-code.ts';
import { CATALOG } from '../../../src/core/verdict/catalog.ts';
import type { Severity } from '../../../src/core/verdict/severity.ts';

/** Written down by hand: an exit code depends on each. */
const SEVERITIES: Readonly<Record<LogOnlyCode, Severity>> = {
  'log-no-scep-requests': 'crit',
  'log-platform-missing': 'warn',
  'log-impersonation-right-missing': 'crit',
  'log-service-account-refused': 'crit',
  'log-client-gave-up': 'warn',
  'log-ios-chain-not-trusted': 'crit',
  'log-verify-request-failed': 'crit',
  'log-verify-certificate-untrusted': 'crit',
  'log-policy-module-tls-failed': 'crit',
  'log-challenge-rejected': 'warn',
  'log-enrolment-succeeded': 'ok',
  'log-enrolment-failed': 'crit',
  'log-enrolment-incomplete': 'warn',
  'log-windows-cannot-reach-ndes': 'crit',
  'log-worker-process-crashed': 'crit',
  'log-policy-certificate-expired': 'crit',
  'log-chain-not-trusted': 'crit',
  'log-connector-installed': 'ok',
  'log-connector-installation-failed': 'crit',
  'log-connector-renewal-failed': 'crit',
  'log-connector-request-failed': 'warn',
  'log-connector-service-unreachable': 'crit',
  'log-proxy-connector-certificate': 'crit',
  'log-proxy-connector-network': 'crit',
  'log-proxy-connector-unauthorized': 'crit',
  'log-ndes-cannot-start': 'crit',
  'log-ndes-ra-certificate-unusable': 'crit',
  'log-ndes-cannot-reach-ca': 'crit',
  'log-ndes-password-not-verified': 'warn',
};

/** Everything that Microsoft's article names as a cause, or tells to do, where a log shows it. */
const ARTICLE: readonly (readonly [LogCode, RegExp])[] = [
  // No line in the IIS log at all
  ['log-no-scep-requests', /^The contact is blocked on the network between the devices and the NDES server/],
  // Status code 500 with 1346, every step
  ['log-impersonation-right-missing', /Impersonate a client after authentication is not assigned to IIS_IUSRS/],
  ['log-impersonation-right-missing', /`secpol\.msc` on the NDES server/],
  ['log-impersonation-right-missing', /Local Policies > User Rights Assignment > Impersonate a client after authentication/],
  ['log-impersonation-right-missing', /Add User or Group and add `IIS_IUSRS`/],
  ['log-impersonation-right-missing', /^Restart the server and connect from a device again/],
  // SetupMsi.log
  ['log-connector-installed', /`iisreset`/],
  ['log-connector-installation-failed', /^Remove the Microsoft Intune Connector and install/],
  // Event 1000, the four causes of a crash
  ['log-worker-process-crashed', /^Intermediate CA certificates are in the Trusted Root/],
  ['log-worker-process-crashed', /Get-Childitem -Path cert:\\LocalMachine\\root -Recurse \| Where-Object \{\$_\.Issuer -ne \$_\.Subject\}/],
  ['log-worker-process-crashed', /exclude the NDES server from the Group Policy/],
  ['log-worker-process-crashed', /^A CRL address .* is blocked or unreachable/],
  ['log-worker-process-crashed', /Show Analytic and Debug Logs/],
  ['log-worker-process-crashed', /CAPI2 > Operational.*Enable Log/],
  ['log-worker-process-crashed', /enable Anonymous Authentication and disable Windows Authentication/],
  ['log-worker-process-crashed', /^The certificate of the NDESPolicy module has expired/],
  ['log-worker-process-crashed', /Start the SCEP application pool/],
  // CAPI2 about the thumbprint of NDESPolicy
  ['log-policy-certificate-expired', /NDESPolicy\\NDESCertThumbprint/],
  ['log-policy-certificate-expired', /^Renew it.*enrol a new one.*select another one.*subject, EKU, key type and length/],
  ['log-policy-certificate-expired', /export the registry key NDESPolicy as a backup/],
  ['log-policy-certificate-expired', /thumbprint without whitespace and in lower case/],
  ['log-policy-certificate-expired', /^Restart the NDES application pools.*`iisreset`.*elevated/],
  // The service account and the RA certificates
  ['log-service-account-refused', /service account is locked, or its password has expired/],
  ['log-service-account-refused', /unlock it .*reset its password/],
  ['log-ndes-ra-certificate-unusable', /Manage Private Keys/],
  ['log-ndes-ra-certificate-unusable', /More information is required to enroll/],
  ['log-ndes-cannot-start', /^Reinstall the NDES role/],
];

/** What the other documents of Microsoft add for logs (domain facts 2, 4 and 6). */
const FACTS: readonly (readonly [LogCode, RegExp])[] = [
  ['log-ios-chain-not-trusted', /trusted root profile holds another root .* or an intermediate certificate/],
  ['log-ios-chain-not-trusted', /SHA-1 or RSASSA-PSS/],
  ['log-verify-request-failed', /C:\\Windows\\Temp/],
  ['log-verify-request-failed', /event 1310/],
  ['log-verify-certificate-untrusted', /^Intermediate CA certificates/],
  ['log-verify-certificate-untrusted', /Client Authentication/],
  ['log-policy-module-tls-failed', /Subject Alternative Names/],
  ['log-challenge-rejected', /SigningCertificate/],
  ['log-connector-installation-failed', /version 2 template/],
  ['log-connector-installation-failed', /`Default Web Site`/],
  ['log-chain-not-trusted', /RA certificates still come from the one before/],
  ['log-ndes-cannot-reach-ca', /0x800706BA/],
  ['log-ndes-password-not-verified', /begin with `http:\/\/`/],
  ['log-proxy-connector-certificate', /Register-AppProxyConnector/],
];

const OLD_NAMES: readonly { readonly old: RegExp; readonly current: RegExp }[] = [
  { old: /Azure AD|\bAAD\b|Azure Active Directory/, current: /Microsoft Entra/ },
  {
    old: /Microsoft Intune Connector|Intune Certificate Connector|NDES connector|Intune Connector Service/i,
    current: /Certificate Connector for Microsoft Intune|CertificateConnectors/,
  },
  { old: /application proxy connector/i, current: /Microsoft Entra private network connector/ },
  { old: /IIS_IURS/, current: /IIS_IUSRS/ },
];

function advice(code: LogCode): readonly string[] {
  return catalogEntry(code).causes.flatMap(({ title, fixes }) => [title, ...fixes]);
}

describe('the catalog of logs', () => {
  it.each(LOG_ONLY_CODES)('gives %s its severity', (code) => {
    expect(LOG_CATALOG[code].severity).toBe(SEVERITIES[code]);
  });

  it.each([...ARTICLE, ...FACTS])('tells under %s what the documents tell: %s', (code, pattern) => {
    expect(advice(code)).toContainEqual(expect.stringMatching(pattern));
  });

  it.each(LOG_ONLY_CODES.filter((code) => SEVERITIES[code] !== 'ok'))('tells what to do about %s', (code) => {
    expect(LOG_CATALOG[code].causes.length).toBeGreaterThan(0);
  });

  it.each(LOG_ONLY_CODES)('has a fix for every cause of %s and repeats none within a cause', (code) => {
    for (const { fixes } of LOG_CATALOG[code].causes) {
      expect(fixes.length).toBeGreaterThan(0);
      expect(new Set(fixes).size).toBe(fixes.length);
    }
    const titles = LOG_CATALOG[code].causes.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('says of a shared code what the probe says', () => {
    for (const code of SHARED_CODES) expect(catalogEntry(code)).toBe(CATALOG[code]);
  });

  it('takes over every cause that it names from a verdict', () => {
    expect(LOG_CATALOG['log-worker-process-crashed'].causes).toHaveLength(6);
    expect(LOG_CATALOG['log-policy-certificate-expired'].causes[0]).toEqual(
      CATALOG['ndes-app-pool-stopped'].causes.find(({ title }) => title.includes('NDESPolicy')),
    );
    expect(LOG_CATALOG['log-verify-request-failed'].causes.map(({ title }) => title)).toContainEqual(
      expect.stringMatching(/^CertificateRegistrationSvc has Windows Authentication/),
    );
    expect(LOG_CATALOG['log-service-account-refused'].causes).toHaveLength(2);
    expect(LOG_CATALOG['log-proxy-connector-network'].causes).toHaveLength(2);
    expect(LOG_CATALOG['log-proxy-connector-unauthorized'].causes).toHaveLength(3);
    expect(LOG_CATALOG['log-client-gave-up'].causes).toHaveLength(3);
  });

  it('knows its codes and no others', () => {
    expect(LOG_CODES.every(isLogCode)).toBe(true);
    expect(['', 'log-', 'healthy', 'constructor'].some(isLogCode)).toBe(false);
  });
});

describe('the texts of the catalog of logs', () => {
  it('have unique titles, also among the verdicts', () => {
    const titles = [...Object.values(CATALOG), ...Object.values(LOG_CATALOG)].map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it.each(LOG_ONLY_CODES)('have a short one-line title for %s', (code) => {
    expect(LOG_CATALOG[code].title).toMatch(/^[^\n`]{1,90}$/);
    expect(LOG_CATALOG[code].title).not.toMatch(/\.$/);
  });

  it.each(LOG_ONLY_CODES)('end the sentences of %s and close its code spans', (code) => {
    const fixes = LOG_CATALOG[code].causes.flatMap((cause) => cause.fixes);
    for (const sentence of [LOG_CATALOG[code].meaning, ...fixes]) {
      expect(sentence).toMatch(/\.$/);
      expect(sentence.split('`').length % 2).toBe(1);
    }
  });

  it.each(LOG_ONLY_CODES)('are clean and use no old product name of %s without the current one', (code) => {
    const { title, meaning, links, alsoKnownAs } = LOG_CATALOG[code];
    const own = [title, meaning, ...advice(code)];
    for (const text of [...own, ...links.map((link) => link.title), ...alsoKnownAs]) {
      expect(text.trim()).toBe(text);
      expect(text).not.toMatch(/\p{Cc}| {2}|TODO|undefined/u);
    }
    for (const text of own) for (const { old, current } of OLD_NAMES) if (old.test(text)) expect(text).toMatch(current);
  });

  it.each(LOG_ONLY_CODES)('link %s to documentation over https, and can be found under other names', (code) => {
    const { links, alsoKnownAs } = LOG_CATALOG[code];
    expect(links.length).toBeGreaterThan(0);
    expect(alsoKnownAs.length).toBeGreaterThan(0);
    expect(new Set(alsoKnownAs).size).toBe(alsoKnownAs.length);
    for (const { url } of links) expect(url).toMatch(/^https:\/\/(learn\.microsoft\.com|www\.rfc-editor\.org)\/\S+$/);
  });
});

test('the misspelt group name of the article is a search word only', () => {
  expect(LOG_CATALOG['log-impersonation-right-missing'].alsoKnownAs).toContain('IIS_IURS');
  expect(LOG_ONLY_CODES.flatMap(advice).join('\n')).not.toContain('IIS_IURS');
});
