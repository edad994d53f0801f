import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verdictsMarkdown } from '../../../src/core/render/verdicts-markdown.ts';
import { CATALOG } from '../../../src/core/verdict/catalog.ts';
import { VERDICT_CODES, type VerdictCode } from '../../../src/core/verdict/code.ts';
import type { Severity } from '../../../src/core/verdict/severity.ts';

/** Written down from the decision table by hand; for certificates that expire, the strongest of its three. */
const SEVERITY_TABLE: Readonly<Record<VerdictCode, Severity>> = {
  'dns-name-not-found': 'crit',
  'dns-lookup-failed': 'unknown',
  'probe-network-down': 'unknown',
  'tcp-refused': 'crit',
  'tcp-timeout': 'crit',
  'tls-certificate-expired': 'crit',
  'tls-name-mismatch': 'crit',
  'tls-untrusted': 'crit',
  'long-url-blocked-414': 'crit',
  'long-url-blocked-400': 'crit',
  'long-url-blocked-404-14': 'crit',
  'long-url-blocked-404-15': 'crit',
  'long-url-blocked-reset': 'crit',
  'long-url-hangs': 'crit',
  'long-url-blocked-other': 'crit',
  'connection-reset': 'crit',
  'client-timeout': 'crit',
  'preauth-entra-id-enabled': 'crit',
  'approxy-empty-connector-group': 'crit',
  'approxy-no-active-connector': 'crit',
  'approxy-backend-timeout': 'crit',
  'approxy-connector-unauthorized': 'crit',
  'approxy-bad-backend-response': 'crit',
  'approxy-bad-gateway': 'crit',
  'approxy-gateway-timeout': 'crit',
  'approxy-forbidden': 'crit',
  'approxy-app-not-found': 'crit',
  'approxy-error-other': 'crit',
  'intercepted-by-waf-or-portal': 'crit',
  'ndes-admin-page-exposed': 'crit',
  'ndes-policy-module-not-loaded': 'crit',
  'url-too-long': 'crit',
  'iis-host-binding-mismatch': 'crit',
  'iis-bad-request': 'crit',
  'iis-auth-required': 'crit',
  'ndes-app-pool-stopped': 'crit',
  'service-unavailable': 'crit',
  'iis-config-invalid': 'crit',
  'aspnet-application-error': 'crit',
  'ndes-internal-error': 'crit',
  'scep-operation-forbidden': 'crit',
  'ndes-isapi-blocked': 'crit',
  'ndes-path-not-found': 'crit',
  'throttled-or-captive': 'unknown',
  'bad-gateway': 'crit',
  'unexpected-redirect': 'crit',
  'iis-default-page': 'crit',
  'scep-caps-empty': 'warn',
  'scep-caps-invalid': 'crit',
  'scep-cacert-invalid': 'crit',
  'ra-certificate-expired': 'crit',
  'ra-certificate-not-yet-valid': 'crit',
  'ca-certificate-expired': 'crit',
  'ra-certificate-missing': 'crit',
  'ra-issued-by-old-ca': 'crit',
  'ca-pin-mismatch': 'crit',
  'inconsistent-backends': 'warn',
  'weak-or-unsupported-signature': 'warn',
  'ra-certificate-expiring': 'crit',
  'ca-certificate-expiring': 'crit',
  'scep-caps-limited': 'warn',
  'ra-certificate-rotated': 'info',
  'ca-certificate-changed': 'warn',
  'unrelated-page': 'crit',
  'ndes-partial-failure': 'crit',
  'ndes-base-anomaly': 'warn',
  'slow-response': 'warn',
  healthy: 'ok',
  'healthy-long-url-untested': 'ok',
  'base-403-only': 'info',
  unclassified: 'unknown',
};

/** Everything that Microsoft's article on device to NDES communication names as a cause or tells to do. */
const ARTICLE: readonly (readonly [VerdictCode, RegExp])[] = [
  // Logs
  ['healthy', /w3svc1.*200.*500.*no line at all/],
  ['healthy', /OMADM\.log.*Sending CSR via GET.*event 36.*Certificate request generated successfully/],
  ['healthy', /policy module/],
  ['tcp-timeout', /%SystemDrive%\\inetpub\\logs\\logfiles\\w3svc1.*blocked before IIS/],
  ['client-timeout', /w3svc1.*blocked before IIS/],
  ['unclassified', /w3svc1.*blocked before IIS/],
  // Testing the URL
  ['unclassified', /HTTP Error 403\.0 - Forbidden/],
  // General NDES message
  ['ndes-policy-module-not-loaded', /Certificate Connector for Microsoft Intune is missing, or its installation failed/],
  ['ndes-policy-module-not-loaded', /SetupMsi\.log/],
  ['ndes-policy-module-not-loaded', /Installation completed successfully/],
  ['ndes-policy-module-not-loaded', /Installation success or error status: 0/],
  ['ndes-policy-module-not-loaded', /^Remove the connector and install/],
  ['ndes-policy-module-not-loaded', /`iisreset`/],
  ['ndes-policy-module-not-loaded', /Restart the whole NDES server/],
  ['ndes-policy-module-not-loaded', /Microsoft > Intune > CertificateConnectors/],
  // 503
  ['ndes-app-pool-stopped', /^Start the SCEP application pool in IIS Manager > Application Pools/],
  ['ndes-app-pool-stopped', /eventvwr\.msc` > Windows Logs > Application.*Event ID 1000.*w3wp\.exe.*ntdll\.dll.*0xc0000005/],
  ['ndes-app-pool-stopped', /^Intermediate CA certificates are in the Trusted Root/],
  [
    'ndes-app-pool-stopped',
    /`Get-Childitem -Path cert:\\LocalMachine\\root -Recurse \| Where-Object \{\$_\.Issuer -ne \$_\.Subject\}`.*Issued to and Issued by/,
  ],
  ['ndes-app-pool-stopped', /^Remove them from the Trusted Root.*restart the NDES server/],
  ['ndes-app-pool-stopped', /^Run the command again.*exclude the NDES server from the Group Policy.*remove them once more/],
  ['ndes-app-pool-stopped', /^A CRL address .* is blocked or unreachable/],
  ['ndes-app-pool-stopped', /Show Analytic and Debug Logs/],
  ['ndes-app-pool-stopped', /CAPI2 > Operational.*Enable Log/],
  ['ndes-app-pool-stopped', /^Reproduce the problem and read the CAPI2 log/],
  ['ndes-app-pool-stopped', /^CertificateRegistrationSvc has Windows Authentication enabled/],
  ['ndes-app-pool-stopped', /enable Anonymous Authentication and disable Windows Authentication/],
  ['ndes-app-pool-stopped', /^Restart the NDES server/],
  ['ndes-app-pool-stopped', /^The certificate of the NDESPolicy module has expired/],
  [
    'ndes-app-pool-stopped',
    /`HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\Modules\\NDESPolicy\\NDESCertThumbprint`.*CAPI2.*validity/,
  ],
  ['ndes-app-pool-stopped', /^Renew it.*enrol a new one.*select another one.*subject, EKU, key type and length/],
  ['ndes-app-pool-stopped', /Client Authentication EKU/],
  ['ndes-app-pool-stopped', /^Reinstall the connector.*restart.*World Wide Web Publishing Service/],
  ['ndes-app-pool-stopped', /export the registry key NDESPolicy as a backup/],
  ['ndes-app-pool-stopped', /thumbprint without whitespace and in lower case/],
  ['ndes-app-pool-stopped', /^Restart the NDES application pools.*`iisreset`.*elevated/],
  // GatewayTimeout
  ...(['approxy-no-active-connector', 'approxy-gateway-timeout'] as const).flatMap((code): [VerdictCode, RegExp][] => [
    [code, /^The Microsoft Entra private network connector service is not started/],
    [code, /`services\.msc`.*running.*Startup Type is Automatic/],
    [code, /Microsoft Azure AD Application Proxy Connector/],
  ]),
  // 414
  ...(
    ['url-too-long', 'long-url-blocked-414', 'long-url-blocked-400', 'long-url-blocked-404-14', 'long-url-blocked-404-15'] as const
  ).flatMap((code): [VerdictCode, RegExp][] => [
    [code, /IIS Manager > Default Web Site > Request Filtering > Edit Feature Settings/],
    [code, /`Maximum URL length \(Bytes\)` and `Maximum query string \(Bytes\)` to 65534/],
    [code, /`HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters`/],
    [code, /DWORD values `MaxFieldLength` and `MaxRequestBytes`.*decimal 65534/],
    [code, /^Restart the NDES server/],
  ]),
  ['long-url-blocked-414', /request filtering are not configured for long URLs/],
  // This page can't be displayed
  ['dns-name-not-found', /^The external URL in the application proxy app is wrong/],
  ['dns-name-not-found', /default domain, `https:\/\/<app>-<yourtenant>\.msappproxy\.net`, as external URL/],
  // 500, from the logs: the user right
  ['ndes-internal-error', /Impersonate a client after authentication.*1346/],
  ['ndes-internal-error', /`secpol\.msc`.*Local Policies > User Rights Assignment.*Add User or Group.*`IIS_IUSRS`/],
  ['ndes-internal-error', /^Restart the server and connect from a device again/],
  // 500, from the browser
  ['ndes-internal-error', /service account is locked, or its password has expired/],
  ['ndes-internal-error', /^Unlock the account or reset its password/],
  ['ndes-internal-error', /MSCEP-RA certificates have expired/],
  ...(['ndes-internal-error', 'ra-certificate-expired'] as const).flatMap((code): [VerdictCode, RegExp][] => [
    [code, /^Reinstall the NDES role/],
    [
      code,
      /Certificate Templates MMC.*Read and Enroll.*CEP Encryption.*Exchange Enrollment Agent \(Offline request\).*logged-in user.*NDES server/,
    ],
    [code, /On the NDES server, find the `MSCEP-RA` certificates.*copy their Subject/],
    [code, /Certificates MMC for Computer account/],
    [code, /Personal > Certificates > All Tasks > Request New Certificate, select CEP Encryption.*More information is required to enroll/],
    [code, /copied Subject on the Subject tab, choose Add and OK.*complete the enrolment/],
    [code, /Certificates MMC for My user account.*subject type.*User/],
    [code, /request Exchange Enrollment Agent \(Offline request\)/],
    [code, /copied Subject again.*Make private key exportable on the Private Key tab.*OK.*complete the enrolment/],
    [code, /^Export this certificate from the current user store with "Yes, export the private key"/],
    [code, /import it to the local machine store/],
    [code, /each of the two new certificates.*Manage Private Keys and add Read for the NDES service account/],
    [code, /^Run `iisreset`/],
  ]),
];

const OLD_NAMES: readonly { readonly old: RegExp; readonly current: RegExp }[] = [
  { old: /Azure AD|\bAAD\b|Azure Active Directory/, current: /Microsoft Entra/ },
  { old: /Azure AD Premium/, current: /Microsoft Entra ID P1/ },
  {
    old: /Microsoft Intune Connector|Intune Certificate Connector|NDES connector/i,
    current: /Certificate Connector for Microsoft Intune|CertificateConnectors/,
  },
  { old: /Intune Connector Service/, current: /Certificate Connector for Microsoft Intune/ },
  { old: /Endpoint Manager|Azure portal/, current: /Microsoft Intune admin center/ },
  { old: /application proxy connector/i, current: /Microsoft Entra private network connector/ },
  { old: /IIS_IURS/, current: /IIS_IUSRS/ },
];

/** Cause titles and fixes, in the order in which they are shown. */
function advice(code: VerdictCode): readonly string[] {
  return CATALOG[code].causes.flatMap(({ title, fixes }) => [title, ...fixes]);
}

function texts(code: VerdictCode): readonly string[] {
  const { title, meaning, links, alsoKnownAs } = CATALOG[code];
  return [title, meaning, ...advice(code), ...links.map((link) => link.title), ...alsoKnownAs];
}

describe('the catalog', () => {
  it.each(VERDICT_CODES)('gives %s the severity of the decision table', (code) => {
    expect(CATALOG[code].severity).toBe(SEVERITY_TABLE[code]);
  });

  it.each(VERDICT_CODES.filter((code) => ['crit', 'warn'].includes(CATALOG[code].severity)))('tells what to do about %s', (code) => {
    expect(CATALOG[code].causes.length).toBeGreaterThan(0);
  });

  it.each(VERDICT_CODES)('has a fix for every cause of %s and repeats none within a cause', (code) => {
    for (const { fixes } of CATALOG[code].causes) {
      expect(fixes.length).toBeGreaterThan(0);
      expect(new Set(fixes).size).toBe(fixes.length);
    }
  });

  it.each(ARTICLE)('tells under %s what the article tells: %s', (code, pattern) => {
    expect(advice(code)).toContainEqual(expect.stringMatching(pattern));
  });

  it('accepts the misspelt group name of the article as a search word only', () => {
    expect(CATALOG['ndes-internal-error'].alsoKnownAs).toContain('IIS_IURS');
    expect(VERDICT_CODES.flatMap(advice).join('\n')).not.toContain('IIS_IURS');
  });

  it.each([
    ['ndes-app-pool-stopped', /Start the SCEP application pool/, /Event ID 1000/, /event 5009/],
    ['ndes-policy-module-not-loaded', /SetupMsi\.log/, /Remove the connector and install/, /Restart the whole NDES server/],
    ['ndes-internal-error', /sc-win32-status/, /Unlock the account/, /MSCEP-RA/],
    ['approxy-no-active-connector', /services\.msc/, /Start the server/, /Allow outbound TCP 443 and 80/],
    ['long-url-blocked-404-15', /Request Filtering/, /MaxFieldLength/, /Restart the NDES server/],
  ] as const)('names the best first three things to do about %s', (code, ...patterns) => {
    const fixes = CATALOG[code].causes.flatMap((cause) => cause.fixes);
    patterns.forEach((pattern, index) => {
      expect(fixes[index]).toMatch(pattern);
    });
  });
});

describe('the texts of the catalog', () => {
  it('have unique titles', () => {
    const titles = VERDICT_CODES.map((code) => CATALOG[code].title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it.each(VERDICT_CODES)('have a short one-line title for %s', (code) => {
    const { title } = CATALOG[code];
    expect(title).toMatch(/^[^\n`]{1,90}$/);
    expect(title).not.toMatch(/\.$/);
  });

  it.each(VERDICT_CODES)('end the sentences of %s and close its code spans', (code) => {
    const fixes = CATALOG[code].causes.flatMap((cause) => cause.fixes);
    for (const sentence of [CATALOG[code].meaning, ...fixes]) {
      expect(sentence).toMatch(/\.$/);
      expect(sentence.split('`').length % 2).toBe(1);
    }
  });

  it.each(VERDICT_CODES)('are clean for %s', (code) => {
    for (const text of texts(code)) {
      expect(text.trim()).toBe(text);
      expect(text).not.toMatch(/\p{Cc}| {2}|TODO|undefined/u);
    }
  });

  it.each(VERDICT_CODES)('use no old product name of %s without the current one', (code) => {
    for (const text of [CATALOG[code].title, CATALOG[code].meaning, ...advice(code)]) {
      for (const { old, current } of OLD_NAMES) {
        if (old.test(text)) expect(text).toMatch(current);
      }
    }
  });

  it.each(VERDICT_CODES)('link %s to documentation over https', (code) => {
    const { links } = CATALOG[code];
    expect(links.length).toBeGreaterThan(0);
    for (const { url } of links) expect(url).toMatch(/^https:\/\/(learn\.microsoft\.com|www\.rfc-editor\.org)\/\S+$/);
  });
});

it('is what docs/verdicts.md shows: otherwise run `npm run docs`', async () => {
  const committed = await readFile(join(import.meta.dirname, '../../../docs/verdicts.md'), 'utf8');
  expect(committed.replaceAll('\r\n', '\n')).toBe(verdictsMarkdown());
});
