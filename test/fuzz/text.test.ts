import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parseScepUrl } from '../../src/core/scep/scep-url.ts';
import { nearest } from '../../src/core/text/nearest.ts';
import { escapeHarmful, printable, printableJson } from '../../src/core/text/printable.ts';
import { wrap } from '../../src/core/text/wrap.ts';
import { VERDICT_CODES } from '../../src/core/verdict/code.ts';
import { nastyText, share, stopwatch } from '../support/fuzz.ts';
import { harmIn } from '../support/harmless.ts';

const watch = stopwatch();
afterAll(() => console.log(`text and URLs: ${watch.slowest()}`));

const anyText = fc.oneof(nastyText, fc.string({ unit: 'binary', maxLength: 200 }));
const shown = (text: string) => () => JSON.stringify(text.slice(0, 200));

describe('printable text', () => {
  test('is harmless, one line, and no longer than it may be', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 300 }), (text, length) => {
        const safe = watch.time(() => printable(text, length), shown(text));
        expect(harmIn(safe)).toBeUndefined();
        expect(safe.length).toBeLessThanOrEqual(length);
        expect(printable(safe, length)).toBe(safe);
      }),
      share(6),
    );
  });

  test('is the text itself where nothing is wrong with it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 150 }), (text) => {
        expect(printable(text)).toBe(text.replace(/ +/g, ' ').trim());
        expect(escapeHarmful(text)).toBe(text);
      }),
      share(1),
    );
  });

  test('of a megabyte costs no more than a line of it', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const long = text.repeat(Math.ceil(1_000_000 / Math.max(1, text.length)));
        expect(harmIn(watch.time(() => printable(long), shown(long)))).toBeUndefined();
      }),
      share(0.1),
    );
  });
});

describe('printable JSON', () => {
  test('is harmless and still says the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }), anyText, fc.constantFrom(undefined, 2), (value, text, indent) => {
        const all = { value, [text]: text };
        const json = watch.time(
          () => printableJson(all, indent),
          () => JSON.stringify(all).slice(0, 200),
        );
        for (const line of json.split('\n')) expect(harmIn(line)).toBeUndefined();
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(all)));
        if (indent === undefined) expect(json).not.toContain('\n');
      }),
      share(4),
    );
  });
});

describe('a given URL', () => {
  const pieces = [
    'https://',
    'http://',
    'HTTPS:',
    'ftp://',
    'javascript:',
    '//',
    'ndes.contoso.com',
    'ndes-contoso.msappproxy.net',
    '127.0.0.1',
    '[::1]',
    ':8443',
    ':99999',
    ':',
    '/',
    '/certsrv/mscep/mscep.dll',
    '/certsrv/mscep_admin',
    '/CertSrv/MSCEP%5fAdmin/',
    '/pkiclient.exe',
    '/PKICLIENT.EXE/',
    '?operation=GetCACaps',
    '?',
    '#',
    '#x',
    '%',
    '%zz',
    '\\',
    '..',
    '/./',
    'x',
    ' ',
    '\u00fc',
    '\u202e',
  ] as const;
  const assembled = fc.array(fc.oneof(fc.constantFrom(...pieces), nastyText), { maxLength: 6 }).map((all) => all.join(''));
  const likely = fc.tuple(fc.constantFrom('https://', 'http://', ''), fc.constantFrom(...pieces), assembled).map((all) => all.join(''));

  test('is refused in one harmless line, or becomes one that a browser reads', () => {
    fc.assert(
      fc.property(fc.oneof(assembled, likely, anyText), (text) => {
        const parsed = watch.time(() => parseScepUrl(text), shown(text));
        expect(parseScepUrl(text)).toEqual(parsed);
        const lines = parsed.ok ? [parsed.url, ...parsed.notes] : [parsed.problem];
        for (const line of lines) expect(harmIn(line)).toBeUndefined();
        if (!parsed.ok) return;
        const url = new URL(parsed.url);
        expect(url.protocol).toMatch(/^https?:$/);
        expect([url.username, url.password, url.search, url.hash]).toEqual(['', '', '', '']);
        expect(decodeURIComponentOrSo(url.pathname)).not.toMatch(/\/mscep_admin(?:\/|$)|\/pkiclient\.exe$/i);
        // What has been accepted is accepted as it stands.
        if (!/\/pkiclient\.exe/i.test(url.pathname)) expect(parseScepUrl(parsed.url)).toEqual({ ok: true, url: parsed.url, notes: [] });
      }),
      share(10),
    );
  });

  test('never shows its user name or its password', () => {
    const secret = 'S3CRETS3CRET';
    const credentials = fc.constantFrom(`${secret}@`, `user:${secret}@`, `${secret}:x@`, `a@${secret}@`, `${secret}:@`);
    fc.assert(
      fc.property(
        fc.constantFrom('https://', 'http://', 'ftp://', '//', '', ' https://', 'https:/'),
        credentials,
        likely,
        (scheme, login, rest) => {
          const parsed = parseScepUrl(`${scheme}${login}${rest.replace(/^https?:\/\//, '')}`);
          expect(JSON.stringify(parsed).toLowerCase()).not.toContain(secret.toLowerCase());
        },
      ),
      share(2),
    );
  });
});

function decodeURIComponentOrSo(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (octet) => String.fromCharCode(Number(`0x${octet.slice(1)}`)));
}

describe('small helpers', () => {
  test('wrapping keeps every word, and every line that can be short is short', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 10, max: 100 }), fc.integer({ min: 0, max: 8 }), (text, width, indent) => {
        const wrapped = watch.time(() => wrap(text, width, indent), shown(text));
        expect(wrapped.replaceAll(/\s+/g, '')).toBe(text.replaceAll(/\s+/g, ''));
      }),
      share(1),
    );
  });

  test('the nearest words are candidates, three at most', () => {
    fc.assert(
      fc.property(anyText, (word) => {
        const near = watch.time(() => nearest(word, VERDICT_CODES), shown(word));
        expect(near.length).toBeLessThanOrEqual(3);
        for (const one of near) expect(VERDICT_CODES).toContain(one);
      }),
      share(1),
    );
  });
});
