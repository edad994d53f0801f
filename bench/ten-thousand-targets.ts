import type { FleetAnswer, FleetRequest } from './fleet-child.ts';
import { startChild } from './support/child.ts';
import { NODE_ARGS } from './support/node-args.ts';
import type { Bench } from './support/result.ts';
import { summarise } from './support/statistics.ts';

const SMALLEST = 1_000;
const LARGEST = 10_000;
const SIZES = [SMALLEST, 2_500, 5_000, LARGEST] as const;
/** So many targets are watched before anything counts, and so many while it counts, however many cycles that takes. */
const WATCHED = 10_000;
const ROUNDS = 3;
const OUTAGES = [
  { what: 'no name resolves', outage: 'nameless' },
  { what: 'every target refuses', outage: 'refusing' },
] as const;
const TURNS = { targets: 10_000, cycles: 9, share: 1 / 3 } as const;
const LIMIT_MS = 300_000;

/** How the cost of a target, and the fairness among targets, change with the size of the fleet. Servers are simulated, all else is real. */
export const tenThousandTargets: Bench = async ({ progress, profileFolder }) => {
  const ask = async (request: FleetRequest): Promise<FleetAnswer> => {
    await using child = await startChild<FleetRequest, FleetAnswer>('fleet-child.ts', profileFolder, NODE_ARGS);
    return await child.ask(request, LIMIT_MS);
  };
  const answers = new Map<number, FleetAnswer[]>(SIZES.map((size) => [size, []]));
  for (let round = 1; round <= ROUNDS; round++) {
    // There and back again, so that a machine that gets slower makes no size look worse than the others.
    for (const targets of round % 2 === 0 ? SIZES.toReversed() : SIZES) {
      progress(`round ${round} of ${ROUNDS}, ${targets} targets`);
      const cycles = WATCHED / targets;
      const answer = await ask({ kind: 'cost', targets, warmUpCycles: cycles, cycles });
      if (answer.committed !== WATCHED) throw new Error(`${answer.committed} of ${WATCHED} results were committed`);
      answers.get(targets)?.push(answer);
    }
  }
  const outages: { readonly what: string; readonly key: string; readonly peakRssMb: number }[] = [];
  for (const { what, outage } of OUTAGES) {
    progress(`a cycle of ${LARGEST} targets when ${what}`);
    const { committed, peakRssMb } = await ask({ kind: 'cost', targets: LARGEST, warmUpCycles: 1, cycles: 1, outage });
    if (committed !== LARGEST) throw new Error(`${committed} of ${LARGEST} results were committed when ${what}`);
    outages.push({ what, key: outage, peakRssMb });
  }
  progress(`${TURNS.cycles} cycles of ${TURNS.targets} targets, of which a third fits into one`);
  const turns = await ask({ kind: 'turns', ...TURNS });

  const median = (size: number, of: (answer: FleetAnswer) => number): number => summarise((answers.get(size) ?? []).map(of)).median;
  const cpuOf = (size: number): number => median(size, ({ cpuMs }) => cpuMs / WATCHED);
  const row = (what: string, of: (size: number) => string): readonly string[] => [what, ...SIZES.map(of)];
  const counts = Object.keys(turns.probes).map(Number);
  const spread = Math.max(...counts) - Math.min(...counts);
  return {
    name: 'ten-thousand-targets',
    title: `what a target costs in fleets of several sizes, medians of ${ROUNDS} processes each`,
    peers: {},
    table: {
      columns: ['', ...SIZES.map((size) => `${size} targets`)],
      rows: [
        row('CPU time per target and cycle', (size) => `${cpuOf(size).toFixed(3)} ms`),
        row('the same, in relation to the smallest fleet', (size) => (cpuOf(size) / cpuOf(SMALLEST)).toFixed(2)),
        row('targets committed in a second', (size) => (WATCHED / median(size, ({ wallMs }) => wallMs / 1000)).toFixed(0)),
        row('memory before the first cycle', (size) => `${median(size, ({ restingRssMb }) => restingRssMb).toFixed(0)} MB`),
        row('memory, peak', (size) => `${median(size, (answer) => answer.peakRssMb).toFixed(0)} MB`),
        ...outages.map(({ what, peakRssMb }) =>
          row(`memory, peak, when ${what}`, (size) => (size === LARGEST ? `${peakRssMb.toFixed(0)} MB` : '')),
        ),
      ],
    },
    notes: [
      'simulated: the observations, which come after 5 ms; every fiftieth target is silent. Real: everything from the observation on, 50 targets at a time, each with a record of 90 days',
      "rows are in the memory of another process; talking to it is part of the monitor's CPU time, as HTTP would be, and what is stored is not part of its memory",
      `turns: ${TURNS.cycles} cycles of ${TURNS.targets} targets whose servers are so slow that a third fits into one, with the default jitter; times a target was probed: ${counts.map((count) => `${count} × ${turns.probes[count]}`).join(', ')}`,
    ],
    figures: Object.fromEntries([
      ...SIZES.flatMap((size) => [
        [`cpuMsPerTarget@${size}`, cpuOf(size)] as const,
        [`peakRssMb@${size}`, median(size, (answer) => answer.peakRssMb)] as const,
        [`targetsPerSecond@${size}`, WATCHED / median(size, ({ wallMs }) => wallMs / 1000)] as const,
      ]),
      ['ratio', cpuOf(LARGEST) / cpuOf(SMALLEST)],
      ...outages.map(({ key, peakRssMb }) => [`peakRssMb@${key}`, peakRssMb] as const),
      ['probesMin', Math.min(...counts)],
      ['probesMax', Math.max(...counts)],
    ]),
    bars: [
      {
        what: `CPU per target, ${LARGEST} against ${SMALLEST} targets`,
        limit: 1.5,
        measured: cpuOf(LARGEST) / cpuOf(SMALLEST),
        unit: '',
        rule: 'at-most',
      },
      {
        what: `peak memory, ${LARGEST} targets`,
        limit: 512,
        measured: median(LARGEST, (answer) => answer.peakRssMb),
        unit: ' MB',
        rule: 'below',
      },
      ...outages.map(({ what, peakRssMb }) => ({
        what: `peak memory, ${what}`,
        limit: 512,
        measured: peakRssMb,
        unit: ' MB',
        rule: 'below' as const,
      })),
      { what: 'turns that one target had more than another', limit: 1, measured: spread, unit: '', rule: 'at-most' },
    ],
  };
};
