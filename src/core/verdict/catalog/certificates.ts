import type { CatalogEntry } from '../catalog-entry.ts';
import type { VerdictCode } from '../code.ts';
import { REINSTALL_NDES_ROLE, RENEW_RA_CERTIFICATES, UPDATE_TRUSTED_ROOT_PROFILE } from './fix-lists.ts';
import { LINKS } from './links.ts';

const RENEW_CA = 'On the CA, run `certsrv.msc`, right-click the CA > All Tasks > Renew CA Certificate.';

const REISSUE_RA_AFTER_CA = 'Issue both RA certificates anew on the NDES server, as for `ra-certificate-expired`, and run `iisreset`.';

const RA_NAMES = [
  'MSCEP-RA',
  'CEP Encryption',
  'Exchange Enrollment Agent (Offline request)',
  'CEPEncryption',
  'EnrollmentAgentOffline',
  'NDES service certificates',
] as const;

/** What GetCACert delivers: the RA certificates of the NDES server and the chain of the CA. */
export const CERTIFICATES = {
  'ra-certificate-expired': {
    layer: 'ca',
    severity: 'crit',
    title: 'An RA certificate of NDES has expired',
    meaning:
      'Devices need both RA certificates of NDES and refuse expired ones; no device can enrol. When NDES answers only HTTP 500, this is inferred from the end date that was seen last.',
    causes: [
      {
        title: 'The RA certificates live two years as a rule, and nothing renews them by itself',
        fixes: RENEW_RA_CERTIFICATES,
      },
      {
        title: 'The certificates cannot be requested one by one',
        fixes: [REINSTALL_NDES_ROLE],
      },
      {
        title: 'Only inferred: HTTP 500 has another cause and the certificates were renewed meanwhile',
        fixes: [
          'Go on with `ndes-internal-error` if `certlm.msc` shows valid RA certificates: first the service account, then the rights of `IIS_IUSRS`.',
        ],
      },
    ],
    links: [LINKS.error500, LINKS.scepConfigure],
    alsoKnownAs: [
      '500 - Internal server error.',
      'HTTP Error 500.0 - Internal Server Error',
      '0x80070057',
      'NDES event 2',
      'NDES event 10',
      ...RA_NAMES,
    ],
  },
  'ra-certificate-not-yet-valid': {
    layer: 'ca',
    severity: 'crit',
    title: 'An RA or CA certificate of NDES is not valid yet',
    meaning: 'A certificate in GetCACert begins in the future by the clock that was used. Devices refuse it until then.',
    causes: [
      {
        title: 'The clock of the CA is ahead, or that of the probe is behind',
        fixes: [
          'Compare the `Date` header of the answer in the evidence with the true time to see whose clock is wrong.',
          'Run `w32tm /query /status` on the CA and on the NDES server, and `w32tm /resync` where the time is wrong.',
        ],
      },
      {
        title: 'The certificates were renewed a moment ago',
        fixes: ['Wait until the begin date has passed, and issue the certificate again if it lies further ahead.'],
      },
    ],
    links: [LINKS.rfc8894],
    alsoKnownAs: ['notBefore', 'badTime', ...RA_NAMES],
  },
  'ca-certificate-expired': {
    layer: 'ca',
    severity: 'crit',
    title: 'The CA certificate has expired',
    meaning: 'A CA certificate in GetCACert is past its end date. What it issued is no longer trusted, and no device can enrol.',
    causes: [
      {
        title: 'The CA certificate was not renewed in time',
        fixes: [RENEW_CA, REISSUE_RA_AFTER_CA, ...UPDATE_TRUSTED_ROOT_PROFILE],
      },
      {
        title: 'The CA was renewed, but NDES still serves the old certificate',
        fixes: ['Restart the NDES server, so that it reads the CA certificate again.'],
      },
    ],
    links: [LINKS.windowsAfterRenewal, LINKS.trustedRoot],
    alsoKnownAs: ['notAfter', 'CA expired', '0x800B0101'],
  },
  'ra-certificate-missing': {
    layer: 'ca',
    severity: 'crit',
    title: 'NDES offers no RA certificate for signing or for encryption',
    meaning:
      'GetCACert lacks one of the two RA certificates. Devices cannot encrypt their request or check the answer, so no device can enrol.',
    causes: [
      {
        title: 'A certificate was deleted from the computer store, or only one of the two was renewed',
        fixes: RENEW_RA_CERTIFICATES,
      },
      {
        title: 'The NDES role was configured without the rights of an Enterprise Admin, so that its certificates were never issued',
        fixes: ['Sign in to the NDES server with an account that is an Enterprise Admin.', REINSTALL_NDES_ROLE],
      },
    ],
    links: [LINKS.error500, LINKS.scepConfigure],
    alsoKnownAs: ['0x80070057', 'NDES event 10', ...RA_NAMES],
  },
  'ra-issued-by-old-ca': {
    layer: 'ca',
    severity: 'crit',
    title: 'The RA certificates come from the old CA certificate: Windows cannot enrol',
    meaning:
      'The CA certificate was renewed, but the RA certificates still refer to the one before. Windows devices refuse them (events 32 and 307, CAPI2 event 30 with 0x800B0109); iOS and Android go on enrolling.',
    causes: [
      {
        title: 'The RA certificates were not issued anew after the CA was renewed',
        fixes: [
          ...RENEW_RA_CERTIFICATES,
          'Reinstall the NDES role and the Certificate Connector for Microsoft Intune if the new certificates still refer to the old CA.',
        ],
      },
      {
        title: 'Windows devices do not trust the new root yet',
        fixes: UPDATE_TRUSTED_ROOT_PROFILE,
      },
    ],
    links: [LINKS.windowsAfterRenewal, LINKS.trustedRoot],
    alsoKnownAs: ['event 32', 'event 307', 'CAPI2 event 30', '0x800B0109', '800B0109', ...RA_NAMES],
  },
  'ca-pin-mismatch': {
    layer: 'ca',
    severity: 'crit',
    title: 'The root certificate is not the one that devices are told to trust',
    meaning:
      'The chain from GetCACert does not end in the certificate that the target pins, which is the one in the trusted certificate profile. Devices with that profile reject the server.',
    causes: [
      {
        title: 'The trusted certificate profile holds an old root, or an intermediate certificate instead of the root',
        fixes: [...UPDATE_TRUSTED_ROOT_PROFILE, 'Set the pin of the target to the fingerprint of the same root.'],
      },
      {
        title: 'NDES was connected to another CA',
        fixes: ['Compare the CA name in the evidence with the CA that NDES is meant to use, and find out who changed it if they differ.'],
      },
    ],
    links: [LINKS.iosNoCaps, LINKS.trustedRoot],
    alsoKnownAs: ["The Registration Authority's response is invalid", 'Cannot retrieve SCEP identity'],
  },
  'weak-or-unsupported-signature': {
    layer: 'ca',
    severity: 'warn',
    title: 'A CA or RA certificate is signed with SHA-1 or RSASSA-PSS',
    meaning:
      'iOS and iPadOS may refuse such a chain: they get GetCACert and then never ask for GetCACaps. Other platforms may go on enrolling.',
    causes: [
      {
        title: 'The CA signs with SHA-1 or with RSASSA-PSS',
        fixes: [
          'Set the CA to SHA256RSA and reissue the root and intermediate certificates with it.',
          REISSUE_RA_AFTER_CA,
          ...UPDATE_TRUSTED_ROOT_PROFILE,
        ],
      },
    ],
    links: [LINKS.iosNoCaps, LINKS.trustedRoot],
    alsoKnownAs: [
      "The Registration Authority's response is invalid",
      'RSASSA-PSS',
      'SHA-1',
      '1.2.840.113549.1.1.10',
      'ERROR_WINHTTP_SECURE_FAILURE',
    ],
  },
  'ra-certificate-expiring': {
    layer: 'ca',
    severity: 'crit',
    title: 'An RA certificate of NDES expires soon',
    meaning:
      'Devices still enrol. When the certificate expires, none will: `info` from 60 days before, `warn` from 30 days, `crit` from 7 days.',
    causes: [
      {
        title: 'The RA certificates live two years as a rule, and nothing renews them by itself',
        fixes: RENEW_RA_CERTIFICATES,
      },
    ],
    links: [LINKS.error500, LINKS.scepConfigure],
    alsoKnownAs: ['RA renewal', ...RA_NAMES],
  },
  'ca-certificate-expiring': {
    layer: 'ca',
    severity: 'crit',
    title: 'The CA certificate expires soon',
    meaning:
      'Devices still enrol. The CA cannot issue beyond its own end, and afterwards nothing enrols: `info` from 180 days before, `warn` from 90 days, `crit` from 30 days.',
    causes: [
      {
        title: 'The CA certificate comes to its end and is to be renewed by hand',
        fixes: [RENEW_CA, REISSUE_RA_AFTER_CA, ...UPDATE_TRUSTED_ROOT_PROFILE],
      },
    ],
    links: [LINKS.windowsAfterRenewal, LINKS.trustedRoot],
    alsoKnownAs: ['CA renewal', 'notAfter'],
  },
  'ra-certificate-rotated': {
    layer: 'ca',
    severity: 'info',
    title: 'The RA certificates of NDES were replaced',
    meaning:
      'Compared with the last probe, the RA certificates changed and the CA did not. Devices fetch them anew each time and need nothing.',
    causes: [
      {
        title: 'A renewal, planned or not',
        fixes: [
          'Confirm that somebody renewed the RA certificates on purpose.',
          'Enrol one test device of each platform: only that proves that the NDES service account can read the new private keys.',
        ],
      },
    ],
    links: [LINKS.error500],
    alsoKnownAs: ['RA renewal', ...RA_NAMES],
  },
  'ca-certificate-changed': {
    layer: 'ca',
    severity: 'warn',
    title: 'The CA certificate behind NDES changed',
    meaning:
      'Compared with the last probe, GetCACert delivers another CA certificate. Devices that trust only the old one, Windows first, may stop enrolling.',
    causes: [
      {
        title: 'The CA was renewed',
        fixes: [REISSUE_RA_AFTER_CA, ...UPDATE_TRUSTED_ROOT_PROFILE],
      },
      {
        title: 'NDES was moved to another CA, or another server answers',
        fixes: ['Confirm with the owner of the PKI that the change was planned, and treat it as an incident if it was not.'],
      },
    ],
    links: [LINKS.windowsAfterRenewal, LINKS.trustedRoot],
    alsoKnownAs: ['CA renewal', 'CA rollover'],
  },
} satisfies Partial<Record<VerdictCode, CatalogEntry>>;
