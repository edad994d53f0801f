import type { CatalogEntry } from '../catalog-entry.ts';
import type { VerdictCode } from '../code.ts';
import { LOOK_INTO_IIS_LOG, OPEN_INTERNAL_URL } from './fix-lists.ts';
import { LINKS } from './links.ts';

const ALLOW_PROBE = 'Allow the user agent `scepwatch` and the path `/certsrv/mscep/` on the device that holds the probe back.';

/** Answers of something between the probe and NDES that is not application proxy: WAF, captive portal, another reverse proxy. */
export const INTERMEDIARIES = {
  'intercepted-by-waf-or-portal': {
    layer: 'edge',
    severity: 'crit',
    title: 'A WAF, CDN or captive portal answers instead of NDES',
    meaning:
      'The page is a block or challenge page of something in between, so the request never reached NDES. If only one vantage sees it, devices elsewhere may be fine.',
    causes: [
      {
        title: 'A WAF or CDN in front of the SCEP URL blocks or challenges the request',
        fixes: [
          'Find the product by the `Server` header and the title of the page in the evidence.',
          'Exclude `/certsrv/mscep/` from bot checks, challenges and rate limits there, for devices as well as for the probe.',
          LOOK_INTO_IIS_LOG,
        ],
      },
      {
        title: 'The network of the probe has a captive portal or a filtering proxy',
        fixes: ['Probe from a second vantage.', ALLOW_PROBE],
      },
    ],
    links: [LINKS.iisLogs, LINKS.scepConfigure],
    alsoKnownAs: ['Just a moment...', 'Attention Required!', 'Access Denied', 'The requested URL was rejected', 'Web Page Blocked'],
  },
  'service-unavailable': {
    layer: 'edge',
    severity: 'crit',
    title: 'HTTP 503 from a hop in front of IIS',
    meaning:
      'The answer is 503 but does not look like the page of IIS, so a gateway or WAF probably wrote it. Devices get the same answer.',
    causes: [
      {
        title: 'A gateway, load balancer or WAF has no healthy back end',
        fixes: [
          'Find the hop that wrote the answer by its `Server` header, and read its health check and log.',
          OPEN_INTERNAL_URL,
          LOOK_INTO_IIS_LOG,
        ],
      },
      {
        title: 'The SCEP application pool is stopped and the hop in front replaced the page',
        fixes: [
          'Start the SCEP application pool in IIS Manager > Application Pools, and go on with `ndes-app-pool-stopped` if it stops again.',
        ],
      },
    ],
    links: [LINKS.error503, LINKS.iisStatusCodes],
    alsoKnownAs: ['HTTP 503 Service Unavailable', '0x801901F7'],
  },
  'throttled-or-captive': {
    layer: 'probe',
    severity: 'unknown',
    title: 'The probe is throttled or sits behind a captive portal',
    meaning: 'The answer (408, 429 or 511) speaks about the probe and its network. It says nothing about devices.',
    causes: [
      {
        title: 'A rate limit holds the probe back',
        fixes: ['Lengthen the probe interval of this target.', ALLOW_PROBE],
      },
      {
        title: 'The network of the probe asks for a sign-in',
        fixes: ['Move the probe to a network without a captive portal.'],
      },
    ],
    links: [LINKS.iisStatusCodes],
    alsoKnownAs: ['HTTP 408 Request Timeout', 'HTTP 429 Too Many Requests', 'HTTP 511 Network Authentication Required', '0x80190198'],
  },
  'bad-gateway': {
    layer: 'edge',
    severity: 'crit',
    title: 'A reverse proxy other than application proxy cannot reach NDES',
    meaning:
      'The answer is 502 or 504 from a gateway without the marks of application proxy. Devices get the same answer and cannot enrol.',
    causes: [
      {
        title: 'The gateway gets no connection, no trusted TLS or no timely answer from its back end',
        fixes: [
          'Find the gateway by the `Server` header in the evidence and read its log for the time of the probe.',
          'Open the back-end URL with `/certsrv/mscep/mscep.dll` from the gateway and expect HTTP 403 Forbidden, the healthy answer.',
          'Check the health probe of the gateway: a healthy NDES answers 403 to the bare URL, which many gateways count as down.',
        ],
      },
      {
        title: 'The NDES server is down',
        fixes: ['Start the server and its World Wide Web Publishing Service (`W3SVC`).', LOOK_INTO_IIS_LOG],
      },
    ],
    links: [LINKS.scepConfigure, LINKS.iisLogs],
    alsoKnownAs: ['HTTP 502 Bad Gateway', 'HTTP 504 Gateway Timeout', 'Web Application Proxy', '0x801901F6', '0x801901F8'],
  },
  'unexpected-redirect': {
    layer: 'edge',
    severity: 'crit',
    title: 'The SCEP URL redirects to another address',
    meaning: 'The answer is a redirect instead of a SCEP answer. SCEP clients do not follow redirects reliably, so devices fail.',
    causes: [
      {
        title: 'The URL is http, or not in the canonical form of the host',
        fixes: ['Put the final https URL, as in the `Location` of the evidence, into the SCEP profile and into the probe target.'],
      },
      {
        title: 'IIS or a proxy has a redirect rule',
        fixes: [
          'Exclude `/certsrv/mscep/` from HTTP Redirect and URL Rewrite in IIS Manager > Default Web Site.',
          'Exclude the same path from redirects on the reverse proxy in front.',
        ],
      },
      {
        title: 'A portal or sign-in service stands in front',
        fixes: ['Remove the sign-in for this path: SCEP clients cannot sign in.'],
      },
    ],
    links: [LINKS.scepProfile, LINKS.scepConfigure],
    alsoKnownAs: ['HTTP 301', 'HTTP 302', 'HTTP 307', 'HTTP 308'],
  },
} satisfies Partial<Record<VerdictCode, CatalogEntry>>;
