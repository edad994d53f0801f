import { compareSeverity } from '../verdict/severity.ts';
import { catalogEntry } from './catalog.ts';
import { LOG_CODES, type LogCode } from './log-code.ts';
import type { FindingSummary } from './log-summary.ts';

/**
 * What explains other findings comes before what it explains: an expired certificate makes the worker crash, a crash makes IIS answer 503,
 * and 503 makes devices report failures. Whoever reads only the first finding is to learn the cause.
 */
const ROOTS_FIRST: readonly LogCode[] = [
  'log-policy-certificate-expired',
  'log-impersonation-right-missing',
  'log-service-account-refused',
  'ra-certificate-expired',
  'log-ndes-ra-certificate-unusable',
  'log-verify-certificate-untrusted',
  'log-policy-module-tls-failed',
  'log-connector-renewal-failed',
  'log-connector-service-unreachable',
  'log-proxy-connector-certificate',
  'log-proxy-connector-network',
  'log-proxy-connector-unauthorized',
  'log-connector-installation-failed',
  'ndes-policy-module-not-loaded',
  'log-ndes-cannot-reach-ca',
  'log-ndes-cannot-start',
  'log-verify-request-failed',
  'log-ios-chain-not-trusted',
  'long-url-blocked-414',
  'long-url-blocked-400',
  'long-url-blocked-404-14',
  'long-url-blocked-404-15',
  'log-no-scep-requests',
  'log-worker-process-crashed',
  'iis-config-invalid',
  'ndes-isapi-blocked',
  'iis-auth-required',
  'log-chain-not-trusted',
  'ndes-app-pool-stopped',
  'service-unavailable',
  'ndes-internal-error',
  'log-windows-cannot-reach-ndes',
  'log-connector-request-failed',
  'log-ndes-password-not-verified',
  'log-challenge-rejected',
];

const RANKS: ReadonlyMap<LogCode, number> = new Map(LOG_CODES.map((code) => [code, rankOf(code)]));

function rankOf(code: LogCode): number {
  const rank = ROOTS_FIRST.indexOf(code);
  return rank === -1 ? ROOTS_FIRST.length + LOG_CODES.indexOf(code) : rank;
}

/** Most severe first; of equals what goes on before what is over, and causes before what follows from them. */
export function byImportance(a: FindingSummary, b: FindingSummary): number {
  return (
    compareSeverity(catalogEntry(b.code).severity, catalogEntry(a.code).severity) ||
    Number(a.goodAgainAt !== undefined) - Number(b.goodAgainAt !== undefined) ||
    (RANKS.get(a.code) ?? 0) - (RANKS.get(b.code) ?? 0)
  );
}
