import type { LogReader } from '../core/diagnose/log-format.ts';

/** Lines that a format is recognised by. */
export const HEAD_LINES = 400;

/** Less is a guess. */
const SURE_ENOUGH = 0.3;

/** The reader that is surest that these lines are of its format; undefined when none is sure enough. */
export function recogniseFormat(lines: readonly string[], readers: readonly LogReader[]): LogReader | undefined {
  let best: LogReader | undefined;
  let surest = SURE_ENOUGH;
  for (const reader of readers) {
    const sure = reader.recognise(lines);
    if (sure > surest || (sure === surest && best === undefined)) {
      best = reader;
      surest = sure;
    }
  }
  return best;
}

/** Kinds of files by their first bytes, with what to do about them. */
const SIGNATURES: readonly (readonly [bytes: string, at: number, looks: string])[] = [
  ['ElfFile\0', 0, 'a Windows event log in its own form (.evtx); save it as XML or text in Event Viewer'],
  ['LfLe', 4, 'an event log of Windows XP (.evt); save it as text in Event Viewer'],
  ['MSCF', 0, 'a cabinet file (.cab); unpack it first'],
  ['7z\xbc\xaf\x27\x1c', 0, 'a 7-Zip archive; unpack it first'],
  ['Rar!', 0, 'a RAR archive; unpack it first'],
  ['BZh', 0, 'packed with bzip2; unpack it first'],
  ['\xfd7zXZ', 0, 'packed with xz; unpack it first'],
  ['\x28\xb5\x2f\xfd', 0, 'packed with Zstandard; unpack it first'],
  ['ustar', 257, 'a tar archive; unpack it first'],
  ['\xd0\xcf\x11\xe0', 0, 'an old Office document or an installer'],
  ['SQLite format 3', 0, 'an SQLite database'],
  ['%PDF', 0, 'a PDF document'],
  ['\x89PNG', 0, 'a picture (PNG)'],
  ['\xff\xd8\xff', 0, 'a picture (JPEG)'],
  ['GIF8', 0, 'a picture (GIF)'],
  ['bplist', 0, 'a binary property list of Apple'],
  ['\x7fELF', 0, 'a program'],
];

/** What a file is that is no text, or undefined when it is text. */
export function describeBinary(start: Uint8Array): string | undefined {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength).toString('latin1');
  const known = SIGNATURES.find(([signature, at]) => bytes.startsWith(signature, at))?.[2];
  if (known !== undefined) return known;
  if (/^MZ[\s\S]{0,4000}\0\0/.test(bytes.slice(0, 4_096))) return 'a program';
  return isBinary(bytes) ? 'binary data' : undefined;
}

/** More than one control character in twenty: no text of any encoding. A log that Windows still writes may end in zeros. */
function isBinary(bytes: string): boolean {
  const text = bytes.slice(0, 65_536);
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  if (end === 0) return text.length > 0;
  let odd = 0;
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < 9 || (code > 13 && code < 32 && code !== 27) || code === 127) odd++;
  }
  return odd > end / 20;
}

/** Kinds of text by how they begin. */
const TEXTS: readonly (readonly [looks: string, fits: (lines: readonly string[]) => boolean])[] = [
  ['a W3C log without the fields cs-uri-stem and sc-status', (lines) => lines.some((line) => /^#Fields:/i.test(line))],
  ['a web server log in NCSA format; let IIS write W3C', (lines) => mostly(lines, /^\S{1,100} \S{1,100} \S{1,100} \[\d\d\/\w{3}\/\d{4}:/)],
  [
    "a log in IIS's own format; let IIS write W3C",
    (lines) => mostly(lines, /^[\da-f.:%]{3,60}, [^,]{1,100}, \d{1,2}\/\d{1,2}\/\d{2,4}, \d/),
  ],
  ['a web page', (lines) => begins(lines, /^\s{0,20}<(?:!doctype html|html)/i)],
  ['XML without any event of Windows that is known here', (lines) => begins(lines, /^\s{0,20}<(?:\?xml|[a-z][\w:]{0,50}[\s>])/i)],
  ['JSON', (lines) => begins(lines, /^\s{0,20}(?:\{\s{0,20}(?:"|$)|\[\s{0,20}(?:[{["\d]|$))/)],
  ['a certificate or a key', (lines) => lines.some((line) => line.startsWith('-----BEGIN '))],
  ['a registry export', (lines) => begins(lines, /^Windows Registry Editor/)],
  [
    'syslog',
    (lines) => mostly(lines, /^(?:<\d{1,3}>\d? ?)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,30}) \S{1,100} \S{1,100}: /),
  ],
  ['a table with commas', (lines) => mostly(lines, /^(?:[^,]{0,200},){3}/)],
];

/** What a text looks like that no reader recognises; undefined when it looks like nothing. Its content is not quoted, because it may hold anything. */
export function describeUnknown(lines: readonly string[]): string | undefined {
  const filled = lines.filter((line) => line.trim() !== '').map((line) => line.slice(0, 1_000));
  return TEXTS.find(([, fits]) => fits(filled))?.[0];
}

function begins(lines: readonly string[], pattern: RegExp): boolean {
  return pattern.test(lines[0] ?? '');
}

function mostly(lines: readonly string[], pattern: RegExp): boolean {
  const fitting = lines.filter((line) => pattern.test(line)).length;
  return fitting > 0 && fitting >= lines.length / 2;
}
