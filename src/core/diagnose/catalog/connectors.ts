import { OPEN_CONNECTOR_PORTS, OPEN_INTERNAL_URL, START_CONNECTOR_SERVICE } from '../../verdict/catalog/fix-lists.ts';
import { LINKS } from '../../verdict/catalog/links.ts';
import type { CatalogEntry } from '../../verdict/catalog-entry.ts';
import type { LogOnlyCode } from '../log-code.ts';
import { causesOf, OLD_CERTIFICATE_CONNECTOR_NAMES, OLD_PROXY_CONNECTOR_NAMES, READ_CONNECTOR_LOG } from './shared-causes.ts';

const RUN_SETUP_AGAIN =
  'Remove the Microsoft Intune Connector and install the current Certificate Connector for Microsoft Intune with the SCEP feature in its place; the old connector is out of support.';

const WAY_TO_INTUNE = {
  title: 'A firewall or proxy blocks the way from the connector to Intune',
  fixes: [
    'Allow outbound TCP 443 from the connector server to the network endpoints that Microsoft lists for Intune, and to `autoupdate.msappproxy.net`.',
    'Check the proxy settings of the connector: the address of the proxy is to begin with `http://`.',
    'Exempt this traffic from TLS inspection.',
  ],
} as const;

const REINSTALL_CONNECTOR =
  'Uninstall the connector, install the current Certificate Connector for Microsoft Intune and sign in with an account that has the Intune Administrator role and an Intune licence: this enrols its certificate anew.';

/** The certificate connector of Intune, and the connector of application proxy. */
export const CONNECTORS = {
  'log-connector-installed': {
    layer: 'policy-module',
    severity: 'ok',
    title: 'The connector was installed successfully',
    meaning:
      'SetupMsi.log ends in `Installation completed successfully` and `Installation success or error status: 0`. If the SCEP URL still shows the general NDES page, IIS has not been restarted since.',
    causes: [
      {
        title: 'The SCEP URL still shows the general page of NDES',
        fixes: [
          'Restart the whole NDES server, or run `iisreset` in an elevated prompt if a restart has to wait.',
          'Browse to the SCEP URL again and expect `HTTP Error 403.0 - Forbidden`.',
        ],
      },
    ],
    links: [LINKS.generalPage, LINKS.connectorInstall],
    alsoKnownAs: [
      'SetupMsi.log',
      'Installation completed successfully.',
      'Installation success or error status: 0',
      ...OLD_CERTIFICATE_CONNECTOR_NAMES,
    ],
  },
  'log-connector-installation-failed': {
    layer: 'policy-module',
    severity: 'crit',
    title: 'The installation of the connector failed',
    meaning:
      'Without the connector, NDES has no policy module: the SCEP URL shows the general NDES page instead of 403, and devices cannot enrol. The evidence names the step that failed.',
    causes: [
      {
        title: 'The key of the chosen client certificate is in a CNG provider (0x80090014 in AddNDESToCertPrivKey)',
        fixes: [
          'Create the certificate from a version 2 template (Windows Server 2008 R2 or 2012 R2 as compatibility), based on Web Server for example, with a legacy cryptographic service provider and with Client Authentication as an additional EKU.',
          'Run the setup again and choose this certificate.',
        ],
      },
      {
        title: 'The site with the ID 1 is not called Default Web Site (0x80070002 in WriteIIS7ConfigChanges)',
        fixes: [
          'Open IIS Manager > Sites, find the site whose ID is 1 under Manage Website > Advanced Settings, and rename it to `Default Web Site`.',
          'Run the setup again; a message that the site cannot be connected to may be ignored.',
        ],
      },
      {
        title: 'Another step of the setup failed (1603)',
        fixes: [
          'Search `SetupMsi.log` in `C:\\NDESConnectorSetup` upwards from `returned actual error code 1603`, or from `Return value 3`: the lines above it say why.',
          'Run the setup as a local administrator, with the roles and features of the setup guide in place, and restart the server before if an update waits for it.',
        ],
      },
      {
        title: 'The old connector is no longer supported',
        fixes: [RUN_SETUP_AGAIN],
      },
    ],
    links: [LINKS.generalPage, LINKS.connectorInstall, LINKS.connectorOverview],
    alsoKnownAs: [
      'SetupMsi.log',
      'Installation failed.',
      'Setup Wizard ended prematurely because of an error',
      'error code 1603',
      'AddNDESToCertPrivKey',
      'CryptAcquireContext failed',
      'WriteIIS7ConfigChanges',
      '0x80090014',
      '0x80070002',
      ...OLD_CERTIFICATE_CONNECTOR_NAMES,
    ],
  },
  'log-connector-renewal-failed': {
    layer: 'policy-module',
    severity: 'crit',
    title: 'The certificate connector has lost the certificate that it signs in to Intune with',
    meaning:
      'The connector could not renew or find its own enrolment certificate (events 10102, 10301, 10302). Once it has expired, the connector gets nothing from Intune, and no challenge can be verified.',
    causes: [
      {
        title: 'The certificate of the connector expired, or was removed from the store',
        fixes: [
          REINSTALL_CONNECTOR,
          'Look at Microsoft Intune admin center > Tenant administration > Connectors and tokens > Certificate connectors: the connector is to show as Active afterwards.',
        ],
      },
      WAY_TO_INTUNE,
    ],
    links: [LINKS.connectorOverview, LINKS.connectorInstall],
    alsoKnownAs: ['event 10102', 'event 10301', 'event 10302', '0x403', '0x404', '0x405', ...OLD_CERTIFICATE_CONNECTOR_NAMES],
  },
  'log-connector-request-failed': {
    layer: 'policy-module',
    severity: 'warn',
    title: 'The certificate connector could not complete a request',
    meaning:
      'A request reached the connector and failed there: verification, issuing, or telling Intune (events 4001, 4002, 4005, 4007, 4009, 4010, 20502 or 20602). That device gets no certificate, or Intune does not learn of it.',
    causes: [
      {
        title: 'The challenge was refused',
        fixes: ['Sync the device with Intune again, and read the message of the event: it names the device and the reason.'],
      },
      {
        title: 'The CA did not issue the certificate, or cannot be reached',
        fixes: [
          'Check `certsrv.msc` > Failed Requests on the CA, and with `certutil -ping` from the NDES server that the CA answers.',
          'Check that the NDES service account has Read and Enroll on the template.',
        ],
      },
      WAY_TO_INTUNE,
      {
        title: 'The connector is out of date',
        fixes: ['Update the Certificate Connector for Microsoft Intune: each release is supported for six months after the next one.'],
      },
    ],
    links: [LINKS.connectorOverview, LINKS.policyModule],
    alsoKnownAs: [
      'event 4001',
      'event 4002',
      'event 4005',
      'event 4007',
      'event 4009',
      'event 4010',
      'event 20502',
      'event 20602',
      'ScepVerifyFailure',
      ...OLD_CERTIFICATE_CONNECTOR_NAMES,
    ],
  },
  'log-connector-service-unreachable': {
    layer: 'policy-module',
    severity: 'crit',
    title: 'The certificate connector cannot reach Intune',
    meaning:
      'The connector could not upload its state or exchange data with Intune (events 5001, 5002, 20302, 20402). From outside everything looks healthy, but challenges cannot be verified, and NDES tells devices that their password is wrong.',
    causes: [
      WAY_TO_INTUNE,
      {
        title: 'The connector service is stopped',
        fixes: [
          'Run `services.msc` on the connector server and start the services of the Certificate Connector for Microsoft Intune (old name: Intune Connector Service); files that stay in `CertificateRequestStatus\\Processing` are a sign of it.',
          READ_CONNECTOR_LOG,
        ],
      },
      {
        title: 'The certificate that the connector signs in with has expired',
        fixes: [REINSTALL_CONNECTOR],
      },
    ],
    links: [LINKS.connectorOverview, LINKS.connectorInstall],
    alsoKnownAs: ['event 5001', 'event 5002', 'event 20302', 'event 20402', ...OLD_CERTIFICATE_CONNECTOR_NAMES],
  },
  'log-proxy-connector-certificate': {
    layer: 'connector',
    severity: 'crit',
    title: 'The certificate of the Microsoft Entra private network connector is not accepted',
    meaning:
      'The connector of application proxy cannot sign in with its certificate, or could not download its configuration (event 12019). It drops out, and without another active connector devices get GatewayTimeout.',
    causes: [
      {
        title: 'The certificate of the connector has expired: the connector was off, or could not renew it',
        fixes: [
          'Register the connector again with `Register-AppProxyConnector`, or install it anew with `MicrosoftEntraPrivateNetworkConnectorInstaller.exe`.',
          START_CONNECTOR_SERVICE,
          'Check in the Microsoft Entra admin center > Private network connectors that it shows as Active, and keep at least two connectors in the group.',
        ],
      },
      {
        title: 'TLS inspection replaces the client certificate of the connector',
        fixes: [OPEN_CONNECTOR_PORTS],
      },
    ],
    links: [LINKS.appProxyTroubleshoot, LINKS.debugConnectors, LINKS.connectors],
    alsoKnownAs: [
      'event 12019',
      'Connector failed to download the configuration.',
      'ConnectorError:Unauthorized',
      ...OLD_PROXY_CONNECTOR_NAMES,
    ],
  },
  'log-proxy-connector-network': {
    layer: 'connector',
    severity: 'crit',
    title: 'The Microsoft Entra private network connector cannot reach its cloud service',
    meaning:
      'The connector of application proxy reports network trouble on its way out (events 12015, 12020). Without another active connector, devices get GatewayTimeout.',
    causes: [
      ...causesOf('approxy-no-active-connector', 'The connector cannot reach the application proxy service'),
      ...causesOf('approxy-no-active-connector', 'The Microsoft Entra private network connector service'),
    ],
    links: [LINKS.debugConnectors, LINKS.publishApp, LINKS.gatewayTimeout],
    alsoKnownAs: ['event 12015', 'event 12020', 'NoActiveConnector', 'GatewayTimeout', ...OLD_PROXY_CONNECTOR_NAMES],
  },
  'log-proxy-connector-unauthorized': {
    layer: 'iis',
    severity: 'crit',
    title: 'IIS asks the Microsoft Entra private network connector for a sign-in (event 13022)',
    meaning:
      'The connector of application proxy passed a request on and the server behind it answered 401. SCEP has no credentials: Anonymous authentication is off, or single sign-on of the app is on.',
    causes: [
      ...causesOf('iis-auth-required', 'Anonymous authentication is off'),
      ...causesOf('approxy-forbidden', 'Pre-authentication or single sign-on is on'),
      { title: 'The internal URL leads to another application', fixes: [OPEN_INTERNAL_URL] },
    ],
    links: [LINKS.appProxyTroubleshoot, LINKS.protectNdes],
    alsoKnownAs: ['event 13022', 'HTTP 401 Unauthorized', ...OLD_PROXY_CONNECTOR_NAMES],
  },
} satisfies Partial<Record<LogOnlyCode, CatalogEntry>>;
