import type { CaCertBundle } from '../core/scep/certificate.ts';
import type { Dialect } from '../core/scep/dialect.ts';
import type { Operation, TargetObservation } from '../core/verdict/observation.ts';
import type { ProbeLimits } from './probe-limits.ts';

export interface PlannedCheck {
  readonly operation: Operation;
  readonly dialect: Dialect;
}

/** One probe of one target, complete: nothing else is read from anywhere. */
export interface ProbeInput {
  /** The server URL of the SCEP profile: http or https, no query, no credentials. */
  readonly url: string;
  readonly checks: readonly PlannedCheck[];
  /** Length of the query that `long-url` sends, in bytes. */
  readonly longUrlBytes: number;
  readonly limits: ProbeLimits;
  /** PEM certificates to trust besides the public roots. */
  readonly ca?: string;
  /** Send the requests even when the server's certificate does not verify. */
  readonly insecure: boolean;
  /** How many further connections fetch GetCACert again, to see whether they reach the same server. */
  readonly compareBackends: number;
  readonly vantage: string;
}

/** Observes; never judges and never throws for anything that a target does. */
export type Observe = (input: ProbeInput) => Promise<TargetObservation>;

/** Reads a GetCACert body; unreadable bytes are an answer, not an error. */
export type ReadBundle = (body: Uint8Array) => CaCertBundle;

export interface Deps {
  readonly observe: Observe;
  readonly readBundle: ReadBundle;
  /** Epoch milliseconds. The only clock. */
  readonly now: () => number;
}
