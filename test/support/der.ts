/** Writes DER (and BER where asked) byte by byte, so that tests can write it wrongly as well. Independent of src/certificate/ber.ts on purpose. */

type Bytes = Uint8Array;

export function tlv(tag: number, ...parts: readonly Bytes[]): Buffer {
  const value = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(value.length), value]);
}

export function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Buffer.from([0x80 | octets.length, ...octets]);
}

/** BER's indefinite length: an end-of-contents mark instead of a figure. */
export function indefinite(tag: number, ...parts: readonly Bytes[]): Buffer {
  return Buffer.concat([Buffer.from([tag, 0x80]), ...parts, Buffer.from([0, 0])]);
}

export const sequence = (...parts: readonly Bytes[]) => tlv(0x30, ...parts);
export const set = (...parts: readonly Bytes[]) => tlv(0x31, ...parts);
export const integer = (bytes: Bytes | number) => tlv(0x02, typeof bytes === 'number' ? Buffer.from([bytes]) : bytes);
export const octetString = (bytes: Bytes) => tlv(0x04, bytes);
export const bitString = (bytes: Bytes, unusedBits = 0) => tlv(0x03, Buffer.from([unusedBits]), bytes);
export const utf8String = (text: string) => tlv(0x0c, Buffer.from(text));
export const bmpString = (text: string) => tlv(0x1e, Buffer.from(text, 'utf16le').swap16());

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((number) => {
    const septets = [number % 128];
    for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128)) septets.unshift(0x80 | (left % 128));
    return septets;
  });
  return tlv(0x06, Buffer.from(octets));
}

export const SIGNED_DATA = '1.2.840.113549.1.7.2';
export const DATA = '1.2.840.113549.1.7.1';

/** A degenerate CMS message around these certificates (RFC 5652 section 5.2), with a wrapper of definite or of indefinite lengths. */
export function certsOnly(certificates: readonly Bytes[], wrap: typeof tlv = tlv): Buffer {
  const signedData = wrap(0x30, integer(1), set(), wrap(0x30, oid(DATA)), wrap(0xa0, ...certificates), set());
  return wrap(0x30, oid(SIGNED_DATA), wrap(0xa0, signedData));
}
