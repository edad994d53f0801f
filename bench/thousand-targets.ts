import { limitsFor } from '../src/app/probe-limits.ts';
import { NDES_PATH } from '../src/core/scep/operation-url.ts';
import { rawServer } from '../test/support/raw-server.ts';
import { startChild } from './support/child.ts';
import { makeMaterial } from './support/material.ts';
import type { Bench } from './support/result.ts';
import { startScepNginx } from './support/scep-nginx.ts';
import type { ThousandAnswer, ThousandRequest } from './thousand-child.ts';

const TARGETS = 1000;
/** Every fiftieth target, the very last included, never answers. */
const BLACK_HOLE_EVERY = 50;
const CONCURRENCIES = [50, TARGETS] as const;
const LIMIT_MS = 300_000;

/** Memory and time of one cycle with a thousand targets, 20 of which accept connections and then say nothing. */
export const thousandTargets: Bench = async ({ progress, profileFolder }) => {
  const material = makeMaterial();
  await using nginx = await startScepNginx(material);
  // Silent before the TLS handshake, and silent after the request.
  await using silentTls = await rawServer(() => {});
  await using silentHttp = await rawServer(() => {}, { tls: material.tls });
  const urls = Array.from({ length: TARGETS }, (_, index) => {
    const path = `/t${String(index).padStart(4, '0')}${NDES_PATH}`;
    if ((index + 1) % BLACK_HOLE_EVERY !== 0) return `${nginx.url}${path}`;
    return `https://localhost:${((index + 1) / BLACK_HOLE_EVERY) % 2 === 0 ? silentHttp.port : silentTls.port}${path}`;
  });

  const runs: { readonly concurrency: number; readonly answer: ThousandAnswer }[] = [];
  for (const concurrency of CONCURRENCIES) {
    progress(`${TARGETS} targets, ${concurrency} at a time (half a minute)`);
    await using child = await startChild<ThousandRequest, ThousandAnswer>('thousand-child.ts', profileFolder);
    runs.push({ concurrency, answer: await child.ask({ urls, caPem: material.caPem, concurrency }, LIMIT_MS) });
  }

  const codes = [...new Set(runs.flatMap(({ answer }) => Object.keys(answer.verdicts)))].toSorted();
  const { answerMs, tlsMs, afterNoReplyMs } = limitsFor(20_000);
  const column = (what: string, of: (answer: ThousandAnswer) => string): readonly string[] => [
    what,
    ...runs.map(({ answer }) => of(answer)),
  ];
  return {
    name: 'thousand-targets',
    title: `one cycle of ${TARGETS} targets, ${TARGETS / BLACK_HOLE_EVERY} of them black holes, in a fresh process`,
    peers: {},
    table: {
      columns: ['', ...runs.map(({ concurrency }) => `${concurrency} at a time`)],
      rows: [
        column('wall time of the cycle', ({ wallMs }) => `${(wallMs / 1000).toFixed(1)} s`),
        column('CPU time of the process', ({ cpuMs }) => `${(cpuMs / 1000).toFixed(2)} s`),
        column('CPU time per target', ({ cpuMs }) => `${(cpuMs / TARGETS).toFixed(2)} ms`),
        column('memory before the cycle', ({ restingRssMb }) => `${restingRssMb.toFixed(0)} MB`),
        column('memory, peak', ({ peakRssMb }) => `${peakRssMb.toFixed(0)} MB`),
        column('slowest healthy target', ({ slowestHealthyMs }) => `${(slowestHealthyMs / 1000).toFixed(2)} s`),
        ...codes.map((code) => column(code, ({ verdicts }) => String(verdicts[code] ?? 0))),
      ],
    },
    notes: [
      `limits: ${answerMs / 1000} s for an answer, ${tlsMs / 1000} s for a TLS handshake, ${afterNoReplyMs / 1000} s for the rest once one check had no reply; so no cycle with a silent HTTP server can be shorter than ${(answerMs + afterNoReplyMs) / 1000} s`,
      'black holes: half accept TCP and never answer the TLS handshake, half finish it and never answer a request; every fiftieth target, the last one included',
      'memory: resident set of the probing process (VmHWM), Node itself included, all thousand reports kept until the end',
      'healthy targets are paths on one nginx with TLS on the same machine and compete with it for the cores',
    ],
    figures: Object.fromEntries(
      runs.flatMap(({ concurrency, answer }) => [
        [`wallMs@${concurrency}`, answer.wallMs],
        [`cpuMs@${concurrency}`, answer.cpuMs],
        [`restingRssMb@${concurrency}`, answer.restingRssMb],
        [`peakRssMb@${concurrency}`, answer.peakRssMb],
        [`slowestHealthyMs@${concurrency}`, answer.slowestHealthyMs],
        ...Object.entries(answer.verdicts).map(([code, count]) => [`${code}@${concurrency}`, count] as const),
      ]),
    ),
    bars: runs.flatMap(({ concurrency, answer }) => [
      { what: `cycle, ${concurrency} at a time`, limit: 60, measured: answer.wallMs / 1000, unit: ' s', rule: 'below' as const },
      { what: `peak memory, ${concurrency} at a time`, limit: 256, measured: answer.peakRssMb, unit: ' MB', rule: 'below' as const },
    ]),
  };
};
