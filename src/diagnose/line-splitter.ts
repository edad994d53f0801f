import { isAscii } from 'node:buffer';
import { decodeLine } from './text-encoding.ts';

/** Called for each line, without its end; numbers count from 1. */
export type OnLine = (text: string, line: number) => void;

export interface SplitterOptions {
  /** Lines that are handed over whatever they hold, from the first on. */
  readonly headLines: number;
  /** What every further line has to have; see `LogReader.wanted`. The last line is handed over in any case. */
  readonly wanted?: RegExp;
  /** Lines that are too long are not cut but come in parts; see `LogReader.partsEndWith`. */
  readonly partsEndWith?: string;
}

/** Turns pieces of UTF-8 or CP1252 into lines. Line feeds, carriage returns and both together end a line, in any mixture. */
export interface LineSplitter {
  readonly push: (bytes: Uint8Array) => void;
  readonly end: () => void;
  /** Lines so far. */
  readonly lines: () => number;
  /** Lines so far of which only the first megabyte was handed over. */
  readonly cutLines: () => number;
}

/** Longer lines are cut: no log has them, and memory is bounded. */
export const MAX_LINE = 1_048_576;

/** What is looked through at once. */
const PIECE = 65_536;

const CR = 13;

/** Needs constant memory and time that grows with the number of bytes. */
export function lineSplitter(onLine: OnLine, { headLines, wanted, partsEndWith }: SplitterOptions): LineSplitter {
  const work = Buffer.allocUnsafeSlow(MAX_LINE + 2 * PIECE);
  const seeker = wanted === undefined ? undefined : new RegExp(wanted.source, `${wanted.flags.replace(/[gy]/g, '')}g`);
  let filled = 0;
  /** No line ends before this place. */
  let scanned = 0;
  let skipping = false;
  let lines = 0;
  let cut = 0;
  /** The last line, as long as it has not been handed over. */
  let heldBack: Buffer | undefined;

  /** Whether a line is longer than anything that is handed over as one. */
  const isOverlong = (start: number, end: number): boolean => end - start > MAX_LINE && partsEndWith === undefined;

  const deliver = (start: number, end: number, ascii: boolean): void => {
    const stop = isOverlong(start, end) ? characterStart(work, start + MAX_LINE, start) : end;
    onLine(ascii ? work.toString('latin1', start, stop) : decodeLine(work.subarray(start, stop)), lines);
  };

  /** Hands over all lines that are complete and moves the rest to the front. */
  const consume = (final: boolean): void => {
    const ascii = isAscii(work.subarray(0, filled));
    const region = work.toString('latin1', 0, filled);
    const ends = lineEnds(region, scanned, final);
    let start = 0;
    let hit = -1;
    let held: readonly [start: number, end: number] | undefined;
    for (let end = ends.next(); end >= 0; end = ends.next()) {
      if (skipping) skipping = false;
      else {
        lines++;
        if (isOverlong(start, end)) cut++;
        if (seeker !== undefined && hit < start) hit = nextHit(seeker, region, start);
        const given = seeker === undefined || lines <= headLines || hit < end;
        if (given) deliver(start, end, ascii);
        held = given ? undefined : [start, end];
        heldBack = undefined;
      }
      start = ends.after();
    }
    if (held !== undefined) heldBack = Buffer.from(work.subarray(held[0], Math.min(held[1], held[0] + MAX_LINE)));
    work.copyWithin(0, start, filled);
    filled -= start;
    scanned = filled > 0 && work[filled - 1] === CR ? filled - 1 : filled;
  };

  /** Hands over the line that is too long as far as a part of it goes; false when it has none. */
  const deliverPart = (): boolean => {
    const end = partsEndWith === undefined || skipping ? 0 : work.subarray(0, filled).lastIndexOf(partsEndWith) + 1;
    if (end === 0) return false;
    onLine(decodeLine(work.subarray(0, end)), lines + 1);
    work.copyWithin(0, end, filled);
    filled -= end;
    scanned = Math.max(0, scanned - end);
    return true;
  };

  /** The rest of a line that is too long is left out, but for a carriage return that may end it. */
  const cutOverlong = (): void => {
    if ((filled <= MAX_LINE && !skipping) || deliverPart()) return;
    if (!skipping) {
      lines++;
      cut++;
      heldBack = undefined;
      deliver(0, characterStart(work, MAX_LINE, 0), isAscii(work.subarray(0, MAX_LINE)));
    }
    skipping = true;
    const endsInCr = filled > 0 && work[filled - 1] === CR;
    work[0] = CR;
    filled = endsInCr ? 1 : 0;
    scanned = 0;
  };

  return {
    push: (bytes) => {
      for (let from = 0; from < bytes.length; from += PIECE) {
        const piece = bytes.subarray(from, from + PIECE);
        work.set(piece, filled);
        filled += piece.length;
        consume(false);
        cutOverlong();
      }
    },
    end: () => {
      consume(true);
      if (filled > 0 && !skipping) {
        lines++;
        heldBack = undefined;
        deliver(0, filled, false);
      }
      if (heldBack !== undefined) onLine(decodeLine(heldBack), lines);
      filled = 0;
      heldBack = undefined;
    },
    lines: () => lines,
    cutLines: () => cut,
  };
}

interface LineEnds {
  /** Where the next line ends; -1 when it does not end here. */
  readonly next: () => number;
  /** Where the line after that begins. */
  readonly after: () => number;
}

/** Looks for both ends at once and for each only when it has been passed: a log with one kind is searched once for the other. */
function lineEnds(region: string, from: number, final: boolean): LineEnds {
  let lf = region.indexOf('\n', from);
  let cr = region.indexOf('\r', from);
  let begin = 0;
  let search = from;
  return {
    next: () => {
      if (lf >= 0 && lf < search) lf = region.indexOf('\n', search);
      if (cr >= 0 && cr < search) cr = region.indexOf('\r', search);
      const end = cr >= 0 && (lf < 0 || cr < lf) ? cr : lf;
      if (end < 0) return -1;
      if (end !== cr) begin = end + 1;
      // The line feed that belongs to it may still come.
      else if (cr === region.length - 1 && !final) return -1;
      else begin = lf === cr + 1 ? cr + 2 : cr + 1;
      search = begin;
      return end;
    },
    after: () => begin,
  };
}

/** Where the pattern is found at or after `from`, told by its last character; beyond every line when it is not. */
function nextHit(seeker: RegExp, region: string, from: number): number {
  seeker.lastIndex = from;
  return seeker.test(region) ? seeker.lastIndex - 1 : Number.POSITIVE_INFINITY;
}

/** The start of the UTF-8 character that `at` stands in. */
function characterStart(bytes: Uint8Array, at: number, least: number): number {
  let start = at;
  while (start > least && at - start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--;
  return start;
}
