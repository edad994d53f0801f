/** One thing that the runner has to tell. What is shown, and how, is the caller's. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  /** The function that it is about; absent when it is the runner itself. */
  readonly functionName?: string;
  /** Several lines when it has a stack. */
  readonly text: string;
}

export type WriteLog = (line: LogLine) => void;

/** What was thrown, with its stack and causes where it has them. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\n  caused by: ${describeError(error.cause)}`;
  return `${error.stack ?? `${error.name}: ${error.message}`}${cause}`;
}
