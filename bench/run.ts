import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeMissing, findCommand, installMissing, packageOf, type SystemCommand } from '../test/support/system-packages.ts';
import { cycleCpu } from './cycle-cpu.ts';
import { diagnoseIis } from './diagnose-iis.ts';
import { loadTime } from './load-time.ts';
import { storageYear } from './storage-year.ts';
import { machine, machineText } from './support/machine.ts';
import { type Bench, type BenchResult, isMet, resultText } from './support/result.ts';
import { tenThousandTargets } from './ten-thousand-targets.ts';
import { thousandTargets } from './thousand-targets.ts';

interface Entry {
  readonly bench: Bench;
  readonly summary: string;
  readonly commands: readonly SystemCommand[];
}

const BENCHES: Readonly<Record<string, Entry>> = {
  'cycle-cpu': {
    bench: cycleCpu,
    summary: 'client CPU of one cycle of one target, against prometheus-blackbox-exporter (1 minute)',
    commands: ['nginx', 'openssl', 'prometheus-blackbox-exporter'],
  },
  'thousand-targets': {
    bench: thousandTargets,
    summary: 'time and memory of two cycles of 1,000 targets, 20 of them black holes, stored in Azurite (1 minute)',
    commands: ['nginx', 'openssl'],
  },
  'ten-thousand-targets': {
    bench: tenThousandTargets,
    summary: 'CPU and memory per target from 1,000 to 10,000 targets, and who gets a turn when not all fit (2 minutes)',
    commands: [],
  },
  'storage-year': {
    bench: storageYear,
    summary: 'bytes and requests of one target in a year of results every five minutes (3 minutes)',
    commands: [],
  },
  'diagnose-iis': {
    bench: diagnoseIis,
    summary: 'CPU and memory for an IIS log of 2 GB, every line SCEP and 1 % (1 minute)',
    commands: [],
  },
  'load-time': { bench: loadTime, summary: 'start of the command line, against Node with nothing to do (10 seconds)', commands: [] },
};

const HELP = `Usage: npm run bench -- [NAME...] [--json FILE] [--profile FOLDER]

Measures, prints a table, and says which bars are met; a missed bar is no failure. Without a name it runs all:
${Object.entries(BENCHES)
  .map(([name, { summary }]) => `  ${name.padEnd(22)}${summary}`)
  .join('\n')}

  --json FILE       write the figures to a file as well
  --profile FOLDER  write V8 CPU profiles of our own processes there (the figures then contain the profiler)
  --help            print this

bench/README.md says what each figure means.`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals, problem } = parse();
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  if (problem !== undefined) {
    console.error(`bench: ${problem}`);
    return 2;
  }
  const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals;
  const missing = await missingFor(names);
  if (missing !== undefined) {
    console.error(`bench: ${missing}`);
    return 2;
  }
  const profileFolder = values.profile;
  if (profileFolder !== undefined) mkdirSync(profileFolder, { recursive: true });

  const here = machine();
  console.log(`${machineText(here)}\n`);
  const results: BenchResult[] = [];
  for (const name of names) {
    const result = await BENCHES[name]?.bench({
      progress: (line) => console.error(`  … ${line}`),
      ...(profileFolder !== undefined && { profileFolder }),
    });
    if (result === undefined) continue;
    results.push(result);
    for (const [peer, version] of Object.entries(result.peers)) console.log(`${peer} ${version}`);
    console.log(resultText(result));
  }
  if (values.json !== undefined) {
    const stored = results.map((result) => ({ ...result, bars: result.bars.map((bar) => ({ ...bar, met: isMet(bar) })) }));
    writeFileSync(
      values.json,
      `${JSON.stringify({ schema: 'scepwatch.bench/1', at: new Date().toISOString(), machine: here, results: stored }, null, 2)}\n`,
    );
  }
  return 0;
}

interface Parsed {
  readonly values: { readonly json?: string; readonly profile?: string; readonly help?: boolean };
  readonly positionals: readonly string[];
  readonly problem?: string;
}

function parse(): Parsed {
  try {
    const parsed = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'string' }, profile: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    const unknown = parsed.positionals.filter((name) => BENCHES[name] === undefined);
    if (unknown.length === 0) return parsed;
    return { ...parsed, problem: `no benchmark is called ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}` };
  } catch (error) {
    return { values: {}, positionals: [], problem: `${error instanceof Error ? error.message : String(error)}; see --help` };
  }
}

/** Says what cannot be had, or undefined when everything is there. */
async function missingFor(names: readonly string[]): Promise<string | undefined> {
  const commands = [...new Set(names.flatMap((name) => BENCHES[name]?.commands ?? []))];
  const absent = () => commands.filter((command) => findCommand(command) === undefined);
  for (const usedBy of new Set(absent().map((command) => packageOf(command)?.usedBy)))
    if (usedBy !== undefined) await installMissing(usedBy, console.error);
  const entries = absent()
    .map(packageOf)
    .filter((entry) => entry !== undefined);
  return entries.length === 0 ? undefined : describeMissing(entries);
}
