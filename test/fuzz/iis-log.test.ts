import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { HTTPERR } from '../../src/core/diagnose/formats/httperr.ts';
import { IIS_W3C } from '../../src/core/diagnose/formats/iis-w3c.ts';
import { LOG_CODES } from '../../src/core/diagnose/log-code.ts';
import type { LogReader } from '../../src/core/diagnose/log-format.ts';
import { LOG_OPERATIONS, PLATFORMS } from '../../src/core/diagnose/scep-exchange.ts';
import { lineSplitter } from '../../src/diagnose/line-splitter.ts';
import { detectEncoding, transcoder } from '../../src/diagnose/text-encoding.ts';
import { NASTY, type Random, randomFrom, seeds, share, stopwatch } from '../support/fuzz.ts';
import { type Kept, readLines } from '../support/log-sink.ts';

const watch = stopwatch();
afterAll(() => console.log(`IIS and HTTP.sys logs: ${watch.slowest()}`));

const NDES = '/certsrv/mscep/mscep.dll';
const FIELDS =
  '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken';

/** Lines as both logs have them, as people paste them, and in pieces. */
const LINES = [
  FIELDS,
  '#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename',
  '#Fields: time cs-method cs-uri-stem cs-uri-query sc-status sc-win32-status sc-substatus',
  '#Fields:',
  '#Date: 2026-11-24 22:00:00',
  '#Software: Microsoft HTTP API 2.0',
  `2026-11-24 20:22:16 10.0.0.4 GET ${NDES} operation=GetCACert&message=ca 443 - 10.5.14.22 Dalvik/2.1.0 - 500 0 1346 31`,
  `2026-11-24 20:22:16 10.0.0.4 GET ${NDES} operation=PKIOperation&message=${'MIAGCSqG'.repeat(300)} 443 - 10.5.14.22 profiled/1.0+CFNetwork/811.5.4+Darwin/16.6.0 - 404 15 0 31`,
  '2026-11-24 20:22:17 10.0.0.4 POST /CertificateRegistrationSvc/Certificate/VerifyRequest - 443 - 10.0.0.4 NDES_Plugin - 403 16 2148204809 453',
  `fe80::f53d:89b8:c3e8:5fec%13 GET ${NDES} operation=GetCACert&message=ca 443 - `,
  'fe80::f53d:89b8:c3e8:5fec%13 Dalvik/2.1.0+(Linux;+U;+Android+5.0;+P01M+Build/LRX21V) - 200 0 0 3909 0',
  `2026-11-24 06:06:19 10.5.14.22 49731 10.0.0.4 443 HTTP/1.1 GET ${NDES}?operation=GetCACaps&message=ca 503 1 AppOffline SCEP`,
  '2026-11-24 06:06:22 10.5.14.22 64388 10.0.0.4 80 - - - - - Timer_MinBytesPerSecond',
  '22:00:00 GET /owa/ - 200 0 0',
  '2026-11-24 10.0.0.4 GET',
  '200 0 0 186 0.',
  '',
] as const;

const WORDS = [
  '-',
  '0',
  '200',
  '500',
  '1346',
  '4294967296',
  '99999999999999999999',
  'GET',
  NDES,
  'operation=',
  'mscep',
  '2026-11-24',
  '2026-13-45',
  '23:59:60',
  '::',
  '…',
  '\t',
  '?',
  '&',
  '+',
];

function mutated(random: Random): string {
  const [first = ''] = LINES;
  let text: string = random.pick([first, ...LINES]);
  for (let count = random.below(5); count > 0; count--) {
    const words = text.split(' ');
    const at = random.below(words.length);
    const kind = random.below(7);
    if (kind === 0) words.splice(at, 1);
    else if (kind === 1) words.splice(at, 0, random.pick(['-', ...WORDS]));
    else if (kind === 2) words[at] = random.pick(['-', ...WORDS, ...NASTY]);
    else if (kind === 3) words.splice(at, 0, ...words.slice(random.below(words.length)));
    else if (kind === 4) words.length = at;
    else if (kind === 5) words[at] = `${words[at] ?? ''}${random.pick(['x', ...NASTY])}`;
    else words.splice(at, 1, (words[at] ?? '').repeat(1 + random.below(40)));
    text = words.join(' ').slice(0, 60_000);
  }
  return text;
}

function expectSound({ exchanges, findings, seen, unreadable }: Kept, lines: number): void {
  for (const { platform, operation, line, status, device, text, at } of exchanges) {
    expect(PLATFORMS).toContain(platform);
    expect(LOG_OPERATIONS).toContain(operation);
    expect(line).toBeGreaterThan(0);
    expect(line).toBeLessThanOrEqual(lines);
    if (status !== undefined) expect(Number.isSafeInteger(status)).toBe(true);
    expect(device).not.toBe('');
    expect(text?.length ?? 0).toBeLessThanOrEqual(2_000);
    if (at !== undefined) expect(Number.isSafeInteger(at)).toBe(true);
  }
  for (const { code, line, text } of findings) {
    expect(LOG_CODES).toContain(code);
    expect(line).toBeLessThanOrEqual(lines);
    expect(text.length).toBeLessThanOrEqual(2_000);
  }
  expect(exchanges.length + unreadable.length).toBeLessThanOrEqual(lines);
  expect(seen.every(Number.isSafeInteger)).toBe(true);
}

describe.each([
  ['an IIS log', IIS_W3C, 30],
  ['an HTTPERR log', HTTPERR, 15],
] as const)('%s', (_, reader: LogReader, percent) => {
  test('of mutated lines is read without a complaint', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = randomFrom(seed);
        const lines = Array.from({ length: 1 + random.below(12) }, () => mutated(random));
        const shown = () => JSON.stringify(lines).slice(0, 300);
        const kept = watch.time(() => readLines(reader, lines), shown);
        expectSound(kept, lines.length);
        const sure = watch.time(() => reader.recognise(lines), shown);
        expect(sure).toBeGreaterThanOrEqual(0);
        expect(sure).toBeLessThanOrEqual(1);
        reader.wanted?.(lines);
      }),
      share(percent),
    );
  });
});

/** Repeated to a megabyte: what a pattern could stumble over. */
const BREEDING = [
  ' ',
  '.',
  '-',
  '0',
  '9 ',
  ' 200',
  '200 0 ',
  '200\t0\t',
  'GET ',
  'GET /mscep ',
  'GET /mscep 200 ',
  'mscep',
  'mscep ',
  'operation=',
  '&operation=',
  '/',
  '::',
  ':',
  'a:',
  '10.0.0.4 ',
  '2026-11-24 ',
  '2026-11-24 20:22:16 ',
  '#Fields: ',
  'AppOffline ',
  '\u00a0',
  '\u0130',
  '\ud800',
] as const;

describe('a line of a megabyte', () => {
  const readers = [IIS_W3C, HTTPERR] as const;

  test('costs no more than its length', () => {
    const starts = ['', '2026-11-24 20:22:16 ', `GET ${NDES} `, '#Fields: ', `2026-11-24 20:22:16 10.0.0.4 GET ${NDES} `] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...readers),
        fc.constantFrom(...starts),
        fc.constantFrom(...BREEDING),
        fc.boolean(),
        (reader, start, seed, headed) => {
          const line = start + seed.repeat(Math.ceil(1_000_000 / seed.length));
          const lines = headed ? [FIELDS, line] : [line];
          watch.time(
            () => {
              readLines(reader, lines);
              reader.recognise(lines);
            },
            () => JSON.stringify([reader.format, start, seed, headed]),
          );
        },
      ),
      share(0.05),
    );
  });

  test('in a thousand pieces that each go on with the one before costs no more', () => {
    fc.assert(
      fc.property(fc.constantFrom(...readers), fc.constantFrom(...BREEDING), fc.integer({ min: 1, max: 400 }), (reader, seed, width) => {
        const piece = seed.repeat(Math.ceil(width / seed.length));
        const lines = [`10.0.0.4 GET ${NDES} -`, ...Array.from({ length: 1_000 }, () => piece)];
        watch.time(
          () => readLines(reader, lines),
          () => JSON.stringify([reader.format, seed, width]),
        );
      }),
      share(0.05),
    );
  });
});

describe('lines', () => {
  const split = (bytes: Buffer, cuts: readonly number[], wanted?: RegExp): readonly string[] => {
    const lines: string[] = [];
    const splitter = lineSplitter((text, line) => lines.push(`${line} ${text}`), { headLines: 2, ...(wanted !== undefined && { wanted }) });
    const places = [...cuts, bytes.length].toSorted((a, b) => a - b);
    places.forEach((end, index) => {
      splitter.push(bytes.subarray(places[index - 1] ?? 0, end));
    });
    splitter.end();
    return [...lines, `${splitter.lines()} in all`];
  };
  const PIECES = ['\r', '\n', '\r\n', 'a', 'mscep', 'é', '\u65e5', 'x'.repeat(40), ''] as const;

  test('are the same however their bytes come, and those that a pattern wants keep their numbers', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = randomFrom(seed);
        const text = Array.from({ length: random.below(40) }, () => random.pick(PIECES)).join('');
        const bytes = Buffer.from(text);
        const cuts = Array.from({ length: random.below(6) }, () => random.below(bytes.length + 1));
        const shown = () => JSON.stringify(text);
        const all = watch.time(() => split(bytes, cuts), shown);
        const expected = text.split(/\r\n|\r|\n/);
        if (expected.at(-1) === '') expected.pop();
        expect(all).toEqual([...expected.map((line, index) => `${index + 1} ${line}`), `${expected.length} in all`]);
        const few = split(bytes, cuts, /mscep/i);
        const wanted = (line: string, index: number) => index < 2 || index >= expected.length - 1 || line.includes('mscep');
        expect(few).toEqual(all.filter((line, index) => wanted(line, index)));
      }),
      share(5),
    );
  });

  test('of any bytes in any encoding become text', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = randomFrom(seed);
        const start = random.pick<readonly number[]>([[], [0xff, 0xfe], [0xfe, 0xff], [0xef, 0xbb, 0xbf]]);
        const bytes = Buffer.concat([Buffer.from(start), random.bytes(random.below(300))]);
        const { encoding, mark } = detectEncoding(bytes);
        const text = transcoder(encoding);
        const pushed = [text.push(bytes.subarray(mark, 20)), text.push(bytes.subarray(Math.max(mark, 20))), text.end()];
        for (const line of split(Buffer.concat(pushed), [])) expect(typeof line).toBe('string');
      }),
      share(2),
    );
  });
});
