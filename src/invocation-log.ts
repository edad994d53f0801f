import type { InvocationContext } from '@azure/functions';
import type { Log } from './app/log.ts';
import { logLine } from './core/text/log-line.ts';

/** The log of one invocation: Azure joins its lines with the function and the call. */
export function invocationLog(context: Pick<InvocationContext, 'debug' | 'info' | 'warn' | 'error'>): Log {
  return {
    debug: (message, fields) => context.debug(logLine(message, fields)),
    info: (message, fields) => context.info(logLine(message, fields)),
    warn: (message, fields) => context.warn(logLine(message, fields)),
    error: (message, fields) => context.error(logLine(message, fields)),
  };
}
