import { NDES_PATH, operationUrl } from '../src/core/scep/operation-url.ts';
import type { CycleAnswer, CycleRequest } from './cycle-child.ts';
import { type BlackboxProbe, startBlackbox } from './support/blackbox.ts';
import { startChild } from './support/child.ts';
import { cpuMsOf } from './support/machine.ts';
import { makeMaterial } from './support/material.ts';
import type { Bench } from './support/result.ts';
import { startScepNginx } from './support/scep-nginx.ts';
import { type Summary, summarise } from './support/statistics.ts';

const ROUNDS = 7;
const CYCLES = 300;
/** So many cycles of each run before anything counts; what they cost at first is a row of its own. */
const WARM_UP = 600;
const FIRST_CYCLES = 20;
const BUNDLES = 20;
const PASSES = 50;
const LIMIT_MS = 120_000;

/** Client CPU of one cycle of one target: scepwatch against prometheus-blackbox-exporter with the same server, URLs and run. */
export const cycleCpu: Bench = async ({ progress, profileFolder }) => {
  progress(`making certificates and ${BUNDLES} bundles`);
  const material = makeMaterial(BUNDLES);
  await using nginx = await startScepNginx(material);
  await using blackbox = await startBlackbox(material.caPem);
  await using child = await startChild<CycleRequest, CycleAnswer>('cycle-child.ts', profileFolder);
  const url = `${nginx.url}${NDES_PATH}`;
  const probes: readonly BlackboxProbe[] = [
    { url: operationUrl(url, 'base-url', 'android'), module: 'forbidden' },
    { url: operationUrl(url, 'ca-caps', 'android'), module: 'ok' },
    { url: operationUrl(url, 'ca-cert', 'android'), module: 'ok' },
  ];
  const ours = async (count: number): Promise<CycleAnswer> => {
    const { cpuMs, wallMs } = await child.ask({ kind: 'cycles', url, caPem: material.caPem, count }, LIMIT_MS);
    return { cpuMs: cpuMs / count, wallMs: wallMs / count };
  };
  const theirs = async (count: number): Promise<CycleAnswer> => {
    const before = blackbox.cpuMs();
    const started = performance.now();
    for (let i = 0; i < count; i++) await blackbox.cycle(probes);
    return { cpuMs: (blackbox.cpuMs() - before) / count, wallMs: (performance.now() - started) / count };
  };

  progress(`the first ${FIRST_CYCLES} cycles, then ${WARM_UP} to warm up, of each`);
  // /proc instead of the child's own clock: the import and the first secure context belong to the first cycles.
  const oursFirst = await ours(FIRST_CYCLES);
  const startUpMs = cpuMsOf(child.pid) - oursFirst.cpuMs * FIRST_CYCLES;
  const theirsFirst = await theirs(FIRST_CYCLES);
  await ours(WARM_UP);
  await theirs(WARM_UP);

  const rounds: { readonly ours: CycleAnswer; readonly theirs: CycleAnswer }[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    progress(`round ${round} of ${ROUNDS}, ${CYCLES} cycles of each`);
    rounds.push({ ours: await ours(CYCLES), theirs: await theirs(CYCLES) });
  }

  progress(`reading ${BUNDLES} bundles ${PASSES} times`);
  const bodies = material.bundles.map((body) => Buffer.from(body).toString('base64'));
  await child.ask({ kind: 'bundles', bodies, passes: PASSES }, LIMIT_MS);
  const read = await child.ask({ kind: 'bundles', bodies, passes: PASSES }, LIMIT_MS);
  const readUs = (read.wallMs * 1000) / (BUNDLES * PASSES);

  const ourCpu = summarise(rounds.map((round) => round.ours.cpuMs));
  const theirCpu = summarise(rounds.map((round) => round.theirs.cpuMs));
  const ratio = ourCpu.median / theirCpu.median;
  const freshRatio = (ourCpu.median + readUs / 1000) / theirCpu.median;
  const ourWall = summarise(rounds.map((round) => round.ours.wallMs));
  const theirWall = summarise(rounds.map((round) => round.theirs.wallMs));
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  const row = (label: string, { min, median, max }: Summary): readonly string[] => [label, ms(min), ms(median), ms(max)];
  return {
    name: 'cycle-cpu',
    title: `one cycle of one target, ${ROUNDS} rounds of ${CYCLES} cycles in turn`,
    peers: { 'prometheus-blackbox-exporter': blackbox.version },
    table: {
      columns: ['per cycle', 'min', 'median', 'max'],
      rows: [
        row('scepwatch, CPU', ourCpu),
        row('blackbox_exporter, CPU', theirCpu),
        row('scepwatch, wall time', ourWall),
        row('blackbox_exporter, wall time', theirWall),
        [`scepwatch, CPU, first ${FIRST_CYCLES} cycles of a process`, '', ms(oursFirst.cpuMs), ''],
        [`blackbox_exporter, CPU, first ${FIRST_CYCLES} cycles of a process`, '', ms(theirsFirst.cpuMs), ''],
        ['scepwatch, CPU to start the process, once', '', ms(startUpMs), ''],
        ['scepwatch, reading a bundle never seen before', '', `${readUs.toFixed(0)} µs`, ''],
        ['ratio of CPU medians', '', ratio.toFixed(3), ''],
        ['ratio if every bundle were new', '', freshRatio.toFixed(3), ''],
      ],
    },
    notes: [
      `server: nginx, RSA-2048 leaf and intermediate, TLS; 403, GetCACaps, GetCACert of ${material.bundles[0]?.length} bytes (CA and two RA certificates)`,
      'scepwatch: one name lookup, one TLS connection, three requests, capabilities and certificates parsed, verdict healthy-long-url-untested; the bundle is the same each cycle, as in production, so it is read once',
      'blackbox_exporter: three name lookups, three TLS connections, three requests, status and TLS verification only, metrics rendered, and its own HTTP server answering on one kept-alive connection',
      'neither resumes TLS sessions; CPU is user and system time of all threads; the server runs on the same machine but is not counted',
    ],
    figures: {
      oursCpuMinMs: ourCpu.min,
      oursCpuMedianMs: ourCpu.median,
      oursCpuMaxMs: ourCpu.max,
      blackboxCpuMinMs: theirCpu.min,
      blackboxCpuMedianMs: theirCpu.median,
      blackboxCpuMaxMs: theirCpu.max,
      oursWallMedianMs: ourWall.median,
      blackboxWallMedianMs: theirWall.median,
      oursFirstCyclesCpuMs: oursFirst.cpuMs,
      blackboxFirstCyclesCpuMs: theirsFirst.cpuMs,
      oursStartUpCpuMs: startUpMs,
      readBundleUs: readUs,
      bundleBytes: material.bundles[0]?.length ?? 0,
      ratio,
      ratioWithNewBundles: freshRatio,
    },
    bars: [{ what: 'CPU of scepwatch / CPU of blackbox_exporter', limit: 0.5, measured: ratio, unit: '', rule: 'at-most' }],
  };
};
