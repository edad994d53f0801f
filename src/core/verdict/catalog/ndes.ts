import type { CatalogEntry } from '../catalog-entry.ts';
import type { VerdictCode } from '../code.ts';
import { ENABLE_CAPI2_LOG, GRANT_IMPERSONATION, LOOK_INTO_IIS_LOG, OPEN_INTERNAL_URL, RENEW_RA_CERTIFICATES } from './fix-lists.ts';
import { LINKS } from './links.ts';

const OLD_CERTIFICATE_CONNECTOR_NAMES = [
  'Microsoft Intune Connector',
  'Intune Certificate Connector',
  'NDES connector',
  'NDESConnectorSetup.exe',
] as const;

const CONNECTOR_LOG = 'Event Viewer > Applications and Services Logs > Microsoft > Intune > CertificateConnectors > Admin and Operational';

const POLICY_CERTIFICATE = '`HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\Modules\\NDESPolicy\\NDESCertThumbprint`';

/** Anonymous has to be on for the module to reach the service that verifies challenges. */
const ANONYMOUS_REGISTRATION_SERVICE =
  'In IIS Manager > Default Web Site > CertificateRegistrationSvc > Authentication, enable Anonymous Authentication and disable Windows Authentication.';

/** The NDES worker, its service account and the Intune policy module. */
export const NDES = {
  'ndes-admin-page-exposed': {
    layer: 'ndes',
    severity: 'crit',
    title: 'The NDES administration page answers on the internet',
    meaning:
      'The page that hands out enrolment challenge passwords is reachable without a sign-in. Whoever sees it may enrol; the SCEP URL is not that page.',
    causes: [
      {
        title: 'The URL names the administration page',
        fixes: ['Replace `mscep_admin` by `mscep/mscep.dll` in the probe target and in the SCEP profile.'],
      },
      {
        title: 'The path `/certsrv/mscep_admin` is published and allows anonymous access',
        fixes: [
          'Block `/certsrv/mscep_admin` at once on the reverse proxy, or deny it to all but inside addresses in IIS Manager > IP Address and Domain Restrictions.',
          'Enable Windows Authentication and disable Anonymous Authentication for `CertSrv/mscep_admin` in IIS Manager.',
          'Review the certificates that the CA issued through NDES since the page was exposed.',
        ],
      },
    ],
    links: [LINKS.scepConfigure, LINKS.protectNdes],
    alsoKnownAs: ['mscep_admin', 'The enrollment challenge password is', 'The password cache is full.'],
  },
  'ndes-policy-module-not-loaded': {
    layer: 'policy-module',
    severity: 'crit',
    title: 'NDES runs without the Intune policy module',
    meaning:
      'The SCEP URL shows the general page of NDES instead of HTTP 403: `mscep.dll` answers by itself. Challenges from Intune are not verified, and devices cannot enrol.',
    causes: [
      {
        title: 'The Certificate Connector for Microsoft Intune is missing, or its installation failed',
        fixes: [
          `Check that the connector is installed and healthy: ${CONNECTOR_LOG}; for the old Microsoft Intune Connector, look in \`SetupMsi.log\` for \`Installation completed successfully\` and \`Installation success or error status: 0\`.`,
          'Remove the connector and install the current Certificate Connector for Microsoft Intune with the SCEP feature, if it is missing or its installation failed.',
        ],
      },
      {
        title: 'The connector is installed, but IIS was not restarted since',
        fixes: [
          'Restart the whole NDES server: the setup guide of Microsoft says that `iisreset` does not complete all changes.',
          'Run `iisreset` in an elevated prompt if a restart has to wait, and restart the server later if the general page stays.',
          'Browse to the SCEP URL again and expect `HTTP Error 403.0 - Forbidden`.',
        ],
      },
      {
        title: 'The connector is not active in Intune',
        fixes: [
          'Look at Microsoft Intune admin center > Tenant administration > Connectors and tokens > Certificate connectors and update a connector that is out of support.',
        ],
      },
    ],
    links: [LINKS.generalPage, LINKS.connectorInstall, LINKS.connectorOverview, LINKS.scepConfigure],
    alsoKnownAs: [
      'general NDES message',
      'Network Device Enrollment Service',
      'This URL is used by network devices to submit certificate requests.',
      'SetupMsi.log',
      ...OLD_CERTIFICATE_CONNECTOR_NAMES,
    ],
  },
  'ndes-app-pool-stopped': {
    layer: 'ndes',
    severity: 'crit',
    title: 'The SCEP application pool is stopped or crashes (HTTP 503)',
    meaning: 'IIS answers 503 because the worker process of NDES does not run. No device can enrol until the pool starts and stays up.',
    causes: [
      {
        title: 'The pool was stopped, or crashes whenever a request arrives',
        fixes: [
          'Start the SCEP application pool in IIS Manager > Application Pools on the NDES server, and check whether it stays started after one request.',
          'Run `eventvwr.msc` > Windows Logs > Application and look for Event ID 1000 with `w3wp.exe`, `ntdll.dll` and exception code `0xc0000005`: the pool crashes on requests, for one of the causes below.',
          'Look in Windows Logs > System for event 5009 (a process of the pool `SCEP` ended unexpectedly) and for 5021, 5057 or 5059 (the identity of the pool is not accepted).',
        ],
      },
      {
        title: 'The NDES service account is locked, its password has expired, or it lacks rights',
        fixes: [
          'Unlock the account or reset its password, and enter the new one as identity of the SCEP application pool.',
          'Make the account a member of `IIS_IUSRS` and give it the rights to log on locally, as a service and as a batch job.',
        ],
      },
      {
        title: 'Intermediate CA certificates are in the Trusted Root Certification Authorities store',
        fixes: [
          'List them with `Get-Childitem -Path cert:\\LocalMachine\\root -Recurse | Where-Object {$_.Issuer -ne $_.Subject}`: a certificate whose Issued to and Issued by differ is not a root.',
          'Remove them from the Trusted Root Certification Authorities store of the computer and restart the NDES server.',
          'Run the command again; if they are back, exclude the NDES server from the Group Policy that pushes them, and remove them once more.',
        ],
      },
      {
        title: 'A CRL address of the certificates that the connector uses is blocked or unreachable',
        fixes: [...ENABLE_CAPI2_LOG, 'Open the way from the NDES server to these CRL addresses, or publish the missing CRL.'],
      },
      {
        title: 'CertificateRegistrationSvc has Windows Authentication enabled (old connector)',
        fixes: [ANONYMOUS_REGISTRATION_SERVICE, 'Restart the NDES server.'],
      },
      {
        title: 'The certificate of the NDESPolicy module has expired (old connector only)',
        fixes: [
          `Find the certificate whose thumbprint is in ${POLICY_CERTIFICATE} in \`certlm.msc\` > Personal; the CAPI2 log shows it as outside its validity period.`,
          'Renew it with a new key, enrol a new one or select another one of the same subject, EKU, key type and length: it needs the FQDN of the NDES server as common name and DNS name, and the Client Authentication EKU, without which CertificateRegistrationSvc answers 403.',
          'Reinstall the connector so that it uses the new certificate, and restart the Intune Connector Service and the World Wide Web Publishing Service (`W3SVC`); the current Certificate Connector for Microsoft Intune does without this certificate.',
          'To change only the reference, export the registry key NDESPolicy as a backup and set `NDESCertThumbprint` to the new thumbprint without whitespace and in lower case.',
          'Restart the NDES application pools in IIS Manager, or run `iisreset` in an elevated prompt.',
        ],
      },
    ],
    links: [LINKS.error503, LINKS.policyModule, LINKS.connectorInstall],
    alsoKnownAs: [
      'HTTP Error 503. The service is unavailable.',
      'Service Unavailable',
      'Event ID 1000',
      '0xc0000005',
      '0x801901F7',
      ...OLD_CERTIFICATE_CONNECTOR_NAMES,
    ],
  },
  'ndes-internal-error': {
    layer: 'ndes',
    severity: 'crit',
    title: 'NDES fails with an internal error (HTTP 500)',
    meaning: 'IIS runs, but NDES answers 500. No device can enrol; the page does not tell which of several causes it is.',
    causes: [
      {
        title: 'The NDES service account is locked, or its password has expired or changed',
        fixes: [
          'Read sc-win32-status at the end of the 500 line in `%SystemDrive%\\inetpub\\logs\\logfiles\\w3svc1`: 1326, 1330, 1907 or 1909 is the service account, 1346 the impersonation right; no line at all means that the request was blocked before IIS.',
          'Unlock the account or reset its password, enter a new password as identity of the SCEP application pool, and recycle the pool.',
        ],
      },
      {
        title: 'The MSCEP-RA certificates have expired, were revoked or are missing',
        fixes: [
          ...RENEW_RA_CERTIFICATES,
          'Reinstall the NDES role and then the Certificate Connector for Microsoft Intune instead, if the two certificates cannot be requested one by one.',
        ],
      },
      {
        title: 'IIS_IUSRS lacks the right Impersonate a client after authentication (sc-win32-status 1346)',
        fixes: GRANT_IMPERSONATION,
      },
      {
        title: 'The NDES service account cannot read the private keys of the RA certificates',
        fixes: [
          'Right-click each of the two RA certificates in `certlm.msc` > All Tasks > Manage Private Keys, add Read for the NDES service account, and run `iisreset`.',
        ],
      },
      {
        title: 'A CRL of the RA or CA certificates is unreachable or out of date',
        fixes: [
          'Publish the CRL on the CA with `certutil -crl` and check from the NDES server with `certutil -urlfetch -verify <file.cer>`.',
        ],
      },
      {
        title: 'CertificateRegistrationSvc has Windows Authentication enabled',
        fixes: [ANONYMOUS_REGISTRATION_SERVICE, 'Restart the NDES server.'],
      },
    ],
    links: [LINKS.error500, LINKS.impersonation, LINKS.iisLogs],
    alsoKnownAs: [
      '500 - Internal server error.',
      'HTTP Error 500.0 - Internal Server Error',
      'IIS_IURS',
      'sc-win32-status 1346',
      'NDES event 2',
      'NDES event 10',
      '0x801901F4',
    ],
  },
  'scep-operation-forbidden': {
    layer: 'edge',
    severity: 'crit',
    title: 'SCEP operations are forbidden (HTTP 403)',
    meaning: 'The bare URL may answer 403, but GetCACaps and GetCACert must not. Devices ask for exactly these and cannot enrol.',
    causes: [
      {
        title: 'A WAF or proxy in front blocks the query string',
        fixes: [
          'Find the hop that wrote the 403 by comparing its `Server` header with that of the internal URL.',
          'Open the internal URL with `/certsrv/mscep/mscep.dll?operation=GetCACaps&message=test` on the connector server and expect 200.',
          LOOK_INTO_IIS_LOG,
        ],
      },
      {
        title: 'IIS refuses by address, client certificate or TLS requirement',
        fixes: [
          'Remove IP Address and Domain Restrictions and set SSL Settings > Client certificates to Ignore for `CertSrv/mscep` in IIS Manager.',
        ],
      },
      {
        title: 'The server is not NDES at all',
        fixes: ['Check on the Application proxy page of the app that Internal Url names the NDES server.'],
      },
    ],
    links: [LINKS.iisStatusCodes, LINKS.iisLogs],
    alsoKnownAs: ['HTTP 403 on GetCACaps', 'HTTP 403 on GetCACert', '403.6', '403.7', '403.16', '0x80190193'],
  },
  'ndes-partial-failure': {
    layer: 'ndes',
    severity: 'crit',
    title: 'The SCEP URL looks right, but GetCACaps or GetCACert fails',
    meaning: 'The bare URL answers 403 as it should, but an operation that every device needs does not answer 200. Devices cannot enrol.',
    causes: [
      {
        title: 'NDES is loaded but cannot serve requests',
        fixes: [
          'Act on the verdict of the failing operation, which the evidence names.',
          LOOK_INTO_IIS_LOG,
          'Read Event Viewer > Windows Logs > Application, source NetworkDeviceEnrollmentService, on the NDES server.',
        ],
      },
      {
        title: 'A hop in front answers the bare URL by itself with 403',
        fixes: [OPEN_INTERNAL_URL],
      },
    ],
    links: [LINKS.testUrl, LINKS.error500],
    alsoKnownAs: ['GetCACaps fails', 'GetCACert fails'],
  },
  'ndes-base-anomaly': {
    layer: 'edge',
    severity: 'warn',
    title: 'Devices can enrol, but the bare SCEP URL gives an unexpected answer',
    meaning:
      'GetCACaps and GetCACert work, so devices can still enrol. Only the bare URL, which devices never ask for, answers something else than 403.',
    causes: [
      {
        title: 'A WAF or proxy treats the bare URL differently',
        fixes: [
          'Compare the `Server` header of the bare URL with that of GetCACaps to find the hop that answers.',
          OPEN_INTERNAL_URL,
          'Leave it as it is if the rule is intended.',
        ],
      },
    ],
    links: [LINKS.testUrl],
    alsoKnownAs: ['HTTP Error 403.0 - Forbidden expected'],
  },
  'slow-response': {
    layer: 'ndes',
    severity: 'warn',
    title: 'SCEP answers are slow',
    meaning:
      'This is judged from recent history: several of the last probes took more than 10 seconds. Devices still enrol, but application proxy gives up after 85 seconds.',
    causes: [
      {
        title: 'The application pool starts anew for each request',
        fixes: [
          'Set Idle Time-out of the SCEP application pool to 0 in IIS Manager > Application Pools > Advanced Settings, if only the first answer is slow.',
        ],
      },
      {
        title: 'NDES waits for unreachable CRL addresses',
        fixes: ['Check the CRL addresses of the RA and CA certificates from the NDES server with `certutil -urlfetch -verify <file.cer>`.'],
      },
      {
        title: 'The connector or the NDES server is overloaded',
        fixes: [
          'Keep CPU and memory of the connector servers below 70 %, and add a connector to the group if they are above.',
          'Set Backend Application Timeout to Long on the Application proxy page of the app while you look for the cause.',
        ],
      },
    ],
    links: [LINKS.debugApps, LINKS.debugConnectors, LINKS.connectors],
    alsoKnownAs: ['high latency', 'cold start'],
  },
} satisfies Partial<Record<VerdictCode, CatalogEntry>>;
