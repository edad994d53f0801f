import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isoTime, parseIsoTime } from '../core/time.ts';
import { identify, isRunning, type ProcessIdentity, readIdentity } from './process-identity.ts';
import { readIfPresent } from './read-if-present.ts';
import { writeAtomically, writeDurably } from './write-atomically.ts';

export interface InstanceLock {
  /** Tells whoever comes second where this instance answers. */
  readonly announce: (url: string) => Promise<void>;
  /** Lets go of the folder. */
  readonly release: () => Promise<void>;
}

interface Holder extends ProcessIdentity {
  readonly id: string;
  /** ISO 8601. */
  readonly startedAt: string;
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
    ...identify(process.pid),
    startedAt: isoTime(now()),
    url: null,
  };
  await take(file, folder, holder);
  return {
    announce: (url) => writeAtomically(file, toText({ ...holder, url })),
    release: async () => {
      const text = (await readIfPresent(file)) ?? '';
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
      const text = await readIfPresent(file);
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
    const claimant = read((await readIfPresent(claim)) ?? '');
    // It was killed in the middle of this.
    if (claimant !== undefined && !isRunning(claimant)) await rm(claim, { force: true });
    return false;
  }
  try {
    if ((await readIfPresent(file)) !== stale) return false;
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
    const value = JSON.parse(text);
    const identity = readIdentity(value);
    if (identity === undefined || typeof value.id !== 'string') return undefined;
    if (typeof value.startedAt !== 'string' || parseIsoTime(value.startedAt) === undefined) return undefined;
    return { ...identity, id: value.id, startedAt: value.startedAt, url: typeof value.url === 'string' ? value.url : null };
  } catch {
    return undefined;
  }
}
