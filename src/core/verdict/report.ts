import type { CaCaps } from '../scep/ca-caps.ts';
import type { CaCertBundle } from '../scep/certificate.ts';
import type { ClientView } from '../scep/client-selection.ts';
import type { Hop } from './hop.ts';
import type { Answered, Observation, TargetObservation } from './observation.ts';
import type { Verdict } from './verdict.ts';

/** What earlier cycles left behind; every part may be missing. */
export interface TargetHistory {
  /** NotAfter (epoch ms) of the RA certificate that expires first, from the last cycle that could read it. */
  readonly raNotAfter?: number;
  readonly fingerprints?: { readonly ra: readonly string[]; readonly ca: readonly string[] };
  /** Slowest answer, in milliseconds, of the most recent cycles before this one, newest first. */
  readonly slowestAnswersMs?: readonly number[];
}

export interface JudgeContext {
  /** Epoch milliseconds by the monitor's clock. */
  readonly now: number;
  readonly vantagePoints: number;
  readonly caPins: readonly string[];
  readonly history: TargetHistory;
}

/** A GetCACert answer together with what could be read from its body. */
export interface ReadBundle {
  readonly observation: Answered;
  readonly bundle: CaCertBundle;
}

export interface JudgedCheck {
  readonly observation: Observation;
  /** Absent when the check was skipped. */
  readonly verdict?: Verdict;
  /** True findings about the same answer that are less important than the verdict. */
  readonly alsoFound: readonly Verdict[];
  readonly caps?: CaCaps;
  readonly bundle?: CaCertBundle;
}

/** One target of one cycle, judged. Everything that a surface shows comes from here. */
export interface TargetReport {
  readonly observation: TargetObservation;
  readonly verdict: Verdict;
  /** What else is wrong, most important first; never a repetition of `verdict`. */
  readonly alsoFound: readonly Verdict[];
  readonly checks: readonly JudgedCheck[];
  readonly path: readonly Hop[];
  /** What each platform's client could do with the certificates; empty when they could not be read. */
  readonly clients: readonly ClientView[];
  /** Why the server may be no NDES at all; empty when nothing speaks against it. */
  readonly doubts: readonly string[];
  /** Remarks that change no verdict. */
  readonly notes: readonly string[];
}
