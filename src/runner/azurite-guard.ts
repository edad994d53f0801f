/**
 * Loaded into Azurite's process before Azurite itself. The process ends when its parent has gone, however that went, and saves first;
 * and only then: Ctrl-C and a service manager's SIGTERM reach every process at once, but the parent still has something to write.
 */

const SAVE_MS = 5_000;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

// Azurite would end at SIGINT. In a microtask, before any signal can be handled.
process.on('newListener', (event, listener) => {
  if (event === 'SIGINT') queueMicrotask(() => process.removeListener('SIGINT', listener));
});

process.once('disconnect', () => {
  // What Azurite understands: it closes its server and writes its file. Before it listens for it, there is nothing to write.
  if (!process.emit('message', 'shutdown', undefined)) process.exit(1);
  setTimeout(() => process.exit(1), SAVE_MS).unref();
});

// Listening for the end of the channel alone is no reason to live on.
process.channel?.unref();
