import type { Link } from '../catalog-entry.ts';

const DEVICE_TO_NDES = 'https://learn.microsoft.com/troubleshoot/mem/intune/certificates/troubleshoot-scep-certificate-device-to-ndes';
const INTUNE_SUPPORT = 'https://learn.microsoft.com/troubleshoot/mem/intune/certificates';
const INTUNE = 'https://learn.microsoft.com/intune/intune-service/protect';
const APP_PROXY = 'https://learn.microsoft.com/entra/identity/app-proxy';
const IIS_SUPPORT = 'https://learn.microsoft.com/troubleshoot/developer/webapps/iis';

/** Every page that the catalog sends a reader to, so that a page that moves is corrected once. */
export const LINKS = {
  iisLogs: {
    title: 'Troubleshoot device to NDES communication: IIS logs',
    url: `${DEVICE_TO_NDES}#review-iis-logs-for-a-connection-from-the-device`,
  },
  impersonation: {
    title: 'Troubleshoot device to NDES communication: status code 500',
    url: `${DEVICE_TO_NDES}#troubleshoot-status-code-500`,
  },
  testUrl: {
    title: 'Troubleshoot device to NDES communication: test the SCEP server URL',
    url: `${DEVICE_TO_NDES}#test-and-troubleshoot-the-scep-server-url`,
  },
  generalPage: { title: 'Troubleshoot device to NDES communication: general NDES message', url: `${DEVICE_TO_NDES}#general-ndes-message` },
  error503: { title: 'Troubleshoot device to NDES communication: HTTP error 503', url: `${DEVICE_TO_NDES}#http-error-503` },
  gatewayTimeout: { title: 'Troubleshoot device to NDES communication: GatewayTimeout', url: `${DEVICE_TO_NDES}#gatewaytimeout` },
  error414: {
    title: 'Troubleshoot device to NDES communication: HTTP 414',
    url: `${DEVICE_TO_NDES}#http-414-request-uri-too-long`,
  },
  pageNotDisplayed: {
    title: "Troubleshoot device to NDES communication: this page can't be displayed",
    url: `${DEVICE_TO_NDES}#this-page-cant-be-displayed`,
  },
  error500: {
    title: 'Troubleshoot device to NDES communication: internal server error',
    url: `${DEVICE_TO_NDES}#internal-server-error`,
  },
  policyModule: {
    title: 'Troubleshoot the NDES policy module',
    url: `${INTUNE_SUPPORT}/troubleshoot-scep-certificate-ndes-policy-module`,
  },
  scepOverview: { title: 'Troubleshoot SCEP certificate profiles', url: `${INTUNE_SUPPORT}/troubleshoot-scep-certificate-profiles` },
  iosNoCaps: { title: 'iOS SCEP failure without GetCACaps', url: `${INTUNE_SUPPORT}/ios-scep-failure-no-getcacaps` },
  windowsAfterRenewal: {
    title: 'SCEP fails on Windows after CA renewal',
    url: `${INTUNE_SUPPORT}/scep-deployment-to-win10-devices-fails`,
  },

  scepConfigure: { title: 'Configure infrastructure for SCEP with Intune', url: `${INTUNE}/certificates-scep-configure` },
  scepProfile: { title: 'Create SCEP certificate profiles', url: `${INTUNE}/certificates-profile-scep` },
  trustedRoot: { title: 'Trusted root certificate profiles', url: `${INTUNE}/certificates-trusted-root` },
  connectorOverview: { title: 'Certificate Connector for Microsoft Intune', url: `${INTUNE}/certificate-connector-overview` },
  connectorInstall: { title: 'Install the Certificate Connector for Microsoft Intune', url: `${INTUNE}/certificate-connector-install` },

  appProxyTroubleshoot: { title: 'Troubleshoot application proxy', url: `${APP_PROXY}/application-proxy-troubleshoot` },
  corporateApp: {
    title: "Corporate app can't be accessed: gateway time-out, bad gateway, forbidden",
    url: `${APP_PROXY}/application-proxy-sign-in-bad-gateway-timeout-error`,
  },
  protectNdes: { title: 'Publish NDES with application proxy', url: `${APP_PROXY}/app-proxy-protect-ndes` },
  publishApp: {
    title: 'Add an on-premises application: ports, URLs and settings',
    url: `${APP_PROXY}/application-proxy-add-on-premises-application`,
  },
  customDomain: { title: 'Custom domains in application proxy', url: `${APP_PROXY}/how-to-configure-custom-domain` },
  debugConnectors: { title: 'Debug application proxy connectors', url: `${APP_PROXY}/application-proxy-debug-connectors` },
  debugApps: { title: 'Debug application proxy applications', url: `${APP_PROXY}/application-proxy-debug-apps` },
  appProxyFaq: { title: 'Application proxy FAQ', url: `${APP_PROXY}/application-proxy-faq` },
  connectors: {
    title: 'Microsoft Entra private network connectors',
    url: 'https://learn.microsoft.com/entra/global-secure-access/concept-connectors',
  },

  iisStatusCodes: { title: 'HTTP status codes in IIS', url: `${IIS_SUPPORT}/www-administration-management/http-status-code` },
  iis400: {
    title: 'Troubleshoot HTTP 400 errors in IIS',
    url: `${IIS_SUPPORT}/health-diagnostic-performance/troubleshoot-http-400-errors-in-iis`,
  },
  iis50019: { title: 'HTTP error 500.19', url: `${IIS_SUPPORT}/health-diagnostic-performance/http-error-500-19-webpage` },
  requestLimits: {
    title: 'IIS request limits',
    url: 'https://learn.microsoft.com/iis/configuration/system.webserver/security/requestfiltering/requestlimits/',
  },
  rfc8894: { title: 'RFC 8894, Simple Certificate Enrolment Protocol', url: 'https://www.rfc-editor.org/rfc/rfc8894' },
} as const satisfies Record<string, Link>;
