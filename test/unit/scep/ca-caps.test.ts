import { describe, expect, test } from 'vitest';
import { decodeBody } from '../../../src/core/http/decode-body.ts';
import { type Capability, missingCapabilities, parseCaCaps, REGISTERED_CAPABILITIES } from '../../../src/core/scep/ca-caps.ts';

const NDES: readonly Capability[] = ['POSTPKIOperation', 'Renewal', 'SHA-512', 'SHA-256', 'SHA-1', 'DES3'];

describe('a capability list', () => {
  test.each([
    ['CRLF', `${NDES.join('\r\n')}\r\n`],
    ['LF', `${NDES.join('\n')}\n`],
    ['CR', NDES.join('\r')],
    ['no line feed at the end', NDES.join('\n')],
    ['empty lines', `\n\n${NDES.join('\n\n')}\n\n`],
    ['spaces around', NDES.map((word) => `  ${word}\t`).join('\n')],
    ['lower case', NDES.join('\n').toLowerCase()],
    ['upper case', NDES.join('\n').toUpperCase()],
    ['repetitions', [...NDES, ...NDES].join('\n')],
    ['a byte order mark', `\ufeff${NDES.join('\n')}`],
  ])('with %s is read', (_, text) => {
    expect(parseCaCaps(text)).toEqual({ kind: 'caps', capabilities: NDES, other: [] });
  });

  test.each(['utf-8', 'utf-16le'] as const)('in %s with a byte order mark is read from its bytes', (encoding) => {
    const body = Buffer.from(`\ufeff${NDES.join('\r\n')}`, encoding === 'utf-8' ? 'utf8' : 'utf16le');
    expect(parseCaCaps(decodeBody(body).text)).toEqual({ kind: 'caps', capabilities: NDES, other: [] });
  });

  test('keeps unknown keywords apart', () => {
    expect(parseCaCaps('SHA-256\nX-New-Thing\nPOSTPKIOperation and more')).toEqual({
      kind: 'caps',
      capabilities: ['SHA-256'],
      other: ['X-New-Thing', 'POSTPKIOperation and more'],
    });
  });

  test.each(REGISTERED_CAPABILITIES)('of %s alone is a list', (capability) => {
    expect(parseCaCaps(capability)).toEqual({ kind: 'caps', capabilities: [capability], other: [] });
  });

  test.each(['', ' ', '\r\n', '\ufeff', '\t\n '])('is empty: %j', (text) => {
    expect(parseCaCaps(text)).toEqual({ kind: 'empty' });
  });

  test.each([
    ['a page', '<html><body>SHA-256</body></html>', 'it is a page'],
    ['no registered keyword', 'hello\nworld', 'it has not one registered keyword'],
    ['words in one line', 'SHA-256 SHA-1', 'it has not one registered keyword'],
    ['2,049 characters', 'SHA-256\n'.padEnd(2_049, 'x'), 'it is 2049 characters long'],
  ])('is none: %s', (_, text, reason) => {
    expect(parseCaCaps(text)).toEqual({ kind: 'invalid', reason });
  });

  test('may have 2,048 characters', () => {
    expect(parseCaCaps('SHA-256\n'.padEnd(2_048, 'x')).kind).toBe('caps');
  });
});

describe('what a list lacks', () => {
  test.each<[readonly Capability[], readonly Capability[]]>([
    [NDES, []],
    [['SCEPStandard'], []],
    [['POSTPKIOperation'], ['SHA-256']],
    [['SHA-256'], ['POSTPKIOperation']],
    [
      ['SHA-512', 'DES3'],
      ['POSTPKIOperation', 'SHA-256'],
    ],
  ])('%j lacks %j', (capabilities, missing) => {
    expect(missingCapabilities(capabilities)).toEqual(missing);
  });
});
