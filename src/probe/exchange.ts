import type { Client } from 'undici';
import type { BodyEnd, Header } from '../core/verdict/observation.ts';
import { decodeContent } from './content-coding.ts';
import { describeError } from './dial.ts';

export interface ExchangeOptions {
  readonly path: string;
  readonly headers: readonly string[];
  /** Until the answer's last byte, in milliseconds. */
  readonly limitMs: number;
  readonly maxBodyBytes: number;
}

export type ExchangeResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly reason: string;
      readonly headers: readonly Header[];
      readonly body: Uint8Array;
      readonly bodyEnd: BodyEnd;
      readonly firstByteMs: number;
    }
  | { readonly kind: 'failed'; readonly phase: 'request' | 'first-byte'; readonly code: string; readonly detail: string };

/** undici's own name for it, so that one table of codes serves for all time limits. */
export const NO_REPLY = 'UND_ERR_HEADERS_TIMEOUT';

interface Head {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly firstByteMs: number;
}

/** One GET over an existing connection. Never throws and never keeps more than the limits allow, whatever the server does. */
export async function exchange(client: Client, { path, headers, limitMs, maxBodyBytes }: ExchangeOptions): Promise<ExchangeResult> {
  const { promise, resolve } = Promise.withResolvers<{ readonly end: BodyEnd; readonly error?: Error }>();
  const started = performance.now();
  const body = growingBuffer(maxBodyBytes);
  let sent = false;
  let head: Head | undefined;
  let abort: (reason: Error) => void = () => {};
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    // Before abort, which reports an error of its own at once.
    resolve({ end: 'timeout' });
    abort(new Error('time limit'));
  }, limitMs);

  client.dispatch(
    { path, method: 'GET', headers: [...headers] },
    {
      onRequestStart(controller) {
        abort = (reason) => controller.abort(reason);
        if (timedOut) abort(new Error('time limit'));
      },
      onRequestSent() {
        sent = true;
      },
      onResponseStart(controller, status, _headers, reason) {
        if (status < 200) return;
        head = { status, reason: reason ?? '', headers: headerPairs(controller.rawHeaders), firstByteMs: performance.now() - started };
      },
      onResponseData(_controller, chunk) {
        if (body.append(chunk)) return;
        resolve({ end: 'capped' });
        abort(new Error('size limit'));
      },
      onResponseEnd() {
        resolve({ end: 'complete' });
      },
      onResponseError(_controller, error) {
        resolve({ end: 'reset', error });
      },
    },
  );

  const { end, error } = await promise;
  clearTimeout(timer);
  if (head === undefined) {
    if (end === 'timeout')
      return { kind: 'failed', phase: 'first-byte', code: NO_REPLY, detail: `no answer within ${Math.round(limitMs)} ms` };
    return { kind: 'failed', phase: sent ? 'first-byte' : 'request', ...describeHttpError(error) };
  }
  const raw = body.bytes();
  const coding = head.headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1];
  if (coding === undefined || raw.length === 0) return { kind: 'answered', ...head, body: raw, bodyEnd: end };
  const decoded = await decodeContent(raw, coding, maxBodyBytes);
  return { kind: 'answered', ...head, body: decoded.bytes, bodyEnd: end === 'complete' ? decoded.end : end };
}

interface GrowingBuffer {
  /** False once the limit is reached; what goes beyond it is dropped. */
  readonly append: (chunk: Buffer) => boolean;
  readonly bytes: () => Uint8Array;
}

/** Copies what it is given: a chunk is a view into all that was read from the socket, and endless chunk framing would be kept with it. */
function growingBuffer(maxBytes: number): GrowingBuffer {
  let buffer = Buffer.alloc(0);
  let length = 0;
  return {
    append: (chunk) => {
      const end = Math.min(length + chunk.length, maxBytes);
      if (end > buffer.length) {
        const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(end * 2, 4096), maxBytes));
        buffer.copy(larger, 0, 0, length);
        buffer = larger;
      }
      chunk.copy(buffer, length, 0, end - length);
      length = end;
      return length < maxBytes;
    },
    bytes: () => new Uint8Array(buffer.subarray(0, length)),
  };
}

const NOT_HTTP = 'HPE_INVALID_RESPONSE';

/** undici names its parser's complaints in several ways, some without a code; all of them mean that the server did not speak HTTP. */
function describeHttpError(error: unknown): { readonly code: string; readonly detail: string } {
  const described = describeError(error);
  if (described.code === 'HTTPParserError') return { ...described, code: NOT_HTTP };
  if (described.code === 'ERR_ASSERTION') return { code: NOT_HTTP, detail: 'the status line or the headers make no sense' };
  if (described.code === 'UND_ERR_SOCKET' && (described.detail === 'bad upgrade' || described.detail === 'bad response')) {
    return { code: NOT_HTTP, detail: 'an interim answer (1xx) that nobody asked for' };
  }
  return described;
}

/** undici gives name, value, name, value … as bytes; HTTP field values are latin-1 (RFC 9110 section 5.5). */
function headerPairs(raw: unknown): readonly Header[] {
  if (!Array.isArray(raw)) return [];
  const text = (part: unknown): string => (Buffer.isBuffer(part) ? part.toString('latin1') : String(part));
  const pairs: Header[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([text(raw[i]), text(raw[i + 1])]);
  return pairs;
}
