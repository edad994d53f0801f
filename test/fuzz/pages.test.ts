import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { contains, decodeBody, pageTitle, searchable } from '../../src/core/http/decode-body.ts';
import { redactedHeaderValue } from '../../src/core/http/headers.ts';
import { parseCaCaps, REGISTERED_CAPABILITIES } from '../../src/core/scep/ca-caps.ts';
import { redactedText, redactedUrl } from '../../src/core/text/redact.ts';
import { nastyText, randomFrom, seeds, share, stopwatch } from '../support/fuzz.ts';
import { CONTENT_TYPES, PAGE_LITERALS } from '../support/page-literals.ts';

const watch = stopwatch();
afterAll(() => console.log(`pages and capability lists: ${watch.slowest()}`));

const FORMS = [
  (text: string) => Buffer.from(text),
  (text: string) => Buffer.from(text, 'latin1'),
  (text: string) => Buffer.from(text, 'utf16le'),
  (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  (text: string) => Buffer.from(text, 'utf16le').swap16(),
  (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  (text: string) => Buffer.from(`\ufeff${text}`),
  (text: string) => Buffer.concat([Buffer.from('0\u0082', 'latin1'), Buffer.from(text)]),
] as const;

const page = fc
  .tuple(fc.array(fc.constantFrom(...PAGE_LITERALS), { maxLength: 8 }), nastyText, fc.constantFrom(...FORMS), seeds)
  .map(([literals, nasty, encode, seed]) => {
    const bytes = encode(literals.join('') + nasty);
    const random = randomFrom(seed);
    // One page in two has a byte or two that do not belong there.
    for (let i = random.below(4); i > 1 && bytes.length > 0; i--) bytes[random.below(bytes.length)] = random.below(256);
    return new Uint8Array(bytes);
  });

/** One literal over and over, as long as a body may be. */
const monotony = fc
  .tuple(fc.constantFrom(...PAGE_LITERALS), fc.constantFrom(...FORMS), fc.constantFrom(2_000, 65_536, 262_144))
  .map(([literal, encode, length]) => new Uint8Array(encode(literal.repeat(Math.ceil(length / literal.length))).subarray(0, length)));

const contentType = fc.constantFrom(...CONTENT_TYPES);

function read(bytes: Uint8Array, type: string | undefined) {
  const decoded = decodeBody(bytes, type);
  const copies = searchable(decoded.text);
  return {
    decoded,
    copies,
    title: pageTitle(decoded.text),
    found: contains(copies, 'service unavailable') || contains(copies, /can(?:'|no)?t/),
  };
}

function pagesAreRead(bytes: Uint8Array, type: string | undefined): void {
  const describeInput = () => `${bytes.length} bytes as ${type?.slice(0, 60)}: ${Buffer.from(bytes.subarray(0, 60)).toString('latin1')}`;
  const seen = watch.time(() => read(bytes, type), describeInput);
  expect(seen.copies.visible.length).toBeLessThanOrEqual(seen.copies.source.length);
  expect(seen.copies.source).not.toMatch(/\u00a0| {2}/);
  expect(seen.title?.length ?? 0).toBeLessThanOrEqual(300);
  expect(seen.title ?? '').not.toMatch(/[\r\n]/);
}

describe('the reader of pages', () => {
  test('reads every page in time', () => {
    fc.assert(fc.property(page, contentType, pagesAreRead), share(12));
  });

  test('reads noise in time', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), contentType, pagesAreRead), share(10));
  });

  test('reads the same thing over and over in time', () => {
    fc.assert(fc.property(monotony, contentType, pagesAreRead), share(1));
  });

  test('reads the same bytes in the same way', () => {
    fc.assert(
      fc.property(page, contentType, (bytes, type) => {
        expect(read(bytes, type)).toEqual(read(bytes, type));
      }),
      share(2),
    );
  });
});

describe('the reader of capability lists', () => {
  const words = fc.array(fc.oneof(fc.constantFrom(...REGISTERED_CAPABILITIES, 'post', 'sha-256', 'Unknown'), nastyText), { maxLength: 12 });
  const list = fc
    .tuple(words, fc.constantFrom('\n', '\r\n', '\r', ' ', ''), fc.constantFrom('', '\ufeff', '\n'))
    .map(([all, end, start]) => start + all.join(end));

  test('gives registered keywords only, each once, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(list, nastyText, fc.string({ unit: 'binary', maxLength: 3_000 })), (text) => {
        const caps = watch.time(
          () => parseCaCaps(text),
          () => JSON.stringify(text.slice(0, 80)),
        );
        expect(parseCaCaps(text)).toEqual(caps);
        if (caps.kind === 'empty') expect(text.trim()).toBe('');
        if (caps.kind !== 'caps') return;
        expect(new Set(caps.capabilities).size).toBe(caps.capabilities.length);
        for (const capability of caps.capabilities) expect(REGISTERED_CAPABILITIES).toContain(capability);
        for (const other of caps.other) expect(other).not.toMatch(/[\r\n]/);
      }),
      share(8),
    );
  });
});

describe('what is shown of a page', () => {
  const pieces = [
    '//',
    '\\\\',
    'https://',
    'a:',
    '@',
    '%40',
    '?',
    'challenge password is: ',
    '<b>',
    '&nbsp;',
    '0123456789ABCDEF',
    '6e5dc3a8-7d43-4e7e-a1b5-0f1d3f0b9a11',
    '-',
    ' ',
  ] as const;
  const made = fc.array(fc.constantFrom(...pieces, ...PAGE_LITERALS), { maxLength: 12 }).map((all) => all.join(''));
  const long = fc
    .tuple(fc.constantFrom(...pieces), fc.constantFrom(...pieces))
    .map(([a, b]) => (a + b).repeat(Math.ceil(65_536 / (a.length + b.length))));

  test('is redacted in time and holds no GUID', () => {
    fc.assert(
      fc.property(
        fc.oneof({ weight: 40, arbitrary: made }, { weight: 10, arbitrary: nastyText }, { weight: 1, arbitrary: long }),
        (text) => {
          const shown = watch.time(
            () => redactedText(text),
            () => JSON.stringify(text.slice(0, 80)),
          );
          expect(shown).not.toContain('6e5dc3a8-7d43-4e7e-a1b5-0f1d3f0b9a11');
        },
      ),
      share(2),
    );
  });
});

describe('what is shown of a redirect', () => {
  test('holds no query, no fragment, no credentials and no tenant', () => {
    const tenant = fc.uuid();
    const location = fc.tuple(
      fc.constantFrom('https://', 'http://', '//', '', 'x:'),
      fc.constantFrom('', 'user:S3CRET@', 'S3CRET@', 'a:b@S3CRET@'),
      nastyText,
      tenant,
      nastyText,
    );
    fc.assert(
      fc.property(location, ([scheme, credentials, host, guid, rest]) => {
        const given = `${scheme}${credentials}${host.replaceAll('/', '')}/${guid}/oauth2?code=S3CRET#S3CRET${rest}`;
        const shown = watch.time(
          () => redactedUrl(given),
          () => JSON.stringify(given),
        );
        expect(redactedHeaderValue('Location', given)).toBe(shown);
        expect(shown).not.toContain(guid);
        if (scheme.endsWith('//')) expect(shown).not.toContain('S3CRET');
        else expect(shown).not.toMatch(/code=|#/);
      }),
      share(3),
    );
  });
});
