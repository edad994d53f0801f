import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiagnoseAnswer, DiagnoseRequest } from './diagnose-child.ts';
import { startChild } from './support/child.ts';
import type { Bench } from './support/result.ts';
import { repeatableRandom } from './support/simulated-target.ts';

const MB = 1_000_000;
const TOTAL = 2_000 * MB;
/** Written again and again; its times repeat, which nothing here minds. */
const BLOCK = 16 * MB;
const LIMIT_MS = 300_000;
/** What the log may cost: 100 MB a second on one core, and the memory of a small machine. */
const BAR_MB_PER_S = 100;
const BAR_RSS_MB = 150;

const HEAD = [
  '#Software: Microsoft Internet Information Services 10.0',
  '#Version: 1.0',
  '#Date: 2026-11-01 00:00:00',
  '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken',
  '',
].join('\r\n');

/** How much of a log is about SCEP. */
interface Density {
  readonly label: string;
  readonly key: string;
  /** In a hundred lines. */
  readonly scep: number;
}

const DENSITIES: readonly Density[] = [
  { label: 'every line is SCEP', key: 'dense', scep: 100 },
  { label: '1 line in 100 is SCEP', key: 'sparse', scep: 1 },
];

const AGENTS = [
  'profiled/1.0+CFNetwork/811.5.4+Darwin/16.6.0',
  'Dalvik/2.1.0+(Linux;+U;+Android+13;+SM-G991B+Build/TP1A.220624.014)',
  'Mozilla/4.0+(compatible;+Win32;+NDES+client+10.0.22621.2506/ni_release_svc_prod3)',
] as const;
const QUERIES = ['operation=GetCACaps&message=ca', 'operation=GetCACert&message=SCEP%20Authority', 'operation=PKIOperation'] as const;
const BROWSER = 'Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/131.0.0.0';

interface Block {
  readonly bytes: Buffer;
  readonly lines: number;
  readonly scep: number;
}

function makeBlock(density: Density): Block {
  const chance = repeatableRandom(density.scep);
  const below = (limit: number): number => Math.floor(chance() * limit);
  const start = Date.UTC(2026, 10, 1);
  const parts: string[] = [];
  let scep = 0;
  for (let length = 0; length < BLOCK; length += parts.at(-1)?.length ?? 0) {
    const isScep = parts.length % 100 < density.scep;
    const stamp = new Date(start + parts.length * 200).toISOString().replace('T', ' ').slice(0, 19);
    const client = `10.${below(4)}.${below(256)}.${below(256)}`;
    if (isScep) scep++;
    parts.push(isScep ? scepLine(stamp, client, below) : otherLine(stamp, client, below));
  }
  return { bytes: Buffer.from(parts.join('')), lines: parts.length, scep };
}

function scepLine(stamp: string, client: string, below: (limit: number) => number): string {
  const query = QUERIES[below(3)] ?? QUERIES[0];
  // Two in a hundred fail, and so are evidence.
  const status = below(50) === 0 ? '500 0 1346' : '200 0 0';
  return `${stamp} 10.0.0.4 ${query === QUERIES[2] ? 'POST' : 'GET'} /certsrv/mscep/mscep.dll ${query} 443 - ${client} ${AGENTS[below(3)]} - ${status} ${below(900)}\r\n`;
}

function otherLine(stamp: string, client: string, below: (limit: number) => number): string {
  return `${stamp} 10.0.0.4 GET /owa/service.svc/s${below(1_000)} action=GetItem&id=${below(1_000_000)} 443 CONTOSO\\user${below(5_000)} ${client} ${BROWSER} https://mail.contoso.com/owa/ 200 0 0 ${below(900)}\r\n`;
}

interface Written {
  readonly path: string;
  readonly lines: number;
  readonly scep: number;
}

function writeLog(folder: string, density: Density): Written {
  const path = join(folder, `${density.key}.log`);
  const block = makeBlock(density);
  const blocks = Math.ceil(TOTAL / block.bytes.length);
  const file = openSync(path, 'w');
  try {
    writeSync(file, HEAD);
    for (let count = 0; count < blocks; count++) writeSync(file, block.bytes);
  } finally {
    closeSync(file);
  }
  return { path, lines: blocks * block.lines + HEAD.split('\r\n').length - 1, scep: blocks * block.scep };
}

/** How fast an IIS log of two gigabytes is read and summed up, and in how much memory. */
export const diagnoseIis: Bench = async ({ progress, profileFolder }) => {
  const runs: { readonly density: Density; readonly answer: DiagnoseAnswer }[] = [];
  for (const density of DENSITIES) {
    const folder = mkdtempSync(join(tmpdir(), 'scepwatch-iis-'));
    try {
      progress(`2 GB of log in ${folder}, ${density.label}`);
      const { path, lines, scep } = writeLog(folder, density);
      progress('reading it (half a minute)');
      await using child = await startChild<DiagnoseRequest, DiagnoseAnswer>('diagnose-child.ts', profileFolder);
      const answer = await child.ask({ path }, LIMIT_MS);
      if (answer.lines !== lines || answer.exchanges !== scep)
        throw new Error(`${answer.lines} lines and ${answer.exchanges} requests were read of ${lines} and ${scep}`);
      runs.push({ density, answer });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const speed = ({ bytes, cpuMs }: DiagnoseAnswer): number => bytes / MB / (cpuMs / 1000);
  const column = (what: string, of: (answer: DiagnoseAnswer) => string): readonly string[] => [
    what,
    ...runs.map(({ answer }) => of(answer)),
  ];
  return {
    name: 'diagnose-iis',
    title: 'an IIS log of 2 GB, from the file to the summary, in a fresh process',
    peers: {},
    table: {
      columns: ['', ...runs.map(({ density }) => density.label)],
      rows: [
        column('lines', ({ lines }) => String(lines)),
        column('SCEP requests', ({ exchanges }) => String(exchanges)),
        column('CPU time', ({ cpuMs }) => `${(cpuMs / 1000).toFixed(1)} s`),
        column('a second of CPU reads', (answer) => `${speed(answer).toFixed(0)} MB`),
        column('wall time', ({ wallMs }) => `${(wallMs / 1000).toFixed(1)} s`),
        column('memory before', ({ restingRssMb }) => `${restingRssMb.toFixed(0)} MB`),
        column('memory, peak', ({ peakRssMb }) => `${peakRssMb.toFixed(0)} MB`),
      ],
    },
    notes: [
      'CPU: user and system of the process with all its threads, reading the file and collecting garbage included; the file is in the page cache',
      'memory: resident set (VmHWM), Node and its type stripper included',
      'asserted: every line is counted, and every SCEP request is told',
    ],
    figures: Object.fromEntries(
      runs.flatMap(({ density: { key }, answer }) => [
        [`cpuMs@${key}`, answer.cpuMs],
        [`wallMs@${key}`, answer.wallMs],
        [`mbPerCpuSecond@${key}`, speed(answer)],
        [`restingRssMb@${key}`, answer.restingRssMb],
        [`peakRssMb@${key}`, answer.peakRssMb],
      ]),
    ),
    bars: runs.flatMap(({ density: { label }, answer }) => [
      {
        what: `CPU for 1 GB, ${label}`,
        limit: 1_000 / BAR_MB_PER_S,
        measured: (answer.cpuMs / answer.bytes) * MB,
        unit: ' s',
        rule: 'at-most' as const,
      },
      { what: `peak memory, ${label}`, limit: BAR_RSS_MB, measured: answer.peakRssMb, unit: ' MB', rule: 'below' as const },
    ]),
  };
};
