import { headerValue } from '../http/headers.ts';
import type { Hop, HopState } from './hop.ts';
import { LAYER_NAMES, LAYERS, type Layer, OTHER_EDGE_NAME } from './layer.ts';
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
  const proxied = isPublished(observation) || checks.some(({ observation: seen }) => seen.kind === 'answered' && isProxied(seen));
  const nameOf = (layer: Layer): string => (layer === 'edge' && !proxied ? OTHER_EDGE_NAME : LAYER_NAMES[layer]);
  return LAYERS.map((layer) => ({ layer, name: nameOf(layer), state: stateOf(layer, proven.get(layer), verdict, alsoFound) }));
}

/** The same hops when the monitor's own network is down: none of them could be reached. */
export function blindPath(path: readonly Hop[]): readonly Hop[] {
  return path.map((hop) => ({ ...hop, state: hop.layer === 'probe' ? 'unknown' : 'unreached' }));
}

function stateOf(layer: Layer, seen: HopState | undefined, verdict: Verdict, alsoFound: readonly Verdict[]): HopState {
  if (layer === verdict.layer && verdict.severity !== 'ok' && !(verdict.severity === 'info' && seen === undefined))
    return TROUBLE[verdict.severity];
  const other = alsoFound.find((found) => found.layer === layer && found.severity !== 'info');
  if (other !== undefined && other.severity !== 'ok') return TROUBLE[other.severity];
  if (seen !== undefined) return seen;
  // The answer of a later hop came through this one, so it works even when it left no trace.
  if (LAYERS.indexOf(layer) < LAYERS.indexOf(verdict.layer) && verdict.layer !== 'probe')
    return LEAVES_NO_TRACE.has(layer) ? 'unseen' : 'ok';
  return verdict.severity === 'crit' || verdict.severity === 'unknown' ? 'unreached' : 'unseen';
}

const TROUBLE = { info: 'degraded', warn: 'degraded', crit: 'broken', unknown: 'unknown' } as const;

const LEAVES_NO_TRACE: ReadonlySet<Layer> = new Set(['edge', 'connector']);

function provenLayers(observation: TargetObservation, checks: readonly JudgedCheck[]): ReadonlyMap<Layer, HopState> {
  const proven = new Map<Layer, HopState>([['probe', 'ok']]);
  const answers = checks.flatMap(({ observation }) => (observation.kind === 'answered' ? [observation] : []));
  const { url, connection } = observation;
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
    if (proxied.length > 0 || isPublished(observation)) {
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

function isPublished({ url }: TargetObservation): boolean {
  return new URL(url).hostname.endsWith('.msappproxy.net');
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}
