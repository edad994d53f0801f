import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

export interface DecodedContent {
  readonly bytes: Uint8Array;
  readonly end: 'complete' | 'capped' | 'undecodable';
}

/**
 * Undoes a Content-Encoding that nobody asked for, but never yields more than `maxBytes`: a few kilobytes of gzip can hold gigabytes.
 * Unknown codings are left as they are.
 */
export async function decodeContent(bytes: Uint8Array, coding: string, maxBytes: number): Promise<DecodedContent> {
  const create = DECODERS.get(coding.trim().toLowerCase());
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

/** A map, because the server chooses the key: `constructor` must not find anything. */
const DECODERS: ReadonlyMap<string, () => ReturnType<typeof createGunzip>> = new Map([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['deflate', () => createInflate()],
  ['br', () => createBrotliDecompress()],
]);
