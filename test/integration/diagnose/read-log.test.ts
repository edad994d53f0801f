import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DiagnoseOptions, diagnoseFiles, type ReadProgress } from '../../../src/diagnose/diagnose-files.ts';
import { MAX_LINE } from '../../../src/diagnose/line-splitter.ts';
import type { LogSource } from '../../../src/diagnose/log-source.ts';
import { keepingSink } from '../../support/log-sink.ts';
import { watchMemory } from '../../support/memory.ts';
import { zipOf } from '../../support/zip.ts';

const FIELDS =
  '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken';
const line = (user = '-', status = '500 0 1346') =>
  `2026-11-24 20:22:16 10.0.0.4 GET /certsrv/mscep/mscep.dll operation=GetCACert&message=ca 443 ${user} 10.5.14.22 Dalvik/2.1.0 - ${status} 31`;
const OTHER = '2026-11-24 20:22:17 10.0.0.4 GET /owa/ - 443 - 10.5.14.22 Mozilla/5.0 - 200 0 0 31';
const AT = Date.UTC(2026, 10, 24, 20, 22, 16);

/** A log with a user name that is no ASCII, in line 4. */
const LINES = ['#Software: Microsoft Internet Information Services 10.0', FIELDS, OTHER, line('CONTOSO\\Zoë'), OTHER] as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scepwatch-read-log-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const save = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

async function read(inputs: readonly (string | LogSource)[], options: DiagnoseOptions = {}) {
  const { sink, kept } = keepingSink();
  const { files } = await diagnoseFiles(inputs, options, sink);
  return { files, ...kept };
}

const problemOf = async (...inputs: readonly (string | LogSource)[]) => (await read(inputs)).files.map(({ problem }) => problem);

const chunksOf = (bytes: Uint8Array, size: number) =>
  async function* (): AsyncGenerator<Uint8Array> {
    // One buffer for all chunks, as a source may do.
    const chunk = Buffer.alloc(size);
    for (let at = 0; at < bytes.length; at += size) {
      const part = bytes.subarray(at, at + size);
      chunk.set(part);
      yield chunk.subarray(0, part.length);
    }
  };

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
const cp1252 = (text: string) => Buffer.from(text, 'latin1');
const ENCODINGS = {
  'UTF-8': (text: string) => Buffer.from(text),
  'UTF-8 with a byte order mark': (text: string) => Buffer.from(`\ufeff${text}`),
  'UTF-16LE with a byte order mark': (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'UTF-16LE': (text: string) => Buffer.from(text, 'utf16le'),
  'UTF-16BE with a byte order mark': (text: string) => utf16be(`\ufeff${text}`),
  'UTF-16BE': utf16be,
  CP1252: cp1252,
} as const;
const LINE_ENDS = {
  LF: () => '\n',
  CRLF: () => '\r\n',
  CR: () => '\r',
  'a mixture': (index: number) => ['\n', '\r\n', '\r'][index % 3] ?? '\n',
} as const;
const PACKINGS = {
  'as it is': (bytes: Buffer) => bytes,
  'as gzip': (bytes: Buffer) => gzipSync(bytes),
  'as two gzip files in one': (bytes: Buffer) => Buffer.concat([gzipSync(bytes.subarray(0, 100)), gzipSync(bytes.subarray(100))]),
  'as zip': (bytes: Buffer) => zipOf([{ name: 'u_ex261124.log', bytes }]),
  'stored in a zip': (bytes: Buffer) => zipOf([{ name: 'u_ex261124.log', bytes, method: 'stored' }]),
} as const;

describe('a log', () => {
  const joined = (end: (index: number) => string) => LINES.map((text, index) => text + end(index)).join('');

  for (const [encoding, encode] of Object.entries(ENCODINGS))
    for (const [lineEnd, end] of Object.entries(LINE_ENDS))
      for (const [packing, pack] of Object.entries(PACKINGS))
        test(`in ${encoding} with ${lineEnd} ${packing} is read`, async () => {
          const bytes = encode(joined(end));
          const packed = pack(bytes);
          const whole = await read([save('one', packed)]);
          const pieces = await read([{ name: 'pieces', open: chunksOf(packed, 7) }]);
          for (const { files, findings, exchanges } of [whole, pieces]) {
            expect(files).toMatchObject([
              { format: 'iis-w3c', bytes: bytes.length, lines: 5, unreadableLines: 0, cutLines: 0, from: AT, to: AT + 1_000 },
            ]);
            expect(files[0]).not.toHaveProperty('problem');
            expect(exchanges).toMatchObject([{ line: 4, at: AT }]);
            expect(findings).toMatchObject([{ code: 'log-impersonation-right-missing', line: 4, text: LINES[3] }]);
          }
        });

  test('without a last line end has that line all the same', async () => {
    const { files, findings } = await read([save('one', [FIELDS, line()].join('\n'))]);
    expect(files).toMatchObject([{ lines: 2 }]);
    expect(findings).toMatchObject([{ line: 2 }]);
  });

  test('whose encoding changes is read line by line', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${FIELDS}\n${line('Zoë')}\n`),
      cp1252(`${line('Zoë')}\n`),
      Buffer.from(`${line('\ufffd')}\n`),
    ]);
    const { findings } = await read([save('one', bytes)]);
    expect(findings.map(({ text }) => text)).toEqual([line('Zoë'), line('Zoë'), line('\ufffd')]);
  });

  test('that Windows still writes, with zeros at its end, is read', async () => {
    const { files, findings } = await read([save('one', Buffer.concat([Buffer.from(`${FIELDS}\r\n${line()}\r\n`), Buffer.alloc(60_000)]))]);
    expect(findings).toHaveLength(1);
    expect(files[0]).not.toHaveProperty('problem');
  });

  test('of many megabytes, few lines of which matter, has the right line numbers and its last time', async () => {
    const many = `${OTHER}\r\n`.repeat(50_000);
    const last = OTHER.replace('20:22:17', '23:59:59');
    const { files, findings, exchanges } = await read([
      save('one', `${FIELDS}\r\n${many}${line()}\r\n\r\n${many}${line()}\r\n${many}${last}\r\n`),
    ]);
    expect(findings.map((finding) => finding.line)).toEqual([50_002, 100_004]);
    expect(exchanges).toHaveLength(2);
    expect(files).toMatchObject([{ lines: 150_005, to: Date.UTC(2026, 10, 24, 23, 59, 59) }]);
  });

  test('whose fields change far from its head is read by the new ones', async () => {
    const many = `${OTHER}\n`.repeat(20_000);
    const swapped = FIELDS.replace('sc-status sc-substatus', 'sc-substatus sc-status');
    const { exchanges } = await read([save('one', `${FIELDS}\n${many}${swapped}\n${many}${line('-', '0 500 1346')}\n`)]);
    expect(exchanges).toMatchObject([{ status: 500, substatus: 0, line: 40_003 }]);
  });
});

describe('a line', () => {
  test('of more than a megabyte is cut, counted, and followed by the next', async () => {
    const long = `${OTHER}${'x'.repeat(3 * MAX_LINE)}`;
    const text = [FIELDS, long, line(), `${long}\r`, line(), long].join('\n');
    for (const source of [save('one', text), { name: 'pieces', open: chunksOf(Buffer.from(text), 60_001) }]) {
      const { files, findings } = await read([source]);
      expect(files).toMatchObject([{ lines: 6, cutLines: 3 }]);
      expect(findings.map((finding) => finding.line)).toEqual([3, 5]);
    }
  });

  test('that never ends takes no memory', async () => {
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`${FIELDS}\n${line()}\n`);
      const chunk = Buffer.alloc(1_048_576, 'mscep ');
      for (let megabytes = 0; megabytes < 300; megabytes++) yield chunk;
    };
    const memory = watchMemory();
    const { files, findings } = await read([{ name: 'endless', open: endless }], {
      onProgress: ({ readBytes }) => readBytes % 50 === 0 && memory.sample(),
    });
    expect(files).toMatchObject([{ lines: 3, cutLines: 1 }]);
    expect(findings).toHaveLength(1);
    expect(memory.growth()).toBeLessThan(40 * 1_048_576);
  });

  test('with the events of a whole export is read in parts', async () => {
    const event = (id: number) =>
      `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider'/><EventID>${id}</EventID><TimeCreated SystemTime='2026-11-24T20:22:16.0000000Z'/><Channel>Admin</Channel><Computer>PC1</Computer></System><EventData><Data Name='x'>${'y'.repeat(900)}</Data></EventData></Event>`;
    const { files } = await read([save('one', `<?xml version="1.0" encoding="utf-8"?><Events>${event(39).repeat(3_000)}</Events>`)]);
    expect(files).toMatchObject([{ format: 'windows-event-xml', lines: 1, cutLines: 0, unreadableLines: 0 }]);
  });
});

describe('what cannot be read', () => {
  const root = process.getuid?.() === 0;
  /** On every Unix. */
  const NOBODY = 65_534;

  test('is named, and the rest is read', async () => {
    const good = save('good.log', `${FIELDS}\n${line()}\n`);
    const { files, findings } = await read([join(folder, 'none.log'), good, join(good, 'x'), save('empty.log', ''), good]);
    expect(files.map(({ name, problem }) => [name.slice(folder.length), problem])).toEqual([
      ['/none.log', 'there is no such file'],
      ['/good.log', undefined],
      ['/good.log/x', 'there is no such file'],
      ['/empty.log', 'it is empty'],
    ]);
    expect(findings).toHaveLength(1);
  });

  test('may be forbidden', async () => {
    const path = save('secret.log', `${FIELDS}\n`);
    chmodSync(folder, 0o755);
    chmodSync(path, 0);
    mkdirSync(join(folder, 'closed'), { mode: 0 });
    // The superuser may read everything, so it steps down for a moment.
    if (root) process.seteuid?.(NOBODY);
    try {
      expect(await problemOf(path, join(folder, 'closed'))).toEqual([
        'it may not be read: permission denied',
        'it may not be read: permission denied',
      ]);
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  test('may be a device, a link in a circle, a name that no file can have', async () => {
    symlinkSync('circle', join(folder, 'circle'));
    expect(await problemOf('/dev/zero', join(folder, 'circle'), `${folder}/a\0b`)).toEqual([
      'it is a device, not a file',
      'its symbolic links lead in a circle',
      'the name has a character that no name can have',
    ]);
  });

  const noise = Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * index * 31 + (index >> 3) * 7) & 0xff));
  test.each([
    ['ElfFile\0\0\0\0', 'it is no log but a Windows event log in its own form (.evtx); save it as XML or text in Event Viewer'],
    ['MZ\x90\0\x03\0\0\0', 'it is no log but a program'],
    ['%PDF-1.7\n', 'it is no log but a PDF document'],
    ['MSCF\0\0\0\0', 'it is no log but a cabinet file (.cab); unpack it first'],
    [noise, 'it is no log but binary data'],
    [Buffer.alloc(9_000), 'it is no log but binary data'],
    ['', 'it is empty'],
    ['\ufeff', 'it has nothing but blank lines'],
    [' \r\n\n\t', 'it has nothing but blank lines'],
    ['Dear all,\nthe log is attached.\n', 'it has no line of a log that is known here'],
    ['{\n"a": 1 }', 'it has no line of a log that is known here; it looks like JSON'],
    ['<html><body>x', 'it has no line of a log that is known here; it looks like a web page'],
    [
      '#Fields: date time cs-method\n',
      'it has no line of a log that is known here; it looks like a W3C log without the fields cs-uri-stem and sc-status',
    ],
    [
      '10.0.0.1 - - [24/Nov/2026:20:22:16 +0000] "GET / HTTP/1.1" 200 5\n',
      'it has no line of a log that is known here; it looks like a web server log in NCSA format; let IIS write W3C',
    ],
  ])('tells what it is: %.20j', async (content, problem) => {
    expect(await problemOf(save('one', content))).toEqual([problem]);
  });

  test('of gzip is what comes behind the place where it ends too early', async () => {
    const packed = gzipSync(
      Buffer.from(`${FIELDS}\n${line()}\n`.repeat(2_000) + Array.from({ length: 5_000 }, (_, n) => `${n * 7_919}`).join('\n')),
    );
    const { files, findings } = await read([save('one.gz', packed.subarray(0, packed.length - 3_000))]);
    expect(files).toMatchObject([{ format: 'iis-w3c', problem: 'the compressed data ends too early; what came before it has been read' }]);
    expect(findings.length).toBeGreaterThan(0);
    expect(await problemOf(save('two.gz', packed.subarray(0, 12)))).toEqual([
      'the compressed data ends too early; what came before it has been read',
    ]);
    const broken = Buffer.from(packed);
    broken.fill(0xff, 2_000, 2_100);
    expect(await problemOf(save('three.gz', broken))).toEqual(['the compressed data is damaged; what came before it has been read']);
  });

  test('of a source is what its reader could not get', async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`${FIELDS}\n${line()}\n${line()}`);
      throw Object.assign(new Error('gone'), { code: 'EIO' });
    };
    const { files, findings } = await read([{ name: 'body', open: failing }, save('good.log', `${FIELDS}\n${line()}\n`)]);
    expect(files).toMatchObject([{ name: 'body', problem: 'the disk cannot read it', lines: 3 }, { lines: 2 }]);
    expect(findings.map(({ file, line: number }) => [file === 'body', number])).toEqual([
      [true, 2],
      [true, 3],
      [false, 2],
    ]);
  });

  test('after an interruption is the rest', async () => {
    const controller = new AbortController();
    const good = `${FIELDS}\n${line()}\n`;
    const first = save('a.log', good);
    const { files } = await read([first, save('b.log', good), save('c.log', good)], {
      signal: controller.signal,
      onProgress: ({ name }) => name !== first && controller.abort(),
    });
    expect(files.map(({ problem }) => problem)).toEqual([undefined, undefined, 'reading was interrupted']);
  });
});

describe('a zip archive', () => {
  const good = Buffer.from(`${FIELDS}\n${line()}\n`);

  test('gives each of its files, folders left out, and names what is no log', async () => {
    const path = save(
      'logs.zip',
      zipOf([
        { name: 'W3SVC1/', bytes: Buffer.alloc(0), method: 'stored' },
        { name: 'W3SVC1/u_ex1.log', bytes: good },
        { name: 'W3SVC1\\u_ex2.log', bytes: good },
        { name: 'picture.png', bytes: Buffer.from('\x89PNG\r\n', 'latin1') },
        { name: 'inner.zip', bytes: zipOf([{ name: 'a', bytes: good }]) },
        { name: 'inner.gz', bytes: gzipSync(good) },
        { name: 'empty.log', bytes: Buffer.alloc(0) },
      ]),
    );
    const { files, findings } = await read([path]);
    expect(files.map(({ name, format, problem }) => [name.slice(path.length), format ?? problem])).toEqual([
      ['/W3SVC1/u_ex1.log', 'iis-w3c'],
      ['/W3SVC1/u_ex2.log', 'iis-w3c'],
      ['/picture.png', 'it is no log but a picture (PNG)'],
      ['/inner.zip', 'it is an archive within an archive: unpack the outer one first'],
      ['/inner.gz', 'it is an archive within an archive: unpack the outer one first'],
      ['/empty.log', 'it is empty'],
    ]);
    expect(findings.map(({ file }) => file.slice(path.length))).toEqual(['/W3SVC1/u_ex1.log', '/W3SVC1/u_ex2.log']);
  });

  test('with files that cannot be unpacked gives the others', async () => {
    const path = save(
      'logs.zip',
      zipOf([
        { name: 'encrypted', bytes: good, claims: { flags: 1 } },
        { name: 'deflate64', bytes: good, claims: { method: 9 } },
        { name: 'lzma', bytes: good, claims: { method: 14 } },
        { name: 'checksum', bytes: good, claims: { crc: 7 } },
        { name: 'garbage', bytes: Buffer.alloc(500, 0xff), method: 'stored', claims: { method: 8 } },
        { name: 'beyond', bytes: good, claims: { packed: 1_000_000 } },
        { name: 'good', bytes: good },
      ]),
    );
    const { files } = await read([path]);
    expect(files.map(({ problem }) => problem)).toEqual([
      'it is encrypted: unpack it first',
      'it is packed with Deflate64, which is not supported: unpack it first',
      'it is packed with method 14, which is not supported: unpack it first',
      'it is not what was packed: the checksum differs; what there is has been read',
      'the compressed data is damaged; what came before it has been read',
      'the zip archive is damaged',
      undefined,
    ]);
  });

  test('that is cut, empty, or has a wrong table of contents is named', async () => {
    const archive = zipOf([{ name: 'a', bytes: good }]);
    const wrong = Buffer.from(archive);
    wrong.writeUInt16LE(500, wrong.length - 12);
    const far = Buffer.from(archive);
    far.writeUInt32LE(0x7fff_ffff, far.length - 6);
    expect(
      await problemOf(save('cut', archive.subarray(0, -30)), save('empty', zipOf([])), save('wrong', wrong), save('far', far)),
    ).toEqual([
      'the zip archive has no table of contents: it is incomplete',
      'the zip archive is empty',
      'the zip archive is damaged',
      'the zip archive is damaged',
    ]);
  });

  test('in a stream is read as well', async () => {
    const archive = zipOf([{ name: 'a', bytes: good }]);
    expect((await read(['-'], { stdin: chunksOf(archive, 10) })).files).toMatchObject([{ name: 'standard input/a', lines: 2 }]);
  });

  test('that is a bomb is stopped, in one file and in many', async () => {
    const problem = 'it grows to more than 500 times its size when it is unpacked, as no log does; the rest was not read';
    const bomb = Buffer.alloc(80_000_000, '\n');
    bomb.set(Buffer.from(`${FIELDS}\n`));
    const half = { name: 'a', bytes: bomb.subarray(0, 40_000_000) };
    expect(await problemOf(save('bomb.gz', gzipSync(bomb)))).toEqual([problem]);
    expect(await problemOf(save('one.zip', zipOf([{ name: 'a', bytes: bomb }])))).toEqual([problem]);
    expect(await problemOf(save('many.zip', zipOf([half, half, half])))).toEqual([undefined, problem, problem]);
    expect(await problemOf(save('harmless.gz', gzipSync(half.bytes)))).toEqual([undefined]);
  });
});

describe('inputs', () => {
  const good = `${FIELDS}\n${line()}\n`;
  const names = (files: readonly { readonly name: string }[]) => files.map(({ name }) => name.slice(folder.length + 1));

  test('may be a folder, read to its depths in order', async () => {
    mkdirSync(join(folder, 'W3SVC1/old'), { recursive: true });
    for (const name of ['W3SVC1/b.log', 'W3SVC1/a.log', 'W3SVC1/old/c.log', 'z.log']) save(name, good);
    symlinkSync(folder, join(folder, 'W3SVC1/loop'));
    symlinkSync(join(folder, 'z.log'), join(folder, 'W3SVC1/link.log'));
    symlinkSync('nowhere', join(folder, 'W3SVC1/dead'));
    const { files } = await read([folder]);
    expect(names(files)).toEqual(['W3SVC1/a.log', 'W3SVC1/b.log', 'W3SVC1/dead', 'W3SVC1/link.log', 'W3SVC1/old/c.log', 'z.log']);
    expect(files.filter(({ problem }) => problem !== undefined)).toMatchObject([{ problem: 'there is no such file' }]);
  });

  test('may be an empty folder, and one that is too deep', async () => {
    mkdirSync(join(folder, 'empty'));
    const deep = join('x', ...Array.from({ length: 14 }, () => 'd'));
    mkdirSync(join(folder, deep), { recursive: true });
    save(join(deep, 'a.log'), good);
    expect(await problemOf(join(folder, 'empty'), join(folder, 'x'))).toEqual([
      'the folder is empty',
      'folders more than 12 levels deep are not read',
    ]);
  });

  test('may be a pattern', async () => {
    for (const name of ['u_ex2.log', 'u_ex1.log', 'other.txt', '[odd].log']) save(name, good);
    mkdirSync(join(folder, 'u_ex.log'));
    expect(names((await read([join(folder, 'u_ex*.log')])).files)).toEqual(['u_ex1.log', 'u_ex2.log']);
    expect(names((await read([join(folder, '[odd].log')])).files)).toEqual(['[odd].log']);
    expect(await problemOf(join(folder, '*.none'))).toEqual(['no file has such a name']);
  });

  test('that name a file twice read it once', async () => {
    const path = save('a.log', good);
    expect((await read([path, folder, `${folder}/./a.log`, join(folder, '*')])).files).toHaveLength(1);
  });

  test('may be standard input', async () => {
    const { files, findings } = await read(['-'], { stdin: chunksOf(Buffer.from(good), 11) });
    expect(files).toMatchObject([{ name: 'standard input', lines: 2 }]);
    expect(findings).toMatchObject([{ file: 'standard input' }]);
  });

  test('tell how far they are read', async () => {
    const plain = save('a.log', good.repeat(20_000));
    const packed = gzipSync(good.repeat(100));
    const archive = zipOf([{ name: 'a', bytes: Buffer.from(good.repeat(1_000)) }]);
    const told: ReadProgress[] = [];
    await read([plain, save('b.gz', packed), save('c.zip', archive)], { onProgress: (progress) => told.push(progress) });
    const total = good.length * 20_000 + packed.length + archive.length;
    expect(told.every(({ totalBytes }) => totalBytes === total)).toBe(true);
    expect(told.length).toBeGreaterThan(10);
    expect(told.find(({ name }) => name !== plain)?.readBytes).toBe(good.length * 20_000 + packed.length);
    await read(['-', plain], {
      stdin: chunksOf(Buffer.from(good), 11),
      onProgress: ({ totalBytes }) => expect(totalBytes).toBeUndefined(),
    });
  });
});

describe('a filter', () => {
  const at = (time: string, agent = 'Dalvik/2.1.0') => line().replace('20:22:16', time).replace('Dalvik/2.1.0', agent);

  test('lets through the wanted time and platform, while the file is told in full', async () => {
    const path = save('a.log', [FIELDS, at('10:00:00'), at('11:00:00'), at('11:30:00', 'profiled/1.0'), at('12:00:00'), ''].join('\n'));
    const since = Date.UTC(2026, 10, 24, 11);
    const until = Date.UTC(2026, 10, 24, 12);
    const { files, exchanges, findings, seen } = await read([path], { since, until });
    expect(exchanges.map((exchange) => exchange.line)).toEqual([3, 4]);
    expect(findings.map((finding) => finding.line)).toEqual([3, 4]);
    expect(seen).toHaveLength(2);
    expect(files).toMatchObject([{ from: Date.UTC(2026, 10, 24, 10), to: Date.UTC(2026, 10, 24, 12) }]);
    expect((await read([path], { platform: 'ios' })).findings.map((finding) => finding.line)).toEqual([4]);
  });

  test('keeps what has no time', async () => {
    const undated = line().slice(20);
    expect((await read([save('a.log', `${undated}\n`)], { since: AT })).findings).toHaveLength(1);
  });
});

describe('a file that shrinks while it is read', () => {
  test('is read as far as it goes', async () => {
    const path = save('a.log', `${FIELDS}\n${`${line()}\n`.repeat(50_000)}`);
    let shrunk = false;
    const { files } = await read([path], {
      onProgress: () => {
        if (!shrunk) truncateSync(path, 300_000);
        shrunk = true;
      },
    });
    expect(files[0]).not.toHaveProperty('problem');
    expect(files[0]?.bytes).toBeLessThan(1_000_000);
  });
});
