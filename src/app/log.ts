/** Facts of one line; numbers stay numbers, so that they can be summed up where the log is read. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where a verb says what it does. Messages and fields hold no secrets. */
export interface Log {
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
}
