import type { CatalogEntry } from '../catalog-entry.ts';
import type { VerdictCode } from '../code.ts';
import { LOOK_INTO_IIS_LOG, RAISE_HTTP_SYS_LIMITS, RAISE_REQUEST_FILTERING } from './fix-lists.ts';
import { LINKS } from './links.ts';

const WHO_FAILS =
  'iOS and Android send their certificate request in the URL, about 12 KB long, and fail; Windows usually posts it and goes on working.';

const UPSTREAM_LIMIT = {
  title: 'A reverse proxy, WAF or load balancer in front has a limit of its own',
  fixes: [
    'Compare the `Server` header of the long answer with that of a short one to learn which hop refuses.',
    'Raise the limits for URL and query string on that hop: SCEP URLs can be up to 40 KB long.',
    LOOK_INTO_IIS_LOG,
  ],
} as const;

/** Short requests work and long ones do not; and, at the end, a limit that refuses even the short ones. */
export const LONG_URL = {
  'long-url-blocked-414': {
    layer: 'iis',
    severity: 'crit',
    title: 'Long SCEP URLs are refused with HTTP 414: iOS and Android cannot enrol',
    meaning: `Short requests work, but a URL as long as a real certificate request gets HTTP 414. ${WHO_FAILS}`,
    causes: [
      { title: 'HTTP.sys and IIS request filtering are not configured for long URLs', fixes: RAISE_HTTP_SYS_LIMITS },
      UPSTREAM_LIMIT,
    ],
    links: [LINKS.error414, LINKS.scepConfigure, LINKS.requestLimits],
    alsoKnownAs: ['HTTP 414 Request-URI Too Long', 'HTTP Error 414. The request URL is too long.', 'Request URL Too Long', '0x8019019E'],
  },
  'long-url-blocked-400': {
    layer: 'iis',
    severity: 'crit',
    title: 'Long SCEP URLs are refused with HTTP 400: iOS and Android cannot enrol',
    meaning: `Short requests work, but HTTP.sys calls a URL as long as a real certificate request too long. ${WHO_FAILS}`,
    causes: [
      { title: 'The HTTP.sys limits in the registry are not set, or the server was not restarted since', fixes: RAISE_HTTP_SYS_LIMITS },
      {
        title: 'HTTP.sys refuses for another reason',
        fixes: [
          'Read the reason of the refusal in `C:\\Windows\\System32\\LogFiles\\HTTPERR\\httperr*.log`; the IIS log does not have it.',
        ],
      },
    ],
    links: [LINKS.error414, LINKS.iis400, LINKS.scepConfigure],
    alsoKnownAs: [
      'Bad Request - Request Too Long',
      'HTTP Error 400. The size of the request headers is too long.',
      'HTTP 414 Request-URI Too Long',
      '0x80190190',
    ],
  },
  'long-url-blocked-404-14': {
    layer: 'iis',
    severity: 'crit',
    title: 'IIS refuses long URLs (404.14): iOS and Android cannot enrol',
    meaning: `Short requests work, but request filtering finds the long URL too long and hides it as "not found". ${WHO_FAILS}`,
    causes: [{ title: 'Maximum URL length in IIS request filtering is too small', fixes: RAISE_REQUEST_FILTERING }, UPSTREAM_LIMIT],
    links: [LINKS.error414, LINKS.requestLimits, LINKS.iisStatusCodes],
    alsoKnownAs: ['HTTP Error 404.14', 'URL too long', 'maxUrl', 'HTTP 414 Request-URI Too Long'],
  },
  'long-url-blocked-404-15': {
    layer: 'iis',
    severity: 'crit',
    title: 'IIS refuses long query strings (404.15): iOS and Android cannot enrol',
    meaning: `Short requests work, but request filtering answers the long query string with "not found"; without configuration its limit is 2048 bytes. ${WHO_FAILS}`,
    causes: [{ title: 'Maximum query string in IIS request filtering is too small', fixes: RAISE_REQUEST_FILTERING }, UPSTREAM_LIMIT],
    links: [LINKS.error414, LINKS.requestLimits, LINKS.iisStatusCodes],
    alsoKnownAs: [
      'HTTP Error 404.15',
      'The request filtering module is configured to deny a request where the query string is too long.',
      'maxQueryString',
      'HTTP 414 Request-URI Too Long',
    ],
  },
  'long-url-blocked-reset': {
    layer: 'edge',
    severity: 'crit',
    title: 'Long SCEP URLs get the connection cut: iOS and Android cannot enrol',
    meaning: `Short requests work, but the connection is cut when the URL is as long as a real certificate request. ${WHO_FAILS}`,
    causes: [
      {
        title: 'A firewall, WAF or inspecting proxy cuts long URLs',
        fixes: [
          LOOK_INTO_IIS_LOG,
          'Raise the limits for URL and query string on every hop between the internet and the NDES server, the firewall included.',
          'Probe from a second vantage to rule out an inspecting proxy on the side of the probe.',
        ],
      },
      { title: 'HTTP.sys and IIS request filtering are not configured for long URLs', fixes: RAISE_HTTP_SYS_LIMITS },
    ],
    links: [LINKS.error414, LINKS.scepConfigure],
    alsoKnownAs: ['ECONNRESET', 'UND_ERR_SOCKET', 'socket hang up'],
  },
  'long-url-hangs': {
    layer: 'edge',
    severity: 'crit',
    title: 'Long SCEP URLs get no answer: iOS and Android cannot enrol',
    meaning: `Short requests work, but a URL as long as a real certificate request is never answered. ${WHO_FAILS}`,
    causes: [
      {
        title: 'Web Application Proxy on Windows Server 2012 R2 lacks the update for long URLs',
        fixes: [
          'Install KB3011135 or the December 2014 update rollup on the Web Application Proxy server, or replace it by application proxy.',
        ],
      },
      {
        title: 'A proxy or firewall inspects the URL and does not finish',
        fixes: ['Bypass inspection for the path `/certsrv/mscep/` on each hop in front of the NDES server.', LOOK_INTO_IIS_LOG],
      },
    ],
    links: [LINKS.scepConfigure],
    alsoKnownAs: ['KB3011135', 'KB3013769', 'Web Application Proxy', 'WAP'],
  },
  'long-url-blocked-other': {
    layer: 'edge',
    severity: 'crit',
    title: 'Long SCEP URLs are refused by some hop: iOS and Android cannot enrol',
    meaning: `Short requests work, but a URL as long as a real certificate request gets another answer than 200. ${WHO_FAILS}`,
    causes: [
      UPSTREAM_LIMIT,
      { title: 'HTTP.sys and IIS request filtering are not configured for long URLs', fixes: RAISE_REQUEST_FILTERING },
    ],
    links: [LINKS.error414, LINKS.scepConfigure],
    alsoKnownAs: ['HTTP 431 Request Header Fields Too Large', 'HTTP 413', '404.13'],
  },
  'url-too-long': {
    layer: 'iis',
    severity: 'crit',
    title: 'Even a short SCEP URL is refused as too long (HTTP 414)',
    meaning: 'The answer says that the URL is too long although it is short. No device can enrol.',
    causes: [
      { title: 'A length limit in HTTP.sys or IIS request filtering was set too low', fixes: RAISE_HTTP_SYS_LIMITS },
      {
        title: 'A reverse proxy or WAF in front has a limit that is too low',
        fixes: [
          'Find the hop that wrote the answer by its `Server` header and raise its limits for URL and query string to at least 65534 bytes.',
          LOOK_INTO_IIS_LOG,
        ],
      },
    ],
    links: [LINKS.error414, LINKS.scepConfigure, LINKS.requestLimits],
    alsoKnownAs: ['HTTP 414 Request-URI Too Long', 'HTTP Error 414. The request URL is too long.', 'Request URL Too Long', '0x8019019E'],
  },
} satisfies Partial<Record<VerdictCode, CatalogEntry>>;
