import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';

export interface DecodedContent {
  readonly bytes: Uint8Array;
  readonly end: 'complete' | 'capped' | 'undecodable';
}

/**
 * Undoes a Content-Encoding that nobody asked for, but never yields more than `maxBytes`: a few kilobytes of gzip can hold gigabytes.
 * Unknown codings, and more than one, are left as they are.
 */
export async function decodeContent(bytes: Uint8Array, coding: string, maxBytes: number): Promise<DecodedContent> {
  const named = coding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  const create =
    named.length === 1 ? DECODERS.get(named[0] === 'deflate' && !hasZlibHeader(bytes) ? 'raw-deflate' : (named[0] ?? '')) : undefined;
  if (create === undefined) return { bytes, end: 'complete' };
  const decoder = create();
  const chunks: Buffer[] = [];
  let length = 0;
  const { promise, resolve } = Promise.withResolvers<DecodedContent['end']>();
  decoder.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= maxBytes) resolve('capped');
  });
  decoder.once('end', () => resolve('complete'));
  decoder.once('error', () => resolve('undecodable'));
  decoder.end(bytes);
  const end = await promise;
  decoder.destroy();
  return { bytes: new Uint8Array(Buffer.concat(chunks).subarray(0, maxBytes)), end };
}

/** RFC 9110 section 8.4.1.2 wants the zlib format, and notes that some servers leave its header out. */
function hasZlibHeader([first = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8;
}

/** A map, because the server chooses the key: `constructor` must not find anything. */
const DECODERS: ReadonlyMap<string, () => ReturnType<typeof createGunzip>> = new Map([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['deflate', () => createInflate()],
  ['raw-deflate', () => createInflateRaw()],
  ['br', () => createBrotliDecompress()],
]);
