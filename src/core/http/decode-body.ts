/** Where the decision on the character encoding came from. */
export type EncodingSource = 'bom' | 'null-bytes' | 'content-type' | 'meta' | 'utf-8' | 'fallback';

export interface DecodedBody {
  readonly text: string;
  readonly encoding: string;
  readonly source: EncodingSource;
}

/** How far into a document a META charset is looked for; browsers use the same figure (HTML standard, 13.2.3.2). */
const META_WINDOW = 1024;

/**
 * Turns the bytes of a page into text as an NDES client has to: mscep.dll writes UTF-16LE while its META tag says UTF-8.
 * Order: byte order mark; null bytes in more than 30 % of the odd (LE) or even (BE) places; charset of Content-Type; META; UTF-8; latin-1.
 */
export function decodeBody(bytes: Uint8Array, contentType?: string): DecodedBody {
  const [b0, b1, b2] = bytes;
  if (b0 === 0xff && b1 === 0xfe) return { text: decode(bytes, 'utf-16le'), encoding: 'utf-16le', source: 'bom' };
  if (b0 === 0xfe && b1 === 0xff) return { text: decode(bytes, 'utf-16be'), encoding: 'utf-16be', source: 'bom' };
  if (b0 === 0xef && b1 === 0xbb && b2 === 0xbf) return { text: decode(bytes, 'utf-8'), encoding: 'utf-8', source: 'bom' };

  const wide = wideEncoding(bytes);
  if (wide !== undefined) return { text: decode(bytes, wide), encoding: wide, source: 'null-bytes' };

  const declared = /charset\s*=\s*["']?\s*([\w.:-]{1,40})/i.exec(contentType ?? '')?.[1];
  const byHeader = declared === undefined ? undefined : tryDecode(bytes, declared);
  if (byHeader !== undefined) return { ...byHeader, source: 'content-type' };

  const meta = /<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})/i.exec(latin1(bytes.subarray(0, META_WINDOW)))?.[1];
  // A page that can be read far enough to find META is not UTF-16, whatever META says.
  const byMeta = meta === undefined || /^utf-?16/i.test(meta) ? undefined : tryDecode(bytes, meta);
  if (byMeta !== undefined) return { ...byMeta, source: 'meta' };

  const utf8 = tryDecode(bytes, 'utf-8');
  return utf8 === undefined ? { text: latin1(bytes), encoding: 'latin-1', source: 'fallback' } : { ...utf8, source: 'utf-8' };
}

function wideEncoding(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const pairs = Math.floor(bytes.length / 2);
  if (pairs < 2) return undefined;
  let odd = 0;
  let even = 0;
  for (let i = 0; i < pairs; i++) {
    if (bytes[2 * i] === 0) even++;
    if (bytes[2 * i + 1] === 0) odd++;
  }
  const threshold = 0.3 * pairs;
  // Binary zeros (a DER body, a zero-filled file) fill both; text fills one.
  if (odd > threshold && odd > 2 * even) return 'utf-16le';
  if (even > threshold && even > 2 * odd) return 'utf-16be';
  return undefined;
}

/** Strict for UTF-8, so that latin-1 pages without a label are not read as garbage; undefined for unknown labels and broken UTF-8. */
function tryDecode(bytes: Uint8Array, label: string): { text: string; encoding: string } | undefined {
  try {
    const decoder = new TextDecoder(label, { fatal: true });
    return { text: decoder.decode(bytes), encoding: decoder.encoding };
  } catch {
    // Unknown label, or bytes that are not in that encoding: the next rule decides.
    return undefined;
  }
}

function decode(bytes: Uint8Array, label: 'utf-8' | 'utf-16le' | 'utf-16be'): string {
  return new TextDecoder(label).decode(bytes);
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('windows-1252').decode(bytes);
}

/** Two lower-case copies to search in: one as sent, one without tags, because error pages break their sentences with markup. */
export interface SearchableText {
  readonly source: string;
  readonly visible: string;
}

/** Normalises text for matching: no-break spaces and runs of white space become one space, apostrophe variants become `'`. */
export function searchable(text: string): SearchableText {
  const source = text
    .replace(/&#(?:(\d{2,3})|x([0-9a-f]{2}));/gi, (_, decimal?: string, hex?: string) =>
      asciiOrSpace(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)),
    )
    .replace(/&nbsp;/gi, ' ')
    .replace(/&rsquo;|&lsquo;|&apos;|&#8217;|[\u2018\u2019\u02bc\u00b4]/gi, "'")
    .replace(/[\s\u00a0\u200b\ufeff]+/g, ' ')
    .toLowerCase();
  // `[^<>]` keeps this linear on a page that is nothing but `<`.
  const visible = source
    .replace(/<[^<>]*>/g, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  return { source, visible };
}

/** Character references hide words from a search; only ASCII matters for the words we know, and 160 is a no-break space. */
function asciiOrSpace(code: number): string {
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ' ';
}

/** True when either copy contains the literal (lower case) or matches the pattern. */
export function contains(text: SearchableText, wanted: string | RegExp): boolean {
  if (typeof wanted === 'string') return text.source.includes(wanted) || text.visible.includes(wanted);
  return wanted.test(text.source) || wanted.test(text.visible);
}

/** The page's title as a person would quote it, or undefined. */
export function pageTitle(text: string): string | undefined {
  const title = /<title[^<>]{0,100}>([^<]{1,300})/i.exec(text)?.[1]?.replace(/\s+/g, ' ').trim();
  return title === '' ? undefined : title;
}
