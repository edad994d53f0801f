import { describe, expect, test } from 'vitest';
import { contains, decodeBody, pageTitle, searchable } from '../../../src/core/http/decode-body.ts';

const NDES =
  '<HTML><Head><Meta HTTP-Equiv="Content-Type" Content="text/html; charset=UTF-8"><Title>Network Device Enrollment Service</Title></Head></HTML>';

const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const bytes = (...parts: readonly (Uint8Array | readonly number[])[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))));

describe('the encoding of a page', () => {
  const cases: readonly (readonly [string, Uint8Array, string | undefined, string, string, string])[] = [
    ['UTF-16LE by its mark', bytes([0xff, 0xfe], utf16le(NDES)), 'text/html; charset=UTF-8', 'utf-16le', 'bom', NDES],
    ['UTF-16BE by its mark', bytes([0xfe, 0xff], utf16be(NDES)), undefined, 'utf-16be', 'bom', NDES],
    [
      'UTF-8 by its mark, whatever Content-Type says',
      bytes([0xef, 0xbb, 0xbf], Buffer.from('é')),
      'text/html; charset=iso-8859-1',
      'utf-8',
      'bom',
      'é',
    ],
    ['UTF-16LE without a mark although META says UTF-8', bytes(utf16le(NDES)), 'text/html', 'utf-16le', 'null-bytes', NDES],
    [
      'UTF-16LE without a mark although Content-Type says UTF-8',
      bytes(utf16le(NDES)),
      'text/html; charset=utf-8',
      'utf-16le',
      'null-bytes',
      NDES,
    ],
    ['UTF-16BE without a mark', bytes(utf16be(NDES)), undefined, 'utf-16be', 'null-bytes', NDES],
    [
      'UTF-16LE that breaks off in the middle of a character',
      bytes(utf16le('abc'), [0x64]),
      undefined,
      'utf-16le',
      'null-bytes',
      'abc\ufffd',
    ],
    ['windows-1250 by Content-Type', bytes([0xb3, 0xf3, 0x9f]), 'text/html; charset=windows-1250', 'windows-1250', 'content-type', 'łóź'],
    ['a quoted charset', bytes([0xe9]), 'text/html; charset="ISO-8859-1"', 'windows-1252', 'content-type', 'é'],
    [
      'a charset in META',
      bytes(latin1('<meta charset=windows-1251>\u00cf')),
      'text/html',
      'windows-1251',
      'meta',
      '<meta charset=windows-1251>П',
    ],
    [
      'META of UTF-16, which a page that can be read is not',
      bytes(latin1('<meta charset="utf-16">ok')),
      undefined,
      'utf-8',
      'utf-8',
      '<meta charset="utf-16">ok',
    ],
    [
      'META beyond the first kilobyte, where nobody looks',
      bytes(Buffer.alloc(1_024, ' '), latin1('<meta charset=koi8-r>é')),
      undefined,
      'latin-1',
      'fallback',
      `${' '.repeat(1_024)}<meta charset=koi8-r>é`,
    ],
    ['UTF-8 without any label', bytes(Buffer.from('é’')), undefined, 'utf-8', 'utf-8', 'é’'],
    ['latin-1 when it is no UTF-8', bytes([0x63, 0x61, 0x66, 0xe9]), undefined, 'latin-1', 'fallback', 'café'],
    ['latin-1 although Content-Type says UTF-8', bytes([0xe9]), 'text/html; charset=utf-8', 'latin-1', 'fallback', 'é'],
    ['an unknown charset', bytes(Buffer.from('é')), 'text/html; charset=nonsense', 'utf-8', 'utf-8', 'é'],
    ['a charset that browsers refuse', bytes(Buffer.from('é')), 'text/html; charset=replacement', 'utf-8', 'utf-8', 'é'],
    ['binary zeros, which are no UTF-16', bytes(Buffer.alloc(100)), undefined, 'utf-8', 'utf-8', '\0'.repeat(100)],
    ['nothing', bytes(), 'text/html; charset=utf-8', 'utf-8', 'content-type', ''],
    ['one byte', bytes([0x41]), undefined, 'utf-8', 'utf-8', 'A'],
  ];

  test.each(cases)('%s', (_, body, contentType, encoding, source, text) => {
    expect(decodeBody(body, contentType)).toEqual({ text, encoding, source });
  });

  test.each([
    [3, 'utf-8'],
    [4, 'utf-16le'],
  ])('%i null bytes in ten odd places make it %s', (nulls, encoding) => {
    const body = Buffer.alloc(20, 'a');
    for (let i = 0; i < nulls; i++) body[2 * i + 1] = 0;
    expect(decodeBody(body).encoding).toBe(encoding);
  });
});

describe('searching a page', () => {
  const finds = (page: string, wanted: string | RegExp) => contains(searchable(page), wanted);

  test.each([
    "can't",
    'can’t',
    'can‘t',
    'can&#39;t',
    'can&#x27;t',
    'can&rsquo;t',
    'can&lsquo;t',
    'can&apos;t',
    'can&#8217;t',
    'canʼt',
    'can´t',
    'CAN&RSQUO;T',
  ])('any apostrophe is one: %s', (word) => {
    expect(finds(`This corporate app ${word} be accessed`, "corporate app can't be accessed")).toBe(true);
  });

  test.each(['a\u00a0b', 'a&nbsp;b', 'a&#160;b', 'a&#xA0;b', 'a \r\n\t b', 'a\u200bb', 'a<br>b', 'a <b>  </b> b'])(
    'any white space is one space: %j',
    (page) => {
      expect(finds(page, 'a b')).toBe(true);
    },
  );

  test('a sentence is found across markup, and markup itself is found', () => {
    const page = '<h2>HTTP Error <b>503</b>. The service\n is unavailable.</h2>';
    expect(finds(page, 'http error 503 . the service is unavailable.')).toBe(true);
    expect(finds(page, '<h2>http error')).toBe(true);
    expect(finds(page, /error 5\d\d/)).toBe(true);
    expect(finds(page, 'http error 404')).toBe(false);
  });

  test('a page of nothing but opening brackets takes no longer than any other', () => {
    const started = performance.now();
    searchable('<'.repeat(262_144));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('the title of a page', () => {
  test.each([
    ['<title>403 - Forbidden: Access is denied.</title>', '403 - Forbidden: Access is denied.'],
    ['<TITLE id="locPageTitle">\r\n  Network   Device\tEnrollment Service </TITLE>', 'Network Device Enrollment Service'],
    ['<title>first</title><title>second</title>', 'first'],
    ['<title>without an end', 'without an end'],
    ['<title></title>', undefined],
    ['<title>   </title>', undefined],
    ['no title', undefined],
  ])('%j', (page, title) => {
    expect(pageTitle(page)).toBe(title);
  });
});
