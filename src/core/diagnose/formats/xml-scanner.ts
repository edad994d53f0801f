/** What a scanner finds, in its order. Names are without their prefix. */
export interface XmlHandler {
  readonly open: (name: string, attributes: string, line: number) => void;
  /** Text between tags, or of CDATA; entities are decoded in the former. A long text comes in parts. */
  readonly text: (text: string) => void;
  readonly close: (name: string, line: number) => void;
}

export interface XmlScanner {
  /** The next line, without its line end. */
  readonly feed: (text: string, line: number) => void;
}

type Mode = 'text' | 'tag' | 'comment' | 'cdata' | 'instruction' | 'declaration';

/** Longer tags are not read; no event has one. */
const TAG_LIMIT = 8_192;

const NAME_LIMIT = 120;

/** How much of one text is handed over per line. */
const TEXT_LIMIT = 16_384;

const ENDS = { comment: '-->', cdata: ']]>', instruction: '?>', declaration: '>' } as const;

/**
 * Finds tags and text in XML that comes line by line and may be hostile: reads every character once, keeps at most one tag, knows no
 * entities but the five of XML and character references, and so expands nothing. What is no XML gives tags and text that mean nothing.
 */
export function xmlScanner(handler: XmlHandler): XmlScanner {
  let mode: Mode = 'text';
  let tag = '';
  /** Within a quoted value, where `>` is a character like others: the code of the quote that ends it, else 0. */
  let quote = 0;

  /** Reads from `from` and returns where to go on. */
  const step = (text: string, from: number, line: number): number => {
    if (mode === 'text') return textFrom(text, from);
    if (mode === 'tag') return tagFrom(text, from, line);
    const end = text.indexOf(ENDS[mode], from);
    if (mode === 'cdata') handler.text(text.slice(from, Math.min(end === -1 ? text.length : end, from + TEXT_LIMIT)));
    if (end === -1) return text.length;
    const width = ENDS[mode].length;
    mode = 'text';
    return end + width;
  };

  const textFrom = (text: string, from: number): number => {
    const start = text.indexOf('<', from);
    const end = start === -1 ? text.length : start;
    if (end > from) handler.text(decoded(text.slice(from, Math.min(end, from + TEXT_LIMIT))));
    if (start === -1) return end;
    const [opened, width] = opening(text, start);
    mode = opened;
    begin();
    return start + width;
  };

  const begin = (): void => {
    tag = '';
    quote = 0;
  };

  const tagFrom = (text: string, from: number, line: number): number => {
    const found = text.indexOf('>', from);
    const end = found === -1 ? text.length : found;
    // `<` is not allowed in a tag, not even quoted: this one was never finished, and another begins.
    const again = text.slice(from, end).lastIndexOf('<');
    if (again !== -1) {
      begin();
      return from + again + 1;
    }
    if (tag.length < TAG_LIMIT) {
      const part = text.slice(from, Math.min(end, from + TAG_LIMIT));
      quote = quoteAfter(part, quote);
      tag += found === -1 ? `${part}\n` : part;
    }
    if (found === -1) return end;
    if (quote !== 0 && tag.length < TAG_LIMIT) {
      tag += '>';
      return end + 1;
    }
    mode = 'text';
    tell(tag, line);
    return end + 1;
  };

  const tell = (whole: string, line: number): void => {
    if (whole.length >= TAG_LIMIT) return;
    const start = whole.startsWith('/') ? 1 : 0;
    const end = nameEnd(whole, start);
    const prefixed = whole.slice(start, Math.min(end, start + NAME_LIMIT));
    const name = prefixed.slice(prefixed.lastIndexOf(':') + 1);
    if (name === '') return;
    if (start === 1) {
      handler.close(name, line);
      return;
    }
    handler.open(name, whole.slice(end), line);
    if (whole.endsWith('/')) handler.close(name, line);
  };

  return {
    feed: (text, line) => {
      for (let from = 0; from < text.length; ) from = step(text, from, line);
      if (mode === 'text' || mode === 'cdata') handler.text('\n');
    },
  };
}

function opening(text: string, start: number): readonly [Mode, width: number] {
  if (text.startsWith('<!--', start)) return ['comment', 4];
  if (text.startsWith('<![CDATA[', start)) return ['cdata', 9];
  if (text.startsWith('<?', start)) return ['instruction', 2];
  return text.startsWith('<!', start) ? ['declaration', 2] : ['tag', 1];
}

const QUOTE = 0x22;
const APOSTROPHE = 0x27;

/** The quote that is open after some more of a tag, as its character code, or 0. */
function quoteAfter(part: string, before: number): number {
  let quote = before;
  for (let index = 0; index < part.length; index++) {
    const character = part.charCodeAt(index);
    if (quote === 0) {
      if (character === QUOTE || character === APOSTROPHE) quote = character;
    } else if (character === quote) quote = 0;
  }
  return quote;
}

/** Where the name of a tag ends: at white space or at the slash of an empty element. */
function nameEnd(tag: string, from: number): number {
  for (let index = from; index < tag.length; index++) {
    const character = tag.charCodeAt(index);
    if (character <= 0x20 || character === 0x2f) return index;
  }
  return tag.length;
}

const ATTRIBUTES = 20;

/** `Name="Id" Value='3'` of an opening tag, decoded; at most twenty. */
export function xmlAttributes(attributes: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let from = 0; found.size < ATTRIBUTES; ) {
    const equals = attributes.indexOf('=', from);
    if (equals === -1) break;
    const [, name = ''] = /([\w:.-]{1,80})\s{0,20}$/.exec(attributes.slice(Math.max(from, equals - 100), equals)) ?? [];
    const start = equals + 1 + (/^\s{0,20}/.exec(attributes.slice(equals + 1, equals + 21))?.[0].length ?? 0);
    const quote = attributes[start];
    const end = quote === '"' || quote === "'" ? attributes.indexOf(quote, start + 1) : -1;
    if (name === '' || end === -1) break;
    found.set(name.slice(name.lastIndexOf(':') + 1), decoded(attributes.slice(start + 1, end)));
    from = end + 1;
  }
  return found;
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));/gi, (whole, hex: string, decimal: string, name: string) => {
    if (name !== undefined) return NAMED.get(name.toLowerCase()) ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
