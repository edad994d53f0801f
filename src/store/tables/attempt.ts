import { setTimeout as wait } from 'node:timers/promises';
import { orAborted } from '../or-aborted.ts';
import { RowLimitError, StoreError } from '../rows.ts';
import { type Failure, failureOf } from './failure.ts';

/** How often and how long; the defaults add up to less than a minute. */
export interface AttemptTools {
  readonly tries: number;
  /** Milliseconds that one try may take. */
  readonly tryMs: number;
  /** Milliseconds; ends early when the signal is aborted. */
  readonly delay: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
/** A server that wants more patience gets the next cycle. */
const LONGEST_RETRY_AFTER_MS = 10_000;

export const ATTEMPT_TOOLS: AttemptTools = {
  tries: 4,
  tryMs: 10_000,
  delay: async (ms, signal) => {
    await wait(ms, undefined, { ...(signal !== undefined && { signal }) }).catch(() => {});
  },
  random: Math.random,
  now: Date.now,
};

/** What the service has answered at last: a value, or that it declines. */
export type Attempted<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly status: number; readonly code: string };

/**
 * Sends until there is an answer, a few times at most, with growing random waits between the tries.
 * @throws StoreError `unavailable` after the last try, `refused` at once; the reason of `signal` as soon as it is aborted.
 */
export async function attempt<Value>(
  what: string,
  send: (signal: AbortSignal) => Promise<Value>,
  tools: AttemptTools,
  signal: AbortSignal | undefined,
): Promise<Attempted<Value>> {
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    const result = await oneTry(send, tools, signal);
    if (result.kind === 'value') return { ok: true, value: result.value };
    if (result.kind === 'declined') return { ok: false, status: result.status, code: result.code };
    if (result.kind === 'refused') throw new StoreError('refused', `${what}: ${result.what}`);
    if (tries >= tools.tries)
      throw new StoreError('unavailable', `${what}: ${result.what} (last of ${tries} tries)`, { cause: result.cause });
    await tools.delay(waitBefore(tries, result.retryAfterMs, tools.random), signal);
  }
}

/** Full jitter: many instances that failed together do not come back together. */
function waitBefore(failedTries: number, retryAfterMs: number | undefined, random: () => number): number {
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failedTries - 1));
  return Math.max(Math.round(random() * ceiling), Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS));
}

type OneTry<Value> = { readonly kind: 'value'; readonly value: Value } | Failure;

async function oneTry<Value>(
  send: (signal: AbortSignal) => Promise<Value>,
  { tryMs, now }: AttemptTools,
  signal: AbortSignal | undefined,
): Promise<OneTry<Value>> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), tryMs);
  const either = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
  try {
    return { kind: 'value', value: await orAborted(send(either), either) };
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.signal.aborted) return { kind: 'passing', what: `no answer within ${tryMs} ms` };
    if (error instanceof StoreError || error instanceof RowLimitError) throw error;
    return failureOf(error, now());
  } finally {
    clearTimeout(timer);
  }
}
