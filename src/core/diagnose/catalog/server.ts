import { REINSTALL_NDES_ROLE, RENEW_RA_CERTIFICATES } from '../../verdict/catalog/fix-lists.ts';
import { LINKS } from '../../verdict/catalog/links.ts';
import type { CatalogEntry } from '../../verdict/catalog-entry.ts';
import type { LogOnlyCode } from '../log-code.ts';
import { causesOf, READ_NDES_EVENTS } from './shared-causes.ts';

const RA_CERTIFICATES = {
  title: 'The MSCEP-RA certificates have expired, were revoked, are missing, or their keys cannot be read',
  fixes: RENEW_RA_CERTIFICATES,
} as const;

const PRIVATE_KEYS = causesOf('ndes-internal-error', 'The NDES service account cannot read the private keys');

/** The worker process of NDES and its events. */
export const SERVER = {
  'log-worker-process-crashed': {
    layer: 'ndes',
    severity: 'crit',
    title: 'The worker process of the SCEP application pool crashes',
    meaning:
      'Windows noted a crash of `w3wp.exe` (Application event 1000, System event 5009). The pool crashes when a request arrives, and after a few crashes IIS stops it: devices then get 503.',
    causes: [
      ...causesOf(
        'ndes-app-pool-stopped',
        'Intermediate CA certificates',
        'A CRL address',
        'CertificateRegistrationSvc has Windows Authentication',
        'The certificate of the NDESPolicy module',
        'The NDES service account',
      ),
      {
        title: 'After the cause is gone, the pool is still stopped',
        fixes: [
          'Start the SCEP application pool in IIS Manager > Application Pools on the NDES server, and check whether it stays started after one request.',
        ],
      },
    ],
    links: [LINKS.error503, LINKS.policyModule],
    alsoKnownAs: [
      'Event ID 1000',
      'Application Error',
      'w3wp.exe',
      'ntdll.dll',
      '0xc0000005',
      '0xc0000374',
      'event 5009',
      'A process serving application pool terminated unexpectedly',
    ],
  },
  'log-ndes-cannot-start': {
    layer: 'ndes',
    severity: 'crit',
    title: 'NDES cannot start',
    meaning:
      'The service noted that it cannot be started (event 2, with event 10 as a rule, or 53 for the policy module). Every request is answered with 500 until it can.',
    causes: [
      RA_CERTIFICATES,
      ...PRIVATE_KEYS,
      {
        title: 'The registry of NDES is inconsistent (0x80070002)',
        fixes: [
          'Compare the keys below `HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP` with those of a server that works, after an export as backup.',
          REINSTALL_NDES_ROLE,
        ],
      },
      {
        title: 'The NDES service account is locked, its password has expired, or it has no Enroll permission',
        fixes: [
          'Unlock the account or reset its password, enter the new one as identity of the SCEP application pool, and recycle the pool.',
          'Give the account Read and Enroll on the certificate template that NDES issues (event 6).',
        ],
      },
      {
        title: 'The policy module cannot be loaded (event 53)',
        fixes: ['Reinstall the Certificate Connector for Microsoft Intune with the SCEP feature and restart the server.'],
      },
    ],
    links: [LINKS.error500, LINKS.scepConfigure],
    alsoKnownAs: [
      'NDES event 2',
      'NDES event 3',
      'NDES event 6',
      'NDES event 7',
      'NDES event 53',
      'The Network Device Enrollment Service cannot be started',
      '0x80070057',
      '0x80070002',
    ],
  },
  'log-ndes-ra-certificate-unusable': {
    layer: 'ca',
    severity: 'crit',
    title: 'NDES cannot use its RA certificates',
    meaning:
      'NDES cannot retrieve one of its two RA certificates (event 10), or cannot decrypt what devices send (event 18). Either the certificates are gone or expired, or the service account cannot read their keys.',
    causes: [
      ...PRIVATE_KEYS,
      RA_CERTIFICATES,
      {
        title: 'The certificates were renewed in a wrong way: a CNG key, or another provider (0x80090014, 0x8007000D)',
        fixes: [
          'Run `certutil -v -store My` on the NDES server and check that the provider of both RA certificates is a legacy cryptographic service provider such as `Microsoft Strong Cryptographic Provider`.',
          'Request them anew from the templates CEP Encryption and Exchange Enrollment Agent (Offline request) if it is not.',
        ],
      },
      {
        title:
          'Only some requests cannot be decrypted (event 18, 0x80090005): a device used certificates from before a renewal, or another NDES server',
        fixes: [
          'Let these devices try again: they fetch the certificates anew.',
          'Make the load balancer keep a device at one NDES server, or publish one URL for each server: GetCACert and PKIOperation have to reach the same one.',
        ],
      },
    ],
    links: [LINKS.error500, LINKS.scepConfigure],
    alsoKnownAs: [
      'NDES event 10',
      'NDES event 16',
      'NDES event 17',
      'NDES event 18',
      'NDES event 28',
      "cannot decrypt the client's PKCS7 message",
      'cannot retrieve one of its required certificates',
      '0x80070057',
      '0x80090005',
      '0x80090014',
      '0x8009310B',
      '0x8007000D',
      'MSCEP-RA',
    ],
  },
  'log-ndes-cannot-reach-ca': {
    layer: 'ca',
    severity: 'crit',
    title: 'NDES cannot hand requests to the CA',
    meaning:
      'The request was verified, but the CA did not take it (event 31). GetCACaps and GetCACert go on answering 200, so nothing of this can be seen from outside; no device gets a certificate.',
    causes: [
      {
        title: 'The CA service is stopped or its server cannot be reached (0x800706BA)',
        fixes: [
          'Check on the CA that Active Directory Certificate Services (`certsvc`) runs, and start it.',
          'Run `certutil -ping -config "<ca host>\\<ca name>"` on the NDES server, and open RPC (TCP 135 and the dynamic ports) to the CA if it fails.',
        ],
      },
      {
        title: 'The NDES service account may not enrol (0x80070005, 0x80094012)',
        fixes: [
          'Give the NDES service account Read and Enroll on the template, and Request Certificates on the Security tab of the CA in `certsrv.msc`.',
        ],
      },
      {
        title: 'The CA does not issue the template (0x80094800), or the request does not fit it (0x80094811)',
        fixes: [
          'Compare the template names under `HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP` with the list in `certsrv.msc` > Certificate Templates: the registry needs the template name, not the display name.',
          'Compare the key size of the SCEP profile with the minimum of the template.',
          'Read `certsrv.msc` > Failed Requests on the CA for the reason.',
        ],
      },
    ],
    links: [LINKS.policyModule, LINKS.scepConfigure],
    alsoKnownAs: [
      'NDES event 31',
      'cannot submit the certificate request',
      'The RPC server is unavailable',
      '0x800706BA',
      '0x80070005',
      '0x80004005',
      '0x80094800',
      '0x80094012',
    ],
  },
  'log-ndes-password-not-verified': {
    layer: 'policy-module',
    severity: 'warn',
    title: 'NDES could not verify the password in a request',
    meaning:
      'NDES says that the challenge password "cannot be verified" and "may have been used already". The same message appears when the connector cannot reach Intune, and once for each test with an invented challenge.',
    causes: [
      {
        title: 'The challenge had expired or was used before',
        fixes: ['Sync the device with Intune again: it gets a new challenge with the profile.'],
      },
      {
        title: 'The connector cannot reach Intune, so that it cannot verify any challenge',
        fixes: [
          'Read Event Viewer > Applications and Services Logs > Microsoft > Intune > CertificateConnectors > Admin and Operational at the same time (events 4003 and 4005).',
          'Check the proxy settings of the connector: the address of the proxy is to begin with `http://`.',
        ],
      },
      {
        title: 'NDES runs without the policy module and checks passwords of its own',
        fixes: [
          'Browse to the SCEP URL: 200 with the page Network Device Enrollment Service instead of 403 means that the Certificate Connector for Microsoft Intune is missing.',
        ],
      },
      {
        title: 'Whoever asked is no device of yours',
        fixes: [READ_NDES_EVENTS, 'Look up who asked in the IIS log of the same minute, and ignore it if it was a test or a scanner.'],
      },
    ],
    links: [LINKS.policyModule, LINKS.generalPage],
    alsoKnownAs: [
      'NDES event 29',
      'The password in the certificate request cannot be verified',
      'It may have been used already',
      'Obtain a new password to submit with this request',
    ],
  },
} satisfies Partial<Record<LogOnlyCode, CatalogEntry>>;
