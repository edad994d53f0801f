import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { compose } from './compose.ts';
import type { ComposedMonitor } from './compose-monitor.ts';
import { type Environment, loadSettings, type Settings } from './config/settings.ts';
import { embeddedStorage } from './embedded-storage.ts';
import { type Journal, journaled } from './store/journal.ts';
import { createStore } from './store/store.ts';
import { connectTable } from './store/tables/connect.ts';
import { VERSION } from './version.ts';

/** Below the time limit of host.json, so that the end of a cycle is told by us. */
const CYCLE_LIMIT_MS = 9 * 60_000;

/** A monitor made from settings. Nothing is sent before its first use. Rejects with a StoreError when its storage cannot be meant. */
export async function createMonitor(environment: Environment): Promise<ComposedMonitor> {
  const loaded = loadSettings(environment, Date.now());
  if (!loaded.ok) return loaded;
  const { plan, cycleEveryMs } = loaded.settings;
  const { rows, damaged, close } = await connectRows(loaded.settings);
  const untold = [...damaged];
  return {
    ok: true,
    plan,
    cycleEveryMs,
    cycleLimitMs: CYCLE_LIMIT_MS,
    deps: (log) => {
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
    },
    close,
  };
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
