import { setImmediate as turn } from 'node:timers/promises';

/** A clock that stands still while something works and jumps to the next moment when somebody wanted to be woken. Epoch ms. */
export interface VirtualTime {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Lets time pass until the work is done. Work that waits for anything but `sleep` has to come by in the same turn of the event loop. */
  readonly pass: <Value>(work: Promise<Value>) => Promise<Value>;
  readonly jumpTo: (at: number) => void;
}

export function virtualTime(start: number): VirtualTime {
  let now = start;
  const wakers = new Map<number, (() => void)[]>();
  return {
    now: () => now,
    sleep: (ms) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const at = now + Math.max(1, Math.round(ms));
      const others = wakers.get(at);
      if (others === undefined) wakers.set(at, [resolve]);
      else others.push(resolve);
      return promise;
    },
    pass: async (work) => {
      let done = false;
      const settled = work.finally(() => {
        done = true;
      });
      // Whoever awaits the work hears of its failure.
      settled.catch(() => {});
      while (true) {
        await turn();
        if (done) return settled;
        if (wakers.size === 0) throw new Error('the work waits for something that is not in virtual time');
        while (!wakers.has(now)) now++;
        const woken = wakers.get(now) ?? [];
        wakers.delete(now);
        for (const wake of woken) wake();
      }
    },
    jumpTo: (at) => {
      now = at;
    },
  };
}
