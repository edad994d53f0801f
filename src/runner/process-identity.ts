import { readFileSync } from 'node:fs';

/** A process, and not a later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot and start time; null where the system does not tell. */
  readonly incarnation: string | null;
}

export function identify(pid: number): ProcessIdentity {
  return { pid, incarnation: incarnationOf(pid) ?? null };
}

/** The identity in what was read from a file; undefined when there is none. */
export function readIdentity(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== 'object' || value === null || !('pid' in value)) return undefined;
  const { pid } = value;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined;
  return { pid, incarnation: 'incarnation' in value && typeof value.incarnation === 'string' ? value.incarnation : null };
}

/** Only the number counts where the system tells no more: then a later process with the same one is taken for it. */
export function isRunning({ pid, incarnation }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Any other error means that there is one, of another user for instance.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const current = incarnationOf(pid);
  return current !== 'ended' && (incarnation === null || current === undefined || current === incarnation);
}

/** As Linux counts it; `ended` for a process that only waits for its parent to notice; undefined on other systems. */
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
