import { CATALOG } from '../../verdict/catalog.ts';
import type { Cause } from '../../verdict/catalog-entry.ts';
import type { VerdictCode } from '../../verdict/code.ts';

/** Causes that a verdict explains already, in the order of the given beginnings of their titles, so that a log and a probe say the same. */
export function causesOf(code: VerdictCode, ...beginnings: readonly string[]): readonly Cause[] {
  return beginnings.flatMap((beginning) => CATALOG[code].causes.filter(({ title }) => title.startsWith(beginning)));
}

/** Names under which people still search for the certificate connector. */
export const OLD_CERTIFICATE_CONNECTOR_NAMES = [
  'Microsoft Intune Connector',
  'Intune Certificate Connector',
  'NDES connector',
  'NDESConnectorSetup.exe',
] as const;

/** The same for the connector of application proxy. */
export const OLD_PROXY_CONNECTOR_NAMES = [
  'Microsoft AAD Application Proxy Connector',
  'Microsoft Azure AD Application Proxy Connector',
  'Microsoft Entra application proxy connector',
  'WAPCSvc',
] as const;

/** Where the current connector writes, and where the old one wrote. */
export const READ_CONNECTOR_LOG =
  'Read Event Viewer > Applications and Services Logs > Microsoft > Intune > CertificateConnectors > Admin and Operational on the connector server; the old Microsoft Intune Connector writes to Applications and Services Logs > Microsoft Intune Connector.';

export const READ_NDES_EVENTS =
  'Read Event Viewer > Windows Logs > Application, source NetworkDeviceEnrollmentService, on the NDES server.';

/** What the registration service of the old connector says about one challenge. */
export const READ_REGISTRATION_POINT_LOG =
  'Old connector: read `CertificateRegistrationPoint_*.svclog` in `%ProgramFiles%\\Microsoft Intune\\NDESConnectorSvc\\Logs\\Logs` between `VerifyRequest Started` and `VerifyRequest Finished with status False`.';
