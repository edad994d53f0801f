import type { ScepExchange } from './scep-exchange.ts';

/** How a request ended; `untold` when its log does not say. */
export type Outcome = 'ok' | 'failed' | 'untold';

/** As NDES answers when it is well: 403 to its bare URL, 401 to whoever opens the administration page first, 2xx to everything else. */
export function outcomeOf({ operation, status }: Pick<ScepExchange, 'operation' | 'status'>): Outcome {
  if (status === undefined) return 'untold';
  if (operation === 'base-url') return status === 403 ? 'ok' : 'failed';
  if (operation === 'admin') return status < 500 ? 'ok' : 'failed';
  return status >= 200 && status < 300 ? 'ok' : 'failed';
}
