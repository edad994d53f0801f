import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/server-process.ts';
import type { Bench } from './support/result.ts';
import { type Summary, summarise } from './support/statistics.ts';

const RUNS = 10;

/** How long the command line takes from its start to its end, against Node with nothing to do. */
export const loadTime: Bench = async ({ progress }) => {
  const folder = mkdtempSync(join(tmpdir(), 'scepwatch-load-'));
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, '');
  const scepwatch = fileURLToPath(new URL('../src/cli/scepwatch.mjs', import.meta.url));
  const cases = [
    { label: 'node with an empty script', key: 'emptyMs', args: [empty], exit: 0 },
    { label: 'scepwatch --version', key: 'versionMs', args: [scepwatch, '--version'], exit: 0 },
    { label: 'scepwatch explain', key: 'explainMs', args: [scepwatch, 'explain', 'ra-certificate-expired'], exit: 0 },
    { label: 'scepwatch probe, connection refused', key: 'probeMs', args: [scepwatch, 'probe', await refusingUrl()], exit: 2 },
  ] as const;
  try {
    progress(`${RUNS} starts of each of ${cases.length} commands`);
    const times = cases.map((): number[] => []);
    // The first turn fills the disk cache and counts for nothing.
    for (let turn = 0; turn <= RUNS; turn++) {
      for (const [index, { args, exit }] of cases.entries()) {
        const ms = timed(args, exit);
        if (turn > 0) times[index]?.push(ms);
      }
    }
    const summaries = times.map(summarise);
    const nothing = summaries[0]?.median ?? Number.NaN;
    const ms = (value: number): string => `${value.toFixed(0)} ms`;
    const row = (label: string, { min, median, max }: Summary): readonly string[] => [
      label,
      ms(min),
      ms(median),
      ms(max),
      ms(median - nothing),
    ];
    return {
      name: 'load-time',
      title: `start to end of a process, ${RUNS} times each in turn`,
      peers: {},
      table: {
        columns: ['wall time', 'min', 'median', 'max', 'beyond Node'],
        rows: cases.map(({ label }, index) => row(label, summaries[index] ?? summarise([]))),
      },
      notes: ['run unbuilt from TypeScript, so Node strips the types at every start; the deployed bundle is another figure'],
      figures: Object.fromEntries(cases.map(({ key }, index) => [key, summaries[index]?.median ?? Number.NaN])),
      bars: [],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

function timed(args: readonly string[], exit: number): number {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
  const ms = performance.now() - started;
  if (status !== exit) throw new Error(`node ${args.join(' ')} ended with ${status} instead of ${exit}:\n${stdout}${stderr}`);
  return ms;
}

/** A port that was free a moment ago and that nobody listens on. */
async function refusingUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}/certsrv/mscep/mscep.dll`;
}
