import fc from 'fast-check';

/** Inputs in one run of the whole fuzz project, over all properties. */
export const TOTAL_RUNS = Number(process.env.SCEPWATCH_FUZZ_RUNS ?? 100_000);

/** The bar for one input (design, section 10). */
export const LIMIT_MS = 50;

/** Options for fc.assert: a share of all runs. What fails is printed with the seed that repeats it. */
export function share(percent: number): { readonly numRuns: number } {
  return { numRuns: Math.max(1, Math.round((TOTAL_RUNS * percent) / 100)) };
}

export interface Stopwatch {
  /** Runs and returns; throws when it takes too long. `again` does the same work once more where a cache would answer `run`. */
  readonly time: <T>(run: () => T, describe: () => string, again?: (attempt: number) => unknown) => T;
  readonly slowest: () => string;
}

/** A machine that does something else for a moment is no finding, so a slow input is measured again and its best time counts. */
export function stopwatch(): Stopwatch {
  let slowestMs = 0;
  let slowestInput = 'nothing';
  let inputs = 0;
  return {
    time: (run, describe, again = run) => {
      inputs++;
      const started = performance.now();
      const result = run();
      let ms = performance.now() - started;
      for (let attempt = 0; attempt < 3 && ms > LIMIT_MS; attempt++) {
        const restarted = performance.now();
        again(attempt);
        ms = Math.min(ms, performance.now() - restarted);
      }
      if (ms > slowestMs) {
        slowestMs = ms;
        slowestInput = describe();
      }
      if (ms > LIMIT_MS) throw new Error(`${ms.toFixed(1)} ms for ${describe()}`);
      return result;
    },
    slowest: () => `${inputs} inputs, the slowest took ${slowestMs.toFixed(1)} ms: ${slowestInput}`,
  };
}

/** A pseudo-random number generator from a seed that fast-check chose: much cheaper than arbitraries for thousands of bytes. */
export interface Random {
  /** An integer from 0 to below `limit`. */
  readonly below: (limit: number) => number;
  readonly pick: <T>(from: readonly [T, ...T[]]) => T;
  readonly bytes: (length: number) => Buffer;
}

/** Mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number): number => next() % Math.max(1, limit);
  return {
    below,
    pick: (from) => from[below(from.length)] ?? from[0],
    bytes: (length) => {
      const bytes = Buffer.allocUnsafe(length);
      for (let i = 0; i < length; i++) bytes[i] = next() & 0xff;
      return bytes;
    },
  };
}

export const seeds = fc.integer({ min: 0, max: 0xffff_ffff });

/** Pieces of text that have broken terminals, pages, cards, parsers and log lines. */
export const NASTY = [
  '\u001b[2J',
  '\u001b]0;owned\u0007',
  '\u009b31m',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u2028',
  '\u2029',
  '\ud800',
  '\udc00',
  '\ufeff',
  '\ufff9',
  '\u00ad',
  '\u061c',
  '\u180e',
  '\u{e0041}',
  '\u{1f600}',
  '\0',
  '\r\n',
  '\n',
  '\r',
  '\t',
  '\b',
  '\u007f',
  '\u0085',
  '\u00a0',
  '<script>alert(1)</script>',
  '<!--',
  '&lt;',
  '|',
  '`',
  '**',
  '[x](javascript:y)',
  '"',
  "'",
  '\\',
  '\\u001b',
  '%00',
  '$(x)',
  '\u0130',
  'e\u0301',
  '\u65e5\u672c',
  ' ',
  'a',
  'x'.repeat(300),
] as const;

export const nastyText = fc.array(fc.constantFrom(...NASTY), { maxLength: 10 }).map((pieces) => pieces.join(''));
