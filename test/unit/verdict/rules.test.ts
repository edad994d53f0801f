import { describe, expect, it } from 'vitest';
import type { VerdictCode } from '../../../src/core/verdict/code.ts';
import { answerFacts, failureFacts } from '../../../src/core/verdict/facts.ts';
import type { Failed, Operation } from '../../../src/core/verdict/observation.ts';
import { firstSymptom, type RuleContext } from '../../../src/core/verdict/rules.ts';
import { type AnswerParts, answered, failed } from '../../support/observations.ts';

const NOW = Date.UTC(2026, 10, 24);
const CONTEXT: RuleContext = { now: NOW, vantagePoints: 1, capsStatus: 200 };

const AP = ['x-ms-proxy-service-name', 'proxy-appproxy-weu-1'] as const;
const CID = ['x-ms-proxy-connector-id', 'a7c2b0de-0000-4000-8000-000000000001'] as const;
const error = (name: string) => ['x-ms-proxy-error-details', name] as const;
const CORP = '<p>This corporate app can\u2019t be accessed right now. Please try again later</p>';

function symptomOf(operation: Operation, parts: AnswerParts, context: Partial<RuleContext> = {}) {
  return firstSymptom(answerFacts(answered(operation, parts)), { ...CONTEXT, ...context });
}

/** One line for each row of the decision table and each alternative within a row. */
const ANSWERS: readonly (readonly [code: VerdictCode | 'none', operation: Operation, what: string, parts: AnswerParts])[] = [
  ['long-url-blocked-414', 'long-url', 'status 414', { status: 414 }],
  ['long-url-blocked-414', 'long-url', 'the text with another status', { status: 400, body: '<TITLE>Request URL Too Long</TITLE>' }],
  ['long-url-blocked-400', 'long-url', 'HTTP.sys header limit', { status: 400, body: '<h2>Bad Request - Request Too Long</h2>' }],
  [
    'long-url-blocked-400',
    'long-url',
    'the second sentence alone',
    { status: 400, body: 'HTTP Error 400. The size of the request headers is too long.' },
  ],
  ['long-url-blocked-404-14', 'long-url', 'sub-status 14', { status: 404, body: 'HTTP Error 404.14 - Not Found' }],
  ['long-url-blocked-404-15', 'long-url', 'sub-status 15', { status: 404, body: 'HTTP Error 404.15 - Not Found' }],
  ['long-url-blocked-404-15', 'long-url', 'the short remote page', { status: 404, body: '404 - File or directory not found.' }],
  [
    'long-url-blocked-404-15',
    'long-url',
    'a German remote page',
    { status: 404, body: '404 - Datei oder Verzeichnis wurde nicht gefunden.' },
  ],
  ['long-url-blocked-other', 'long-url', 'a 403', { status: 403 }],
  ['long-url-blocked-other', 'long-url', 'a 431', { status: 431 }],
  ['long-url-blocked-other', 'long-url', 'a redirect', { status: 302, headers: [['Location', 'https://login.microsoftonline.com/x']] }],
  ['connection-reset', 'ca-caps', 'a 200 whose body breaks off', { status: 200, body: 'POST', bodyEnd: 'reset' }],
  ['client-timeout', 'ca-cert', 'a 200 whose body never ends', { status: 200, body: 'x', bodyEnd: 'timeout' }],
  ['none', 'base-url', 'a 403 whose body never ends', { status: 403, body: 'x', bodyEnd: 'timeout' }],
  [
    'preauth-entra-id-enabled',
    'base-url',
    'the worldwide cloud',
    { status: 302, headers: [['Location', 'https://login.microsoftonline.com/t/oauth2/authorize?x=1'], AP] },
  ],
  [
    'preauth-entra-id-enabled',
    'base-url',
    'the US government cloud with 307',
    { status: 307, headers: [['location', 'https://login.microsoftonline.us/t']] },
  ],
  [
    'preauth-entra-id-enabled',
    'base-url',
    'the Chinese cloud',
    { status: 302, headers: [['Location', 'https://login.partner.microsoftonline.cn/t']] },
  ],
  ['preauth-entra-id-enabled', 'base-url', 'the old host', { status: 302, headers: [['Location', 'https://login.windows.net/t']] }],
  [
    'unexpected-redirect',
    'base-url',
    'a host that only looks like it',
    { status: 302, headers: [['Location', 'https://login.microsoftonline.com.evil.example/t']] },
  ],
  ['approxy-empty-connector-group', 'base-url', 'the error header', { status: 504, headers: [error('EmptyConnectorGroup'), AP] }],
  [
    'approxy-empty-connector-group',
    'base-url',
    'the sentence',
    { status: 504, body: 'This application is associated with a connector group that contains no connectors' },
  ],
  ['approxy-no-active-connector', 'base-url', 'the error header in other case', { status: 504, headers: [error('noActiveConnector')] }],
  [
    'approxy-no-active-connector',
    'base-url',
    '504 and the sentence',
    { status: 504, body: `${CORP} … is properly installed and registered` },
  ],
  [
    'approxy-no-active-connector',
    'base-url',
    'the text GatewayTimeout and the sentence',
    { status: 200, body: 'GatewayTimeout … properly installed and registered' },
  ],
  ['approxy-backend-timeout', 'base-url', 'the error header', { status: 502, headers: [error('BackendTimeOut')] }],
  ['approxy-backend-timeout', 'base-url', 'the page', { status: 504, body: `${CORP} The connector timed out.` }],
  [
    'approxy-connector-unauthorized',
    'base-url',
    'the page',
    { status: 500, body: `InternalServerError: ${CORP} ConnectorError:Unauthorized` },
  ],
  ['approxy-bad-backend-response', 'base-url', 'the error header', { status: 502, headers: [error('ParseBackendResponseFailed'), AP] }],
  ['approxy-bad-gateway', 'base-url', 'the error header', { status: 503, headers: [error('BackendServiceUnavailable')] }],
  ['approxy-bad-gateway', 'base-url', '502 through the proxy', { status: 502, headers: [AP, CID] }],
  ['approxy-bad-gateway', 'base-url', 'the page with another status', { status: 500, body: `BadGateway: ${CORP}` }],
  [
    'approxy-bad-gateway',
    'base-url',
    'the sentence through the proxy',
    { status: 500, headers: [AP], body: 'Connection to the server failed. For more details, check the log' },
  ],
  ['approxy-gateway-timeout', 'base-url', '504 through the proxy', { status: 504, headers: [AP] }],
  ['approxy-gateway-timeout', 'base-url', 'the page', { status: 500, body: `${CORP} Status Code: GatewayTimeout` }],
  ['approxy-forbidden', 'base-url', 'the page with "cannot"', { status: 403, body: 'Forbidden: This corporate app cannot be accessed' }],
  ['approxy-forbidden', 'base-url', 'an HTML entity as apostrophe', { status: 403, body: 'This corporate app can&#39;t be accessed' }],
  ['approxy-app-not-found', 'base-url', '404 of the cloud itself', { status: 404, headers: [AP] }],
  ['ndes-path-not-found', 'base-url', '404 from behind a connector', { status: 404, headers: [AP, CID] }],
  ['approxy-error-other', 'base-url', 'an unknown error name', { status: 500, headers: [error('SomethingNew')] }],
  ['approxy-error-other', 'base-url', 'the page without a known word', { status: 500, body: CORP }],
  ['intercepted-by-waf-or-portal', 'base-url', 'a Cloudflare challenge', { status: 403, body: '<title>Just a moment...</title>' }],
  [
    'intercepted-by-waf-or-portal',
    'ca-caps',
    'an Akamai block page',
    { status: 403, body: '<H1>Access Denied</H1> https://errors.edgesuite.net/18.1' },
  ],
  [
    'intercepted-by-waf-or-portal',
    'base-url',
    'F5',
    { status: 200, body: 'The requested URL was rejected. Please consult with your administrator.' },
  ],
  ['intercepted-by-waf-or-portal', 'base-url', 'a web filter', { status: 503, body: '<h1>Web Page Blocked</h1>' }],
  ['none', 'base-url', 'a plain "Access Denied" 403', { status: 403, body: '<h1>Access Denied</h1>' }],
  ['none', 'base-url', 'a challenge word on an answer through the proxy', { status: 403, headers: [AP], body: 'Just a moment...' }],
  ['ndes-admin-page-exposed', 'base-url', 'the admin page', { status: 200, body: 'The enrollment challenge password is: <B>1234</B>' }],
  [
    'ndes-policy-module-not-loaded',
    'base-url',
    'the general page',
    { status: 200, body: '<Title>Network Device Enrollment Service</Title>' },
  ],
  [
    'ndes-policy-module-not-loaded',
    'ca-caps',
    'the general page on an operation',
    { status: 200, body: 'Network Device\u00a0Enrollment\r\n Service allows you to' },
  ],
  ['url-too-long', 'base-url', 'status 414', { status: 414 }],
  ['url-too-long', 'ca-caps', 'the text', { status: 400, body: 'Request URL Too Long' }],
  ['iis-host-binding-mismatch', 'base-url', 'HTTP.sys', { status: 400, body: '<h2>Bad Request - Invalid Hostname</h2>' }],
  ['iis-bad-request', 'base-url', 'any other 400', { status: 400, body: 'Bad Request' }],
  ['iis-auth-required', 'base-url', 'status 401', { status: 401, headers: [['WWW-Authenticate', 'Negotiate']] }],
  [
    'ndes-app-pool-stopped',
    'base-url',
    'the HTTP.sys page',
    { status: 503, body: '<h2>Service Unavailable</h2><p>HTTP Error 503. The service is unavailable.</p>' },
  ],
  ['ndes-app-pool-stopped', 'ca-cert', 'only the HTTP.sys Server header', { status: 503, headers: [['Server', 'Microsoft-HTTPAPI/2.0']] }],
  ['service-unavailable', 'base-url', 'a bare 503', { status: 503, headers: [['Server', 'squid']] }],
  ['iis-config-invalid', 'base-url', 'sub-status 19', { status: 500, body: 'HTTP Error 500.19 - Internal Server Error' }],
  ['aspnet-application-error', 'base-url', 'the yellow page', { status: 500, body: "<H1>Server Error in '/' Application.</H1>" }],
  ['ndes-internal-error', 'base-url', 'the remote page', { status: 500, body: '500 - Internal server error.' }],
  ['ndes-internal-error', 'ca-cert', 'a Polish remote page', { status: 500, body: '500 — wewnętrzny błąd serwera' }],
  ['scep-operation-forbidden', 'ca-caps', 'a 403', { status: 403 }],
  ['scep-operation-forbidden', 'ca-cert', 'a 403', { status: 403 }],
  ['none', 'base-url', 'a 403 with the remote page', { status: 403, body: '403 - Forbidden: Access is denied.' }],
  ['none', 'base-url', 'a 403 with the detailed page', { status: 403, body: 'HTTP Error 403.0 - Forbidden' }],
  ['none', 'base-url', 'a 403 with a French page', { status: 403, body: '403 - Interdit : accès refusé.' }],
  ['ndes-isapi-blocked', 'base-url', 'sub-status 2', { status: 404, body: 'HTTP Error 404.2 - Not Found' }],
  ['ndes-isapi-blocked', 'base-url', 'sub-status 17', { status: 404, body: 'HTTP Error 404.17 - Not Found' }],
  ['ndes-isapi-blocked', 'base-url', 'sub-status 4', { status: 404, body: 'HTTP Error 404.4 - Not Found' }],
  ['ndes-path-not-found', 'base-url', 'sub-status 20, which only starts alike', { status: 404, body: 'HTTP Error 404.20 - Not Found' }],
  ['ndes-path-not-found', 'base-url', 'the remote page', { status: 404, body: '404 - File or directory not found.' }],
  ['throttled-or-captive', 'base-url', 'a 429', { status: 429 }],
  ['throttled-or-captive', 'base-url', 'a 511', { status: 511 }],
  ['throttled-or-captive', 'base-url', 'a 408', { status: 408 }],
  ['bad-gateway', 'base-url', 'a 502 of nobody in particular', { status: 502, headers: [['Server', 'nginx']] }],
  ['bad-gateway', 'base-url', 'a 504 of nobody in particular', { status: 504 }],
  [
    'unexpected-redirect',
    'base-url',
    'http to https',
    { status: 301, headers: [['Location', 'https://scep.example/certsrv/mscep/mscep.dll']] },
  ],
  ['unexpected-redirect', 'base-url', 'a redirect without target', { status: 302 }],
  ['iis-default-page', 'base-url', 'the welcome page', { status: 200, body: '<title>IIS Windows Server</title>' }],
  ['unrelated-page', 'base-url', 'any other page', { status: 200, body: '<h1>Intranet</h1>' }],
  ['unrelated-page', 'base-url', 'an empty page', { status: 200 }],
  ['none', 'ca-caps', 'a list of keywords', { status: 200, body: 'SHA-256\n' }],
  ['none', 'base-url', 'a status that nobody has seen', { status: 418 }],
];

/** Phase, code, verdict. */
const FAILURES: readonly (readonly [code: VerdictCode | 'none', phase: Failed['phase'], error: string])[] = [
  ['dns-name-not-found', 'dns', 'ENOTFOUND'],
  ['dns-lookup-failed', 'dns', 'EAI_AGAIN'],
  ['dns-lookup-failed', 'dns', 'ETIMEOUT'],
  ['dns-lookup-failed', 'dns', 'ESERVFAIL'],
  ['tcp-refused', 'tcp', 'ECONNREFUSED'],
  ['tcp-refused', 'tcp', 'EHOSTUNREACH'],
  ['tcp-refused', 'tcp', 'ENETUNREACH'],
  ['tcp-timeout', 'tcp', 'ETIMEDOUT'],
  ['tcp-timeout', 'tcp', 'UND_ERR_CONNECT_TIMEOUT'],
  ['tls-certificate-expired', 'tls', 'CERT_HAS_EXPIRED'],
  ['tls-name-mismatch', 'tls', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['tls-untrusted', 'tls', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  ['tls-untrusted', 'tls', 'SELF_SIGNED_CERT_IN_CHAIN'],
  ['tls-untrusted', 'tls', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['tls-untrusted', 'tls', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ['tls-untrusted', 'tls', 'CERT_NOT_YET_VALID'],
  ['connection-reset', 'tls', 'ECONNRESET'],
  ['connection-reset', 'tls', 'EPROTO'],
  ['connection-reset', 'first-byte', 'UND_ERR_SOCKET'],
  ['connection-reset', 'request', 'EPIPE'],
  ['client-timeout', 'tls', 'ETIMEDOUT'],
  ['client-timeout', 'first-byte', 'UND_ERR_HEADERS_TIMEOUT'],
  ['none', 'first-byte', 'HPE_INVALID_CONSTANT'],
  ['none', 'first-byte', 'UND_ERR_HEADERS_OVERFLOW'],
  ['none', 'tcp', 'EMFILE'],
];

describe('the rules for one answer', () => {
  it.each(ANSWERS)('call %s: %s with %s', (code, operation, _what, parts) => {
    expect(symptomOf(operation, parts)?.code ?? 'none').toBe(code);
  });

  it('leave rows 8 to 14 out when the short GetCACaps did not answer 200', () => {
    expect(symptomOf('long-url', { status: 414 }, { capsStatus: 503 })?.code).toBe('url-too-long');
    expect(symptomOf('long-url', { status: 404 }, { capsStatus: 404 })?.code).toBe('ndes-path-not-found');
  });

  it('infer expired RA certificates from a 500 when the last ones seen have expired since', () => {
    const symptom = symptomOf('base-url', { status: 500 }, { lastRaNotAfter: Date.UTC(2026, 10, 20) });
    expect(symptom).toEqual({
      code: 'ra-certificate-expired',
      evidence: ['inferred: the RA certificates that were last seen expired on 2026-11-20'],
    });
    expect(symptomOf('base-url', { status: 500 }, { lastRaNotAfter: Date.UTC(2026, 11, 1) })?.code).toBe('ndes-internal-error');
  });

  it('call a block page unknown from one vantage point and critical from several', () => {
    const page = { status: 403, body: 'Just a moment...' };
    expect(symptomOf('base-url', page)?.severity).toBe('unknown');
    expect(symptomOf('base-url', page, { vantagePoints: 2 })?.severity).toBe('crit');
  });

  it('show where a redirect goes, but neither its query nor the tenant', () => {
    const symptom = symptomOf('base-url', {
      status: 302,
      headers: [['Location', 'https://login.microsoftonline.com/9d1c5c6e-1111-4222-8333-444455556666/oauth2/authorize?client_id=secret']],
    });
    expect(symptom?.evidence).toEqual(['redirects to "https://login.microsoftonline.com/<tenant>/oauth2/authorize?…"']);
  });
});

describe('the rules for one failure', () => {
  it.each(FAILURES)('call %s: %s %s', (code, phase, error) => {
    expect(firstSymptom(failureFacts(failed('base-url', phase, error)), CONTEXT)?.code ?? 'none').toBe(code);
  });

  it('call a long URL that is cut or never answered by its own name', () => {
    expect(firstSymptom(failureFacts(failed('long-url', 'first-byte', 'ECONNRESET')), CONTEXT)?.code).toBe('long-url-blocked-reset');
    expect(firstSymptom(failureFacts(failed('long-url', 'first-byte', 'UND_ERR_HEADERS_TIMEOUT')), CONTEXT)?.code).toBe('long-url-hangs');
    expect(firstSymptom(failureFacts(failed('long-url', 'tcp', 'ECONNREFUSED')), CONTEXT)?.code).toBe('tcp-refused');
  });
});
