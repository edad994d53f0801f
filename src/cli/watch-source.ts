import type { IncidentUpdate } from '../core/monitor/incident.ts';
import type { FleetSeen } from '../core/monitor/overview.ts';
import type { Severity } from '../core/verdict/severity.ts';

/** Who is told what a source sees. */
export interface WatchListener {
  /** After each cycle, or each time that the storage was read. `nextAt` in epoch ms. */
  readonly fleet: (fleet: FleetSeen, nextAt: number | undefined) => Promise<void>;
  readonly progress: (done: number, due: number) => void;
  /** Why nothing new can be seen; undefined when it can again. */
  readonly trouble: (problem: string | undefined) => void;
}

/** Where the live table has its news from. */
export interface WatchSource {
  /** What is watched, and from where. */
  readonly about: string;
  /** Goes on until it is aborted; with `once` it ends after one round. */
  readonly run: (listener: WatchListener, once: boolean, signal: AbortSignal) => Promise<void>;
  /** What was told about the newest incident of a target after `since` (epoch ms), oldest first. */
  readonly updates: (target: string, since: number) => Promise<readonly IncidentUpdate[]>;
  /** The severities that the exit code of one round is made of. */
  readonly severities: (fleet: FleetSeen, now: number) => readonly Severity[];
  /** What the last column of the table shows. */
  readonly history: 'results' | 'hours';
}
