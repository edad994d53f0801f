import type { LogCode } from './log-code.ts';
import type { Platform } from './scep-exchange.ts';

/** Something that one place in a log says, or that a log as a whole says. */
export interface LogFinding {
  readonly code: LogCode;
  readonly platform?: Platform;
  /** Epoch ms; absent when the log has no date there. */
  readonly at?: number;
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** The line, or the lines that belong together, joined by line feeds. Not redacted: whoever shows it does that. */
  readonly text: string;
  /** What it says in this very case: an HRESULT with its meaning, a URL. For people; not redacted. */
  readonly detail?: string;
}
