import { GRANT_IMPERSONATION, OPEN_INTERNAL_URL } from '../../verdict/catalog/fix-lists.ts';
import { LINKS } from '../../verdict/catalog/links.ts';
import type { CatalogEntry } from '../../verdict/catalog-entry.ts';
import type { LogOnlyCode } from '../log-code.ts';
import { causesOf } from './shared-causes.ts';

const COMPARE_PROFILE_URL =
  'Compare the Server URL of the SCEP profile in the Microsoft Intune admin center, letter by letter, with a URL that `scepwatch probe` finds healthy.';

const TRY_FROM_DEVICE_NETWORK =
  'Open the SCEP URL in the browser of such a device, in its own network: `HTTP Error 403.0 - Forbidden` is the healthy answer, and anything else names what is in the way; then look for that very request in the log.';

const RIGHT_LOG = {
  title: 'This is not the log of the server or site that devices reach',
  fixes: [
    'Check under IIS Manager > Default Web Site > Logging which folder is written, `%SystemDrive%\\inetpub\\logs\\logfiles\\w3svc1` as a rule, and take the newest file: times in it are UTC, and IIS writes it with a delay of up to a minute.',
    'Check on the Application proxy page of the app that Internal Url names this NDES server, and read the logs of every NDES server if there are several.',
  ],
} as const;

/** What the IIS log tells about the requests of devices. */
export const REQUESTS = {
  'log-no-scep-requests': {
    layer: 'edge',
    severity: 'crit',
    title: 'The IIS log has no SCEP request at all: devices are blocked on the way',
    meaning:
      'The log covers the time, but nothing asked for `/certsrv/mscep/`. What devices send is stopped before IIS: in their own network, in DNS, in application proxy or in HTTP.sys.',
    causes: [
      {
        title: 'The contact is blocked on the network between the devices and the NDES server',
        fixes: [
          TRY_FROM_DEVICE_NETWORK,
          'Run `scepwatch probe URL`, or `scepwatch diagnose FILE… --with URL`, to see how far a request comes and which hop stops it.',
          'Read `C:\\Windows\\System32\\LogFiles\\HTTPERR\\httperr*.log` on the NDES server: what HTTP.sys refuses (400, 414, 503) is there and not in the IIS log.',
        ],
      },
      {
        title: 'Devices use another URL, or have not processed the SCEP profile',
        fixes: [
          COMPARE_PROFILE_URL,
          'Check in the Microsoft Intune admin center that the SCEP profile and the trusted root profile are assigned to the same group and have been applied: without the trusted root a device does not start.',
        ],
      },
      RIGHT_LOG,
    ],
    links: [LINKS.iisLogs, LINKS.pageNotDisplayed, LINKS.scepOverview],
    alsoKnownAs: ["the connection request isn't logged at all", 'no entry in w3svc1', 'no request for mscep.dll'],
  },
  'log-platform-missing': {
    layer: 'edge',
    severity: 'warn',
    title: 'Requests of one platform are missing from the log',
    meaning:
      'Other requests arrive, so the server can be reached, but this platform does not show, or not any more. What only its devices have in common is to blame: their profile, their network or what they trust.',
    causes: [
      {
        title: 'The devices of this platform cannot reach the SCEP URL from their network',
        fixes: [TRY_FROM_DEVICE_NETWORK, COMPARE_PROFILE_URL],
      },
      {
        title: 'The devices stop before they send anything',
        fixes: [
          'Check in the Microsoft Intune admin center that the SCEP profile and the trusted root profile of this platform are assigned to the same group, and read the state of both for one device.',
          'Read the log of one device: `OMADM.log` of the Company Portal on Android, the lines of `profiled` in the Mac Console on iOS and macOS, DeviceManagement-Enterprise-Diagnostics-Provider > Admin on Windows.',
        ],
      },
      {
        title: 'URLs as long as those of iOS and Android do not reach IIS',
        fixes: [
          'Run `scepwatch probe URL --long-url`: requests of iOS and Android carry the whole certificate request in the URL and are cut or refused by proxies that let Windows pass.',
        ],
      },
      {
        title: 'No device of this platform was due',
        fixes: ['Sync one test device of the platform with Intune and look for its request in the log.'],
      },
    ],
    links: [LINKS.iisLogs, LINKS.scepOverview, LINKS.scepProfile],
    alsoKnownAs: ['no Android requests', 'no iOS requests', 'no Windows requests'],
  },
  'log-impersonation-right-missing': {
    layer: 'ndes',
    severity: 'crit',
    title: 'IIS_IUSRS lacks the right to impersonate a client (500 with 1346)',
    meaning:
      'IIS answers 500 with sc-win32-status 1346: NDES may not act for the caller, because `IIS_IUSRS` does not have the user right Impersonate a client after authentication. No device can enrol.',
    causes: [
      {
        title: 'The user right Impersonate a client after authentication is not assigned to IIS_IUSRS',
        fixes: GRANT_IMPERSONATION,
      },
      {
        title: 'The NDES service account is not a member of IIS_IUSRS',
        fixes: [
          'Add the NDES service account to the local group `IIS_IUSRS` on the NDES server (`lusrmgr.msc` > Groups) and restart the server.',
        ],
      },
    ],
    links: [LINKS.impersonation, LINKS.error500],
    alsoKnownAs: [
      '500 0 1346',
      'sc-win32-status 1346',
      'ERROR_BAD_IMPERSONATION_LEVEL',
      '0x80070542',
      'Impersonate a client after authentication',
      'SeImpersonatePrivilege',
      'IIS_IURS',
    ],
  },
  'log-service-account-refused': {
    layer: 'ndes',
    severity: 'crit',
    title: 'The NDES service account cannot log on',
    meaning:
      'IIS answers with a logon failure as sc-win32-status: the account is locked, its password has expired or changed, or it lacks a logon right. No device can enrol.',
    causes: [
      {
        title: 'The NDES service account is locked, or its password has expired or changed',
        fixes: [
          'Look the account up in Active Directory Users and Computers: unlock it (1909), reset its password (1330, 1907) or correct it (1326), and set Password never expires if your rules allow it.',
          'Enter a new password as identity of the SCEP application pool in IIS Manager > Application Pools > SCEP > Advanced Settings > Identity, and recycle the pool.',
          'Find out who locks the account before it happens again: event 4740 on the domain controller names the computer.',
        ],
      },
      ...causesOf('ndes-app-pool-stopped', 'The NDES service account is locked').map(({ fixes }) => ({
        title: 'The NDES service account lacks a logon right',
        fixes: fixes.slice(1),
      })),
    ],
    links: [LINKS.error500, LINKS.scepConfigure],
    alsoKnownAs: [
      'sc-win32-status 1326',
      'sc-win32-status 1330',
      'sc-win32-status 1907',
      'sc-win32-status 1909',
      'ERROR_LOGON_FAILURE',
      'ERROR_PASSWORD_EXPIRED',
      'ERROR_PASSWORD_MUST_CHANGE',
      'ERROR_ACCOUNT_LOCKED_OUT',
    ],
  },
  'log-client-gave-up': {
    layer: 'connector',
    severity: 'warn',
    title: 'Whoever asked closed the connection before the answer arrived',
    meaning:
      'IIS noted that the other side was gone (sc-win32-status 64, 121, 995, 1229 or 1236). With a long time-taken, application proxy or the device lost patience; the request may have been served and its answer lost.',
    causes: [
      ...causesOf('approxy-backend-timeout', 'NDES or IIS hangs', 'The server is healthy but slow'),
      {
        title: 'A proxy, firewall or load balancer between the connector and IIS cuts connections',
        fixes: [
          'Compare time-taken of these lines: always about the same number points at an idle limit of one hop, which is to be raised.',
          OPEN_INTERNAL_URL,
        ],
      },
    ],
    links: [LINKS.debugApps, LINKS.appProxyFaq, LINKS.iisLogs],
    alsoKnownAs: [
      'sc-win32-status 64',
      'sc-win32-status 121',
      'sc-win32-status 995',
      'sc-win32-status 1229',
      'sc-win32-status 1236',
      'ERROR_NETNAME_DELETED',
      'ERROR_CONNECTION_ABORTED',
      'the specified network name is no longer available',
    ],
  },
} satisfies Partial<Record<LogOnlyCode, CatalogEntry>>;
