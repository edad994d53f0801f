import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { LogProblem } from './log-problem.ts';
import type { RandomAccess } from './log-source.ts';

/** A file in a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** Size in the archive. */
  readonly packed: number;
  /** Size that the table of contents promises. */
  readonly size: number;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly offset: number;
}

const END = 0x06054b50;
const END64 = 0x06064b50;
const END64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const MAX_COMMENT = 0xffff;
/** In place of a number that stands in the zip64 part, because it is too large for the old one. */
const LARGE = 0xffff_ffff;
const ZIP64_FIELD = 0x0001;
const STORED = 0;
const DEFLATED = 8;
const DEFLATED_64 = 9;

/** What Explorer and PowerShell write for folders of logs stays far below; more is a bomb or a backup. */
const MAX_ENTRIES = 10_000;
const MAX_DIRECTORY = 64 * 1_048_576;
const CHUNK = 131_072;

/** The files of a zip archive, folders left out. Throws LogProblem when its table of contents cannot be read. */
export async function zipEntries(archive: RandomAccess): Promise<readonly ZipEntry[]> {
  const { offset, bytes, entries } = await findDirectory(archive);
  if (entries > MAX_ENTRIES) throw new LogProblem(`the zip archive has ${entries} files, and ${MAX_ENTRIES} at most are opened`);
  if (bytes > MAX_DIRECTORY || offset + bytes > archive.bytes) throw damaged();
  const directory = await readFully(archive, offset, bytes);
  const found: ZipEntry[] = [];
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === CENTRAL && found.length <= MAX_ENTRIES; ) {
    const nameBytes = directory.readUInt16LE(at + 28);
    const extraBytes = directory.readUInt16LE(at + 30);
    found.push(entryAt(directory, at, nameBytes, extraBytes));
    at += 46 + nameBytes + extraBytes + directory.readUInt16LE(at + 32);
  }
  if (found.length < entries) throw damaged();
  return found.filter(({ name }) => !name.endsWith('/'));
}

/** The bytes of one file of the archive. Throws LogProblem when they cannot be had, or are not those that were packed. */
export async function* readZipEntry(archive: RandomAccess, entry: ZipEntry): AsyncGenerator<Buffer> {
  if (entry.encrypted) throw new LogProblem('it is encrypted: unpack it first');
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    const name = entry.method === DEFLATED_64 ? 'Deflate64' : `method ${entry.method}`;
    throw new LogProblem(`it is packed with ${name}, which is not supported: unpack it first`);
  }
  const start = await dataStart(archive, entry);
  const packed = piecesOf(archive, start, entry.packed);
  let crc = 0;
  for await (const chunk of entry.method === STORED ? packed : inflated(packed)) {
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (crc !== entry.crc) throw new LogProblem('it is not what was packed: the checksum differs; what there is has been read');
}

interface Directory {
  readonly offset: number;
  readonly bytes: number;
  readonly entries: number;
}

async function findDirectory(archive: RandomAccess): Promise<Directory> {
  const tailBytes = Math.min(archive.bytes, END_BYTES + MAX_COMMENT);
  const tail = await readFully(archive, archive.bytes - tailBytes, tailBytes);
  const at = findEnd(tail);
  if (at < 0) throw new LogProblem('the zip archive has no table of contents: it is incomplete');
  const old = { entries: tail.readUInt16LE(at + 10), bytes: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) };
  const isLarge = old.entries === 0xffff || old.bytes === LARGE || old.offset === LARGE;
  const locator = at - 20;
  if (!isLarge || locator < 0 || tail.readUInt32LE(locator) !== END64_LOCATOR) return old;
  const end = await readFully(archive, large(tail, locator + 8), 56);
  if (end.readUInt32LE(0) !== END64) throw damaged();
  return { entries: large(end, 32), bytes: large(end, 40), offset: large(end, 48) };
}

function findEnd(tail: Buffer): number {
  for (let at = tail.length - END_BYTES; at >= 0; at--) if (tail.readUInt32LE(at) === END) return at;
  return -1;
}

function entryAt(directory: Buffer, at: number, nameBytes: number, extraBytes: number): ZipEntry {
  const flags = directory.readUInt16LE(at + 8);
  const name = directory.subarray(at + 46, at + 46 + nameBytes);
  const extra = directory.subarray(at + 46 + nameBytes, at + 46 + nameBytes + extraBytes);
  const [size = LARGE, packed = LARGE, offset = LARGE] = unfolded(
    [directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 42)],
    extra,
  );
  return {
    // Explorer writes names in the code page of the country, which the archive does not name; the names of logs are ASCII.
    name: name.toString((flags & 0x800) === 0 ? 'latin1' : 'utf8').replaceAll('\\', '/'),
    size,
    packed,
    offset,
    method: directory.readUInt16LE(at + 10),
    encrypted: (flags & 1) !== 0,
    crc: directory.readUInt32LE(at + 16),
  };
}

/** Replaces each number that was too large by its counterpart in the zip64 field, which lists those alone. */
function unfolded(numbers: readonly number[], extra: Buffer): readonly number[] {
  const field = zip64Field(extra);
  let at = 0;
  return numbers.map((number) => {
    if (number !== LARGE || at + 8 > field.length) return number;
    at += 8;
    return large(field, at - 8);
  });
}

function zip64Field(extra: Buffer): Buffer {
  for (let at = 0; at + 4 <= extra.length; ) {
    const bytes = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === ZIP64_FIELD) return extra.subarray(at + 4, at + 4 + bytes);
    at += 4 + bytes;
  }
  return Buffer.alloc(0);
}

/** No archive is so large that a number of JavaScript cannot hold its offsets exactly. */
function large(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged();
  return Number(value);
}

async function dataStart(archive: RandomAccess, { offset, packed }: ZipEntry): Promise<number> {
  const header = await readFully(archive, offset, 30);
  if (header.readUInt32LE(0) !== LOCAL) throw damaged();
  const start = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + packed > archive.bytes) throw damaged();
  return start;
}

async function* piecesOf(archive: RandomAccess, start: number, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < length; at += CHUNK) yield await readFully(archive, start + at, Math.min(CHUNK, length - at));
}

async function* inflated(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ chunkSize: CHUNK });
  // What goes wrong here is thrown by the loop as well.
  const fed = pipeline(packed, inflate).catch(() => {});
  yield* inflate;
  await fed;
}

async function readFully(archive: RandomAccess, offset: number, length: number): Promise<Buffer> {
  const bytes = await archive.read(offset, length);
  if (bytes.length < length) throw damaged();
  return bytes;
}

function damaged(): LogProblem {
  return new LogProblem('the zip archive is damaged');
}
