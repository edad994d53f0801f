import { isIPv4 } from 'node:net';
import { FAULTS, type SelectedFault, selectFault } from './faults.ts';
import type { RawRequest } from './request-reader.ts';

export interface ControlAnswer {
  readonly status: number;
  readonly reason: string;
  readonly text: string;
}

/** Whether a request comes from this machine; switching is for nobody else, whatever address the simulator listens on. */
function isLoopback(peer: string | undefined): boolean {
  if (peer === undefined) return false;
  const address = peer.replace(/^::ffff:/i, '');
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'));
}

/** Where the simulator is switched while it runs: not a path that NDES or IIS would have. */
const ROOT = '/simulator';

export function isControlPath(path: string): boolean {
  return path === ROOT || path.startsWith(`${ROOT}/`);
}

/**
 * `GET /simulator` lists what can be shown; `PUT /simulator/fault` with `CODE` or `CODE variant` as body switches.
 * `select` does the switching and throws with a sentence for people when the running server cannot show the fault.
 * `peer` is the client's address: one that is not of this machine gets a 403.
 */
export async function control(
  request: RawRequest,
  showing: SelectedFault,
  select: (fault: SelectedFault) => Promise<void>,
  peer: string | undefined,
): Promise<ControlAnswer> {
  if (!isLoopback(peer)) return { status: 403, reason: 'Forbidden', text: 'The simulator is switched from its own machine only.\n' };
  const [path] = request.target.split('?', 1);
  if (path === ROOT && request.method === 'GET') return { status: 200, reason: 'OK', text: overview(showing) };
  if (path === `${ROOT}/fault` && request.method === 'GET')
    return { status: 200, reason: 'OK', text: `${showing.code} ${showing.variant}\n` };
  if (path === `${ROOT}/fault` && request.method === 'PUT') return await switchFault(request.body, select);
  return {
    status: 404,
    reason: 'Not Found',
    text: 'GET /simulator lists the faults; PUT /simulator/fault with a code as body switches.\n',
  };
}

async function switchFault(body: string, select: (fault: SelectedFault) => Promise<void>): Promise<ControlAnswer> {
  const [code = '', variant] = body.trim().split(/\s+/);
  const selection = selectFault(code, variant);
  if (!selection.ok) return { status: 400, reason: 'Bad Request', text: `${selection.problem}\n` };
  try {
    await select(selection.fault);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { status: 400, reason: 'Bad Request', text: `${error.message}\n` };
  }
  return { status: 200, reason: 'OK', text: `showing ${selection.fault.code} ${selection.fault.variant}\n` };
}

function overview(showing: SelectedFault): string {
  const lines = Object.entries(FAULTS).map(([code, fault]) => {
    if (fault.kind === 'not-shown') return `${code}\n    cannot be shown: ${fault.reason}; instead: ${fault.instead}`;
    const variants = Object.keys(fault.variants);
    return `${code}\n    ${fault.description}${variants.length > 1 ? `\n    variants: ${variants.join(', ')}` : ''}`;
  });
  return `showing ${showing.code} ${showing.variant}\n\n${lines.join('\n')}\n`;
}
