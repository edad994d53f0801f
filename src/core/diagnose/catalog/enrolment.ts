import {
  ENABLE_CAPI2_LOG,
  OPEN_INTERNAL_URL,
  RENEW_RA_CERTIFICATES,
  UPDATE_TRUSTED_ROOT_PROFILE,
} from '../../verdict/catalog/fix-lists.ts';
import { LINKS } from '../../verdict/catalog/links.ts';
import type { CatalogEntry } from '../../verdict/catalog-entry.ts';
import type { LogOnlyCode } from '../log-code.ts';
import { causesOf, READ_CONNECTOR_LOG, READ_NDES_EVENTS } from './shared-causes.ts';

const FAILED_REQUESTS =
  'Open the Certification Authority MMC (`certsrv.msc`) on the CA > Failed Requests, and read the disposition message of the request and the Application log of the CA.';

const WHERE_IT_STOPPED = [
  'Find the request of the same minute in `%SystemDrive%\\inetpub\\logs\\logfiles\\w3svc1` on the NDES server: no line means that it was blocked on the way, 500 that NDES fails, 404 that the URL is too long or wrong, 200 that NDES took it and the cause lies behind it.',
  'Give scepwatch both logs at once, `scepwatch diagnose DEVICE-LOG IIS-LOG`: they are put on one timeline.',
] as const;

/** What devices tell about their enrolment, and what trust it needs. */
export const ENROLMENT = {
  'log-enrolment-succeeded': {
    layer: 'ca',
    severity: 'ok',
    title: 'A device got its certificate',
    meaning:
      'The log shows an enrolment from the first request to the certificate. Every hop worked at that time, the policy module and the CA included, which no probe from outside can prove.',
    causes: [],
    links: [LINKS.scepOverview, LINKS.policyModule],
    alsoKnownAs: [
      'event 39',
      'SCEP: Certificate installed successfully.',
      'pkiStatus=SUCCESS',
      'CERT_ACCESS_GRANTED',
      'event 309',
      'event 4006',
      'event 20600',
    ],
  },
  'log-enrolment-failed': {
    layer: 'policy-module',
    severity: 'crit',
    title: 'A device reports that its enrolment failed',
    meaning:
      'The device sent its request, or tried to, and got no certificate. The error code in the evidence tells how far it came; `scepwatch explain` knows many of them.',
    causes: [
      {
        title: 'NDES, the policy module or the CA refused the request',
        fixes: [...WHERE_IT_STOPPED, READ_CONNECTOR_LOG, FAILED_REQUESTS],
      },
      {
        title: 'The challenge had expired or was used before',
        fixes: [
          'Sync the device with Intune again: it gets a new challenge with the profile.',
          'Compare the clocks of the NDES server and of the device with the true time if that does not help.',
        ],
      },
      {
        title: 'The certificate template does not fit the SCEP profile',
        fixes: [
          'Compare key size, key usage and validity of the SCEP profile with the template on the CA, and check that the NDES service account has Read and Enroll on it (0x80094012, 0x80094811).',
          'Compare the values `SignatureTemplate`, `EncryptionTemplate` and `GeneralPurposeTemplate` under `HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP` with the template name, not its display name, and check that the CA issues it (0x80094800).',
        ],
      },
      {
        title: 'The RA certificates come from an older CA certificate, so that Windows refuses them',
        fixes: ['Run `scepwatch probe URL`: it shows `ra-issued-by-old-ca` when that is so (events 32 and 307 with 0x800B0109).'],
      },
    ],
    links: [LINKS.policyModule, LINKS.windowsAfterRenewal, LINKS.scepOverview],
    alsoKnownAs: [
      'event 32',
      'SCEP: Certificate enroll failed.',
      'event 307',
      'event 87',
      'pkiStatus=FAILURE',
      'failInfo',
      'Cannot retrieve SCEP identity',
      '0x80094800',
      '0x80094811',
      '0x80094012',
      'Unknown Win32 Error code',
    ],
  },
  'log-enrolment-incomplete': {
    layer: 'policy-module',
    severity: 'warn',
    title: 'An enrolment was begun and does not end in this log',
    meaning:
      'The device sent its request, but the log tells neither success nor failure. It still waited, the log was taken too early, or what came back was lost.',
    causes: [
      {
        title: 'The log ends too early',
        fixes: ['Wait a few minutes, take the log again, and on Android switch on verbose logging of the Company Portal before.'],
      },
      {
        title: 'The answer did not arrive',
        fixes: [...WHERE_IT_STOPPED, OPEN_INTERNAL_URL],
      },
      {
        title: 'The policy module or the CA has not answered',
        fixes: [READ_CONNECTOR_LOG, FAILED_REQUESTS],
      },
    ],
    links: [LINKS.iisLogs, LINKS.policyModule],
    alsoKnownAs: ['There are 1 requests', 'Sending CSR via GET', 'Attempting to retrieve issued certificate', 'pkiStatus=PENDING'],
  },
  'log-ios-chain-not-trusted': {
    layer: 'ca',
    severity: 'crit',
    title: 'iOS takes the certificates and stops: it does not trust the chain',
    meaning:
      'iOS or iPadOS devices get GetCACert and then never ask for GetCACaps. They do not trust the RA and CA certificates that they got, and cannot enrol.',
    causes: [
      {
        title: 'The trusted root profile holds another root than the NDES server uses, or an intermediate certificate instead',
        fixes: UPDATE_TRUSTED_ROOT_PROFILE,
      },
      {
        title: 'A CA or RA certificate is signed with SHA-1 or RSASSA-PSS',
        fixes: [
          'Run `scepwatch probe URL`: it names `weak-or-unsupported-signature` with the certificate.',
          'Set the CA to SHA256RSA, reissue the root and intermediate certificates, deploy them on the NDES server, and issue both RA certificates anew.',
        ],
      },
      {
        title: 'The TLS certificate of the SCEP URL is not trusted by the device',
        fixes: [
          'Open `https://<host>/certsrv/mscep/mscep.dll?operation=GetCACaps&message=test` in Safari on the device: a certificate warning names the certificate that is to be replaced.',
        ],
      },
    ],
    links: [LINKS.iosNoCaps, LINKS.trustedRoot],
    alsoKnownAs: [
      'no GetCACaps request',
      "The Registration Authority's response is invalid",
      'Cannot retrieve SCEP identity',
      'ERROR_WINHTTP_SECURE_FAILURE',
      'SecTrustEvaluate',
    ],
  },
  'log-windows-cannot-reach-ndes': {
    layer: 'edge',
    severity: 'crit',
    title: 'A Windows device cannot talk to the NDES server',
    meaning:
      'Windows could not even begin: it got no capabilities or no certificates from the SCEP URL. The error code in the evidence says whether the name, the connection, TLS or the answer was at fault.',
    causes: [
      {
        title: 'The device cannot reach the SCEP URL from its network',
        fixes: [
          'Open the NDES URL of the evidence in a browser on the device: `HTTP Error 403.0 - Forbidden` is the healthy answer.',
          'Run `scepwatch probe URL` for the same URL: if it is healthy from elsewhere, the proxy, firewall or DNS of the device is to blame.',
          'Check `netsh winhttp show proxy` on the device: the SCEP client runs as SYSTEM and does not use the proxy settings of the user.',
        ],
      },
      {
        title: 'The server answers with an error',
        fixes: [
          'Read the status in the code: 0x80190193 is HTTP 403, 0x80190194 is 404, 0x801901F4 is 500, 0x801901F7 is 503; then act as for that status.',
          ...WHERE_IT_STOPPED,
        ],
      },
      {
        title: 'TLS fails on the device',
        fixes: [
          'Check that the device trusts the issuer of the TLS certificate and that the certificate is valid for the host name (0x80072F8F, 0x80072F06, 0x80072F0D).',
        ],
      },
    ],
    links: [LINKS.testUrl, LINKS.iisLogs, LINKS.scepOverview],
    alsoKnownAs: [
      'event 86',
      'Failed to Initialize SCEP enrollment with NDES Server',
      'SCEPInstallCertificateWithScepHelper',
      '0x80072EE7',
      '0x80072EFD',
      '0x80072EE2',
      '0x80072F8F',
      '0x80190193',
    ],
  },
  'log-chain-not-trusted': {
    layer: 'ca',
    severity: 'crit',
    title: 'Windows builds no trusted chain for a certificate (0x800B0109)',
    meaning:
      'The CAPI2 log tells that a chain ends in a root that is not trusted, that a certificate is outside its validity period, or that its revocation cannot be checked. Whatever needs this certificate fails: a device, or the NDES server itself.',
    causes: [
      {
        title: 'On a device: the RA certificates or the CA are not those that it trusts',
        fixes: [
          'Run `scepwatch probe URL` with `--ca-pin`: it tells whether the chain is the one of your trusted root profile and whether the RA certificates come from an older CA.',
          ...UPDATE_TRUSTED_ROOT_PROFILE,
        ],
      },
      {
        title: 'The CA was renewed, and the RA certificates still come from the one before',
        fixes: RENEW_RA_CERTIFICATES,
      },
      ...causesOf('ndes-app-pool-stopped', 'Intermediate CA certificates'),
      {
        title: 'A CRL address is blocked or unreachable (0x80092013)',
        fixes: [
          ...ENABLE_CAPI2_LOG,
          'Open the way to these CRL addresses, or publish the missing CRL with `certutil -crl` on the CA.',
          READ_NDES_EVENTS,
        ],
      },
    ],
    links: [LINKS.windowsAfterRenewal, LINKS.trustedRoot, LINKS.error503],
    alsoKnownAs: [
      'CAPI2 event 30',
      'CAPI2 event 11',
      '0x800B0109',
      '800B0109',
      'CERT_E_UNTRUSTEDROOT',
      '2148204809',
      '0x800B0101',
      '0x80092013',
      'A certificate chain processed, but terminated in a root certificate which is not trusted',
    ],
  },
} satisfies Partial<Record<LogOnlyCode, CatalogEntry>>;
