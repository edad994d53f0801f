import { randomUUID } from 'node:crypto';
import type { Answer, Ask, Header, Origin, ProxyIdentity } from '../reply.ts';
import { crlf, escapeHtml } from './text.ts';

const DATA_CENTER = 'WEUR';

/** Random for each simulator: they stand for a tenant that does not exist. */
export function createProxyIdentity(): ProxyIdentity {
  return { appId: randomUUID(), groupId: randomUUID(), tenantId: randomUUID(), connectorId: randomUUID() };
}

/** The headers of the application proxy's front end; the connector id stands there only when a connector handled the request. */
export function proxyHeaders(proxy: ProxyIdentity, throughConnector: boolean): readonly Header[] {
  const connector: readonly Header[] = throughConnector ? [['x-ms-proxy-connector-id', proxy.connectorId]] : [];
  return [
    ['x-ms-proxy-app-id', proxy.appId],
    ['x-ms-proxy-group-id', proxy.groupId],
    ['x-ms-proxy-subscription-id', proxy.tenantId],
    ['x-ms-proxy-transaction-id', randomUUID()],
    ['x-ms-proxy-service-name', `proxy-appproxy-${DATA_CENTER}-AMS02P-3`],
    ['x-ms-proxy-data-center', DATA_CENTER],
    ...connector,
    ['Nel', '{"report_to":"network-errors","max_age":86400,"success_fraction":0.2,"failure_fraction":1.0}'],
    ['Report-To', '{"group":"network-errors","max_age":86400,"endpoints":[{"url":"https://ffde.nelreports.net/api/report?cat=aadap"}]}'],
  ];
}

/** Microsoft's texts are seen with a typewriter apostrophe, with a typographic one, as an entity, and as "cannot". */
export type Apostrophe = 'ascii' | 'typographic' | 'entity' | 'cannot';

const CANNOT: Record<Apostrophe, string> = { ascii: "can't", typographic: 'can’t', entity: 'can&#39;t', cannot: 'cannot' };

export interface ProxyError {
  readonly origin: Extract<Origin, 'proxy-cloud' | 'proxy-connector'>;
  readonly status: 403 | 404 | 500 | 502 | 504;
  /** Value of `x-ms-proxy-error-details`; absent where none is known. */
  readonly details?: string;
  /** First words of the page: `BadGateway`, `GatewayTimeout` … */
  readonly name: string;
  /** Follows "This corporate app can't be accessed". */
  readonly ending?: string;
  readonly sentences: readonly string[];
}

const REASONS: Record<ProxyError['status'], string> = {
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  504: 'Gateway Timeout',
};

/** An error page of the application proxy. Its sentences are documented; the markup around them is not, and is invented here. */
export function proxyErrorPage(error: ProxyError, apostrophe: Apostrophe = 'ascii'): Answer {
  const reason = REASONS[error.status];
  const page = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="robots" content="noindex, nofollow" />
<title>Application Proxy</title>
</head>
<body>
<div class="content">
<h1>${error.name}: This corporate app ${CANNOT[apostrophe]} be accessed${error.ending ?? '.'}</h1>
${error.sentences.map((sentence) => `<p>${sentence}</p>`).join('\n')}
</div>
<div class="footer">
<p>Status Code<br/>${error.name}</p>
</div>
</body>
</html>
`;
  const details: readonly Header[] = error.details === undefined ? [] : [['x-ms-proxy-error-details', error.details]];
  return {
    kind: 'answer',
    origin: error.origin,
    status: error.status,
    reason,
    headers: [['Content-Type', 'text/html; charset=utf-8'], ['Cache-Control', 'no-cache, no-store'], ...details],
    body: Buffer.from(crlf(page)),
  };
}

/** An unpublished host or path. The text of the real page is not known; status and missing connector id are what counts. */
export function proxyNotFound(): Answer {
  const body = Buffer.from('<!DOCTYPE html>\r\n<html><head><title>404</title></head><body><h1>404 Not Found</h1></body></html>\r\n');
  const headers: readonly Header[] = [['Content-Type', 'text/html; charset=utf-8']];
  return { kind: 'answer', origin: 'proxy-cloud', status: 404, reason: 'Not Found', headers, body };
}

/** The proxy answers /robots.txt itself, connector or not. */
export function robotsTxt(): Answer {
  const body = Buffer.from('User-agent: *\r\nDisallow: /');
  return { kind: 'answer', origin: 'proxy-cloud', status: 200, reason: 'OK', headers: [['Content-Type', 'text/plain']], body };
}

/** Pre-authentication with Microsoft Entra ID: the redirect to the sign-in page of `loginHost`. */
export function signInRedirect(ask: Ask, loginHost: string): Answer {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: ask.proxy.appId,
    scope: 'openid',
    nonce: randomUUID(),
    redirect_uri: `https://${ask.host}/`,
    state: `AppProxyState:${randomUUID()}#EndOfStateParam#`,
  });
  const location = `https://${loginHost}/${ask.proxy.tenantId}/oauth2/v2.0/authorize?${query}`;
  const cookie = (name: string) => `${name}_${ask.proxy.appId}_https_1.3=${randomUUID()}; path=/; secure; HttpOnly; SameSite=None`;
  const page = `<html><head><title>Object moved</title></head><body>\r\n<h2>Object moved to <a href="${escapeHtml(location)}">here</a>.</h2>\r\n</body></html>\r\n`;
  return {
    kind: 'answer',
    origin: 'proxy-cloud',
    status: 302,
    reason: 'Found',
    headers: [
      ['Location', location],
      ['Content-Type', 'text/html; charset=utf-8'],
      ['Set-Cookie', cookie('AzureAppProxyAnalyticCookie')],
      ['Set-Cookie', cookie('AzureAppProxyPreauthSessionCookie')],
    ],
    body: Buffer.from(page),
  };
}
