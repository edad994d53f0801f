import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limitsFor } from '../src/app/probe-limits.ts';
import { NDES_PATH } from '../src/core/scep/operation-url.ts';
import { startAzurite } from '../test/support/azurite.ts';
import { blackHole } from '../test/support/black-hole.ts';
import { rawServer } from '../test/support/raw-server.ts';
import { builtChild } from './support/built-child.ts';
import { startChild } from './support/child.ts';
import { childPid, cpuMsOf, peakRssMb } from './support/machine.ts';
import { makeMaterial } from './support/material.ts';
import { NODE_ARGS } from './support/node-args.ts';
import type { Bench } from './support/result.ts';
import { startScepNginx } from './support/scep-nginx.ts';
import { SCHEDULES } from './support/schedules.ts';
import type { ThousandAnswer, ThousandRequest } from './thousand-child.ts';

const TARGETS = 1000;
/** Every fiftieth target, the very last included, never answers. */
const BLACK_HOLE_EVERY = 50;
const BLACK_HOLES = TARGETS / BLACK_HOLE_EVERY;
const PERIOD_MS = 300_000;
const LIMIT_MS = 300_000;

interface Run {
  readonly label: string;
  readonly key: string;
  readonly answer: ThousandAnswer;
  readonly storageCpuMs: number;
}

/** Two cycles of the monitor with a thousand targets, 20 of which take what they are sent and then say nothing, and everything stored in Azurite. */
export const thousandTargets: Bench = async ({ progress, profileFolder }) => {
  const material = makeMaterial();
  await using nginx = await startScepNginx(material);
  // Silent before TCP, before the TLS handshake, and after the request.
  await using silentTcp = await blackHole();
  await using silentTls = await rawServer(() => {});
  await using silentHttp = await rawServer(() => {}, { tls: material.tls });
  const silent = [silentTcp, silentTls, silentHttp].map(({ port }) => `https://localhost:${port}`);
  const targets = Array.from({ length: TARGETS }, (_, index) => {
    const path = `/t${String(index).padStart(4, '0')}${NDES_PATH}`;
    const hole = (index + 1) / BLACK_HOLE_EVERY;
    return {
      id: `target-${String(index).padStart(4, '0')}`,
      url: `${(Number.isInteger(hole) && silent[hole % silent.length]) || nginx.url}${path}`,
    };
  });

  const folder = mkdtempSync(join(tmpdir(), 'scepwatch-thousand-'));
  const azurite = await startAzurite({ folder });
  try {
    const storagePid = childPid('azurite');
    await using child = await startChild<ThousandRequest, ThousandAnswer>(
      await builtChild('thousand-child.ts', folder),
      profileFolder,
      NODE_ARGS,
    );
    const settings = await child.ask(
      {
        kind: 'settings',
        environment: {
          ...SCHEDULES,
          SCEPWATCH_CONFIG: JSON.stringify({ defaults: { ca: material.caPem }, controlUrls: [], targets }),
          SCEPWATCH_STORAGE_CONNECTION_STRING: azurite.connectionString,
          SCEPWATCH_VANTAGE: 'bench',
        },
      },
      LIMIT_MS,
    );
    const runs: Run[] = [];
    for (const [label, key] of [
      ['first cycle', 'first'],
      ['second cycle', 'second'],
    ] as const) {
      progress(`${label} of ${TARGETS} targets (half a minute)`);
      const before = cpuMsOf(storagePid);
      const answer = await child.ask({ kind: 'cycle', periodMs: PERIOD_MS }, LIMIT_MS);
      const healthy = Object.entries(answer.verdicts).reduce((sum, [code, count]) => sum + (code.startsWith('healthy') ? count : 0), 0);
      if (answer.counts.committed !== TARGETS || healthy !== TARGETS - BLACK_HOLES)
        throw new Error(`the ${label} was not what it should be: ${JSON.stringify([answer.counts, answer.verdicts])}`);
      runs.push({ label, key, answer, storageCpuMs: cpuMsOf(storagePid) - before });
    }
    const storagePeakMb = peakRssMb(storagePid);

    const codes = [...new Set(runs.flatMap(({ answer }) => Object.keys(answer.verdicts)))].toSorted();
    const { answerMs, tcpMs, tlsMs, afterNoReplyMs } = limitsFor(20_000);
    const row = (what: string, of: (run: Run) => string): readonly string[] => [what, ...runs.map(of)];
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
    const peak = Math.max(...runs.map(({ answer }) => answer.peakRssMb));
    return {
      name: 'thousand-targets',
      title: `two cycles of ${TARGETS} targets, ${BLACK_HOLES} of them black holes, everything stored in Azurite`,
      peers: {},
      table: {
        columns: ['', ...runs.map(({ label }) => label)],
        rows: [
          row('wall time of the cycle', ({ answer }) => seconds(answer.wallMs)),
          row('CPU time of the monitor', ({ answer }) => seconds(answer.cpuMs)),
          row('CPU time of the monitor per target', ({ answer }) => `${(answer.cpuMs / TARGETS).toFixed(2)} ms`),
          row('memory of the monitor, afterwards', ({ answer }) => `${answer.rssMb.toFixed(0)} MB`),
          row('memory of the monitor, peak until then', ({ answer }) => `${answer.peakRssMb.toFixed(0)} MB`),
          row('slowest answer of a healthy target', ({ answer }) => seconds(answer.slowestHealthyMs)),
          row('last healthy target had its turn after', ({ answer }) => seconds(answer.lastHealthyMs)),
          row('committed', ({ answer }) => String(answer.counts.committed)),
          ...codes.map((code) => row(code, ({ answer }) => String(answer.verdicts[code] ?? 0))),
          row('CPU time of Azurite', ({ storageCpuMs }) => seconds(storageCpuMs)),
        ],
      },
      notes: [
        `limits: ${tcpMs / 1000} s for a connection, ${tlsMs / 1000} s for a TLS handshake, ${answerMs / 1000} s for an answer, ${afterNoReplyMs / 1000} s for the rest once one check had no reply; so no cycle with a silent HTTP server can be shorter than ${(answerMs + afterNoReplyMs) / 1000} s`,
        'black holes: in equal parts those whose connection requests vanish, those that never answer the TLS handshake, and those that never answer a request; every fiftieth target, the last one included',
        `settings: the defaults (50 at a time, start spread over 2 s, a long URL once an hour: in the first cycle only); read and checked in ${seconds(settings.cpuMs)} of CPU, ${settings.rssMb.toFixed(0)} MB afterwards`,
        `memory: resident set of the monitor's process (VmHWM), Node itself included, ${NODE_ARGS.length === 0 ? 'started without flags' : `started with ${NODE_ARGS.join(' ')}`} as npm start does; Azurite is another process, on disk, ${storagePeakMb.toFixed(0)} MB at most`,
        'healthy targets are paths on one nginx with TLS on the same machine; it and Azurite compete with the monitor for the cores',
      ],
      figures: Object.fromEntries([
        ...runs.flatMap(({ key, answer, storageCpuMs }) => [
          [`wallMs@${key}`, answer.wallMs],
          [`cpuMs@${key}`, answer.cpuMs],
          [`rssMb@${key}`, answer.rssMb],
          [`peakRssMb@${key}`, answer.peakRssMb],
          [`slowestHealthyMs@${key}`, answer.slowestHealthyMs],
          [`lastHealthyMs@${key}`, answer.lastHealthyMs],
          [`azuriteCpuMs@${key}`, storageCpuMs],
          ...Object.entries(answer.verdicts).map(([code, count]) => [`${code}@${key}`, count] as const),
        ]),
        ['settingsCpuMs', settings.cpuMs],
        ['azuritePeakRssMb', storagePeakMb],
      ]),
      bars: [
        ...runs.map(({ label, answer }) => ({
          what: label,
          limit: 60,
          measured: answer.wallMs / 1000,
          unit: ' s',
          rule: 'below' as const,
        })),
        { what: 'peak memory of the monitor', limit: 256, measured: peak, unit: ' MB', rule: 'below' },
      ],
    };
  } finally {
    await azurite.close();
    rmSync(folder, { recursive: true });
  }
};
