import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startAzurite } from '../test/support/azurite.ts';
import { freePort } from '../test/support/server-process.ts';
import { deployBundle } from './support/deployed-bundle.ts';
import type { Bench } from './support/result.ts';
import { SCHEDULES } from './support/schedules.ts';
import { type Summary, summarise } from './support/statistics.ts';

const RUNS = 20;

interface Case {
  readonly label: string;
  readonly key: string;
  readonly args: readonly string[];
  readonly exit: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** How long the deployed bundle takes to register its functions, and the command line from its start to its end, against Node with nothing to do. */
export const loadTime: Bench = async ({ progress }) => {
  const folder = mkdtempSync(join(tmpdir(), 'scepwatch-load-'));
  const azurite = await startAzurite();
  try {
    const empty = join(folder, 'empty.mjs');
    writeFileSync(empty, '');
    progress('building the bundle, and one cycle with it');
    const bundle = await deployBundle(join(folder, 'deployed'));
    const scepwatch = fileURLToPath(new URL('../src/cli/scepwatch.mjs', import.meta.url));
    const refusing = await refusingUrl();
    const environment = {
      ...SCHEDULES,
      SCEPWATCH_CONFIG: JSON.stringify({
        targets: [{ id: 'bench', url: refusing }],
        controlUrls: [],
        cycle: { jitterSeconds: 0, recheckSeconds: 0 },
      }),
      SCEPWATCH_STORAGE_CONNECTION_STRING: azurite.connectionString,
      SCEPWATCH_VANTAGE: 'bench',
    };
    timed({ label: '', key: '', args: bundle.call('probe'), exit: 0, environment });
    const cases: readonly Case[] = [
      { label: 'node with an empty script', key: 'emptyMs', args: [empty], exit: 0 },
      { label: 'bundle, all functions registered', key: 'bundleMs', args: bundle.load, exit: 0 },
      {
        label: 'the same, with a compile cache',
        key: 'bundleCachedMs',
        args: bundle.load,
        exit: 0,
        environment: { NODE_COMPILE_CACHE: join(folder, 'cache') },
      },
      { label: 'bundle, and health answered', key: 'bundleHealthMs', args: bundle.call('health'), exit: 0, environment },
      { label: 'scepwatch --version', key: 'versionMs', args: [scepwatch, '--version'], exit: 0 },
      { label: 'scepwatch explain', key: 'explainMs', args: [scepwatch, 'explain', 'ra-certificate-expired'], exit: 0 },
      { label: 'scepwatch probe, connection refused', key: 'probeMs', args: [scepwatch, 'probe', refusing], exit: 2 },
    ];
    progress(`${RUNS} starts of each of ${cases.length} programs`);
    const times = cases.map((): number[] => []);
    // The first turn fills the disk cache and counts for nothing.
    for (let turn = 0; turn <= RUNS; turn++) {
      for (const [index, one] of cases.entries()) {
        const ms = timed(one);
        if (turn > 0) times[index]?.push(ms);
      }
    }
    const summaries = new Map(cases.map(({ key }, index) => [key, summarise(times[index] ?? [])]));
    const median = (key: string): number => summaries.get(key)?.median ?? Number.NaN;
    const beyond = (key: string): number => median(key) - median('emptyMs');
    const ms = (value: number): string => `${value.toFixed(0)} ms`;
    const row = (label: string, key: string, { min, max }: Summary): readonly string[] => [
      label,
      ms(min),
      ms(median(key)),
      ms(max),
      ms(beyond(key)),
    ];
    const kb = (bytes: number): string => `${(bytes / 1_000).toFixed(0)} KB`;
    return {
      name: 'load-time',
      title: `start to end of a process, ${RUNS} times each in turn`,
      peers: {},
      table: {
        columns: ['wall time', 'min', 'median', 'max', 'beyond Node'],
        rows: cases.map(({ label, key }) => row(label, key, summaries.get(key) ?? summarise([]))),
      },
      notes: [
        `deployed: functions.mjs, ${kb(bundle.functionsBytes)}, and identity.mjs, ${kb(bundle.identityBytes)}, which none of these processes loaded (in its place stood a file that ends the process)`,
        'the bundle is loaded as the worker of Azure Functions does it, with a stand-in for its core, so that every function is really registered',
        'health is read from an Azurite that runs already and holds one cycle',
        'scepwatch runs unbuilt from TypeScript, so Node strips the types at every start',
      ],
      figures: {
        ...Object.fromEntries(cases.map(({ key }) => [key, median(key)])),
        functionsBytes: bundle.functionsBytes,
        identityBytes: bundle.identityBytes,
      },
      bars: [
        { what: 'load of the bundle, beyond Node', limit: 100, measured: beyond('bundleMs'), unit: ' ms', rule: 'below' },
        { what: 'size of functions.mjs', limit: 700, measured: bundle.functionsBytes / 1_000, unit: ' KB', rule: 'below' },
      ],
    };
  } finally {
    await azurite.close();
    rmSync(folder, { recursive: true });
  }
};

function timed({ args, exit, environment = {} }: Case): number {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, ...environment },
  });
  const ms = performance.now() - started;
  if (status !== exit) throw new Error(`node ${args.join(' ')} ended with ${status} instead of ${exit}:\n${stdout}${stderr}`);
  return ms;
}

/** A port that was free a moment ago and that nobody listens on. */
async function refusingUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}/certsrv/mscep/mscep.dll`;
}
