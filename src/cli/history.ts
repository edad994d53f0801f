import { type Command, InvalidArgumentError } from 'commander';
import type { Terminal } from './output.ts';
import { addStorageOptions, type StorageOptions } from './storage-options.ts';

export interface HistoryCommandOptions extends StorageOptions {
  readonly since?: string;
  readonly until?: string;
  readonly incidents?: true;
  readonly days?: true;
  readonly hours?: true;
  readonly results?: true;
  readonly all?: true;
  readonly limit?: number;
  readonly json?: true;
  readonly csv?: true;
}

export function addHistoryCommand(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  const command = program
    .command('history')
    .summary('what has become of one target over time')
    .description(
      'Reads what the running monitor has stored and prints the timeline of one target, newest first: availability and response times, incidents with the reason of each step, and results, equal ones in one line.\nExit code: 0, or 3 when nothing could be read.',
    )
    .argument('<ID>', 'the target; scepwatch status --json lists the ids')
    .option('--since <WHEN>', 'from when on: 24h, 7d, a day such as 2026-11-20 (UTC), or a time with its offset')
    .option('--until <WHEN>', 'until when; a day is included')
    .option('--incidents', 'only incidents (90 days unless told)')
    .option('--days', 'only days (30 unless told)')
    .option('--hours', 'only hours (48 unless told)')
    .option('--results', 'only results (24 hours unless told)')
    .option('--all', 'with --results: every result on a line of its own')
    .option('--limit <N>', 'at most so many entries of each list (50 as text, everything as JSON or CSV)', positive)
    .option('--json', 'print one JSON object (schema scepwatch.history/1)')
    .option('--csv', 'with --results, --hours or --days: print CSV');
  addStorageOptions(command).action(async (id: string, options: HistoryCommandOptions) => {
    // Loaded when needed: the storage library takes longer to start than a probe.
    const { runHistory } = await import('./run-history.ts');
    await runHistory(id, options, terminal);
    finish(0);
  });
}

function positive(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 1 || parsed > 1_000_000)
    throw new InvalidArgumentError('give a whole number from 1 to 1000000.');
  return parsed;
}
