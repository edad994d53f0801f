import type { CertificateFacts } from '../scep/certificate.ts';
import type { Dialect } from '../scep/dialect.ts';

/** What a check asks the server for. */
export const OPERATIONS = ['base-url', 'ca-caps', 'ca-cert', 'long-url'] as const;

export type Operation = (typeof OPERATIONS)[number];

/** How long each phase took, in milliseconds. A phase that was not reached, or that an earlier request paid for, is absent. */
export interface PhaseTimings {
  readonly dnsMs?: number;
  readonly tcpMs?: number;
  readonly tlsMs?: number;
  /** From the request's last byte sent to the answer's first byte received. */
  readonly firstByteMs?: number;
  /** From the start of this request, connection included, to its end. */
  readonly totalMs: number;
}

export const PHASES = ['dns', 'tcp', 'tls', 'request', 'first-byte', 'body'] as const;

export type Phase = (typeof PHASES)[number];

export interface ProbeRequest {
  readonly operation: Operation;
  readonly dialect: Dialect;
  readonly url: string;
}

export type Header = readonly [name: string, value: string];

/**
 * Why the body stopped: `complete` as the server announced it, `capped` by our own size limit,
 * `timeout` and `reset` while bytes were still owed, `undecodable` when its content coding is broken.
 */
export type BodyEnd = 'complete' | 'capped' | 'timeout' | 'reset' | 'undecodable';

/** The server sent at least a status line and headers. */
export interface Answered {
  readonly kind: 'answered';
  readonly request: ProbeRequest;
  readonly timings: PhaseTimings;
  readonly status: number;
  /** The reason phrase as the server wrote it; may be empty. */
  readonly reason: string;
  /** As received: order, spelling and repetitions kept. */
  readonly headers: readonly Header[];
  /** After removal of transfer and content codings, never longer than the limit. */
  readonly body: Uint8Array;
  readonly bodyEnd: BodyEnd;
}

/** No status line arrived. `code` is Node's or undici's error code (`ENOTFOUND`, `UND_ERR_SOCKET` …). */
export interface Failed {
  readonly kind: 'failed';
  readonly request: ProbeRequest;
  readonly timings: PhaseTimings;
  readonly phase: Phase;
  readonly code: string;
  readonly detail: string;
}

/** Not sent, because its answer could not have told anything, or because the time was used up. */
export interface Skipped {
  readonly kind: 'skipped';
  readonly request: ProbeRequest;
  readonly reason: 'connection-failed' | 'budget' | 'operation-failed';
  readonly detail: string;
}

export type Observation = Answered | Failed | Skipped;

export interface TlsFacts {
  /** For example `TLSv1.3`; absent when the handshake did not finish. */
  readonly protocol?: string;
  readonly cipher?: string;
  readonly serverName: string;
  /** The verification error, whether or not it was acted upon; absent when the chain and the name verify. */
  readonly verifyError?: { readonly code: string; readonly detail: string };
  /** Leaf first. Present even when verification fails. */
  readonly chain: readonly CertificateFacts[];
}

/** One connection, dialled once and used for the whole cycle where the server allows it. */
export interface ConnectionFacts {
  readonly host: string;
  readonly port: number;
  /** Everything the name resolved to, in resolver order. */
  readonly addresses: readonly string[];
  /** The address that the connection was made to, or the last one tried. */
  readonly address?: string;
  readonly tls?: TlsFacts;
}

/** Everything seen in one probe of one target: facts only, no judgement. */
export interface TargetObservation {
  readonly url: string;
  /** Where the probe was made from, in the operator's words. */
  readonly vantage: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** The first connection; absent when the name did not resolve. */
  readonly connection?: ConnectionFacts;
  /** In the order in which they were made; one for each requested operation and dialect. */
  readonly checks: readonly Observation[];
  /** Further GetCACert answers fetched over connections of their own, to compare back ends. */
  readonly comparisons: readonly Observation[];
}
