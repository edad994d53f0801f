import type { VerdictCode } from '../verdict/code.ts';

/**
 * What logs say and no probe can see. Public like verdict codes: renaming one is a breaking change.
 * Where a log shows what a probe also sees, its finding has the verdict's code and the verdict's causes and fixes.
 */
export const LOG_ONLY_CODES = [
  'log-no-scep-requests',
  'log-platform-missing',
  'log-impersonation-right-missing',
  'log-service-account-refused',
  'log-client-gave-up',
  'log-ios-chain-not-trusted',
  'log-verify-request-failed',
  'log-verify-certificate-untrusted',
  'log-policy-module-tls-failed',
  'log-challenge-rejected',
  'log-enrolment-succeeded',
  'log-enrolment-failed',
  'log-enrolment-incomplete',
  'log-windows-cannot-reach-ndes',
  'log-worker-process-crashed',
  'log-policy-certificate-expired',
  'log-chain-not-trusted',
  'log-connector-installed',
  'log-connector-installation-failed',
  'log-connector-renewal-failed',
  'log-connector-request-failed',
  'log-connector-service-unreachable',
  'log-proxy-connector-certificate',
  'log-proxy-connector-network',
  'log-proxy-connector-unauthorized',
  'log-ndes-cannot-start',
  'log-ndes-ra-certificate-unusable',
  'log-ndes-cannot-reach-ca',
  'log-ndes-password-not-verified',
] as const;

export type LogOnlyCode = (typeof LOG_ONLY_CODES)[number];

/** Verdicts of the probe that a log can show as well. */
export const SHARED_CODES = [
  'ndes-policy-module-not-loaded',
  'ndes-app-pool-stopped',
  'service-unavailable',
  'ndes-internal-error',
  'aspnet-application-error',
  'iis-config-invalid',
  'iis-auth-required',
  'scep-operation-forbidden',
  'ndes-isapi-blocked',
  'ndes-path-not-found',
  'url-too-long',
  'long-url-blocked-414',
  'long-url-blocked-400',
  'long-url-blocked-404-14',
  'long-url-blocked-404-15',
  'iis-host-binding-mismatch',
  'iis-bad-request',
  'ra-certificate-expired',
  'dns-name-not-found',
  'tls-untrusted',
  'tls-certificate-expired',
  'tls-name-mismatch',
] as const satisfies readonly VerdictCode[];

export type LogCode = LogOnlyCode | (typeof SHARED_CODES)[number];

export const LOG_CODES: readonly LogCode[] = [...LOG_ONLY_CODES, ...SHARED_CODES];

export function isLogCode(text: string): text is LogCode {
  return LOG_CODES.some((code) => code === text);
}
