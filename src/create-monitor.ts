import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerHealth } from './app/answer-health.ts';
import type { Log } from './app/log.ts';
import type { CycleDeps } from './app/run-cycle.ts';
import { shareAnswers } from './app/share-answers.ts';
import { compose } from './compose.ts';
import type { ComposedMonitor } from './compose-monitor.ts';
import { type Environment, loadSettings, type Settings } from './config/settings.ts';
import { embeddedStorage } from './embedded-storage.ts';
import { type Journal, journaled } from './store/journal.ts';
import { createStore } from './store/store.ts';
import { connectTable } from './store/tables/connect.ts';
import { VERSION } from './version.ts';

/** Somebody who looks sees the cycle of this minute; somebody who asks all the time costs nothing. */
const HEALTH_SHARED_MS = 5_000;

/** A monitor made from settings. Nothing is sent before its first use. Rejects with a StoreError when its storage cannot be meant. */
export async function createMonitor(environment: Environment): Promise<ComposedMonitor> {
  const loaded = loadSettings(environment, Date.now());
  if (!loaded.ok) return loaded;
  const { plan, cycleEveryMs } = loaded.settings;
  const { rows, damaged, close } = await connectRows(loaded.settings);
  const untold = [...damaged];
  const deps = (log: Log): CycleDeps => {
    // Found before there was a log; told once, by the first call that has one.
    for (const line of untold.splice(0)) log.error('a line of the journal cannot be read and is skipped', { line });
    return {
      ...compose(),
      store: createStore(rows, (problem) => log.error('a stored row cannot be believed', { problem })),
      log,
      random: Math.random,
      newId: randomUUID,
      delay: async (ms, signal) => {
        await sleep(ms, undefined, { signal });
      },
      version: VERSION,
    };
  };
  const health = shareAnswers(HEALTH_SHARED_MS, Date.now, (log: Log) => answerHealth({ plan, cycleEveryMs, deps: deps(log) }));
  return { ok: true, plan, cycleEveryMs, deps, health, close };
}

type Connected = Pick<Journal, 'rows' | 'damaged' | 'close'>;

async function connectRows({ storage }: Settings): Promise<Connected> {
  const { rows } = connectTable(storage);
  const embedded = embeddedStorage();
  if (embedded === undefined) return { rows, damaged: [], close: async () => {} };
  const journal = await journaled(rows, embedded.journalFolder, { savedAt: embedded.savedAt });
  embedded.replay = journal.replay;
  return journal;
}
