import type { CatalogEntry } from '../catalog-entry.ts';
import type { VerdictCode } from '../code.ts';
import { LOOK_INTO_IIS_LOG, OPEN_CONNECTOR_PORTS, OPEN_INTERNAL_URL, START_CONNECTOR_SERVICE } from './fix-lists.ts';
import { LINKS } from './links.ts';

const OLD_PRODUCT_NAMES = ['Azure AD Application Proxy', 'AAD App Proxy'] as const;

const OLD_CONNECTOR_NAMES = [
  'Microsoft AAD Application Proxy Connector',
  'Microsoft Azure AD Application Proxy Connector',
  'Microsoft Entra application proxy connector',
  'WAPCSvc',
] as const;

const ASSIGN_GROUP =
  'Assign the app to a connector group with at least two active connectors on its Application proxy page in the Microsoft Entra admin center.';

const CONNECTOR_LOG =
  'Read Event Viewer > Applications and Services Logs > Microsoft > AadApplicationProxy > Connector > Admin on the connector server.';

const SERVICE_STOPPED = {
  title: 'The Microsoft Entra private network connector service is not started, or its server is off',
  fixes: [
    START_CONNECTOR_SERVICE,
    'Start the server that the connector runs on, and restart the service there, if it does not show as active.',
  ],
} as const;

const CONNECTOR_BLOCKED = {
  title: 'The connector cannot reach the application proxy service',
  fixes: [
    OPEN_CONNECTOR_PORTS,
    CONNECTOR_LOG,
    'Enable TLS 1.2 on the connector server, let the connector update itself, and renew its trust with `Register-AppProxyConnector` if the log says that it failed to download the configuration.',
  ],
} as const;

const SET_PASSTHROUGH =
  'Set Pre Authentication to Passthrough on the Application proxy page of the app in the Microsoft Entra admin center: SCEP clients cannot sign in.';

/** Answers that Microsoft Entra application proxy or its connector wrote instead of NDES. */
export const APPLICATION_PROXY = {
  'preauth-entra-id-enabled': {
    layer: 'edge',
    severity: 'crit',
    title: 'Pre-authentication is on: application proxy sends devices to a sign-in page',
    meaning: 'The answer is a redirect to the Microsoft Entra ID sign-in page. SCEP has no way to sign in, so no device can enrol.',
    causes: [
      {
        title: 'Pre Authentication of the app is set to Microsoft Entra ID',
        fixes: [
          SET_PASSTHROUGH,
          'Set Single sign-on of the app to disabled.',
          'Find in the Microsoft Entra audit log who changed the app, and record there that it has to stay on Passthrough.',
        ],
      },
    ],
    links: [LINKS.protectNdes, LINKS.scepConfigure],
    alsoKnownAs: ['Azure Active Directory pre-authentication', 'login.microsoftonline.com', 'HTTP 302', ...OLD_PRODUCT_NAMES],
  },
  'approxy-empty-connector-group': {
    layer: 'connector',
    severity: 'crit',
    title: 'The connector group of the published app contains no connector',
    meaning: 'Application proxy knows the app, but the group assigned to it is empty. Every request of every device fails at once.',
    causes: [
      {
        title: 'The app is assigned to a connector group without connectors',
        fixes: [
          ASSIGN_GROUP,
          'Move a connector into the group under Microsoft Entra admin center > Private network connectors if the group is the right one.',
        ],
      },
      {
        title: 'The only connectors of the group were uninstalled, or removed after ten days without contact',
        fixes: [
          START_CONNECTOR_SERVICE,
          'Install and register the connector again with `MicrosoftEntraPrivateNetworkConnectorInstaller.exe`.',
        ],
      },
    ],
    links: [LINKS.connectors, LINKS.corporateApp],
    alsoKnownAs: ['EmptyConnectorGroup', 'GatewayTimeout', ...OLD_PRODUCT_NAMES, ...OLD_CONNECTOR_NAMES],
  },
  'approxy-no-active-connector': {
    layer: 'connector',
    severity: 'crit',
    title: 'No active connector: application proxy cannot reach the internal network',
    meaning: 'Application proxy has no working connector for this app and answers GatewayTimeout. No device can enrol.',
    causes: [
      SERVICE_STOPPED,
      CONNECTOR_BLOCKED,
      { title: 'Only one connector serves the app, and it restarts or updates itself', fixes: [ASSIGN_GROUP] },
    ],
    links: [LINKS.gatewayTimeout, LINKS.corporateApp, LINKS.debugConnectors, LINKS.publishApp],
    alsoKnownAs: ['GatewayTimeout', 'NoActiveConnector', 'HTTP 504', '0x801901F8', ...OLD_PRODUCT_NAMES, ...OLD_CONNECTOR_NAMES],
  },
  'approxy-backend-timeout': {
    layer: 'iis',
    severity: 'crit',
    title: 'The NDES server did not answer the connector in time',
    meaning:
      'The connector passed the request on and gave up waiting, after 85 seconds by default or 180 seconds with the long limit. Devices time out.',
    causes: [
      {
        title: 'NDES or IIS hangs',
        fixes: [
          OPEN_INTERNAL_URL,
          'Recycle the SCEP application pool in IIS Manager > Application Pools on the NDES server.',
          'Check that the CRL addresses of the RA and CA certificates can be reached from the NDES server, because lookups that time out hold up every request.',
        ],
      },
      {
        title: 'The connector cannot reach the NDES server',
        fixes: [
          'Check name resolution, firewall and port from the connector server with `Test-NetConnection <ndes host> -Port 443`.',
          LOOK_INTO_IIS_LOG,
        ],
      },
      {
        title: 'The server is healthy but slow',
        fixes: [
          'Set Backend Application Timeout to Long on the Application proxy page of the app, which raises the limit from 85 to 180 seconds.',
        ],
      },
    ],
    links: [LINKS.appProxyTroubleshoot, LINKS.debugApps, LINKS.appProxyFaq],
    alsoKnownAs: ['BackendTimeOut', 'The connector timed out', 'HTTP 504', ...OLD_PRODUCT_NAMES],
  },
  'approxy-connector-unauthorized': {
    layer: 'connector',
    severity: 'crit',
    title: 'The connector cannot authenticate to application proxy',
    meaning: 'Application proxy reports that the connector is not authorized. No device can enrol.',
    causes: [
      {
        title: 'A firewall or proxy inspects the TLS traffic of the connector and replaces its client certificate',
        fixes: [
          'Exempt the outbound traffic of the connector server to `*.msappproxy.net` and `*.servicebus.windows.net` from TLS inspection.',
          'Restart the Microsoft Entra private network connector service (old name: Microsoft AAD Application Proxy Connector).',
        ],
      },
      {
        title: 'The certificate or registration of the connector is no longer valid',
        fixes: [CONNECTOR_LOG, 'Register the connector again, with `Register-AppProxyConnector` or by installing it anew.'],
      },
    ],
    links: [LINKS.appProxyTroubleshoot, LINKS.debugConnectors],
    alsoKnownAs: ['ConnectorError:Unauthorized', 'InternalServerError', ...OLD_PRODUCT_NAMES, ...OLD_CONNECTOR_NAMES],
  },
  'approxy-bad-backend-response': {
    layer: 'iis',
    severity: 'crit',
    title: 'The connector cannot make sense of what the internal URL answers',
    meaning: 'Something answered the connector, but not with HTTP that it understands. No device can enrol.',
    causes: [
      {
        title: 'The internal URL has the wrong scheme or port, or another service listens there',
        fixes: [
          'Compare scheme and port of Internal Url on the Application proxy page with the bindings of the Default Web Site in IIS Manager.',
          OPEN_INTERNAL_URL,
        ],
      },
    ],
    links: [LINKS.corporateApp, LINKS.debugApps],
    alsoKnownAs: ['ParseBackendResponseFailed', 'BadGateway', ...OLD_PRODUCT_NAMES],
  },
  'approxy-bad-gateway': {
    layer: 'connector',
    severity: 'crit',
    title: 'The connector cannot reach the NDES server (BadGateway)',
    meaning: 'Application proxy and the connector work, but the connector gets no connection to the internal URL. No device can enrol.',
    causes: [
      {
        title: 'The internal URL is wrong, or the NDES server is down',
        fixes: [
          OPEN_INTERNAL_URL,
          'Correct Internal Url on the Application proxy page: host name, http or https, port, and the root `/` rather than a path.',
          'Start the NDES server and its World Wide Web Publishing Service (`W3SVC`) if the browser gets no answer either.',
        ],
      },
      {
        title: 'The connector does not trust the TLS certificate that IIS binds, or the binding was lost',
        fixes: [
          'Check in IIS Manager > Default Web Site > Bindings that https has a certificate that is valid, trusted by the connector server and issued to the internal host name.',
          'Switch off Validate Backend SSL certificate in the Advanced settings of the app until the certificate is right.',
        ],
      },
      {
        title: 'The connector that was chosen sits in a network that cannot resolve or reach the server',
        fixes: ['Give the app a connector group of its own, with connectors that can reach the NDES server.'],
      },
    ],
    links: [LINKS.corporateApp, LINKS.appProxyTroubleshoot, LINKS.debugApps],
    alsoKnownAs: ['BadGateway', 'BackendServiceUnavailable', 'HTTP 502', '0x801901F6', ...OLD_PRODUCT_NAMES],
  },
  'approxy-gateway-timeout': {
    layer: 'connector',
    severity: 'crit',
    title: 'Application proxy got no answer from a connector (GatewayTimeout)',
    meaning: 'Application proxy could not hand the request to a connector in time and does not say why. No device can enrol.',
    causes: [
      SERVICE_STOPPED,
      CONNECTOR_BLOCKED,
      { title: 'The app is assigned to a connector group without a working connector', fixes: [ASSIGN_GROUP] },
    ],
    links: [LINKS.gatewayTimeout, LINKS.corporateApp, LINKS.debugConnectors, LINKS.publishApp],
    alsoKnownAs: ['GatewayTimeout', 'HTTP 504', '0x801901F8', ...OLD_PRODUCT_NAMES, ...OLD_CONNECTOR_NAMES],
  },
  'approxy-forbidden': {
    layer: 'edge',
    severity: 'crit',
    title: 'Application proxy itself refuses access: it expects a signed-in user',
    meaning: 'The 403 comes from application proxy, not from NDES: it checks users although SCEP has none. No device can enrol.',
    causes: [
      {
        title: 'Pre-authentication or single sign-on is on',
        fixes: [SET_PASSTHROUGH, 'Set Single sign-on of the app to disabled, also when IIS is configured for Windows authentication.'],
      },
      {
        title: 'The app requires user assignment',
        fixes: ['Set Assignment required to No in the properties of the enterprise app.'],
      },
      {
        title: 'The licence is missing',
        fixes: ['Check that the tenant has a valid Microsoft Entra ID P1 or P2 licence (old name: Azure AD Premium).'],
      },
    ],
    links: [LINKS.appProxyTroubleshoot, LINKS.corporateApp, LINKS.protectNdes],
    alsoKnownAs: [
      "Forbidden: This corporate app can't be accessed",
      'You are not authorized to access this application',
      ...OLD_PRODUCT_NAMES,
    ],
  },
  'approxy-app-not-found': {
    layer: 'edge',
    severity: 'crit',
    title: 'Application proxy does not publish this URL (404)',
    meaning: 'The cloud side of application proxy answered "not found" without asking a connector. No device can enrol.',
    causes: [
      {
        title: 'The app, its host name or its path is not published',
        fixes: [
          'Compare External Url on the Application proxy page with the SCEP URL: the app is to publish the root `/`, or a path that covers `/certsrv/mscep/`.',
          'Point the CNAME of a custom domain exactly at the `msappproxy.net` name of the app, and check that its certificate is there.',
        ],
      },
      {
        title: 'Application proxy is switched off for the tenant, or its licence lapsed',
        fixes: [
          'Check that the tenant has a valid Microsoft Entra ID P1 or P2 licence (old name: Azure AD Premium): without one, application proxy is disabled automatically.',
          'Choose Enable application proxy under Microsoft Entra admin center > Enterprise apps > Application proxy.',
        ],
      },
    ],
    links: [LINKS.appProxyFaq, LINKS.customDomain, LINKS.publishApp],
    alsoKnownAs: ['HTTP 404', '0x80190194', 'Azure AD Premium', ...OLD_PRODUCT_NAMES],
  },
  'approxy-error-other': {
    layer: 'edge',
    severity: 'crit',
    title: 'Application proxy reports an error that scepwatch does not know',
    meaning:
      'The answer is an error page of application proxy; its own name for the error is in the evidence. Devices get the same page and cannot enrol.',
    causes: [
      {
        title: 'See the error name and the text in the evidence',
        fixes: [
          CONNECTOR_LOG,
          OPEN_INTERNAL_URL,
          'Give the value of the header `x-ms-proxy-transaction-id` and the time of the probe to Microsoft support.',
        ],
      },
    ],
    links: [LINKS.appProxyTroubleshoot, LINKS.corporateApp, LINKS.debugApps],
    alsoKnownAs: ["This corporate app can't be accessed", 'x-ms-proxy-error-details', ...OLD_PRODUCT_NAMES],
  },
} satisfies Partial<Record<VerdictCode, CatalogEntry>>;
