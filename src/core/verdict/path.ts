import { headerValue } from '../http/headers.ts';
import type { Hop, HopState } from './hop.ts';
import { LAYERS, type Layer } from './layer.ts';
import type { Answered, TargetObservation } from './observation.ts';
import type { JudgedCheck } from './report.ts';
import type { Verdict } from './verdict.ts';

/** The way of a request, hop by hop: which work, which one is broken, which could not be reached. */
export function requestPath(
  observation: TargetObservation,
  checks: readonly JudgedCheck[],
  verdict: Verdict,
  alsoFound: readonly Verdict[],
): readonly Hop[] {
  const proven = provenLayers(observation, checks);
  const troubled = LAYERS.indexOf(verdict.layer);
  const stops = verdict.severity === 'crit' || verdict.severity === 'unknown';
  return LAYERS.map((layer, position) => {
    const seen = proven.get(layer);
    if (layer === verdict.layer && verdict.severity !== 'ok' && !(verdict.severity === 'info' && seen === undefined))
      return { layer, state: TROUBLE[verdict.severity] };
    const other = alsoFound.find((found) => found.layer === layer && found.severity !== 'info');
    if (other !== undefined && other.severity !== 'ok') return { layer, state: TROUBLE[other.severity] };
    if (seen !== undefined) return { layer, state: seen };
    // The answer of a later hop came through this one, so it works even when it left no trace.
    if (position < troubled && verdict.layer !== 'probe') return { layer, state: LEAVES_NO_TRACE.has(layer) ? 'unseen' : 'ok' };
    return { layer, state: stops ? 'unreached' : 'unseen' };
  });
}

const TROUBLE = { info: 'degraded', warn: 'degraded', crit: 'broken', unknown: 'unknown' } as const;

const LEAVES_NO_TRACE: ReadonlySet<Layer> = new Set(['edge', 'connector']);

function provenLayers({ url, connection }: TargetObservation, checks: readonly JudgedCheck[]): ReadonlyMap<Layer, HopState> {
  const proven = new Map<Layer, HopState>([['probe', 'ok']]);
  const answers = checks.flatMap(({ observation }) => (observation.kind === 'answered' ? [observation] : []));
  const { hostname, protocol } = new URL(url);
  const secure = protocol === 'https:';
  const past = (...phases: readonly string[]): boolean =>
    answers.length > 0 || checks.some(({ observation: seen }) => seen.kind === 'failed' && phases.includes(seen.phase));

  if (isAddress(hostname)) proven.set('dns', 'absent');
  else if ((connection?.addresses.length ?? 0) > 0) proven.set('dns', 'ok');
  if (past('tls', 'request', 'first-byte', 'body')) proven.set('tcp', 'ok');
  if (!secure) proven.set('tls', 'absent');
  else if (past('request', 'first-byte', 'body')) proven.set('tls', connection?.tls?.verifyError === undefined ? 'ok' : 'degraded');

  if (answers.length > 0) {
    const proxied = answers.filter(isProxied);
    const published = hostname.endsWith('.msappproxy.net');
    if (proxied.length > 0 || published) {
      proven.set('edge', 'ok');
      if (answers.some((answer) => (headerValue(answer.headers, 'x-ms-proxy-connector-id') ?? '') !== '')) proven.set('connector', 'ok');
    } else {
      proven.set('edge', 'absent');
      proven.set('connector', 'absent');
    }
  }
  for (const check of checks) {
    if (check.verdict === undefined || check.observation.kind !== 'answered') continue;
    const { operation } = check.observation.request;
    const fine = check.verdict.severity === 'ok';
    if (operation === 'base-url' && fine && checks.some(answersScep)) proven.set('policy-module', 'ok');
    if (answersScep(check)) {
      proven.set('iis', 'ok');
      proven.set('ndes', 'ok');
    }
    if (operation === 'ca-cert' && fine) proven.set('ca', 'ok');
  }
  return proven;
}

/** NDES itself spoke: a capability list or a certificate bundle that can be read. */
function answersScep({ caps, bundle }: JudgedCheck): boolean {
  return caps?.kind === 'caps' || (bundle !== undefined && bundle.kind !== 'invalid');
}

function isProxied({ headers }: Answered): boolean {
  return headers.some(([name]) => name.toLowerCase().startsWith('x-ms-proxy-'));
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}
