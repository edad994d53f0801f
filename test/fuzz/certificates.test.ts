import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBundle } from '../../src/certificate/read-bundle.ts';
import type { CaCertBundle } from '../../src/core/scep/certificate.ts';
import { clientViews } from '../../src/core/scep/client-selection.ts';
import { bundleRoles } from '../../src/core/scep/roles.ts';
import {
  bmpString,
  certsOnly,
  indefinite,
  integer,
  lengthOctets,
  octetString,
  oid,
  SIGNED_DATA,
  sequence,
  tlv,
  utf8String,
} from '../support/der.ts';
import { NASTY, type Random, randomFrom, seeds, share, stopwatch } from '../support/fuzz.ts';
import * as hostile from '../support/hostile-certificates.ts';
import { needs } from '../support/needs.ts';
import { certsOnlyByOpenssl, ENCRYPTION_RA, issue, ndesBundle, SIGNING_RA } from '../support/openssl-bundles.ts';

const openssl = needs('openssl');

const watch = stopwatch();
const kinds = new Map<string, number>();
afterAll(() => console.log(`certificates: ${watch.slowest()}; ${[...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ')}`));

/** Bodies are capped at this by the probe. */
const MAX_BODY = 256 * 1024;
const MAX_TEXT = 1024;
/** What ASN.1 can write: 0000-01-01 to 9999-12-31. */
const FIRST_DATE = Date.parse('0000-01-01T00:00:00Z');
const LAST_DATE = Date.parse('9999-12-31T23:59:59Z');

/** Reads one body and holds the promise against the result. Bytes behind a body change nothing but its hash, so that a second measurement meets no cache. */
function bundleIsRead(body: Uint8Array): CaCertBundle {
  const describeInput = () => `${body.length} bytes: ${Buffer.from(body.subarray(0, 48)).toString('hex')}`;
  const bundle = watch.time(
    () => readBundle(body),
    describeInput,
    (attempt) => readBundle(Buffer.concat([body, Buffer.alloc(attempt + 1, 0x55)])),
  );
  kinds.set(bundle.kind, (kinds.get(bundle.kind) ?? 0) + 1);
  if (bundle.kind === 'invalid') {
    expect(bundle.reason).toMatch(/^[ -~]{1,200}$/);
    return bundle;
  }
  expect(bundle.certificates.length).toBeGreaterThan(0);
  expect(bundle.certificates.length).toBeLessThanOrEqual(24);
  for (const certificate of bundle.certificates) {
    for (const text of [certificate.subject, certificate.issuer, certificate.serialNumber, certificate.template ?? ''])
      expect(text.length).toBeLessThanOrEqual(MAX_TEXT);
    expect(certificate.sha256).toMatch(/^[0-9a-f]{64}$/);
    for (const date of [certificate.notBefore, certificate.notAfter]) {
      expect(date).toBeGreaterThanOrEqual(FIRST_DATE);
      expect(date).toBeLessThanOrEqual(LAST_DATE);
    }
    for (const index of certificate.signedBy) expect(bundle.certificates[index]).toBeDefined();
  }
  watch.time(
    () => [
      bundleRoles(bundle.certificates),
      clientViews({ certificates: bundle.certificates, contentType: 'application/x-x509-ca-ra-cert' }),
    ],
    describeInput,
  );
  return bundle;
}

const INTERESTING = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x17, 0x1e, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x88, 0xa0, 0xa3, 0xff,
] as const;

/** One to eight changes, small and large; never none. */
function mutate(original: Uint8Array, others: readonly Uint8Array[], random: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let left = 1 + random.below(8); left > 0; left--) {
    const at = random.below(bytes.length);
    const length = random.below(32);
    switch (random.below(9)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        bytes[at] = random.pick(INTERESTING);
        break;
      case 2:
        bytes[at] = random.below(256);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), random.bytes(length), bytes.subarray(at)]);
        break;
      case 6:
        random.bytes(length).copy(bytes, at);
        break;
      case 7: {
        const other = others[random.below(others.length)] ?? original;
        const from = random.below(other.length);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + random.below(600)), bytes.subarray(at)]);
        break;
      }
      case 8:
        // Rarely, as nothing is left to be changed afterwards.
        if (random.below(6) === 0) bytes = bytes.subarray(0, at);
        break;
    }
  }
  return bytes.subarray(0, MAX_BODY);
}

const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x18, 0x1e, 0x1f, 0x24, 0x30, 0x30, 0x30, 0x31, 0x80, 0xa0, 0xa3, 0xbf,
] as const;

/** An ASN.1 tree of any shape, some of its lengths wrong or indefinite. */
function tree(random: Random, depth: number): Buffer {
  const tag = random.pick(TAGS);
  if ((tag & 0x20) === 0 || depth === 0) return tlv(tag, random.bytes(random.below(20)));
  const children = Array.from({ length: random.below(6) }, () => tree(random, depth - 1));
  const lie = random.below(20);
  if (lie === 0) return indefinite(tag, ...children);
  if (lie === 1) return Buffer.concat([Buffer.from([tag]), lengthOctets(random.below(0x7fff_ffff)), ...children]);
  return tlv(tag, ...children);
}

/** A name with anything in it, as a string of any type. */
function nastyName(random: Random): Buffer {
  const text = Array.from({ length: random.below(6) }, () => random.pick(NASTY)).join('');
  switch (random.below(7)) {
    case 0:
      return bmpString(text);
    case 1:
      return tlv(0x13, Buffer.from(text, 'latin1'));
    case 2:
      return tlv(0x16, random.bytes(random.below(40)));
    case 3:
      return tlv(0x1c, random.bytes(4 * random.below(10)));
    case 4:
      return tlv(0x0c, random.bytes(random.below(60)));
    case 5:
      return utf8String(`${text}\nCN=Contoso Issuing CA`);
    default:
      return utf8String(text);
  }
}

const DATES = [
  '000101000000Z',
  '491231235959Z',
  '500101000000Z',
  '991332999999Z',
  '',
  '2601010000Z',
  '260101000000+0100',
  'x'.repeat(100),
] as const;
const LONG_DATES = ['99991231235959Z', '00000101000000Z', '20260101000000.5Z', '99999999999999Z', ''] as const;

function nastyCertificate(random: Random): Buffer {
  const date = () => (random.below(3) === 0 ? hostile.generalizedTime(random.pick(LONG_DATES)) : hostile.utcTime(random.pick(DATES)));
  const maybeDate = (): { notBefore?: Uint8Array; notAfter?: Uint8Array } =>
    random.below(4) === 0 ? { notBefore: date(), notAfter: date() } : {};
  const values = [
    () => tree(random, 3),
    () => nastyName(random),
    () => octetString(random.bytes(random.below(100))),
    () => tlv(0x03, random.bytes(random.below(4))),
  ] as const;
  const ids = [
    hostile.BASIC_CONSTRAINTS,
    hostile.KEY_USAGE,
    hostile.SUBJECT_KEY_ID,
    hostile.AUTHORITY_KEY_ID,
    hostile.EXTENDED_KEY_USAGE,
    hostile.TEMPLATE_NAME,
    hostile.TEMPLATE_INFORMATION,
    hostile.SUBJECT_ALT_NAME,
  ] as const;
  const extensions = Array.from({ length: random.below(5) }, () => [random.pick(ids), random.pick(values)()] as const);
  if (random.below(3) === 0) extensions.push(hostile.caExtension());
  const subjectName = nastyName(random);
  return hostile.hostileCertificate({
    subjectName,
    issuerName: random.below(2) === 0 ? subjectName : nastyName(random),
    serialNumber: random.bytes(1 + random.below(30)),
    extensions,
    ...maybeDate(),
  });
}

describe('the reader of certificate bundles', openssl.suite, () => {
  let originals: readonly [Uint8Array, ...Uint8Array[]];
  beforeAll(() => {
    const { ca, signing, encryption, bundle } = ndesBundle();
    const small = issue({ subject: '/CN=small', extensions: 'basicConstraints=critical,CA:true\n' });
    const smallRa = [SIGNING_RA, ENCRYPTION_RA].map((extensions) => issue({ subject: '/CN=small RA', extensions, issuer: small }));
    originals = [
      bundle,
      ca.der,
      small.der,
      certsOnlyByOpenssl([small, ...smallRa]),
      certsOnlyByOpenssl([small, ...smallRa], small),
      certsOnly([ca.der, signing.der, encryption.der], indefinite),
      certsOnly([small.der, tlv(0xa1, Buffer.from('junk')), ...smallRa.map(({ der }) => der)]),
    ];
    for (const original of originals) expect(bundleIsRead(original).kind).not.toBe('invalid');
  });

  test('reads damaged copies of real bundles in time', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = randomFrom(seed);
        bundleIsRead(mutate(random.pick(originals), originals, random));
      }),
      share(14),
    );
    // Otherwise nothing behind the first bytes would have been tried.
    for (const kind of ['certs-only', 'single', 'invalid']) expect(kinds.get(kind)).toBeGreaterThan(0);
  });

  test('reads real bundles that break off in time', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = randomFrom(seed);
        const original = random.pick(originals);
        const length = random.below(original.length);
        expect(bundleIsRead(original.subarray(0, length)).kind).toBe('invalid');
      }),
      share(1),
    );
  });

  test('reads noise in time', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom([], [0x30], [0x30, 0x80], [0x30, 0x82]),
        (bytes, start) => void bundleIsRead(Buffer.from([...start, ...bytes])),
      ),
      share(3),
    );
  });

  test('reads ASN.1 of any shape in time', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = randomFrom(seed);
        const content = tree(random, 8);
        bundleIsRead(
          random.pick([
            content,
            certsOnly([content, tree(random, 4)]),
            sequence(oid(SIGNED_DATA), content),
            certsOnly([sequence(content, content)]),
          ]),
        );
      }),
      share(5),
    );
  });

  test('reads certificates with hostile names, dates and extensions in time', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = randomFrom(seed);
        const certificates = Array.from({ length: 1 + random.below(4) }, () => nastyCertificate(random));
        bundleIsRead(random.below(4) === 0 ? (certificates[0] ?? Buffer.alloc(0)) : certsOnly(certificates));
      }),
      share(4),
    );
  });

  test('reads the same bytes in the same way, remembered or not', () => {
    const before: { readonly bytes: Uint8Array; readonly json: string }[] = [];
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = randomFrom(seed);
        const bytes = mutate(random.pick(originals), originals, random);
        before.push({ bytes, json: JSON.stringify(readBundle(bytes)) });
        // After so many others it is no longer remembered.
        const old = before.length > 600 ? before.shift() : undefined;
        if (old !== undefined) expect(JSON.stringify(readBundle(old.bytes))).toBe(old.json);
      }),
      share(2),
    );
  });
});

describe('a body that is as large and as awkward as a body can be', openssl.suite, () => {
  const nested = (depth: number): Buffer => {
    const heads: Buffer[] = [];
    for (let i = 0, length = 2; i < depth; i++) {
      const head = Buffer.concat([Buffer.from([0x30]), lengthOctets(length)]);
      heads.unshift(head);
      length += head.length;
    }
    return Buffer.concat([...heads, Buffer.from([0x05, 0x00])]);
  };
  const nestedIndefinite = (depth: number) => Buffer.concat([Buffer.alloc(2 * depth, Buffer.from([0x30, 0x80])), Buffer.alloc(2 * depth)]);
  const fill = (piece: Uint8Array, length = MAX_BODY - 64) => Buffer.alloc(Math.floor(length / piece.length) * piece.length, piece);
  const withExtension = (id: string, value: Uint8Array) => hostile.hostileCertificate({ extensions: [[id, value]] });
  const lookAlikes = (parts: hostile.HostileParts, count = 200) =>
    certsOnly(
      Array.from({ length: count }, (_, index) =>
        hostile.hostileCertificate({ ...parts, serialNumber: Buffer.from([1, index >> 8, index & 255]) }),
      ),
    );
  const WHOLE = sequence(oid(SIGNED_DATA), tlv(0xa0, sequence(fill(sequence()))));

  const cases: readonly (readonly [string, () => Buffer])[] = [
    ['10,000 levels of definite length', () => nested(10_000)],
    ['10,000 levels of indefinite length', () => nestedIndefinite(10_000)],
    ['60,000 levels of indefinite length', () => nestedIndefinite(60_000)],
    ['10,000 levels inside a certificate list', () => certsOnly([nested(10_000)])],
    ['10,000 indefinite levels inside a certificate list', () => certsOnly([nestedIndefinite(10_000)], indefinite)],
    ['10,000 levels without an end', () => Buffer.alloc(20_000, Buffer.from([0x30, 0x80]))],
    ['10,000 levels inside an extension', () => certsOnly([withExtension(hostile.TEMPLATE_INFORMATION, nested(10_000))])],
    ['a quarter of a megabyte of empty sequences', () => WHOLE],
    ['as many certificates of two bytes', () => certsOnly([fill(sequence())])],
    ['as many empty nulls in an indefinite certificate list', () => certsOnly([fill(Buffer.from([5, 0]))], indefinite)],
    ['an object identifier of a quarter of a megabyte', () => sequence(tlv(0x06, Buffer.alloc(MAX_BODY - 64, 0x2a)))],
    ['object identifiers all over', () => sequence(fill(oid('1.2.3.4.5.6.7.8.9.10')))],
    ['an integer of a quarter of a megabyte', () => sequence(integer(Buffer.alloc(MAX_BODY - 64, 0x7a)))],
    ['a date of a quarter of a megabyte', () => sequence(tlv(0x18, Buffer.alloc(MAX_BODY - 64, '1')))],
    ['a length of 2^63', () => Buffer.from([0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x06, 0x00])],
    ['a length of 2^32 - 1', () => Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x06, 0x00])],
    ['a length of 127 octets', () => Buffer.concat([Buffer.from([0x30, 0xff]), Buffer.alloc(400, 0xff)])],
    ['a tag number without an end', () => Buffer.concat([Buffer.from([0x30, 0x80, 0x1f]), Buffer.alloc(MAX_BODY - 64, 0x81)])],
    ['200 look-alikes that sign one another', () => lookAlikes({ extensions: [hostile.caExtension()] })],
    ['24 look-alikes of 10 KB', () => lookAlikes({ extensions: [['1.2.3.4', Buffer.alloc(9_000)]] }, 24)],
    ['look-alikes with an expensive RSA key', () => lookAlikes(hostile.expensiveRsa(), 60)],
    ['look-alikes on an expensive curve', () => lookAlikes(hostile.expensiveCurve())],
    ['a common name of 64 KB', () => certsOnly([hostile.hostileCertificate({ subjectName: utf8String('x'.repeat(65_536)) })])],
    ['three common names of 80 KB', () => lookAlikes({ subjectName: utf8String('\u001b'.repeat(40_000)) }, 3)],
    ['a template name of 200 KB', () => certsOnly([withExtension(hostile.TEMPLATE_NAME, bmpString('T'.repeat(100_000)))])],
    ['a key identifier of 200 KB', () => certsOnly([withExtension(hostile.SUBJECT_KEY_ID, octetString(Buffer.alloc(200_000)))])],
    [
      '20,000 extended key usages',
      () => certsOnly([withExtension(hostile.EXTENDED_KEY_USAGE, sequence(fill(oid('1.3.6.1.5.5.7.3.1'), 200_000)))]),
    ],
    [
      '5,000 alternative names',
      () => certsOnly([withExtension(hostile.SUBJECT_ALT_NAME, sequence(fill(tlv(0x82, Buffer.from('a.example.test')), 100_000)))]),
    ],
    [
      '6,000 extensions',
      () =>
        certsOnly([
          hostile.hostileCertificate({ extensions: Array.from({ length: 6_000 }, () => ['1.2.3.4', Buffer.from([5, 0])] as const) }),
        ]),
    ],
    [
      '20,000 nodes in each of five extensions',
      () =>
        certsOnly([
          hostile.hostileCertificate({
            extensions: [
              hostile.KEY_USAGE,
              hostile.SUBJECT_KEY_ID,
              hostile.AUTHORITY_KEY_ID,
              hostile.TEMPLATE_NAME,
              hostile.TEMPLATE_INFORMATION,
            ].map((id) => [id, sequence(fill(sequence(), 40_000))] as const),
          }),
        ]),
    ],
    ['a serial number of 200 KB', () => certsOnly([hostile.hostileCertificate({ serialNumber: Buffer.alloc(200_000, 0x7f) })])],
  ];

  test.each(cases)('is read in time: %s', (_, make) => {
    const body = make();
    expect(body.length).toBeLessThanOrEqual(MAX_BODY);
    bundleIsRead(body);
  });

  test('is read in time again and again, each time a little different', () => {
    const bodies = cases.map(([, make]) => make());
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = randomFrom(seed);
        const body = Buffer.from(bodies[random.below(bodies.length)] ?? Buffer.alloc(0));
        for (let i = random.below(4); i >= 0 && body.length > 0; i--) body[random.below(Math.min(body.length, 200))] = random.below(256);
        bundleIsRead(body);
      }),
      share(1),
    );
  });
});
