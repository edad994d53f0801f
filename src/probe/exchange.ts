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
const NO_REPLY = 'UND_ERR_HEADERS_TIMEOUT';

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
  const chunks: Buffer[] = [];
  let length = 0;
  let sent = false;
  let head: Head | undefined;
  let abort: (reason: Error) => void = () => {};
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    abort(new Error('time limit'));
    resolve({ end: 'timeout' });
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
        const room = maxBodyBytes - length;
        chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
        length += Math.min(chunk.length, room);
        if (length < maxBodyBytes) return;
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
    return { kind: 'failed', phase: sent ? 'first-byte' : 'request', ...describeError(error) };
  }
  const raw = Buffer.concat(chunks);
  const coding = head.headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1];
  if (coding === undefined || raw.length === 0) return { kind: 'answered', ...head, body: new Uint8Array(raw), bodyEnd: end };
  const decoded = await decodeContent(raw, coding, maxBodyBytes);
  return { kind: 'answered', ...head, body: decoded.bytes, bodyEnd: end === 'complete' ? decoded.end : end };
}

/** undici gives name, value, name, value … as bytes; HTTP field values are latin-1 (RFC 9110 section 5.5). */
function headerPairs(raw: unknown): readonly Header[] {
  if (!Array.isArray(raw)) return [];
  const text = (part: unknown): string => (Buffer.isBuffer(part) ? part.toString('latin1') : String(part));
  const pairs: Header[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([text(raw[i]), text(raw[i + 1])]);
  return pairs;
}
