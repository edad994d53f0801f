import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface MemoryWatch {
  /** Collects garbage and notes what is left; call it while the work goes on. */
  readonly sample: () => void;
  /** The most that was alive at any sample beyond what was alive at the start, in bytes. */
  readonly growth: () => number;
}

/** Counts what is reachable (heap and buffers), not what waits for the garbage collector, so that the figure does not depend on the machine's mood. */
export function watchMemory(): MemoryWatch {
  setFlagsFromString('--expose-gc');
  const collectGarbage: unknown = runInNewContext('gc');
  if (typeof collectGarbage !== 'function') throw new Error('this Node does not expose its garbage collector');
  const alive = (): number => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const start = alive();
  let most = start;
  const sample = (): void => {
    most = Math.max(most, alive());
  };
  return {
    sample,
    growth: () => {
      sample();
      return most - start;
    },
  };
}
