/** The wish of whoever runs this process that it ends: Ctrl-C, or a service manager's SIGTERM. */
export interface Interrupt {
  readonly promise: Promise<void>;
  /** From here on the signals do what they always do. */
  readonly ignore: () => void;
}

/** Hears the first signal; a second one ends the process the usual way, for those who cannot wait. */
export function untilStopped(): Interrupt {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ignore = (): void => {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
    process.removeListener('SIGHUP', stop);
  };
  const stop = (): void => {
    ignore();
    resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  return { promise, ignore };
}
