import { rename } from 'node:fs/promises';
import { isoTime, parseIsoTime } from '../core/time.ts';
import { describeError, type WriteLog } from './log-line.ts';
import { readIfPresent } from './read-if-present.ts';
import { writeAtomically } from './write-atomically.ts';

/** What is remembered of a timer, so that a time missed while nothing ran is noticed. Epoch milliseconds. */
export interface TimerStatus {
  /** When it last fired; absent until it has. */
  readonly last?: number;
  /** Absent when its schedule has no more times. */
  readonly next?: number;
  /** What `next` was counted from. */
  readonly lastUpdated: number;
}

export interface TimerStatusFile {
  readonly get: (functionName: string) => TimerStatus | undefined;
  /** Never rejects: a timer goes on when the disk is full, and the log says so. */
  readonly set: (functionName: string, status: TimerStatus) => Promise<void>;
}

interface Stored {
  readonly last?: string | undefined;
  readonly next?: string | undefined;
  readonly lastUpdated: string;
}

/** Reads the file, if there is one. One that cannot be understood is renamed, never overwritten, and the log names it. */
export async function openTimerStatus(file: string, now: () => number, log: WriteLog): Promise<TimerStatusFile> {
  const known = await load(file, now, log);
  let writing: Promise<void> = Promise.resolve();
  const save = async (): Promise<void> => {
    const stored = Object.fromEntries([...known].map(([name, status]) => [name, store(status)]));
    try {
      await writeAtomically(file, `${JSON.stringify(stored, undefined, 2)}\n`);
    } catch (error) {
      log({ level: 'error', text: `cannot write ${file}, so missed timers will not be noticed after a restart: ${describeError(error)}` });
    }
  };
  return {
    get: (name) => known.get(name),
    set: (name, status) => {
      known.set(name, status);
      // One after the other: all timers share the file.
      writing = writing.then(save);
      return writing;
    },
  };
}

async function load(file: string, now: () => number, log: WriteLog): Promise<Map<string, TimerStatus>> {
  const text = await readIfPresent(file);
  if (text === undefined) return new Map();
  const known = read(text);
  if (known !== undefined) return known;
  const aside = `${file}.damaged-${isoTime(now()).replaceAll(':', '')}`;
  await rename(file, aside);
  log({ level: 'error', text: `${file} is damaged and was set aside as ${aside}; timers count from now` });
  return new Map();
}

function read(text: string): Map<string, TimerStatus> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value).map(([name, one]) => [name, readOne(one)] as const);
  return new Map(entries.flatMap(([name, status]) => (status === undefined ? [] : [[name, status]])));
}

/** undefined for an entry that is none: its timer counts from now. */
function readOne(value: unknown): TimerStatus | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const [last, next, lastUpdated] = ['last', 'next', 'lastUpdated'].map((name) => timeIn(value, name));
  if (lastUpdated === undefined) return undefined;
  return { ...(last !== undefined && { last }), ...(next !== undefined && { next }), lastUpdated };
}

function timeIn(value: object, name: string): number | undefined {
  const text: unknown = Reflect.get(value, name);
  return typeof text === 'string' ? parseIsoTime(text) : undefined;
}

function store({ last, next, lastUpdated }: TimerStatus): Stored {
  return {
    last: last === undefined ? undefined : isoTime(last),
    next: next === undefined ? undefined : isoTime(next),
    lastUpdated: isoTime(lastUpdated),
  };
}
