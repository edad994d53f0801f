import { detached, evidenceText } from './formats/evidence-text.ts';
import type { LogCode } from './log-code.ts';
import type { LogFinding } from './log-finding.ts';
import type { FindingSummary } from './log-summary.ts';
import { PLATFORMS, type Platform } from './scep-exchange.ts';

const EVIDENCE_KEPT = 3;
const DETAIL_LIMIT = 600;

interface Tally {
  count: number;
  firstAt: number;
  lastAt: number;
  readonly evidence: LogFinding[];
  readonly platforms: Map<Platform, number>;
}

/** Findings by code: how many, when, and the first few in full. */
export interface FindingTally {
  readonly add: (finding: LogFinding, at: number | undefined) => void;
  readonly has: (code: LogCode) => boolean;
  readonly count: (code: LogCode) => number;
  readonly result: () => readonly FindingSummary[];
}

export function createFindingTally(): FindingTally {
  const tallies = new Map<LogCode, Tally>();
  return {
    add: (finding, at) => {
      let tally = tallies.get(finding.code);
      if (tally === undefined) {
        tally = { count: 0, firstAt: Number.POSITIVE_INFINITY, lastAt: Number.NEGATIVE_INFINITY, evidence: [], platforms: new Map() };
        tallies.set(finding.code, tally);
      }
      tally.count++;
      const { platform } = finding;
      if (platform !== undefined) tally.platforms.set(platform, (tally.platforms.get(platform) ?? 0) + 1);
      if (at !== undefined) {
        if (at < tally.firstAt) tally.firstAt = at;
        if (at > tally.lastAt) tally.lastAt = at;
      }
      if (tally.evidence.length < EVIDENCE_KEPT) tally.evidence.push(kept(finding, at));
    },
    has: (code) => tallies.has(code),
    count: (code) => tallies.get(code)?.count ?? 0,
    result: () => [...tallies].map(([code, tally]) => summary(code, tally)),
  };
}

/** Cut to a readable length and free of the lines that it was cut from. */
function kept({ code, platform, file, line, text, detail }: LogFinding, at: number | undefined): LogFinding {
  return {
    code,
    ...(platform !== undefined && { platform }),
    ...(at !== undefined && { at }),
    file,
    line,
    text: detached(evidenceText(text)),
    ...(detail !== undefined && detail !== '' && { detail: detached(detail.slice(0, DETAIL_LIMIT)) }),
  };
}

function summary(code: LogCode, { count, firstAt, lastAt, evidence, platforms }: Tally): FindingSummary {
  return {
    code,
    count,
    ...(Number.isFinite(firstAt) && { firstAt, lastAt }),
    evidence,
    platforms: PLATFORMS.flatMap((platform) => {
      const times = platforms.get(platform);
      return times === undefined ? [] : [{ platform, count: times }];
    }),
  };
}
