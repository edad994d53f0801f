import type { CycleDeps } from '../../src/app/run-cycle.ts';
import type { Rows } from '../../src/store/rows.ts';

/** Thrown in the place where the process is stopped, and by everything that it would have done afterwards. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/**
 * A process that is killed at one of its awaits. Each call that leaves the process has two points: just before it takes effect,
 * and just after, when the answer no longer arrives. From that point on nothing has an effect any more.
 */
export interface Process {
  /** Points passed so far. */
  readonly points: () => number;
  readonly stopped: () => boolean;
  readonly rows: (rows: Rows) => Rows;
  readonly deps: (deps: CycleDeps) => CycleDeps;
}

export function processStoppedAt(point: number): Process {
  let passed = 0;
  let stopped = false;
  const step = (): void => {
    if (stopped || ++passed === point) {
      stopped = true;
      throw new Stopped(`stopped at point ${point}`);
    }
  };
  const guarded =
    <Args extends readonly unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      step();
      const result = await call(...args);
      step();
      return result;
    };
  return {
    points: () => passed,
    stopped: () => stopped,
    rows: (rows) => ({ get: guarded(rows.get), list: guarded(rows.list), commit: guarded(rows.commit) }),
    deps: (deps) => ({ ...deps, observe: guarded(deps.observe), delay: guarded(deps.delay) }),
  };
}
