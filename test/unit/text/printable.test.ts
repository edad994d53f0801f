import { describe, expect, test } from 'vitest';
import { escapeHarmful, printable, printableJson } from '../../../src/core/text/printable.ts';

describe('printable text', () => {
  test.each([
    ['plain text', 'plain text'],
    ['umlauts äöü, 日本語 and 😀', 'umlauts äöü, 日本語 and 😀'],
    ['\u001b[2J\u001b]0;owned\u0007', '\\x1b[2J\\x1b]0;owned\\x07'],
    ['\u009b31m', '\\x9b31m'],
    ['a\0b', 'a\\x00b'],
    ['a\u007fb', 'a\\x7fb'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['a\u200bb\u200dc', 'a\\u200bb\\u200dc'],
    ['a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['\ufeffx', '\\ufeffx'],
    ['soft\u00adhyphen', 'soft\\xadhyphen'],
    ['\u{e0041}tag', '\\udb40\\udc41tag'],
    ['\u2065', '\\u2065'],
    ['half \ud83d', 'half \ufffd'],
    [' two \r\n lines\t ', 'two lines'],
    ['', ''],
  ])('%j is shown as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['\u001b\u001b\u001b', 6, '\\x1b\\…'],
    ['abc😀def', 5, 'abc\ufffd…'],
    ['x'.repeat(1_000), 4, 'xxx…'],
  ])('%j in %i characters is %j', (text, length, shown) => {
    expect(printable(text, length)).toBe(shown);
  });

  test('of a screen of spaces is only the mark that something was left out', () => {
    expect(printable(`${' '.repeat(50)}x`, 5)).toBe('…');
  });

  test('escaping changes nothing but what is harmful', () => {
    expect(escapeHarmful('  a\n\ud800b  ')).toBe('  a\\x0a\\ud800b  ');
  });
});

describe('printable JSON', () => {
  test('escapes what JSON itself lets through, in names and values', () => {
    expect(printableJson({ 'a\u202e': '\u009b\u007f\u2028\ufeff\u{e0041}' })).toBe(
      '{"a\\u202e":"\\u009b\\u007f\\u2028\\ufeff\\udb40\\udc41"}',
    );
  });

  test.each([undefined, 2])('says the same with indent %s', (indent) => {
    const value = { text: '\u001b[2J\u202e\ud800\u{e0041}\n', list: [1, null, true, 'é'] };
    expect(JSON.parse(printableJson(value, indent))).toEqual(value);
    expect(printableJson(value, indent)).toMatch(/^[\n -~é]*$/);
  });
});
