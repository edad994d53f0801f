/** Runs work when one of `count` slots is free. Who waits longest goes first, unless somebody is `urgent`. */
export type Slots = <Result>(work: () => Promise<Result>, urgent?: boolean) => Promise<Result>;

export function slots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work, urgent = false) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => (urgent ? waiting.unshift(resolve) : waiting.push(resolve)));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
