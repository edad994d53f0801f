import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isoTime, parseIsoTime } from '../core/time.ts';
import { writeAtomically, writeDurably } from './write-atomically.ts';

export interface InstanceLock {
  /** Tells whoever comes second where this instance answers. */
  readonly announce: (url: string) => Promise<void>;
  /** Lets go of the folder. */
  readonly release: () => Promise<void>;
}

interface Holder {
  readonly id: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  /** What tells the process from a later one with the same number; null where the system does not say. */
  readonly incarnation: string | null;
  readonly url: string | null;
}

const LOCK_FILE = 'instance.lock';
const ATTEMPTS = 50;
const RETRY_MS = 20;

/**
 * Takes a data folder for this process; makes the folder if it is not there. Rejects with a sentence for people when another
 * instance has it. The lock of a process that has ended, also of one that was killed, counts for nothing.
 * Processes are told apart by their numbers on this machine: a folder shared with other machines or containers is not protected.
 */
export async function acquireInstanceLock(folder: string, now: () => number = Date.now): Promise<InstanceLock> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, LOCK_FILE);
  const holder: Holder = {
    id: randomUUID(),
    pid: process.pid,
    startedAt: isoTime(now()),
    incarnation: incarnationOf(process.pid) ?? null,
    url: null,
  };
  await take(file, folder, holder);
  return {
    announce: (url) => writeAtomically(file, toText({ ...holder, url })),
    release: async () => {
      const text = await readFile(file, 'utf8').catch(() => '');
      if (read(text)?.id === holder.id) await rm(file, { force: true });
    },
  };
}

async function take(file: string, folder: string, holder: Holder): Promise<void> {
  const mine = `${file}.${holder.id}`;
  await writeDurably(mine, toText(holder));
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // The name appears with the whole content, or not at all because somebody has it.
      if (await linked(mine, file)) return;
      const text = await readFile(file, 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      const other = read(text);
      if (other !== undefined && isRunning(other)) throw new Error(inUse(folder, other));
      if (await replaced(file, text, mine)) return;
      await delay(RETRY_MS);
    }
  } finally {
    await rm(mine, { force: true });
  }
  throw new Error(`The data folder ${folder} cannot be locked: others take it again and again.`);
}

async function linked(existing: string, name: string): Promise<boolean> {
  try {
    await link(existing, name);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Puts a lock in the place of one whose holder has ended. Of several that want to, one at a time may, and only while the old one is
 * still there: else the second would take away what the first has just got.
 */
async function replaced(file: string, stale: string, mine: string): Promise<boolean> {
  const claim = `${file}.after-${createHash('sha256').update(stale).digest('hex').slice(0, 16)}`;
  if (!(await linked(mine, claim))) {
    const claimant = read(await readFile(claim, 'utf8').catch(() => ''));
    // It was killed in the middle of this.
    if (claimant !== undefined && !isRunning(claimant)) await rm(claim, { force: true });
    return false;
  }
  try {
    if ((await readFile(file, 'utf8').catch(() => undefined)) !== stale) return false;
    await rename(mine, file);
    return true;
  } finally {
    await rm(claim, { force: true });
  }
}

function inUse(folder: string, { pid, startedAt, url }: Holder): string {
  const where = url === null ? '' : ` It answers at ${url}.`;
  return `The data folder ${folder} is in use by process ${pid}, which was started at ${startedAt}.${where} Stop that one first, or choose another data folder.`;
}

function toText(holder: Holder): string {
  return `${JSON.stringify(holder, undefined, 2)}\n`;
}

/** undefined for what is no lock: half of one after a power cut, say. */
function read(text: string): Holder | undefined {
  try {
    const { id, pid, startedAt, incarnation, url } = JSON.parse(text);
    if (typeof id !== 'string' || !Number.isSafeInteger(pid) || pid < 1) return undefined;
    if (typeof startedAt !== 'string' || parseIsoTime(startedAt) === undefined) return undefined;
    return {
      id,
      pid,
      startedAt,
      incarnation: typeof incarnation === 'string' ? incarnation : null,
      url: typeof url === 'string' ? url : null,
    };
  } catch {
    return undefined;
  }
}

function isRunning({ pid, incarnation }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Any other answer means that there is one, of another user for instance.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const current = incarnationOf(pid);
  return current !== 'ended' && (incarnation === null || current === undefined || current === incarnation);
}

/** Boot and start time of a process, as Linux counts it; `ended` for one that only waits to be noticed; undefined on other systems. */
function incarnationOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The second field is the program's name in parentheses and may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\)\s/s, '')
      .split(' ');
    const [state] = fields;
    return state === 'Z' || state === 'X' ? 'ended' : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}
