import { isUtf8 } from 'node:buffer';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

export interface Detected {
  readonly encoding: Encoding;
  /** Bytes of the byte order mark. */
  readonly mark: number;
}

/** How the text is encoded that begins with these bytes; CP1252 counts as UTF-8, and is told apart line by line. */
export function detectEncoding(start: Uint8Array): Detected {
  const [b0, b1, b2] = start;
  if (b0 === 0xef && b1 === 0xbb && b2 === 0xbf) return { encoding: 'utf-8', mark: 3 };
  if (b0 === 0xff && b1 === 0xfe) return { encoding: 'utf-16le', mark: 2 };
  if (b0 === 0xfe && b1 === 0xff) return { encoding: 'utf-16be', mark: 2 };
  return { encoding: wideEncoding(start) ?? 'utf-8', mark: 0 };
}

/** How much of a text without a byte order mark has to be ASCII for its null bytes to tell: logs of Windows nearly all are. */
const WIDE_SHARE = 0.3;
const WIDE_WINDOW = 8_192;

/** ASCII in UTF-16 has a null in every second byte, and binary data has them anywhere. */
function wideEncoding(start: Uint8Array): Encoding | undefined {
  const pairs = Math.floor(Math.min(start.length, WIDE_WINDOW) / 2);
  if (pairs < 2) return undefined;
  let odd = 0;
  let even = 0;
  for (let pair = 0; pair < pairs; pair++) {
    if (start[2 * pair] === 0) even++;
    if (start[2 * pair + 1] === 0) odd++;
  }
  if (odd > WIDE_SHARE * pairs && even <= odd / 20) return 'utf-16le';
  return even > WIDE_SHARE * pairs && odd <= even / 20 ? 'utf-16be' : undefined;
}

/** Makes UTF-8 of what comes in pieces. */
export interface Transcoder {
  readonly push: (bytes: Buffer) => Buffer;
  readonly end: () => Buffer;
}

export function transcoder(encoding: Encoding): Transcoder {
  if (encoding === 'utf-8') return { push: (bytes) => bytes, end: () => Buffer.alloc(0) };
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return {
    push: (bytes) => Buffer.from(decoder.decode(bytes, { stream: true }), 'utf8'),
    end: () => Buffer.from(decoder.decode(), 'utf8'),
  };
}

const cp1252 = new TextDecoder('windows-1252');

/** A line in UTF-8, or else in CP1252, which has a character for every byte. */
export function decodeLine(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') && !isUtf8(bytes) ? cp1252.decode(bytes) : text;
}
