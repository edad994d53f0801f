/**
 * Where the local runner and the app that it runs meet over the storage between them. The runner knows when Azurite, which saves only
 * every few seconds, has ended and comes back; the app's journal knows what has to be given back to it. Both run in one process but need not
 * come from one build, so they share this by name and not by import.
 */
export interface EmbeddedStorage {
  /** Where commits are written down until the storage has saved them. */
  readonly journalFolder: string;
  /** Epoch ms of the last time that the storage saved its file; undefined when it never did. */
  readonly savedAt: () => number | undefined;
  /** Set by whoever opens the journal: calls `start`, which starts the storage again, and then gives back what it had not saved. */
  replay?: (start: () => Promise<void>) => Promise<unknown>;
}

const NAME = Symbol.for('scepwatch.embedded-storage');

type Shared = typeof globalThis & { [NAME]?: EmbeddedStorage };

export function announceEmbeddedStorage(storage: EmbeddedStorage): void {
  (globalThis as Shared)[NAME] = storage;
}

export function withdrawEmbeddedStorage(): void {
  delete (globalThis as Shared)[NAME];
}

/** The storage that the runner of this process provides; undefined without one, as in Azure. */
export function embeddedStorage(): EmbeddedStorage | undefined {
  return (globalThis as Shared)[NAME];
}
