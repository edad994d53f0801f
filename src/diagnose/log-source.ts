/** Where the bytes of one log, or of one archive of logs, come from. */
export interface LogSource {
  /** As findings and people name it. */
  readonly name: string;
  /** Size, when it is known before reading. */
  readonly bytes?: number;
  /** The bytes from the first to the last; may be called once. A chunk is valid until the next one is asked for. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** For archives, whose table of contents stands at their end; without it an archive is taken into memory first. */
  readonly openAt?: () => Promise<RandomAccess>;
}

export interface RandomAccess extends AsyncDisposable {
  readonly bytes: number;
  /** Up to `length` bytes from `offset`; fewer only where the file ends. */
  readonly read: (offset: number, length: number) => Promise<Buffer>;
}

/** Something that was asked for and cannot be opened. */
export interface Unopened {
  readonly name: string;
  readonly problem: string;
}

/** Bytes that are already there. */
export function memoryAccess(bytes: Buffer): RandomAccess {
  return {
    bytes: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
