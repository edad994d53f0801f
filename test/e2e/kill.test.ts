import { mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Store } from '../../src/app/store.ts';
import { isRunning, type ProcessIdentity, readIdentity } from '../../src/runner/process-identity.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { type Random, randomFrom } from '../support/fuzz.ts';
import { type KnownCommits, knownCommits } from '../support/known-commits.ts';
import { type MonitorProcess, processesIn, readRunnerFile, startMonitorProcess, storeOf } from '../support/monitor-process.ts';

const ROUNDS = 50;
/** That of a run that failed, to choose the same victims once more; the moments are never quite the same. */
const SEED = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 2 ** 32));

const TARGETS = ['contoso', 'fabrikam', 'litware', 'northwind'] as const;
/** All of them show at once. */
const FAULTS = ['healthy', 'ndes-app-pool-stopped', 'healthy', 'ra-certificate-expired', 'iis-auth-required'] as const;
/** Both at once is the power cut of a small machine: nobody is left who saves. */
const VICTIMS = ['runner', 'storage', 'storage', 'both'] as const;
/** Who starts the storage again takes more time with each time that it ends. */
const STORAGE_IN_A_ROW = 2;
const RECOVERY_MS = 30_000;
const MAX_RESTARTS = 3;
const POLL_MS = 20;
/** What no runner may ever log. */
const NEVER = /damaged|cannot be believed|does not stand|Unhandled|internal error|TypeError|ReferenceError/;

interface Scene {
  readonly folder: string;
  readonly random: Random;
  readonly simulators: readonly [Simulator, Simulator];
  readonly known: KnownCommits;
  readonly lines: string[];
  /** The runner of now. */
  runner: MonitorProcess;
  storageKilled: number;
  longestRecoveryMs: number;
}

/** Two targets for each simulator; an incident opens with the first bad result and ends with the first good one. */
function configuration(simulators: Scene['simulators']): string {
  return JSON.stringify({
    targets: TARGETS.map((id, index) => ({ id, url: simulators[index % 2 === 0 ? 0 : 1].url })),
    defaults: {
      periodSeconds: 1,
      longUrlEveryMinutes: 0,
      failuresBeforeAlert: 1,
      successesBeforeResolve: 1,
      flapping: { changes: 20, windowMinutes: 1, holdMinutes: 1 },
    },
    cycle: { jitterSeconds: 0, recheckSeconds: 0 },
    controlUrls: [],
  });
}

function storeIn(folder: string): Store {
  return storeOf(readRunnerFile(join(folder, '.scepwatch')));
}

/** What its runner says to be committed is noted, and looked at while it lives. */
function startRunner({ folder, known, lines }: Pick<Scene, 'folder' | 'known' | 'lines'>): MonitorProcess {
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      await known.look(storeIn(folder));
    } catch {
      // One of the two was killed meanwhile: then nothing was shown.
    }
    looking = false;
  };
  return startMonitorProcess(['--config', 'watch.json', '--port', '0'], {
    folder,
    onLine: (line) => {
      lines.push(line);
      known.hear(line);
      if (line.includes('cycle completed')) void look();
    },
  });
}

/** The storage's process; undefined while there is none. */
function storageOf(folder: string): ProcessIdentity | undefined {
  const identity = readIdentity(JSON.parse(readFileSync(join(folder, '.scepwatch/tables/azurite.json'), 'utf8')));
  return identity !== undefined && isRunning(identity) ? identity : undefined;
}

/** Cycles begin at full seconds: every second time it is soon after one, so that it is likely to hit a commit. */
async function untilAnyMoment(random: Random): Promise<void> {
  const untilSecond = 1_000 - (Date.now() % 1_000);
  await delay(random.below(2) === 0 ? untilSecond + random.below(150) : random.below(1_000));
}

async function changeFaults({ random, simulators }: Scene): Promise<void> {
  for (const simulator of simulators) if (random.below(3) === 0) await simulator.setFault(random.pick(FAULTS));
}

/** Kills somebody; a runner that is killed gets a successor at once. */
async function strike(scene: Scene): Promise<string> {
  const { folder, random, runner } = scene;
  const storage = storageOf(folder);
  const wanted = random.pick(VICTIMS);
  const isTooMuch = wanted === 'storage' && scene.storageKilled >= STORAGE_IN_A_ROW;
  const victim = storage === undefined || isTooMuch ? 'runner' : wanted;
  scene.storageKilled = victim === 'storage' ? scene.storageKilled + 1 : 0;
  if (victim !== 'runner' && storage !== undefined) process.kill(storage.pid, 'SIGKILL');
  if (victim === 'storage') return victim;
  runner.kill('SIGKILL');
  await runner.exited;
  scene.runner = startRunner(scene);
  return victim;
}

/** Until a cycle is stored that began after now. A runner whose storage is killed while it starts gives up, and is started again. */
async function recovery(scene: Scene): Promise<void> {
  const since = Date.now();
  const isOver = async (): Promise<boolean> => ((await storeIn(scene.folder).readCycle())?.startedAt ?? 0) > since;
  let restarts = 0;
  while (!(await isOver().catch(() => false))) {
    if (Date.now() - since > RECOVERY_MS || restarts > MAX_RESTARTS) throw new Error(`it does not recover:\n${lastLines(scene)}`);
    const ended = await Promise.race([scene.runner.exited, delay(POLL_MS)]);
    if (ended === undefined) continue;
    restarts++;
    scene.runner = startRunner(scene);
  }
  scene.longestRecoveryMs = Math.max(scene.longestRecoveryMs, Date.now() - since);
}

async function playRound(scene: Scene, round: number): Promise<void> {
  await changeFaults(scene);
  await untilAnyMoment(scene.random);
  const victim = await strike(scene);
  // Every fourth time the next one comes before it stands again.
  if (scene.random.below(4) === 0 && round < ROUNDS) return;
  await recovery(scene);
  const problems = await scene.known.problemsIn(storeIn(scene.folder));
  expect(problems, `round ${round} of seed ${SEED}: ${victim} was killed\n${lastLines(scene)}`).toEqual([]);
}

function lastLines({ lines }: Scene): string {
  return lines.slice(-40).join('\n');
}

async function incidentsIn(store: Store): Promise<number> {
  const found = await Promise.all(TARGETS.map((target) => store.readIncidents(target, { from: 0, before: Date.now() + 1 })));
  return found.flat().filter(({ resolvedAt }) => resolvedAt !== undefined).length;
}

it(`loses no committed cycle and shows no half of one when runner and storage are killed ${ROUNDS} times`, {
  timeout: 400_000,
}, async () => {
  await using one = await startSimulator();
  await using other = await startSimulator();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'scepwatch-kill-')));
  writeFileSync(join(folder, 'watch.json'), configuration([one, other]));
  const shared = { folder, known: knownCommits(TARGETS), lines: [] };
  const scene: Scene = {
    ...shared,
    random: randomFrom(SEED),
    simulators: [one, other],
    runner: startRunner(shared),
    storageKilled: 0,
    longestRecoveryMs: 0,
  };
  await recovery(scene);
  for (let round = 1; round <= ROUNDS; round++) await playRound(scene, round);

  const incidents = await incidentsIn(storeIn(folder));
  scene.runner.kill('SIGINT');
  expect(await scene.runner.exited).toBe(0);
  expect(processesIn(folder)).toEqual([]);
  expect(scene.lines.filter((line) => NEVER.test(line))).toEqual([]);
  const figures = { seed: SEED, ...scene.known.figures(), incidents, longestRecoveryMs: scene.longestRecoveryMs };
  console.log(JSON.stringify(figures));
  // Else it would have looked at nothing.
  expect(figures.committed).toBeGreaterThan(ROUNDS);
  expect(figures.seen).toBeGreaterThan(ROUNDS);
  expect(incidents).toBeGreaterThan(0);
});
