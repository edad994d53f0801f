import type { CycleRecord } from '../core/monitor/cycle-record.ts';
import type { Incident } from '../core/monitor/incident.ts';
import type { CycleResult } from '../core/monitor/result.ts';
import type { TargetRecord } from '../core/monitor/state.ts';
import type { Status } from '../core/monitor/status.ts';
import type { TargetSummary } from '../core/monitor/summary.ts';
import type { Rollup, RollupSpan } from '../core/rollup/rollup.ts';

export interface Stored<Value> {
  readonly value: Value;
  /** Changes with every write; given back, it makes sure that nobody wrote in between. */
  readonly etag: string;
}

/** Everything that one cycle of one target writes: all of it or nothing. */
export interface TargetCommit {
  readonly target: string;
  /** The etag of the record that this was decided from; absent when there was none. */
  readonly before?: string;
  readonly record: TargetRecord;
  /** Absent when no probe was made. */
  readonly result?: CycleResult;
  /** The rollups as they are now. */
  readonly hours: readonly Rollup[];
  readonly days: readonly Rollup[];
  /** Incidents that changed, as they are now. */
  readonly incidents: readonly Incident[];
}

/** Of a known target only what says how it is and when it is due. Times in epoch ms. */
export interface IndexEntry {
  readonly lastAt: number;
  readonly periodMs: number;
  readonly status: Status;
  readonly version: number;
  readonly removedAt?: number;
  readonly etag: string;
}

export interface FleetIndex {
  readonly targets: ReadonlyMap<string, IndexEntry>;
}

export interface Fleet {
  readonly summaries: readonly TargetSummary[];
  readonly cycle?: CycleRecord;
  /** Rows that could not be read, for people. */
  readonly problems: readonly string[];
}

export interface TimeRange {
  /** Epoch ms, inclusive. */
  readonly from: number;
  /** Epoch ms, exclusive. */
  readonly before: number;
  readonly limit?: number;
}

/** What goes. Epoch ms. */
export interface Retention {
  /** Results that are older. */
  readonly resultsBefore: number;
  /** Hours that are older, and incidents that were opened earlier and are over. */
  readonly hoursBefore: number;
  /** Results of a clock that was far ahead: they would stay the newest for ever. */
  readonly resultsAfter: number;
}

/** How the monitor remembers. Rejects with a StoreError when the storage cannot be used; a conflict is an answer. */
export interface Store {
  /** The summaries of all targets and the last completed cycle: one query, however long the history. */
  readonly readFleet: (signal?: AbortSignal) => Promise<Fleet>;
  /** One query as well, without what only the surfaces need. */
  readonly readFleetIndex: (signal?: AbortSignal) => Promise<FleetIndex>;
  readonly readCycle: (signal?: AbortSignal) => Promise<CycleRecord | undefined>;
  readonly writeCycle: (record: CycleRecord, signal?: AbortSignal) => Promise<void>;

  readonly readTarget: (target: string, signal?: AbortSignal) => Promise<Stored<TargetRecord> | undefined>;
  /** `conflict`: somebody wrote the target's record since it was read; nothing was written. A commit that arrived but whose answer was lost is `committed`. */
  readonly commitTarget: (commit: TargetCommit, signal?: AbortSignal) => Promise<'committed' | 'conflict'>;
  /** Puts summaries into the place of older ones; a newer one that somebody else wrote stays. */
  readonly writeSummaries: (
    summaries: readonly { readonly summary: TargetSummary; readonly before?: string }[],
    signal?: AbortSignal,
  ) => Promise<void>;

  /** Newest first. */
  readonly readResults: (target: string, range: TimeRange, signal?: AbortSignal) => Promise<readonly CycleResult[]>;
  /** Oldest first, those whose span starts within the range. */
  readonly readRollups: (target: string, span: RollupSpan, range: TimeRange, signal?: AbortSignal) => Promise<readonly Rollup[]>;
  /** Newest first, by the time that they were opened. */
  readonly readIncidents: (target: string, range: TimeRange, signal?: AbortSignal) => Promise<readonly Incident[]>;
  /** Writes rollups over what is there; for repairs only, cycles write theirs with their commit. */
  readonly writeRollups: (target: string, span: RollupSpan, rollups: readonly Rollup[], signal?: AbortSignal) => Promise<void>;

  /** Deletes what is older; answers how many rows, at most `limit`. Call again until it answers 0. */
  readonly prune: (target: string, retention: Retention, limit: number, signal?: AbortSignal) => Promise<number>;
  /** Deletes all rows of a target and its summary, at most `limit` rows; answers how many. */
  readonly forget: (target: string, limit: number, signal?: AbortSignal) => Promise<number>;

  /** True for one caller only, and for nobody again before `until` (epoch ms) has passed. */
  readonly takeLease: (name: string, holder: string, now: number, until: number, signal?: AbortSignal) => Promise<boolean>;
  /** Ends the holder's lease at another time; does nothing when somebody else has it. */
  readonly shortenLease: (name: string, holder: string, until: number, signal?: AbortSignal) => Promise<void>;
}
