import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { LogProblem } from './log-problem.ts';
import { type LogSource, memoryAccess, type RandomAccess, type Unopened } from './log-source.ts';
import { readZipEntry, type ZipEntry, zipEntries } from './zip-archive.ts';

/** One log, unpacked where it was packed. */
export interface LogContent {
  readonly name: string;
  /** A chunk is valid until the next one is asked for. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Logs shrink by twenty, repetitive ones by some hundreds; what grows more than this, and to more than a few megabytes, was made to. */
const MAX_GROWTH = 500;
const HARMLESS_BYTES = 67_108_864;
/** An archive that does not come from a file is taken into memory up to this size. */
const MAX_IN_MEMORY = 67_108_864;
const CHUNK = 131_072;

/** The logs in a source: itself, what gzip packed, or the files of a zip archive; archives in archives are not opened. */
export async function* unpack(source: LogSource): AsyncGenerator<LogContent | Unopened> {
  const { start, chunks } = await peek(source.open(), 4);
  if (isGzip(start)) yield { name: source.name, chunks: gunzipped(chunks) };
  else if (isZip(start)) yield* unzip(source, chunks);
  else yield { name: source.name, chunks };
}

function isGzip([a, b, c]: Uint8Array): boolean {
  return a === 0x1f && b === 0x8b && c === 8;
}

/** A local header, or the end of an archive without files. */
function isZip([a, b, c, d]: Uint8Array): boolean {
  return a === 0x50 && b === 0x4b && ((c === 3 && d === 4) || (c === 5 && d === 6));
}

interface Peeked {
  readonly start: Uint8Array;
  readonly chunks: AsyncIterable<Uint8Array>;
}

async function peek(bytes: AsyncIterable<Uint8Array>, atLeast: number): Promise<Peeked> {
  const iterator = bytes[Symbol.asyncIterator]();
  let start: Uint8Array = Buffer.alloc(0);
  while (start.length < atLeast) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    start = start.length === 0 && value.length >= atLeast ? value : Buffer.concat([start, value]);
  }
  return { start, chunks: resumed(start, iterator) };
}

async function* resumed(start: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (start.length > 0) yield start;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

async function* gunzipped(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  let taken = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of packed) {
      taken += chunk.length;
      // zlib takes more than one before it has finished with the first.
      yield Uint8Array.from(chunk);
    }
  };
  // What goes wrong here is thrown by the loop as well.
  const fed = pipeline(counted, gunzip).catch(() => {});
  let given = 0;
  for await (const chunk of asBuffers(gunzip)) {
    given += chunk.length;
    refuseBomb(given, taken);
    yield chunk;
  }
  await fed;
}

async function* unzip(source: LogSource, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<LogContent | Unopened> {
  await using archive = await openArchive(source, chunks);
  const entries = await zipEntries(archive);
  if (entries.length === 0) yield { name: source.name, problem: 'the zip archive is empty' };
  let given = 0;
  const guarded = async function* (entry: ZipEntry): AsyncGenerator<Uint8Array> {
    for await (const chunk of readZipEntry(archive, entry)) {
      given += chunk.length;
      refuseBomb(given, archive.bytes);
      yield chunk;
    }
  };
  for (const entry of entries) {
    const name = `${source.name}/${entry.name}`;
    const { start, chunks: inside } = await peekOrFail(guarded(entry));
    if (isGzip(start) || isZip(start)) yield { name, problem: 'it is an archive within an archive: unpack the outer one first' };
    else yield { name, chunks: inside };
  }
}

/** What fails at the first byte fails for its reader, who names the file. */
async function peekOrFail(bytes: AsyncIterable<Uint8Array>): Promise<Peeked> {
  try {
    return await peek(bytes, 4);
  } catch (error) {
    const fail = async function* (): AsyncGenerator<Uint8Array> {
      yield* [];
      throw error;
    };
    return { start: Buffer.alloc(0), chunks: fail() };
  }
}

async function openArchive(source: LogSource, chunks: AsyncIterable<Uint8Array>): Promise<RandomAccess> {
  if (source.openAt === undefined) return memoryAccess(await collect(chunks));
  for await (const _ of chunks) break;
  return source.openAt();
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_IN_MEMORY)
      throw new LogProblem(`a zip archive of more than ${MAX_IN_MEMORY / 1_048_576} MB has to be a file, not a stream`);
    all.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(all);
}

function refuseBomb(given: number, packed: number): void {
  if (given > HARMLESS_BYTES && given > packed * MAX_GROWTH)
    throw new LogProblem(`it grows to more than ${MAX_GROWTH} times its size when it is unpacked, as no log does; the rest was not read`);
}

/** zlib's streams give buffers. */
async function* asBuffers(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) yield chunk;
}
