/** One element of a BER encoding (X.690 section 8.1). DER is a part of BER. */
export interface BerElement {
  /** The identifier octet: class, constructed bit and number in one, such as 0x30 for SEQUENCE. */
  readonly tag: number;
  readonly value: Uint8Array;
  /** Identifier, length and value. */
  readonly bytes: Uint8Array;
}

export const TAG = {
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  bmpString: 0x1e,
  sequence: 0x30,
  /** Context-specific numbers, as primitive and as constructed values. */
  primitive0: 0x80,
  constructed0: 0xa0,
  constructed3: 0xa3,
} as const;

/** More elements side by side than any bundle, certificate or extension has. */
const MAX_CHILDREN = 512;
/** 2.25.UUID, the longest that people use, has 19. */
const MAX_OID_BYTES = 64;

/**
 * The first element of these bytes, or undefined when it is damaged or incomplete. What follows it is left alone.
 * Nothing inside is looked at before somebody asks for it, so that the depth of hostile bytes costs nothing.
 */
export function readElement(bytes: Uint8Array): BerElement | undefined {
  const header = readHeader(bytes, 0);
  if (header === undefined) return undefined;
  const [tag = 0] = bytes;
  const { start, length } = header;
  if (length !== 'indefinite') {
    const end = start + length;
    return end > bytes.length ? undefined : { tag, value: bytes.subarray(start, end), bytes: bytes.subarray(0, end) };
  }
  const end = endOfContents(bytes, start);
  return end === undefined ? undefined : { tag, value: bytes.subarray(start, end), bytes: bytes.subarray(0, end + 2) };
}

/** The elements of a constructed value; none of a primitive one; undefined when they are damaged or more than we care to read. */
export function childrenOf({ tag, value }: BerElement): readonly BerElement[] | undefined {
  if (!isConstructed(tag)) return [];
  const children: BerElement[] = [];
  for (let rest = value; rest.length > 0; ) {
    const child = readElement(rest);
    if (child === undefined || children.length === MAX_CHILDREN) return undefined;
    children.push(child);
    rest = rest.subarray(child.bytes.length);
  }
  return children;
}

/** The dotted form of an object identifier, or undefined for anything else. */
export function objectIdentifier(element: BerElement | undefined): string | undefined {
  if (element?.tag !== TAG.objectIdentifier || element.value.length === 0 || element.value.length > MAX_OID_BYTES) return undefined;
  const numbers: bigint[] = [];
  let number = 0n;
  for (const byte of element.value) {
    number = (number << 7n) | BigInt(byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0n;
  }
  const [joined = 0n, ...others] = numbers;
  // X.690 section 8.19.4: the first two numbers share one place.
  const first = joined < 40n ? 0n : joined < 80n ? 1n : 2n;
  return [first, joined - first * 40n, ...others].join('.');
}

interface Header {
  /** Where the value starts. */
  readonly start: number;
  readonly length: number | 'indefinite';
}

function readHeader(bytes: Uint8Array, offset: number): Header | undefined {
  const tag = bytes[offset];
  let start = offset + 1;
  // Numbers above 30 go on in further octets (section 8.1.2.4); four of them are already more than anybody has assigned.
  if (tag !== undefined && (tag & 0x1f) === 0x1f) {
    while ((bytes[start] ?? 0) >= 0x80) start++;
    start++;
    if (start > offset + 5) return undefined;
  }
  const first = bytes[start++];
  if (tag === undefined || first === undefined) return undefined;
  if (first < 0x80) return { start, length: first };
  if (first === 0x80) return isConstructed(tag) ? { start, length: 'indefinite' } : undefined;
  const octets = first & 0x7f;
  if (octets > 4 || start + octets > bytes.length) return undefined;
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + (bytes[start++] ?? 0);
  return { start, length };
}

/** Where a value of indefinite length ends: others inside are counted, those of definite length are skipped. */
function endOfContents(bytes: Uint8Array, start: number): number | undefined {
  let open = 1;
  let offset = start;
  while (offset + 1 < bytes.length) {
    if (bytes[offset] === 0 && bytes[offset + 1] === 0) {
      open--;
      if (open === 0) return offset;
      offset += 2;
      continue;
    }
    const header = readHeader(bytes, offset);
    if (header === undefined) return undefined;
    if (header.length === 'indefinite') open++;
    offset = header.length === 'indefinite' ? header.start : header.start + header.length;
  }
  return undefined;
}

function isConstructed(tag: number): boolean {
  return (tag & 0x20) !== 0;
}
