import type { LogOperation, Platform } from '../scep-exchange.ts';

/** Somewhere in every line about a SCEP request: the paths of NDES and of the certificate registration point, or the operation on a wrong path. */
export const SCEP_WORDS = /mscep|certificateregistration|pkiclient|operation=(?:getca|getnextca|pkiop)/i;

const OPERATIONS: ReadonlyMap<string, LogOperation> = new Map([
  ['getcacaps', 'GetCACaps'],
  ['getcacert', 'GetCACert'],
  ['getcacertchain', 'GetCACert'],
  ['pkioperation', 'PKIOperation'],
  ['getnextcacert', 'GetNextCACert'],
]);

const PARAMETER = 'operation=';

/** What a request asks NDES or the certificate registration point for; undefined when it is a request for something else. */
export function operationOf(method: string, stem: string, query: string): LogOperation | undefined {
  const asked = askedFor(query);
  if (stem.includes('/mscep/mscep.dll')) return asked ?? withoutOperation(method, stem);
  const path = stem.slice(0, 1_000).toLowerCase();
  if (path.includes('certificateregistration')) return registrationCall(path);
  if (path.includes('mscep_admin')) return 'admin';
  if (path.includes('mscep') || path.includes('pkiclient.exe')) return asked ?? withoutOperation(method, path);
  return asked === 'other' ? undefined : asked;
}

function withoutOperation(method: string, path: string): LogOperation {
  return method !== 'POST' && /(?:mscep\.dll|pkiclient\.exe)\/?$/i.test(path) ? 'base-url' : 'other';
}

/** The other addresses of the registration point are no business of a device. */
function registrationCall(path: string): LogOperation | undefined {
  if (path.includes('/verifyrequest')) return 'verify';
  return path.includes('/notify') ? 'notify' : undefined;
}

/** The operation that a query names; undefined when it names none. */
function askedFor(query: string): LogOperation | undefined {
  const start = parameterStart(query);
  if (start < 0) return undefined;
  const end = query.indexOf('&', start);
  return OPERATIONS.get(query.slice(start, end < 0 ? start + 40 : Math.min(end, start + 40)).toLowerCase()) ?? 'other';
}

/** A `message` of twelve kilobytes may stand before the operation. */
function parameterStart(query: string): number {
  if (query.startsWith(PARAMETER)) return PARAMETER.length;
  const later = query.indexOf(`&${PARAMETER}`);
  if (later >= 0) return later + 1 + PARAMETER.length;
  return /^operation=/i.test(query) ? PARAMETER.length : -1;
}

/** First match wins. `+` stands for a space in logs of IIS; both are taken. Sources: 4.1 of the domain facts. */
const AGENTS: readonly (readonly [Platform, (agent: string) => boolean])[] = [
  ['probe', (agent) => agent.startsWith('scepwatch/')],
  ['windows', (agent) => agent.includes('NDES+client') || agent.includes('NDES client')],
  ['policy-module', (agent) => agent.startsWith('NDES_Plugin')],
  ['android', (agent) => agent.startsWith('Dalvik/')],
  ['macos', (agent) => /^mdmclient|XPCAcmeService|x86_64|Macintosh|Mac[ +]OS[ +]X/.test(agent)],
  ['ios', (agent) => agent.startsWith('profiled') || (agent.includes('CFNetwork/') && agent.includes('Darwin/'))],
  ['android', (agent) => agent.startsWith('okhttp/') || agent.includes('Android')],
];

const MAX_AGENT = 400;

/** Whose user agent it is, as IIS writes it. */
export function platformOfAgent(agent: string): Platform {
  const start = agent.length > MAX_AGENT ? agent.slice(0, MAX_AGENT) : agent;
  return AGENTS.find(([, fits]) => fits(start))?.[0] ?? 'other';
}

/** For logs without user agents: each platform fills `message` with something else, and only Windows adds pkiclient.exe. */
export function platformOfRequest(stem: string, query: string): Platform {
  if (/\/pkiclient\.exe$/i.test(stem.slice(-40)) || query.endsWith('message=default')) return 'windows';
  if (query.endsWith('message=ca')) return 'android';
  return /message=SCEP(?:%20|\+)Authority$/i.test(query.slice(-40)) ? 'ios' : 'other';
}

/** The registration point is called by the policy module alone, whatever it calls itself; a request of ours stays one of ours. */
export function platformFor(operation: LogOperation, byAgent: Platform): Platform {
  return (operation === 'verify' || operation === 'notify') && byAgent !== 'probe' ? 'policy-module' : byAgent;
}
