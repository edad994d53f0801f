import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown CPU',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
  };
}

export function machineText({ cpu, cores, memoryGb, system, node }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGb} GB; ${system}; Node ${node}`;
}

let ticksPerSecond: number | undefined;

/** User and system CPU time that a process has used so far, all its threads together, in milliseconds; Linux only. */
export function cpuMsOf(pid: number): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  // proc_pid_stat(5): the second field, the command in brackets, may hold spaces; utime and stime are fields 14 and 15.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1000;
}

/** Peak memory in MB of this process or another one. Not `resourceUsage().maxRSS`, which on Linux remembers the parent's size from before exec. */
export function peakRssMb(pid: number | 'self' = 'self'): number {
  try {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (peak !== undefined) return Number(peak) / 1024;
  } catch (error) {
    if (pid !== 'self') throw error;
    // No /proc: not Linux, where the other source is right.
  }
  return process.resourceUsage().maxRSS / 1024;
}

/** The process that this one has started with `word` in its command line. */
export function childPid(word: string): number {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readIfThere(`/proc/${pid}/status`).includes(`\nPPid:\t${process.pid}\n`))
    .filter((pid) => readIfThere(`/proc/${pid}/cmdline`).includes(word));
  const [pid, another] = children;
  if (pid === undefined || another !== undefined)
    throw new Error(`${children.length} child processes have "${word}" in their command line`);
  return Number(pid);
}

/** Processes come and go while one looks. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
