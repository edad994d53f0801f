import { describe, expect, test } from 'vitest';
import { windowsEvents } from '../../../src/core/diagnose/formats/windows-events.ts';
import type { LogFinding } from '../../../src/core/diagnose/log-finding.ts';

interface Given {
  readonly provider?: string;
  readonly channel?: string;
  readonly id?: number;
  readonly message?: string;
  readonly computer?: string;
}

function findingsOf(...events: readonly Given[]): readonly LogFinding[] {
  const findings: LogFinding[] = [];
  const reader = windowsEvents('x.evtx.txt', {
    exchange: () => {},
    finding: (finding) => findings.push(finding),
    seen: () => {},
    unreadable: () => {},
  });
  for (const [index, { provider = '', channel = '', id, message = '', computer = '' }] of events.entries()) {
    reader.event({ line: index + 1, ...(id === undefined ? {} : { id }), provider, channel, computer, message, text: message });
  }
  reader.end();
  return findings;
}

const codesOf = (...events: readonly Given[]): readonly string[] => findingsOf(...events).map(({ code }) => code);

const MDM = 'Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider';
const CERT_ENROLL = 'Microsoft-Windows-CertificateServicesClient-CertEnroll';
const CAPI2 = 'Microsoft-Windows-CAPI2';
const WAS = 'Microsoft-Windows-WAS';
const NDES = 'Microsoft-Windows-NetworkDeviceEnrollmentService';
const CONNECTOR = 'Microsoft-Intune-CertificateConnectors';
const LEGACY = 'Microsoft Intune Connector';
const PROXY = 'Microsoft-AadApplicationProxy-Connector';

const failed = (code: string): string => `SCEP: Certificate enroll failed. Result: (Unknown Win32 Error code: ${code}).`;
const initialise =
  "SCEP: Failed LogError Message : (SCEPInstallCertificateWithScepHelper:Failed to Initialize SCEP enrollment with NDES Server 'https://ndes.contoso.com/certsrv/mscep/mscep.dll/pkiclient.exe', CA cert thumbprint 12345678)";

describe('a Windows event', () => {
  test.each<readonly [provider: string, id: number, message: string, codes: readonly string[]]>([
    [MDM, 36, 'SCEP: Certificate request generated successfully.', ['log-enrolment-incomplete']],
    [MDM, 39, 'SCEP: Certificate installed successfully.', ['log-enrolment-succeeded']],
    [MDM, 32, failed('0x80190194'), ['ndes-path-not-found']],
    [MDM, 32, failed('0x801901f4'), ['ndes-internal-error']],
    [MDM, 32, failed('0x801901f7'), ['service-unavailable']],
    [MDM, 32, failed('0x8019019e'), ['url-too-long']],
    [MDM, 32, failed('0x80190191'), ['iis-auth-required']],
    [MDM, 32, failed('0x801901f6'), ['log-enrolment-failed']],
    [MDM, 32, failed('0x80072ee7'), ['dns-name-not-found']],
    [MDM, 32, failed('0x80072ee2'), ['log-windows-cannot-reach-ndes']],
    [MDM, 32, failed('0x80072efd'), ['log-windows-cannot-reach-ndes']],
    [MDM, 32, failed('0x80072f8f'), ['tls-untrusted']],
    [MDM, 32, failed('0x80072f05'), ['tls-certificate-expired']],
    [MDM, 32, failed('0x80072f06'), ['tls-name-mismatch']],
    [MDM, 32, failed('0x80072f0d'), ['tls-untrusted']],
    [MDM, 32, failed('0x800b0109'), ['log-chain-not-trusted']],
    [MDM, 32, failed('0x80090005'), ['log-enrolment-failed']],
    [MDM, 32, 'SCEP: Certificate enroll failed. Result: (The hash value is not correct.).', ['log-chain-not-trusted']],
    [MDM, 307, initialise, ['log-windows-cannot-reach-ndes']],
    [MDM, 307, 'SCEP: Failed LogError Message : (something else)', ['log-enrolment-failed']],
    [MDM, 306, 'SCEP: CspExecute for UniqueId : (x) Result : (Unknown Win32 Error code: 0x2ab0003).', []],
    [MDM, 306, 'SCEP: CspExecute for UniqueId : (x) Result : (Unknown Win32 Error code: 0x86000022).', ['log-enrolment-failed']],
    [
      MDM,
      309,
      'SCEP: InstallFromRegEntries. Install Status : (0x1) Result : (The operation completed successfully.)',
      ['log-enrolment-succeeded'],
    ],
    [MDM, 309, 'SCEP: InstallFromRegEntries. Result : (The hash value is not correct.)', ['log-chain-not-trusted']],
    [MDM, 309, 'SCEP: InstallFromRegEntries. Result : (Unknown Win32 Error code: 0x800700ce)', ['log-enrolment-failed']],
    [MDM, 4711, 'SCEP: something new', []],

    [CERT_ENROLL, 86, 'failed: GetCACaps Method: GET(47ms) Stage: GetCACaps 0x80072ee7', ['dns-name-not-found']],
    [CERT_ENROLL, 86, 'failed: GetCACaps Method: GET(15ms) Stage: GetCACaps', ['log-windows-cannot-reach-ndes']],
    [CERT_ENROLL, 87, 'failed: HTTP/1.1 200 OK PkiStatus(2) 0x80094811', ['log-enrolment-failed']],
    [CERT_ENROLL, 87, 'failed: HTTP/1.1 500 Internal Server Error', ['ndes-internal-error']],

    [
      CAPI2,
      11,
      "the certificate referenced by 'HKLM\\…\\NDESPolicy\\NDESCertThumbprint' is outside of its validity period",
      ['log-policy-certificate-expired'],
    ],
    [CAPI2, 30, 'not trusted by the trust provider. 800B0109', ['log-chain-not-trusted']],
    [CAPI2, 11, '800B010A', ['log-chain-not-trusted']],
    [CAPI2, 90, 'nothing to say', []],

    ['Application Error', 1000, 'Faulting application name: w3wp.exe Exception code: 0xc0000005', ['log-worker-process-crashed']],
    ['Application Error', 1000, 'Faulting application name: outlook.exe', []],
    [
      'ASP.NET 4.0.30319.0',
      1310,
      'Event code: 3007 A compilation error has occurred. /CertificateRegistrationSvc',
      ['aspnet-application-error'],
    ],
    ['ASP.NET 4.0.30319.0', 1310, 'Event code: 3007 of another application', []],

    [WAS, 5002, "Application pool 'SCEP' is being automatically disabled due to a series of failures", ['ndes-app-pool-stopped']],
    [WAS, 5009, "A process serving application pool 'SCEP' terminated unexpectedly.", ['ndes-app-pool-stopped']],
    [WAS, 5021, 'The identity of application pool SCEP is invalid.', ['ndes-app-pool-stopped', 'log-service-account-refused']],
    [WAS, 5057, 'Application pool SCEP has been disabled.', ['ndes-app-pool-stopped', 'log-service-account-refused']],
    [WAS, 5059, 'Application pool SCEP has been disabled.', ['ndes-app-pool-stopped']],
    ['WAS', 5059, 'Application pool SCEP has been disabled.', ['ndes-app-pool-stopped']],
    [WAS, 5059, "Application pool 'Intranet' has been disabled.", []],
    [WAS, 5186, "Application pool 'SCEP' was shut down due to inactivity.", []],

    [NDES, 1, 'The Network Device Enrollment Service started successfully.', []],
    [
      NDES,
      2,
      'The Network Device Enrollment Service cannot be started (0x80070057). The parameter is incorrect.',
      ['log-ndes-ra-certificate-unusable'],
    ],
    [NDES, 2, 'The Network Device Enrollment Service cannot be started (0x80070002).', ['log-ndes-cannot-start']],
    [NDES, 3, 'The Network Device Enrollment Service has been stopped.', []],
    [NDES, 6, 'cannot provide its password', ['log-enrolment-failed']],
    [NDES, 7, 'failed to return the certification authority certificate(s)', ['log-ndes-cannot-reach-ca']],
    [NDES, 10, 'cannot retrieve one of its required certificates (0x80070057).', ['log-ndes-ra-certificate-unusable']],
    [NDES, 16, 'cannot decode the http message', ['log-enrolment-failed']],
    [NDES, 17, 'cannot retrieve required information (0x8009310b).', ['log-enrolment-failed']],
    [NDES, 18, "cannot decrypt the client's PKCS7 message (0x80090005).", ['log-ndes-ra-certificate-unusable']],
    [NDES, 28, 'renewal', ['log-enrolment-failed']],
    [NDES, 29, 'The password in the certificate request cannot be verified.', ['log-ndes-password-not-verified']],
    [NDES, 31, 'cannot submit the certificate request (0x800706ba). The RPC server is unavailable.', ['log-ndes-cannot-reach-ca']],
    [
      NDES,
      31,
      'cannot submit (The public key does not meet the minimum size required by the template). 0x80004005',
      ['log-enrolment-failed'],
    ],
    [NDES, 53, 'policy module', ['log-ndes-cannot-start']],

    [CONNECTOR, 4000, 'ScepRequestSuccess', ['log-enrolment-succeeded']],
    [CONNECTOR, 4001, 'ScepRequestIssuedFailure', ['log-connector-request-failed']],
    [CONNECTOR, 4002, 'ScepRequestUploadFailure', ['log-connector-service-unreachable']],
    [CONNECTOR, 4003, 'ScepRequestReceived', []],
    [CONNECTOR, 4004, 'ScepVerifySuccess', []],
    [CONNECTOR, 4005, 'ScepVerifyFailure: challenge expired', ['log-challenge-rejected']],
    [CONNECTOR, 4005, 'System.Net.WebException: The remote name could not be resolved', ['log-connector-service-unreachable']],
    [CONNECTOR, 4006, 'ScepIssuedSuccess', ['log-enrolment-succeeded']],
    [CONNECTOR, 4007, 'ScepIssuedFailure', ['log-connector-request-failed']],
    [CONNECTOR, 4009, 'ScepNotifyAttemptFailed', ['log-connector-service-unreachable']],
    [CONNECTOR, 4010, 'ScepNotifySaveToDiskFailed', ['log-connector-request-failed']],
    [CONNECTOR, 5000, 'HealthMessageUploadSuccess', []],
    [CONNECTOR, 5001, 'HealthMessageUploadFailedAttempt', ['log-connector-service-unreachable']],
    [CONNECTOR, 5002, 'HealthMessageUploadFailure', ['log-connector-service-unreachable']],
    [CONNECTOR, 1001, 'PkcsRequestFailure', []],

    [LEGACY, 10100, 'renewed', []],
    [LEGACY, 10102, 'Connector enrollment certificate failed to renew. 0x00000405', ['log-connector-renewal-failed']],
    [LEGACY, 10301, '0x00000403', ['log-connector-renewal-failed']],
    [LEGACY, 10302, '0x00000404', ['log-connector-renewal-failed']],
    [LEGACY, 20302, 'upload', ['log-connector-service-unreachable']],
    [LEGACY, 20402, 'download', ['log-connector-service-unreachable']],
    [LEGACY, 20500, 'verified', []],
    [LEGACY, 20501, '0x00000411', ['log-challenge-rejected']],
    [LEGACY, 20502, '0x00000409', ['log-verify-request-failed']],
    [LEGACY, 20600, 'sent', ['log-enrolment-succeeded']],
    [LEGACY, 20602, 'notify', ['log-connector-request-failed']],

    [PROXY, 12015, 'The Connector failed to connect to the service', ['log-proxy-connector-network']],
    [PROXY, 12019, 'client certificate is not valid', ['log-proxy-connector-certificate']],
    [
      PROXY,
      12020,
      'The connector was unable to connect to the service due to networking issues. https://x',
      ['log-proxy-connector-network'],
    ],
    [PROXY, 12015, 'Connector failed to download the configuration.', ['log-proxy-connector-certificate']],
    [PROXY, 13022, 'HTTP 401', ['log-proxy-connector-unauthorized']],
    [PROXY, 12010, 'hello', []],

    ['Somebody Else', 36, 'SCEP: Certificate request generated successfully.', []],
    ['Somebody Else', 1000, 'w3wp.exe', []],
  ])('of %s with the id %i, %s', (provider, id, message, codes) => {
    expect(codesOf({ provider, id, message })).toEqual(codes);
  });

  test.each([
    [36, 'SCEP: Certificate request generated successfully.', ['log-enrolment-incomplete']],
    [undefined, 'SCEP: Certificate installed successfully.', ['log-enrolment-succeeded']],
    [undefined, initialise, ['log-windows-cannot-reach-ndes']],
    [10, 'The Network Device Enrollment Service cannot retrieve one of its required certificates', ['log-ndes-ra-certificate-unusable']],
    [5009, "A process serving application pool 'SCEP' terminated unexpectedly.", ['ndes-app-pool-stopped']],
    [12020, 'The connector was unable to connect to the service due to networking issues.', ['log-proxy-connector-network']],
    [4005, 'ScepVerifyFailure', ['log-challenge-rejected']],
    [undefined, 'hello', []],
    [7, 'hello', []],
  ])('without its source is known by its description: %s %s', (id, message, codes) => {
    expect(codesOf({ ...(id === undefined ? {} : { id }), message })).toEqual(codes);
  });

  test('may be known by its log alone, in the spellings of the article', () => {
    for (const channel of [
      'Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Admin',
      'DeviceManagement-Enterprise-Diagnostics-Provide',
      'DeviceManagement-Enterprise-Diagnostic-Provider',
    ]) {
      expect(codesOf({ channel, id: 39 })).toEqual(['log-enrolment-succeeded']);
    }
  });
});

describe('the detail of a finding', () => {
  const detailOf = (given: Given): string | undefined => findingsOf(given)[0]?.detail;

  test('explains every error code', () => {
    expect(detailOf({ provider: MDM, id: 32, message: failed('0x80190194') })).toBe('the enrolment failed; 0x80190194 HTTP 404: not found');
  });

  test('has the URL of the server', () => {
    expect(detailOf({ provider: MDM, id: 307, message: initialise })).toBe(
      'the enrolment with NDES could not be started (https://ndes.contoso.com/certsrv/mscep/mscep.dll/pkiclient.exe)',
    );
  });

  test("explains the old connector's diagnostic codes", () => {
    expect(detailOf({ provider: LEGACY, id: 20501, message: 'Diagnostic Code: 0x00000411' })).toBe(
      'the registration point rejected the request; 0x00000411 CRPSCEPChallenge_Expired: the challenge had expired when the device used it',
    );
  });
});

describe('events of one enrolment', () => {
  const generated = { provider: MDM, id: 36, computer: 'PC1' };
  const installed = { provider: MDM, id: 39, computer: 'PC1' };
  const reported = { provider: MDM, id: 309, computer: 'PC1', message: 'Result : (The operation completed successfully.)' };
  const refused = { provider: MDM, id: 32, computer: 'PC1', message: failed('0x80090005') };

  test.each([
    [[generated, installed, reported], ['log-enrolment-succeeded']],
    [[reported, installed, generated], ['log-enrolment-succeeded']],
    [[generated, reported], ['log-enrolment-succeeded']],
    [[generated, refused], ['log-enrolment-failed']],
    [[generated, { provider: CERT_ENROLL, id: 87, computer: 'PC1' }], ['log-enrolment-failed']],
    [
      [generated, generated, installed],
      ['log-enrolment-succeeded', 'log-enrolment-incomplete'],
    ],
  ])('are counted once', (events, codes) => {
    expect(codesOf(...events)).toEqual(codes);
  });

  test('that have no end say how many they are', () => {
    expect(findingsOf(generated, generated, generated, installed).at(-1)?.detail).toBe(
      '3 requests were generated, 2 of them without an end here (events 39 or 32)',
    );
  });

  test('on the connector are told by its Admin log where it is there', () => {
    expect(codesOf({ provider: CONNECTOR, id: 4006 }, { provider: CONNECTOR, id: 4000 })).toEqual(['log-enrolment-succeeded']);
  });
});
