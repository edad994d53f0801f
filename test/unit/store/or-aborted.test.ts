import { describe, expect, it } from 'vitest';
import { orAborted } from '../../../src/store/or-aborted.ts';

const REASON = new Error('the budget is spent');
const NEVER = new Promise<never>(() => {});

describe('a promise with a signal', () => {
  it('is the promise as long as the signal is silent', async () => {
    const error = new Error('x');
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
    expect(await orAborted(Promise.resolve(1), undefined)).toBe(1);
    await expect(orAborted(Promise.reject(error), signal)).rejects.toBe(error);
    await expect(orAborted(Promise.reject(error), undefined)).rejects.toBe(error);
  });

  it('is the reason of a signal that is aborted, before or later', async () => {
    const abort = new AbortController();
    const waiting = orAborted(NEVER, abort.signal);
    abort.abort(REASON);
    await expect(waiting).rejects.toBe(REASON);
    await expect(orAborted(NEVER, abort.signal)).rejects.toBe(REASON);
    await expect(orAborted(Promise.resolve(1), abort.signal)).rejects.toBe(REASON);
  });

  it('may fail later when nobody waits any more', async () => {
    const late = Promise.withResolvers<never>();
    await expect(orAborted(late.promise, AbortSignal.abort(REASON))).rejects.toBe(REASON);
    // An unhandled rejection would fail the whole run.
    late.reject(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
