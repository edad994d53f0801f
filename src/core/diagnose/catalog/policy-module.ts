import { LINKS } from '../../verdict/catalog/links.ts';
import type { CatalogEntry } from '../../verdict/catalog-entry.ts';
import type { LogOnlyCode } from '../log-code.ts';
import { causesOf, OLD_CERTIFICATE_CONNECTOR_NAMES, READ_CONNECTOR_LOG, READ_REGISTRATION_POINT_LOG } from './shared-causes.ts';

const [WINDOWS_AUTHENTICATION] = causesOf('ndes-app-pool-stopped', 'CertificateRegistrationSvc has Windows Authentication');

const UPDATE_CONNECTOR = {
  title: 'The server still runs the old connector, which is out of support',
  fixes: [
    'Replace the Microsoft Intune Connector by the current Certificate Connector for Microsoft Intune: it has no CertificateRegistrationSvc, no client certificate of its own for it, and so none of these failures.',
  ],
} as const;

/** The policy module and the registration service that verifies challenges. */
export const POLICY_MODULE = {
  'log-verify-request-failed': {
    layer: 'policy-module',
    severity: 'crit',
    title: 'Devices reach NDES, but the verification of their challenges fails',
    meaning:
      'GetCACert and GetCACaps are answered, and then the call of the policy module to `VerifyRequest` ends in an error. Network, IIS and NDES work; the registration service behind them does not, so no device gets a certificate.',
    causes: [
      {
        title: 'The account of the CertificateRegistrationSvc pool cannot write to C:\\Windows\\Temp (HTTP 500)',
        fixes: [
          'Look in Windows Logs > Application for event 1310 with code 3007 (a compilation error has occurred), and in Windows Logs > System for event 5009 about the pool `SCEP` with exit code 0x0000374.',
          'Give Write on `C:\\Windows\\Temp` to the account that runs the CertificateRegistrationSvc application pool, Network Service as a rule.',
          'Make sure that no Group Policy takes the right away again.',
        ],
      },
      ...(WINDOWS_AUTHENTICATION === undefined ? [] : [WINDOWS_AUTHENTICATION]),
      {
        title: 'The connector service is stopped or cannot reach Intune',
        fixes: [
          'Run `services.msc` on the NDES server and start the services of the Certificate Connector for Microsoft Intune (old name: Intune Connector Service).',
          READ_CONNECTOR_LOG,
          READ_REGISTRATION_POINT_LOG,
        ],
      },
      UPDATE_CONNECTOR,
    ],
    links: [LINKS.policyModule, LINKS.connectorOverview],
    alsoKnownAs: [
      'VerifyRequest 500',
      'CertificateRegistrationSvc/Certificate/VerifyRequest',
      'event 1310',
      'event 5009',
      'A compilation error has occurred',
      'NDES_Plugin',
      ...OLD_CERTIFICATE_CONNECTOR_NAMES,
    ],
  },
  'log-verify-certificate-untrusted': {
    layer: 'policy-module',
    severity: 'crit',
    title: 'The registration service refuses the certificate of the policy module (403)',
    meaning:
      '`VerifyRequest` is answered with 403, with 403.16 and 2148204809 (0x800B0109) as a rule: IIS does not trust the client certificate that the policy module shows. No challenge can be verified, and no device gets a certificate.',
    causes: [
      ...causesOf('ndes-app-pool-stopped', 'Intermediate CA certificates'),
      {
        title: 'The client certificate of the policy module lacks the Client Authentication EKU, or is not trusted',
        fixes: [
          'Open the certificate whose thumbprint is in `HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\Modules\\NDESPolicy\\NDESCertThumbprint` in `certlm.msc` > Personal and check its end date, its chain, and that Intended Purposes has Client Authentication.',
          'Enrol a new one with Client Authentication and the FQDN of the NDES server as common name and DNS name, and reinstall the connector with it.',
        ],
      },
      ...(WINDOWS_AUTHENTICATION === undefined ? [] : [WINDOWS_AUTHENTICATION]),
      UPDATE_CONNECTOR,
    ],
    links: [LINKS.policyModule, LINKS.error503],
    alsoKnownAs: [
      '403 16 2148204809',
      'HTTP 403.16',
      '0x800B0109',
      '403 - Forbidden: Access is denied.',
      'Verify challenge returns <!DOCTYPE html',
      ...OLD_CERTIFICATE_CONNECTOR_NAMES,
    ],
  },
  'log-policy-module-tls-failed': {
    layer: 'policy-module',
    severity: 'crit',
    title: 'The policy module gets no TLS connection to the registration service (12175)',
    meaning:
      'The policy module calls CertificateRegistrationSvc on its own server over https and does not accept the certificate that IIS binds there. No challenge can be verified, and no device gets a certificate.',
    causes: [
      {
        title: 'The TLS certificate of IIS does not have the internal name of the server',
        fixes: [
          'Issue a web server certificate with the external server name as common name and, as Subject Alternative Names, the external name and the internal DNS name of the NDES server: where there are Subject Alternative Names, the common name does not count.',
          'Bind it to port 443 in IIS Manager > Default Web Site > Bindings and run `iisreset` in an elevated prompt.',
        ],
      },
      {
        title: 'The TLS certificate of IIS has expired, is not trusted or cannot be checked for revocation',
        fixes: [
          'Open `https://<internal name>/certsrv/mscep/mscep.dll` in a browser on the NDES server itself: the certificate warning says what is wrong.',
          'Bind a valid certificate, and make its CRL addresses reachable from the NDES server.',
        ],
      },
      UPDATE_CONNECTOR,
    ],
    links: [LINKS.policyModule, LINKS.scepConfigure],
    alsoKnownAs: [
      'Failed to send http request',
      'Error 12175',
      'WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID',
      'ERROR_WINHTTP_SECURE_FAILURE',
      '0x80072F8F',
      ...OLD_CERTIFICATE_CONNECTOR_NAMES,
    ],
  },
  'log-challenge-rejected': {
    layer: 'policy-module',
    severity: 'warn',
    title: 'The challenge of a device was rejected',
    meaning:
      'The request arrived and was read, but its challenge had expired, does not fit the request, or could not be checked. That device gets no certificate this time; one now and then is normal, many in a row are not.',
    causes: [
      {
        title: 'The challenge had expired (0x411) or was used before',
        fixes: [
          'Sync the device with Intune again: it gets a new challenge with the profile.',
          'Compare the clock of the NDES server with the true time (`w32tm /query /status`) if all challenges are rejected.',
        ],
      },
      {
        title: 'The signing certificate of the connector cannot be retrieved (0x408, 0x409)',
        fixes: [
          READ_REGISTRATION_POINT_LOG,
          'Check that the value `SigningCertificate` exists under `HKLM\\SOFTWARE\\Microsoft\\MicrosoftIntune\\NDESConnector`; if not, restart the connector service in `services.msc`, and look for what blocks the way to Intune if it is still missing.',
        ],
      },
      {
        title: 'The connector cannot reach Intune: the same message appears, although the challenge is good',
        fixes: [READ_CONNECTOR_LOG, 'Check the proxy settings of the connector: the address of the proxy is to begin with `http://`.'],
      },
      {
        title: 'The subject of the request is not that of the challenge',
        fixes: [
          'Look for `Subject Name in CSR … and challenge … do not match` in the connector log, and compare Subject name format in the SCEP profile with what the device sends.',
        ],
      },
    ],
    links: [LINKS.policyModule, LINKS.connectorOverview],
    alsoKnownAs: [
      'Verify challenge returns false',
      'VerifyRequest Finished with status False',
      'event 20501',
      'event 20502',
      'event 4005',
      'CRPSCEPChallenge_Expired',
      'Signing certificate could not be retrieved',
      'm_safeCertContext is an invalid handle',
    ],
  },
  'log-policy-certificate-expired': {
    layer: 'policy-module',
    severity: 'crit',
    title: 'The client certificate of the NDESPolicy module has expired',
    meaning:
      'NDESPlugin.log stops at "Sending request to certificate registration point", or CAPI2 reports the certificate of `NDESCertThumbprint` as outside its validity period. The policy module cannot verify challenges, and often takes the SCEP application pool down with it.',
    causes: [...causesOf('ndes-app-pool-stopped', 'The certificate of the NDESPolicy module has expired'), UPDATE_CONNECTOR],
    links: [LINKS.error503, LINKS.policyModule, LINKS.connectorInstall],
    alsoKnownAs: [
      'NDESCertThumbprint',
      'NDESPolicy',
      'Sending request to certificate registration point.',
      'A required certificate is not within its validity period',
      '0x800B0101',
      'CERT_E_EXPIRED',
      ...OLD_CERTIFICATE_CONNECTOR_NAMES,
    ],
  },
} satisfies Partial<Record<LogOnlyCode, CatalogEntry>>;
