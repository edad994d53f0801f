import type { Deps } from './app/ports.ts';
import { readBundle } from './certificate/read-bundle.ts';
import { observe } from './probe/observe.ts';

/** The one place where real things are joined. */
export function compose(): Deps {
  return { observe, readBundle, now: Date.now };
}
