import * as httpSys from '../pages/http-sys.ts';
import { customErrorPage } from '../pages/iis.ts';
import { detailedErrorPage } from '../pages/iis-detailed.ts';
import * as intermediaries from '../pages/intermediaries.ts';
import { HANG, RESET, type Responder } from '../reply.ts';
import { type Behaviour, shown } from './behaviour.ts';

/** IIS request filtering: the defaults of maxQueryString and maxUrl. */
const MAX_QUERY = 2048;
const MAX_URL = 4096;

/**
 * HTTP.sys allows 16,384 bytes by default, which a real iOS request (12 KB) passes. Half of it stands here, as on a server
 * that was set too small, so that a rehearsal with a real length shows the fault.
 */
const HTTP_SYS_LIMIT = 8192;

const overUrl = (over: number, answer: Responder): Behaviour => ({ longUrl: { over, measured: 'url', answer } });
const overQuery = (over: number, answer: Responder): Behaviour => ({ longUrl: { over, measured: 'query', answer } });

/** Short URLs work, long ones do not: rows 8 to 14 of the decision table. */
export const LONG_URL_FAULTS = {
  'long-url-blocked-414': shown(`HTTP 414 for URLs over ${HTTP_SYS_LIMIT} bytes`, {
    'http-sys': overUrl(HTTP_SYS_LIMIT, () => httpSys.urlTooLong()),
    nginx: overUrl(HTTP_SYS_LIMIT, () => intermediaries.nginxError(414, 'Request-URI Too Large', '414 Request-URI Too Large')),
  }),
  'long-url-blocked-400': shown(`HTTP 400 "Request Too Long" of HTTP.sys for URLs over ${HTTP_SYS_LIMIT} bytes`, {
    'http-sys': overUrl(HTTP_SYS_LIMIT, () => httpSys.requestTooLong()),
  }),
  'long-url-blocked-404-14': shown(`detailed 404.14 page of request filtering for URLs over ${MAX_URL} bytes`, {
    detailed: overUrl(MAX_URL, (ask) => detailedErrorPage('404.14', ask)),
  }),
  'long-url-blocked-404-15': shown(`HTTP 404 of request filtering for queries over ${MAX_QUERY} bytes`, {
    custom: overQuery(MAX_QUERY, () => customErrorPage(404)),
    detailed: overQuery(MAX_QUERY, (ask) => detailedErrorPage('404.15', ask)),
    german: overQuery(MAX_QUERY, () => customErrorPage(404, 'german')),
    polish: overQuery(MAX_QUERY, () => customErrorPage(404, 'polish')),
  }),
  'long-url-blocked-reset': shown(`TCP reset for URLs over ${HTTP_SYS_LIMIT} bytes`, { reset: overUrl(HTTP_SYS_LIMIT, () => RESET) }),
  'long-url-hangs': shown(`no answer for URLs over ${HTTP_SYS_LIMIT} bytes`, { hang: overUrl(HTTP_SYS_LIMIT, () => HANG) }),
  'long-url-blocked-other': shown(`another error status for queries over ${MAX_QUERY} bytes`, {
    'waf-403': overQuery(MAX_QUERY, () => intermediaries.f5Rejected(403)),
    'nginx-413': overQuery(MAX_QUERY, () => intermediaries.nginxError(413, 'Request Entity Too Large', '413 Request Entity Too Large')),
    'http-431': overQuery(MAX_QUERY, () =>
      intermediaries.nginxError(431, 'Request Header Fields Too Large', '431 Request Header Fields Too Large'),
    ),
    'gateway-503': overQuery(MAX_QUERY, () => intermediaries.varnishError()),
  }),
} as const;
