import * as httpSys from '../pages/http-sys.ts';
import * as iis from '../pages/iis.ts';
import { detailedErrorPage, type SubStatus } from '../pages/iis-detailed.ts';
import * as intermediaries from '../pages/intermediaries.ts';
import { adminPage, generalPage, type NdesEncoding } from '../pages/ndes.ts';
import type { Answer, Header, Responder } from '../reply.ts';
import { type Behaviour, shown } from './behaviour.ts';

const everywhere = (responder: Responder): Behaviour => ({ everywhere: responder });
const scep = (responder: Responder): Behaviour => ({ scep: responder });
const custom = (status: iis.CustomStatus, language?: iis.Language): Behaviour => scep(() => iis.customErrorPage(status, language));
const detailed = (subStatus: SubStatus): Behaviour => scep((ask) => detailedErrorPage(subStatus, ask));
const general = (encoding: NdesEncoding): Behaviour => ({ base: (ask) => generalPage(encoding, ask.host) });
const admin = (encoding: NdesEncoding): Behaviour => ({ base: () => adminPage(encoding) });

/** A page in another language under the Server header of HTTP.sys. Nobody has seen one; bodies may be localised all the same. */
function localisedServiceUnavailable(language: iis.Language): Answer {
  const headers: readonly Header[] = [
    ['Content-Type', 'text/html'],
    ['Server', 'Microsoft-HTTPAPI/2.0'],
    ['Connection', 'close'],
  ];
  return { ...iis.customErrorPage(503, language), headers };
}

const authenticate = (...schemes: readonly string[]): Behaviour =>
  scep(() =>
    iis.customErrorPage(
      401,
      'english',
      schemes.map((scheme) => ['WWW-Authenticate', scheme] as const),
    ),
  );

const forbiddenOperations = (responder: Responder): Behaviour => ({ caCaps: responder, caCert: responder });

/** WAFs, IIS and NDES in front of the protocol itself: rows 28 to 47, 63 and 70 of the decision table. */
export const IIS_FAULTS = {
  'intercepted-by-waf-or-portal': shown('the page of a WAF or of a captive portal instead of NDES', {
    cloudflare: everywhere(() => intermediaries.cloudflareChallenge()),
    'cloudflare-block': everywhere(() => intermediaries.cloudflareBlock()),
    akamai: everywhere(() => intermediaries.akamaiDenied()),
    f5: everywhere(() => intermediaries.f5Rejected()),
    'web-page-blocked': everywhere(() => intermediaries.webPageBlocked()),
  }),
  'ndes-admin-page-exposed': shown('200 with the page that hands out enrolment passwords', {
    'utf-16le': admin('utf-16le'),
    'utf-16le-bom': admin('utf-16le-bom'),
    'utf-8': admin('utf-8'),
  }),
  'ndes-policy-module-not-loaded': shown('200 with the general NDES page at the bare URL; the operations work', {
    'utf-16le': general('utf-16le'),
    'utf-16le-bom': general('utf-16le-bom'),
    'utf-8': general('utf-8'),
  }),
  'url-too-long': shown('HTTP 414 even for short URLs', {
    'http-sys': everywhere(() => httpSys.urlTooLong()),
    nginx: everywhere(() => intermediaries.nginxError(414, 'Request-URI Too Large', '414 Request-URI Too Large')),
  }),
  'iis-host-binding-mismatch': shown('HTTP 400 "Invalid Hostname" of HTTP.sys', {
    'http-sys': everywhere(() => httpSys.invalidHostname()),
  }),
  'iis-bad-request': shown('HTTP 400 of HTTP.sys for every request', {
    'invalid-url': everywhere(() => httpSys.invalidUrl()),
    'invalid-header': everywhere(() => httpSys.invalidHeader()),
    'request-too-long': everywhere(() => httpSys.requestTooLong()),
  }),
  'iis-auth-required': shown('HTTP 401: anonymous authentication is off', {
    negotiate: authenticate('Negotiate', 'NTLM'),
    basic: authenticate('Basic realm="ndes01.contoso.test"'),
  }),
  'ndes-app-pool-stopped': shown('HTTP 503 of HTTP.sys: the SCEP application pool is stopped', {
    'http-sys': scep(() => httpSys.serviceUnavailable()),
    'iis-page': custom(503),
    german: scep(() => localisedServiceUnavailable('german')),
    polish: scep(() => localisedServiceUnavailable('polish')),
  }),
  'service-unavailable': shown('HTTP 503 of something in front of NDES', { varnish: everywhere(() => intermediaries.varnishError()) }),
  'iis-config-invalid': shown('detailed 500.19 page: web.config cannot be read', { detailed: detailed('500.19') }),
  'aspnet-application-error': shown("500 with ASP.NET's \"Server Error in '/…' Application\"", {
    'certificate-registration': scep(() => iis.aspNetErrorPage('/CertificateRegistrationSvc')),
    root: scep(() => iis.aspNetErrorPage('/')),
  }),
  'ndes-internal-error': shown('HTTP 500 of NDES: service account, RA certificates, impersonation right', {
    custom: custom(500),
    detailed: detailed('500.0'),
    german: custom(500, 'german'),
    polish: custom(500, 'polish'),
    'polish-utf-8': custom(500, 'polish-utf-8'),
  }),
  'scep-operation-forbidden': shown('base URL 403 as it should be, but GetCACaps and GetCACert answer 403, too', {
    custom: forbiddenOperations(() => iis.customErrorPage(403)),
    german: forbiddenOperations(() => iis.customErrorPage(403, 'german')),
  }),
  'ndes-isapi-blocked': shown('detailed 404 page: mscep.dll may not run or has no handler', {
    'isapi-404.2': detailed('404.2'),
    'no-handler-404.4': detailed('404.4'),
    'static-404.17': detailed('404.17'),
  }),
  'ndes-path-not-found': shown('HTTP 404 of IIS: no NDES at this path', {
    custom: custom(404),
    detailed: detailed('404.0'),
    german: custom(404, 'german'),
    polish: custom(404, 'polish'),
    'polish-utf-8': custom(404, 'polish-utf-8'),
  }),
  'throttled-or-captive': shown('429, 408 or 511: the network of the probe, or a rate limit', {
    'http-429': everywhere(() => intermediaries.tooManyRequests()),
    'http-408': everywhere(() => intermediaries.upstreamTimeout()),
    'http-511': everywhere(() => intermediaries.captivePortal()),
  }),
  'bad-gateway': shown('502 or 504 of a reverse proxy that is not the application proxy', {
    'http-502': everywhere(() => intermediaries.nginxError(502, 'Bad Gateway', '502 Bad Gateway')),
    'http-504': everywhere(() => intermediaries.nginxError(504, 'Gateway Time-out', '504 Gateway Time-out')),
  }),
  'unexpected-redirect': shown('redirect to another URL', {
    'other-host': everywhere((ask) => iis.redirectPage(301, `https://scep.contoso.test${ask.path}`)),
    https: everywhere((ask) => iis.redirectPage(307, `https://${ask.host}${ask.path}`)),
    'portal-302': everywhere(() => iis.redirectPage(302, 'https://portal.contoso.test/welcome')),
  }),
  'iis-default-page': shown('200 with the welcome page of IIS', { welcome: everywhere(() => iis.welcomePage()) }),
  'unrelated-page': shown('200 with the page of another web site at the bare URL; the operations work', {
    'other-site': { base: () => intermediaries.otherSite() },
  }),
  unclassified: shown('an answer that nobody has seen', {
    'http-418': everywhere(() => iis.iisAnswer(418, "I'm a teapot", 'text/plain', Buffer.from('short and stout'))),
  }),
} as const;
