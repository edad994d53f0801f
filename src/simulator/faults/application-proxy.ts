import * as proxy from '../pages/application-proxy.ts';
import type { Responder } from '../reply.ts';
import { type Behaviour, shown } from './behaviour.ts';

const everywhere = (responder: Responder): Behaviour => ({ everywhere: responder });

/** The same error page with each apostrophe that Microsoft's texts were seen with. */
function errorPages(error: proxy.ProxyError): Readonly<Record<string, Behaviour>> {
  return {
    ascii: everywhere(() => proxy.proxyErrorPage(error, 'ascii')),
    typographic: everywhere(() => proxy.proxyErrorPage(error, 'typographic')),
    entity: everywhere(() => proxy.proxyErrorPage(error, 'entity')),
    cannot: everywhere(() => proxy.proxyErrorPage(error, 'cannot')),
  };
}

const signIn = (host: string): Behaviour => everywhere((ask) => proxy.signInRedirect(ask, host));

const forbidden = (sentence: string): proxy.ProxyError => ({
  origin: 'proxy-cloud',
  status: 403,
  name: 'Forbidden',
  sentences: ['You are not authorized to access this application.', sentence],
});

const BACKEND_TIMEOUT: proxy.ProxyError = {
  origin: 'proxy-connector',
  status: 504,
  details: 'BackendTimeOut',
  name: 'GatewayTimeout',
  ending: ' right now. Please try again later…',
  sentences: ['The connector timed out.'],
};

const AUTHORIZATION_FAILED = forbidden('Authorization failed. Make sure to assign the user with access to this application.');

/** Microsoft Entra application proxy in the cloud and its connector: rows 17 to 27 of the decision table. */
export const APPLICATION_PROXY_FAULTS = {
  'preauth-entra-id-enabled': shown('302 to the sign-in page of Microsoft Entra ID', {
    global: signIn('login.microsoftonline.com'),
    'us-government': signIn('login.microsoftonline.us'),
    china: signIn('login.partner.microsoftonline.cn'),
    'windows-net': signIn('login.windows.net'),
  }),
  'approxy-empty-connector-group': shown(
    '504 of the application proxy: the connector group has no connectors',
    errorPages({
      origin: 'proxy-cloud',
      status: 504,
      details: 'EmptyConnectorGroup',
      name: 'GatewayTimeout',
      sentences: [
        'This application is associated with a connector group that contains no connectors. Contact your administrator to assign connectors.',
      ],
    }),
  ),
  'approxy-no-active-connector': shown(
    '504 of the application proxy: no connector is active',
    errorPages({
      origin: 'proxy-cloud',
      status: 504,
      details: 'NoActiveConnector',
      name: 'GatewayTimeout',
      sentences: ['NoActiveConnector', 'Make sure that a connector is properly installed and registered.'],
    }),
  ),
  'approxy-backend-timeout': shown('504 of the application proxy: NDES did not answer the connector', {
    ...errorPages(BACKEND_TIMEOUT),
    'http-502': everywhere(() => proxy.proxyErrorPage({ ...BACKEND_TIMEOUT, status: 502 })),
    'after-85-seconds': { ...everywhere(() => proxy.proxyErrorPage(BACKEND_TIMEOUT)), delayMs: 85_000 },
  }),
  'approxy-connector-unauthorized': shown(
    '500 of the application proxy: ConnectorError:Unauthorized',
    errorPages({
      origin: 'proxy-cloud',
      status: 500,
      name: 'InternalServerError',
      ending: ' right now. Please try again later…',
      sentences: ['ConnectorError:Unauthorized'],
    }),
  ),
  'approxy-bad-backend-response': shown(
    '502 of the application proxy: the back end does not speak the protocol of the internal URL',
    errorPages({
      origin: 'proxy-connector',
      status: 502,
      details: 'ParseBackendResponseFailed',
      name: 'BadGateway',
      sentences: ['The response of the backend server could not be parsed.'],
    }),
  ),
  'approxy-bad-gateway': shown(
    '502 of the application proxy: the connector cannot reach NDES',
    errorPages({
      origin: 'proxy-connector',
      status: 502,
      details: 'BackendServiceUnavailable',
      name: 'BadGateway',
      sentences: ['Connection to the server failed. For more details, check the Application Proxy Connector Event Log.'],
    }),
  ),
  'approxy-gateway-timeout': shown(
    '504 of the application proxy without a reason',
    errorPages({ origin: 'proxy-cloud', status: 504, name: 'GatewayTimeout', sentences: ['Please try again later.'] }),
  ),
  'approxy-forbidden': shown('403 of the application proxy: not authorised for this application', {
    ...errorPages(AUTHORIZATION_FAILED),
    licence: everywhere(() => proxy.proxyErrorPage(forbidden('A Microsoft Entra ID P1 or P2 license is required.'))),
    'on-premises-user': everywhere(() =>
      proxy.proxyErrorPage(forbidden('The user could not be authorized. Make sure the user is defined in your on-premises AD.')),
    ),
  }),
  'approxy-app-not-found': shown('404 of the application proxy: nothing is published here', {
    'not-found': everywhere(() => proxy.proxyNotFound()),
  }),
  'approxy-error-other': shown('500 of the application proxy with an error name that nobody has seen (invented)', {
    'http-500': everywhere(() =>
      proxy.proxyErrorPage({
        origin: 'proxy-cloud',
        status: 500,
        details: 'SimulatedUnknownError',
        name: 'InternalServerError',
        sentences: ['Please try again later.'],
      }),
    ),
  }),
} as const;
