import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What tests and the benchmark need that npm does not have. */
export const SYSTEM_PACKAGES = [
  { command: 'scepserver', debian: 'scep', purpose: 'a SCEP server that is not ours (micromdm/scep)', usedBy: 'tests' },
  { command: 'nginx', debian: 'nginx-light', purpose: 'a real reverse proxy in front of a SCEP server', usedBy: 'tests' },
  { command: 'openssl', debian: 'openssl', purpose: 'certificates that our own code did not make', usedBy: 'tests' },
  {
    command: 'prometheus-blackbox-exporter',
    debian: 'prometheus-blackbox-exporter',
    purpose: 'the prober to compare with',
    usedBy: 'bench',
  },
] as const;

export type SystemPackage = (typeof SYSTEM_PACKAGES)[number];
export type SystemCommand = SystemPackage['command'];

/** Debian puts servers into /usr/sbin, which is not on every user's PATH. */
const MORE_FOLDERS = process.platform === 'win32' ? [] : ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The absolute path of a command, or undefined. */
export function findCommand(command: string): string | undefined {
  const file = process.platform === 'win32' ? `${command}.exe` : command;
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...MORE_FOLDERS];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, file))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export const missingPackages = (usedBy: SystemPackage['usedBy'] = 'tests'): SystemPackage[] =>
  SYSTEM_PACKAGES.filter((entry) => entry.usedBy === usedBy && findCommand(entry.command) === undefined);

export const packageOf = (command: SystemCommand): SystemPackage | undefined => SYSTEM_PACKAGES.find((entry) => entry.command === command);

/** One line for a person: what is missing, what for, and the command that brings it. */
export function describeMissing(missing: readonly SystemPackage[]): string {
  const names = missing.map((entry) => `${entry.command} (${entry.purpose})`).join(', ');
  const packages = missing.map((entry) => entry.debian).join(' ');
  return `missing ${names}; install with: sudo apt-get install --no-install-recommends ${packages}`;
}

/**
 * Installs what is missing where that is allowed (Linux, root, apt-get) and returns what is missing still.
 * Elsewhere it changes nothing; the caller names the rest with describeMissing.
 */
export async function installMissing(
  usedBy: SystemPackage['usedBy'] = 'tests',
  print: (line: string) => void = console.log,
): Promise<SystemPackage[]> {
  const missing = missingPackages(usedBy);
  const aptGet = findCommand('apt-get');
  if (missing.length === 0 || process.platform !== 'linux' || process.getuid?.() !== 0 || aptGet === undefined) return missing;
  await withServicesHeldBack(async (interrupted) => {
    print('apt-get update');
    await run(aptGet, ['update', '-q']);
    // One by one, so that a package which this release does not have leaves the others alone.
    for (const { debian } of missing) {
      if (interrupted()) return;
      print(`apt-get install ${debian}`);
      await run(aptGet, ['install', '-q', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', debian]);
    }
  });
  return missingPackages(usedBy);
}

/** What counts is whether the command is there afterwards, so the exit code stays with apt-get's own output. */
async function run(command: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await once(spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env }), 'close');
}

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Debian's packages start their services when installed; answer 101 of policy-rc.d forbids it (invoke-rc.d, Debian policy 9.3.3). */
async function withServicesHeldBack(work: (interrupted: () => boolean) => Promise<void>): Promise<void> {
  let caught: NodeJS.Signals | undefined;
  // A signal waits for the running apt-get: to cut dpkg short, or to lift the policy while it works, would be worse.
  const remember = (signal: NodeJS.Signals) => {
    caught = signal;
  };
  const ours = !existsSync(POLICY_FILE);
  const lift = () => {
    if (ours) rmSync(POLICY_FILE, { force: true });
  };
  for (const signal of SIGNALS) process.on(signal, remember);
  process.on('exit', lift);
  try {
    if (ours) writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
    await work(() => caught !== undefined);
  } finally {
    lift();
    process.off('exit', lift);
    for (const signal of SIGNALS) process.off(signal, remember);
  }
  if (caught !== undefined) process.kill(process.pid, caught);
}
