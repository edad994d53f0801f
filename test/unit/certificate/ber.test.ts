import { describe, expect, test } from 'vitest';
import { childrenOf, objectIdentifier, readElement } from '../../../src/certificate/ber.ts';
import { indefinite, lengthOctets, octetString, oid, sequence, tlv } from '../../support/der.ts';

const read = (...octets: readonly number[]) => readElement(Buffer.from(octets));

describe('a BER element', () => {
  test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])('of %i bytes is read, and what follows is left alone', (length) => {
    const element = readElement(Buffer.concat([octetString(Buffer.alloc(length, 7)), Buffer.from('rubbish')]));
    expect(element).toMatchObject({ tag: 0x04 });
    expect(element?.value).toEqual(Buffer.alloc(length, 7));
    expect(element?.bytes.length).toBe(1 + lengthOctets(length).length + length);
  });

  test('of indefinite length ends at its own mark, not at one inside', () => {
    const inner = indefinite(0x30, octetString(Buffer.from([0, 0, 0, 0])));
    const element = readElement(Buffer.concat([indefinite(0x30, inner, inner), Buffer.from([5, 0])]));
    expect(element === undefined ? undefined : childrenOf(element)?.map(({ bytes }) => bytes)).toEqual([inner, inner]);
  });

  test('with a tag number of several octets is read', () => {
    expect(read(0x1f, 0x81, 0x01, 0x01, 0xaa)?.value).toEqual(Buffer.from([0xaa]));
  });

  test('with a length in more octets than it needs is read', () => {
    expect(read(0x04, 0x83, 0x00, 0x00, 0x01, 0xaa)?.value).toEqual(Buffer.from([0xaa]));
  });

  test.each([
    ['nothing', []],
    ['a tag alone', [0x30]],
    ['a length that is cut', [0x30, 0x82, 0x01]],
    ['fewer bytes than announced', [0x30, 0x03, 0x05, 0x00]],
    ['a length of five octets', [0x30, 0x85, 0, 0, 0, 0, 1, 0]],
    ['the reserved length', [0x30, 0xff, 0]],
    ['indefinite length without an end', [0x30, 0x80, 0x05, 0x00]],
    ['indefinite length of a primitive value', [0x04, 0x80, 0x00, 0x00]],
    ['a tag number without an end', [0x1f, 0x81, 0x81, 0x81, 0x81, 0x81, 0x01, 0x00]],
  ])('is not there: %s', (_, octets) => {
    expect(read(...octets)).toBeUndefined();
  });

  test('has no children when it is primitive, and none that can be told when one is damaged', () => {
    const children = (element: Uint8Array) => {
      const found = readElement(element);
      return found === undefined ? 'unreadable' : childrenOf(found);
    };
    expect(children(octetString(Buffer.from([5, 0])))).toEqual([]);
    expect(children(sequence(Buffer.from([5, 0]), Buffer.from([5])))).toBeUndefined();
    expect(children(sequence(Buffer.alloc(2 * 512, Buffer.from([5, 0]))))).toHaveLength(512);
    expect(children(sequence(Buffer.alloc(2 * 513, Buffer.from([5, 0]))))).toBeUndefined();
  });
});

describe('an object identifier', () => {
  test.each([
    '1.2.840.113549.1.7.2',
    '0.9.2342.19200300.100.1.25',
    '2.5.29.15',
    '2.999.1',
    '1.3.6.1.4.1.311.21.8.16777215.1',
    '1.39',
    '2.16.840.1.113733.1.9.2',
  ])('%s is read', (dotted) => {
    expect(objectIdentifier(readElement(oid(dotted)))).toBe(dotted);
  });

  test('with a number of 128 bits is read exactly', () => {
    const uuid = tlv(0x06, Buffer.from([0x69, 0x83, 0xff, ...Array.from({ length: 16 }, () => 0xff), 0x7f]));
    expect(objectIdentifier(readElement(uuid))).toBe(`2.25.${(2n ** 128n - 1n).toString()}`);
  });

  test('is not there in an empty one, in one of 65 bytes, or in anything else', () => {
    expect(objectIdentifier(readElement(tlv(0x06)))).toBeUndefined();
    expect(objectIdentifier(readElement(tlv(0x06, Buffer.alloc(65, 0x2a))))).toBeUndefined();
    expect(objectIdentifier(readElement(octetString(Buffer.from([0x2a]))))).toBeUndefined();
    expect(objectIdentifier(undefined)).toBeUndefined();
  });
});
