import type { Behaviour, UrlLimit } from './faults/behaviour.ts';
import { caCaps, customBase, pkiOperation } from './faults/healthy.ts';
import { robotsTxt } from './pages/application-proxy.ts';
import { customErrorPage, iisAnswer, welcomePage } from './pages/iis.ts';
import type { Pki } from './pki.ts';
import type { Ask, Operation, ProxyIdentity, Reply } from './reply.ts';
import type { RawRequest } from './request-reader.ts';

/** Where the NDES role publishes itself; IIS compares paths without regard to case. */
export const SCEP_PATH = '/certsrv/mscep/mscep.dll';

export interface Stage {
  readonly behaviour: Behaviour;
  readonly pki: Pki;
  readonly proxy: ProxyIdentity;
  readonly scheme: 'http' | 'https';
  readonly behindProxy: boolean;
  /** Number of the back end that this connection reaches. */
  readonly backEnd: () => number;
}

/** What the server, in its present behaviour, does with one request. */
export async function respond({ method, target, headers }: RawRequest, stage: Stage): Promise<Reply> {
  const { behaviour, proxy, scheme, behindProxy } = stage;
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  const query = question === -1 ? '' : target.slice(question + 1);
  const ask: Ask = { operation: operationOf(path, query), path, query, host: headers.get('host') ?? 'localhost', scheme, proxy };

  if (behaviour.longUrl !== undefined && isOver(behaviour.longUrl, target, query)) return behaviour.longUrl.answer(ask);
  if (behaviour.everywhere !== undefined) return behaviour.everywhere(ask);
  const lower = path.toLowerCase();
  if (lower === '/robots.txt' && behindProxy) return robotsTxt();
  if (lower === '/') return welcomePage();
  if (lower === '/certsrv/mscep_admin' || lower === '/certsrv/mscep_admin/') {
    return customErrorPage(401, 'english', [
      ['WWW-Authenticate', 'Negotiate'],
      ['WWW-Authenticate', 'NTLM'],
    ]);
  }
  if (!isScepPath(lower)) return customErrorPage(404);
  if (behaviour.scep !== undefined) return behaviour.scep(ask);
  if (method !== 'GET' && !(method === 'POST' && ask.operation === 'pki-operation')) return customErrorPage(405);
  switch (ask.operation) {
    case 'base':
      return (behaviour.base ?? customBase())(ask);
    case 'ca-caps':
      return behaviour.caCaps?.(ask) ?? caCaps();
    case 'ca-cert':
      return behaviour.caCert?.(ask) ?? (await caCert(stage));
    case 'pki-operation':
      return pkiOperation();
    case 'other':
      return customErrorPage(500);
  }
}

function isScepPath(lower: string): boolean {
  return lower === SCEP_PATH || lower === `${SCEP_PATH}/pkiclient.exe` || lower === `${SCEP_PATH}/`;
}

function operationOf(path: string, query: string): Operation {
  if (query === '') return 'base';
  // RFC 8894 section 4.1 writes the operations in this case, and every client does.
  const operation = new URLSearchParams(query).get('operation');
  switch (operation) {
    case 'GetCACaps':
      return 'ca-caps';
    case 'GetCACert':
      return 'ca-cert';
    case 'PKIOperation':
      return 'pki-operation';
    default:
      return isScepPath(path.toLowerCase()) && operation === null ? 'base' : 'other';
  }
}

function isOver({ over, measured }: UrlLimit, target: string, query: string): boolean {
  return (measured === 'query' ? query : target).length > over;
}

async function caCert({ behaviour, pki, backEnd }: Stage): Promise<Reply> {
  const recipes = behaviour.bundles ?? [{}];
  const recipe = recipes[backEnd() % recipes.length] ?? {};
  const { pkcs7, single } = await pki.bundle(recipe);
  return behaviour.bundleForm === 'single'
    ? iisAnswer(200, 'OK', 'application/x-x509-ca-cert', single)
    : iisAnswer(200, 'OK', 'application/x-x509-ca-ra-cert', pkcs7);
}
