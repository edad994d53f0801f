import type { CatalogEntry } from '../catalog-entry.ts';
import type { VerdictCode } from '../code.ts';
import { LOOK_INTO_IIS_LOG, OPEN_INTERNAL_URL } from './fix-lists.ts';
import { LINKS } from './links.ts';

const OPEN_CAPS =
  'Open the internal URL with `/certsrv/mscep/mscep.dll?operation=GetCACaps&message=test` on the connector server and compare the answer.';

const WRONG_APPLICATION = {
  title: 'Another application or a page in between answers',
  fixes: [
    'Compare the URL with the SCEP profile: its path is to be `/certsrv/mscep/mscep.dll`.',
    OPEN_CAPS,
    'Check on the Application proxy page of the app that Internal Url names the NDES server.',
    LOOK_INTO_IIS_LOG,
  ],
} as const;

/** NDES, or something in its place, answered 200, and the content is what counts. */
export const SCEP = {
  'scep-caps-empty': {
    layer: 'ndes',
    severity: 'warn',
    title: 'GetCACaps answers with an empty list',
    meaning: 'The server names no capabilities. Clients then fall back to the oldest algorithms or give up.',
    causes: [
      {
        title: 'The server is very old, or something in between removes the body',
        fixes: [
          OPEN_CAPS,
          'Compare with a direct request to the NDES server, and exempt the path from content filters if the body is there.',
        ],
      },
      { title: 'NDES is only half configured', fixes: ['Restart the NDES server and read its events in Windows Logs > Application.'] },
    ],
    links: [LINKS.rfc8894],
    alsoKnownAs: ['GetCACaps empty'],
  },
  'scep-caps-invalid': {
    layer: 'ndes',
    severity: 'crit',
    title: 'GetCACaps answers, but not with SCEP capabilities',
    meaning: 'The answer is 200 but contains no keyword that SCEP knows, so it does not come from NDES. Devices cannot enrol.',
    causes: [WRONG_APPLICATION],
    links: [LINKS.rfc8894, LINKS.testUrl],
    alsoKnownAs: ['GetCACaps', 'invalid capabilities'],
  },
  'scep-caps-limited': {
    layer: 'ndes',
    severity: 'warn',
    title: 'The SCEP server lacks POSTPKIOperation or SHA-256',
    meaning:
      'GetCACaps does not name POSTPKIOperation, SHA-256 or both. Devices still enrol, but with long URLs or with weak hashes, and some clients refuse.',
    causes: [
      {
        title: 'The server is an old version of NDES',
        fixes: ['Install the latest Windows updates on the NDES server, or move NDES to a supported Windows Server.'],
      },
      { title: 'Something in between shortens the list', fixes: [OPEN_CAPS] },
    ],
    links: [LINKS.rfc8894, LINKS.scepConfigure],
    alsoKnownAs: ['POSTPKIOperation', 'SHA-256', 'GetCACaps'],
  },
  'scep-cacert-invalid': {
    layer: 'ca',
    severity: 'crit',
    title: 'GetCACert answers, but not with certificates',
    meaning:
      'The answer is 200 but contains neither a certificate nor a certificate bundle. Devices cannot encrypt their request and fail.',
    causes: [
      WRONG_APPLICATION,
      {
        title: 'NDES cannot read its CA or RA certificates',
        fixes: [
          'Look in Windows Logs > Application, source NetworkDeviceEnrollmentService, for event 7 (cannot return the CA certificates) or 10 (cannot get the RA certificate).',
        ],
      },
    ],
    links: [LINKS.rfc8894, LINKS.testUrl],
    alsoKnownAs: ['GetCACert', 'application/x-x509-ca-ra-cert'],
  },
  'inconsistent-backends': {
    layer: 'ndes',
    severity: 'warn',
    title: 'The same SCEP URL gives different CA or RA certificates',
    meaning:
      'Separate connections got different certificates, so several NDES servers share the URL. A device makes three calls; when they reach different servers, its enrolment fails now and then.',
    causes: [
      {
        title: 'A load balancer spreads the calls of one device over several NDES servers',
        fixes: [
          'Turn on persistence (sticky sessions) on the load balancer, so that all calls of one device reach the same NDES server.',
          'Give each NDES server an app and a URL of its own, and list all URLs in the SCEP profile, if persistence is not possible.',
        ],
      },
      {
        title: 'One connector group serves several NDES servers under one internal name',
        fixes: ['Let Internal Url name one NDES server, not a DNS name that resolves to several.', OPEN_INTERNAL_URL],
      },
    ],
    links: [LINKS.scepProfile],
    alsoKnownAs: ['load balancing NDES', 'session persistence', 'sticky sessions', 'DNS round robin'],
  },
} satisfies Partial<Record<VerdictCode, CatalogEntry>>;
