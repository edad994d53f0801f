import { nearest } from '../core/text/nearest.ts';
import { printable } from '../core/text/printable.ts';
import { isVerdictCode, VERDICT_CODES, type VerdictCode } from '../core/verdict/code.ts';
import { APPLICATION_PROXY_FAULTS } from './faults/application-proxy.ts';
import type { Behaviour, Fault } from './faults/behaviour.ts';
import { IIS_FAULTS } from './faults/iis.ts';
import { LONG_URL_FAULTS } from './faults/long-url.ts';
import { SCEP_FAULTS } from './faults/scep.ts';
import { TRANSPORT_FAULTS } from './faults/transport.ts';

/** What the server does for each verdict code, or why no server can. A code without an entry does not compile. */
export const FAULTS: Readonly<Record<VerdictCode, Fault>> = {
  ...TRANSPORT_FAULTS,
  ...LONG_URL_FAULTS,
  ...APPLICATION_PROXY_FAULTS,
  ...IIS_FAULTS,
  ...SCEP_FAULTS,
};

export interface SelectedFault {
  readonly code: VerdictCode;
  readonly variant: string;
  readonly behaviour: Behaviour;
}

export type FaultSelection = { readonly ok: true; readonly fault: SelectedFault } | { readonly ok: false; readonly problem: string };

/**
 * Finds the behaviour for a code and a variant; without a variant, the default one. `5` is understood as `5-days`.
 * A wrong code, a wrong variant or a code that no server can show is answered with a sentence that says what to do.
 */
export function selectFault(code: string, variant?: string): FaultSelection {
  if (!isVerdictCode(code)) {
    const close = nearest(code.slice(0, 80), VERDICT_CODES);
    const hint = close.length === 0 ? 'scepwatch simulate --list names them all' : `did you mean ${close.join(' or ')}?`;
    return { ok: false, problem: `"${printable(code, 80)}" is not a verdict code; ${hint}` };
  }
  const fault = FAULTS[code];
  if (fault.kind === 'not-shown') return { ok: false, problem: `No server can show ${code}: ${fault.reason}. Instead: ${fault.instead}.` };
  const name = variant !== undefined && Object.hasOwn(fault.variants, `${variant}-days`) ? `${variant}-days` : variant;
  const chosen = name ?? fault.defaultVariant;
  const behaviour = Object.hasOwn(fault.variants, chosen) ? fault.variants[chosen] : undefined;
  if (behaviour === undefined) {
    const known = Object.keys(fault.variants).join(', ');
    return { ok: false, problem: `${code} has no variant "${printable(chosen, 80)}". It has: ${known}.` };
  }
  return { ok: true, fault: { code, variant: chosen, behaviour } };
}
