import type { Duplex } from 'node:stream';

/** A request as far as the simulator looks at it. The body is read and thrown away. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
  /** At most MAX_KEPT_BODY bytes of it. */
  readonly body: string;
  readonly keepAlive: boolean;
}

/** What the peer did instead of sending a request. */
export type BadRequest = 'too-long' | 'malformed';

const MAX_HEAD_BYTES = 128 * 1024;
/** A hundred times what a device sends. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_KEPT_BODY = 4096;

/**
 * Reads HTTP/1.1 requests from a socket, one after the other, pipelined ones too: the next is handed over when `answer` has settled.
 * Whatever is not a request is handed over as such once, and reading ends. A request that has begun must be there after
 * `arrivalMs`, however busily its bytes trickle in; otherwise the connection ends.
 */
export function readRequests(socket: Duplex, arrivalMs: number, answer: (request: RawRequest | BadRequest) => Promise<void>): void {
  let buffered: Buffer = Buffer.alloc(0);
  let busy = false;
  let over = false;
  let arrival: NodeJS.Timeout | undefined;

  const arrived = (): void => {
    clearTimeout(arrival);
    arrival = undefined;
  };

  const finish = async (bad: BadRequest): Promise<void> => {
    over = true;
    buffered = Buffer.alloc(0);
    await answer(bad);
  };

  const next = async (): Promise<void> => {
    if (busy || over) return;
    busy = true;
    try {
      // Not writable any more: the last answer closed the connection, and what was pipelined behind it gets none.
      while (!over && socket.writable) {
        const taken = take(buffered);
        if (taken === 'incomplete') {
          if (buffered.length > 0) arrival ??= setTimeout(() => socket.destroy(), arrivalMs);
          return;
        }
        arrived();
        if (typeof taken === 'string') return await finish(taken);
        buffered = buffered.subarray(taken.length);
        await answer(taken.request);
      }
    } finally {
      busy = false;
      socket.resume();
    }
  };

  socket.on('data', (chunk: Buffer) => {
    if (over) return;
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    // Whoever sends while an answer is due waits; small pipelined requests still fit.
    if (busy && buffered.length > MAX_HEAD_BYTES) socket.pause();
    void next();
  });
  socket.once('close', arrived);
}

type Taken = { readonly request: RawRequest; readonly length: number } | BadRequest | 'incomplete';

function take(bytes: Buffer): Taken {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return bytes.length > MAX_HEAD_BYTES ? 'too-long' : 'incomplete';
  if (end > MAX_HEAD_BYTES) return 'too-long';
  const [requestLine = '', ...headerLines] = bytes.toString('latin1', 0, end).split('\r\n');
  const [, method, target, version] = /^([A-Z]{1,20}) (\S+) HTTP\/1\.([01])$/.exec(requestLine) ?? [];
  if (method === undefined || target === undefined) return 'malformed';
  const headers = new Map<string, string>();
  for (const line of headerLines) {
    const colon = line.indexOf(':');
    if (colon < 1) return 'malformed';
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const announced = Number(headers.get('content-length') ?? '0');
  if (!Number.isInteger(announced) || announced < 0 || announced > MAX_BODY_BYTES || headers.has('transfer-encoding')) return 'malformed';
  const start = end + 4;
  if (bytes.length < start + announced) return 'incomplete';
  const connection = headers.get('connection')?.toLowerCase() ?? '';
  const body = bytes.toString('latin1', start, start + Math.min(announced, MAX_KEPT_BODY));
  return {
    request: { method, target, headers, body, keepAlive: version === '1' ? connection !== 'close' : connection === 'keep-alive' },
    length: start + announced,
  };
}
