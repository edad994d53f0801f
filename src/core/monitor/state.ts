import type { Rollup } from '../rollup/rollup.ts';
import type { Slice } from '../rollup/slice.ts';
import type { VerdictCode } from '../verdict/code.ts';
import type { Hop } from '../verdict/hop.ts';
import type { Layer } from '../verdict/layer.ts';
import type { TargetHistory } from '../verdict/report.ts';
import type { Severity } from '../verdict/severity.ts';
import type { CertificateCountdown } from './countdown.ts';
import type { Impact } from './impact.ts';
import type { Incident } from './incident.ts';
import type { Runs } from './runs.ts';
import type { Condition } from './status.ts';

/** The part of a verdict that is kept; its texts come from the catalog. */
export interface VerdictSeen {
  readonly code: VerdictCode;
  readonly severity: Severity;
  readonly layer: Layer;
}

/** A maintenance window that a target was in at its last result. Times in epoch ms. */
export interface InMaintenance {
  readonly id: string;
  readonly title: string;
  readonly start: number;
  readonly end: number;
}

/** All that the next decision needs to know of the past. Times in epoch ms. */
export interface TargetState {
  readonly condition: Condition;
  /** Since when the status is what it is. */
  readonly since: number;
  /** The impact that enough results in a row have shown. */
  readonly confirmed: Impact;
  readonly runs: Runs;
  /** The last result that could be judged. */
  readonly verdict: VerdictSeen;
  /** How many results in a row, the last included, had this code and severity. */
  readonly sameVerdict: number;
  /** Since when every result has been without impact, or every one with impact. */
  readonly runSince: number;
  /** The last cycle, whatever it saw. */
  readonly lastAt: number;
  /** The last cycle that could judge. */
  readonly judgedAt: number;
  /** The last cycle could not see anything, because its own network was down. */
  readonly blind: boolean;
  /** When it went between down and not down outside maintenance, oldest first, only as far back as the flap window and the hold. */
  readonly flips: readonly number[];
  readonly flappingSince?: number;
  readonly maintenance?: InMaintenance;
  /** The open incident. */
  readonly incident?: Incident;
}

/** What the surfaces show of the last probe. */
export interface LastView {
  /** What people call the target, and whose it is, as configured at that time. */
  readonly name: string;
  readonly tenant?: string;
  readonly periodMs: number;
  readonly path: readonly Hop[];
  /** Empty when the target is fine. */
  readonly evidence: readonly string[];
  /** Slowest answer in milliseconds; absent when there was none. */
  readonly responseMs?: number;
  /** Of each role the last one that could be read: an outage does not make a certificate expire later. */
  readonly certificates: readonly CertificateCountdown[];
}

/** What a target's state row holds: the machine's state, what probing and the rollups need of earlier cycles, and what is shown. */
export interface TargetRecord {
  /** How many times the record has been committed. */
  readonly version: number;
  /** Names the commit that wrote the row: whoever lost the answer to a commit can see whether it arrived. */
  readonly commit: string;
  /** Of the URL that was probed: what is known of one server's certificates is no history of another's. */
  readonly host: string;
  readonly state: TargetState;
  readonly history: TargetHistory;
  /** The hour and the day that the last result lies in, as far as they have come. */
  readonly hour: Rollup;
  readonly day: Rollup;
  /** The last 24 hours and 90 days that have data, oldest first, the present ones included. */
  readonly hours: readonly Slice[];
  readonly days: readonly Slice[];
  /** The last time that a long URL was sent, and what came of it; absent when never. */
  readonly longUrl?: { readonly at: number; readonly ok: boolean };
  readonly view: LastView;
}
