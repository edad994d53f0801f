import type { CatalogEntry } from '../catalog-entry.ts';
import type { VerdictCode } from '../code.ts';
import { LINKS } from './links.ts';

/** Advice for the case that a probe cannot see: only a real enrolment proves the whole way. */
const DEVICES_FAIL_ANYWAY = {
  title: 'If devices fail although every check passes',
  fixes: [
    'Find the request of the device in the newest file in `%SystemDrive%\\inetpub\\logs\\logfiles\\w3svc1` on the NDES server: 200 means that it reached NDES, 500 points at the rights of `IIS_IUSRS`, and no line at all means that it was blocked before IIS, on the network of the device.',
    "Read the log of the device: on Android `OMADM.log` (`Received '200 OK' when sending GetCACaps`), on iOS and iPadOS the lines of `profiled` (`Sending CSR via GET`), on Windows event 36 in DeviceManagement-Enterprise-Diagnostics-Provider > Admin (`SCEP: Certificate request generated successfully`).",
    'Go on with the policy module: Event Viewer > Applications and Services Logs > Microsoft > Intune > CertificateConnectors on the NDES server.',
    'Check what no probe can see: whether the CA service runs, the permissions of the certificate template, and the way from the connector to Intune.',
  ],
} as const;

/** Verdicts on the checks of a target taken together. */
export const SUMMARY = {
  healthy: {
    layer: 'ca',
    severity: 'ok',
    title: 'Everything that can be tested from outside works',
    meaning:
      'The bare URL answers 403 as it should, GetCACaps and GetCACert deliver what devices need, and URLs as long as a real request pass. Devices of all platforms can send their request; whether Intune and the CA accept it cannot be seen from outside.',
    causes: [DEVICES_FAIL_ANYWAY],
    links: [LINKS.iisLogs, LINKS.scepOverview, LINKS.policyModule],
    alsoKnownAs: ['HTTP Error 403.0 - Forbidden'],
  },
  'healthy-long-url-untested': {
    layer: 'ca',
    severity: 'ok',
    title: 'Everything that was tested works; long URLs were not tested',
    meaning:
      'The bare URL answers 403 as it should, and GetCACaps and GetCACert deliver what devices need. Whether the long URLs of iOS and Android pass is not known from this probe.',
    causes: [
      {
        title: 'The long-URL check did not run this time',
        fixes: ['Run the check `long-url` once an hour, or now, if iOS or Android devices fail.'],
      },
      DEVICES_FAIL_ANYWAY,
    ],
    links: [LINKS.iisLogs, LINKS.scepOverview, LINKS.policyModule],
    alsoKnownAs: ['HTTP Error 403.0 - Forbidden'],
  },
  'base-403-only': {
    layer: 'policy-module',
    severity: 'info',
    title: 'The bare SCEP URL answers 403, and nothing else was tested',
    meaning:
      'HTTP 403 is the healthy answer of NDES with the Intune policy module, but proxies and firewalls answer 403 too. Whether devices can enrol is plausible and not proven.',
    causes: [
      {
        title: 'The other checks did not run',
        fixes: ['Enable the checks `ca-caps` and `ca-cert` for this target.'],
      },
    ],
    links: [LINKS.testUrl, LINKS.protectNdes],
    alsoKnownAs: ['HTTP Error 403.0 - Forbidden', '403 - Forbidden: Access is denied.'],
  },
  unclassified: {
    layer: 'probe',
    severity: 'unknown',
    title: 'An answer that scepwatch has not seen before',
    meaning:
      'No rule fits the answer, so nothing is claimed about devices. The evidence is kept, because it is what a new rule is made of.',
    causes: [
      {
        title: 'A proxy, a page in another language or a new version answers',
        fixes: [
          'Browse to the SCEP URL and compare: a healthy server shows `HTTP Error 403.0 - Forbidden`.',
          'Keep the status line, all headers and the first 2 KB of the body from the evidence, with the time and the vantage of the probe.',
          'Find the hop that answered by its `Server` and `x-ms-proxy-*` headers, and look for the same request in `%SystemDrive%\\inetpub\\logs\\logfiles\\w3svc1`: no line means that it was blocked before IIS.',
          'Report the evidence to the project, without tenant ids, so that the next release can name it.',
        ],
      },
    ],
    links: [LINKS.testUrl, LINKS.iisStatusCodes],
    alsoKnownAs: ['unknown answer', 'new fingerprint'],
  },
} satisfies Partial<Record<VerdictCode, CatalogEntry>>;
