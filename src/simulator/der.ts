/**
 * Writes DER (X.690), as little of it as certificates and certs-only messages need.
 * Own code instead of @peculiar/x509: that library wants a Reflect polyfill and costs more start time than
 * all the certificates together, and the simulator must not share a parser or a writer with the product.
 */

function length(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  const digits: number[] = [];
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.from([0x80 | digits.length, ...digits]);
}

function tlv(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), length(value.length), value]);
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => tlv(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Buffer => tlv(0x31, ...items);
export const octetString = (bytes: Uint8Array): Buffer => tlv(0x04, bytes);
export const boolean = (value: boolean): Buffer => tlv(0x01, Buffer.from([value ? 0xff : 0]));
export const nothing = (): Buffer => tlv(0x05);
export const printableString = (text: string): Buffer => tlv(0x13, Buffer.from(text, 'latin1'));
export const utf8String = (text: string): Buffer => tlv(0x0c, Buffer.from(text, 'utf8'));
export const ia5String = (text: string): Buffer => tlv(0x16, Buffer.from(text, 'latin1'));
export const bmpString = (text: string): Buffer => tlv(0x1e, Buffer.from(text, 'utf16le').swap16());

/** `[number]` around complete values. */
export const explicit = (number: number, ...items: readonly Uint8Array[]): Buffer => tlv(0xa0 | number, ...items);

/** `[number]` in place of the tag of a primitive value. */
export const implicit = (number: number, bytes: Uint8Array): Buffer => tlv(0x80 | number, bytes);

/** An INTEGER from its unsigned, big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let first = 0;
  while (first < bytes.length - 1 && bytes[first] === 0) first++;
  const digits = bytes.subarray(first);
  return tlv(0x02, Buffer.from((digits[0] ?? 0) >= 0x80 ? [0] : []), digits);
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return tlv(0x03, Buffer.from([unusedBits]), bytes);
}

/** A named bit list by bit number, without trailing zero bits as DER wants it. */
export function namedBits(bits: readonly number[]): Buffer {
  const last = Math.max(...bits);
  const bytes = Buffer.alloc(Math.floor(last / 8) + 1);
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return bitString(bytes, 7 - (last & 7));
}

export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc & 0x7f];
    for (let high = Math.floor(arc / 128); high > 0; high = Math.floor(high / 128)) digits.unshift((high & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return tlv(0x06, Buffer.from(bytes));
}

/** UTCTime until 2049 and GeneralizedTime from 2050, as RFC 5280 section 4.1.2.5 requires. `at` is epoch milliseconds. */
export function time(at: number): Buffer {
  const iso = new Date(at).toISOString();
  const digits = iso.replace(/\.\d+Z$/, '').replace(/\D/g, '');
  return Number(iso.slice(0, 4)) >= 2050 ? tlv(0x18, Buffer.from(`${digits}Z`)) : tlv(0x17, Buffer.from(`${digits.slice(2)}Z`));
}
