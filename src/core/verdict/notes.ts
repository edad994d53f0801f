import { headerValue } from '../http/headers.ts';
import type { ClientView } from '../scep/client-selection.ts';
import { bundleRoles, isRequestAgent } from '../scep/roles.ts';
import { printable } from '../text/printable.ts';
import { isoTime, parseHttpDate } from '../time.ts';
import type { TargetObservation } from './observation.ts';
import type { JudgedCheck } from './report.ts';

/** A clock that is this far off makes judgements about certificate dates doubtful. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** Remarks that an expert would make although they change no verdict. Each is one line, safe to print. */
export function notesOn(
  observation: TargetObservation,
  checks: readonly JudgedCheck[],
  clients: readonly ClientView[],
  now: number,
): readonly string[] {
  return [...transportNotes(observation), ...clockNotes(checks, now), ...certificateNotes(checks), ...clientNotes(checks, clients)];
}

function transportNotes({ url, connection }: TargetObservation): readonly string[] {
  const notes: string[] = [];
  if (url.startsWith('http:'))
    notes.push('The URL is http: devices accept that for SCEP, but everything in front of NDES should be https.');
  const verifyError = connection?.tls?.verifyError;
  if (verifyError !== undefined) notes.push(`TLS verification: ${printable(verifyError.code)} (${printable(verifyError.detail)}).`);
  return notes;
}

function clockNotes(checks: readonly JudgedCheck[], now: number): readonly string[] {
  for (const { observation } of checks) {
    if (observation.kind !== 'answered') continue;
    const date = parseHttpDate(headerValue(observation.headers, 'date') ?? '');
    if (date === undefined) continue;
    if (Math.abs(date - now) <= CLOCK_SKEW_MS) return [];
    return [`The server's clock says ${isoTime(date)}, ours ${isoTime(now)}: judge certificate dates with care until both agree.`];
  }
  return [];
}

/** Which observations speak against NDES at the other end, in one line or none, so that nobody looks for an application pool on a server that has none. */
export function notNdes(checks: readonly JudgedCheck[]): readonly string[] {
  const signs: string[] = [];
  for (const { caps, bundle, observation } of checks) {
    if (caps?.kind === 'caps' && caps.capabilities.includes('SCEPStandard')) signs.push('GetCACaps lists SCEPStandard');
    if (bundle?.kind === 'single' && observation.kind === 'answered')
      signs.push('GetCACert has a single certificate and no RA certificates');
    if (bundle?.kind === 'certs-only' && bundleRoles(bundle.certificates).ra.length > 0 && !bundle.certificates.some(isRequestAgent)) {
      signs.push('no RA certificate carries the Certificate Request Agent usage');
    }
  }
  const unique = [...new Set(signs)];
  return unique.length === 0 ? [] : [`This does not look like NDES: ${unique.join('; ')}.`];
}

/** NIST SP 800-57 and every public CA program have dropped smaller RSA keys. */
const MIN_RSA_BITS = 2048;

function certificateNotes(checks: readonly JudgedCheck[]): readonly string[] {
  const certificates = checks.flatMap(({ bundle }) => (bundle === undefined || bundle.kind === 'invalid' ? [] : bundle.certificates));
  const short = certificates
    .filter(({ keyType, keyBits }) => keyType === 'rsa' && keyBits !== undefined && keyBits < MIN_RSA_BITS)
    .map(
      ({ subject, keyBits }) =>
        `"${printable(subject, 100)}" has an RSA key of ${keyBits} bits; less than ${MIN_RSA_BITS} is no longer considered safe.`,
    );
  return [...new Set([...short, ...passedOver(checks)])];
}

function passedOver(checks: readonly JudgedCheck[]): readonly string[] {
  return checks.flatMap(({ bundle }) =>
    bundle?.kind === 'certs-only' && bundle.unreadable > 0
      ? [
          `${bundle.unreadable} element(s) of the GetCACert bundle are not readable as certificates, or stand behind the first two dozen, and were passed over.`,
        ]
      : [],
  );
}

function clientNotes(checks: readonly JudgedCheck[], clients: readonly ClientView[]): readonly string[] {
  // The verdict has already said it, with the same words.
  if (checks.some(({ verdict, alsoFound }) => [verdict, ...alsoFound].some((found) => found?.code === 'ra-certificate-missing'))) return [];
  return clients.flatMap((client) =>
    client.usable ? [] : [`${CLIENT_NAMES[client.platform]} could not use these certificates: ${printable(client.problem)}.`],
  );
}

const CLIENT_NAMES = { android: 'Android (jscep)', ios: 'iOS and iPadOS', windows: 'Windows' } as const;
