import type { Command } from 'commander';
import type { Terminal } from './output.ts';
import { addStorageOptions, type StorageOptions } from './storage-options.ts';

export interface StatusOptions extends StorageOptions {
  readonly json?: true;
}

export function addStatusCommand(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  const command = program
    .command('status')
    .summary('how all targets of the running monitor are, or one in full')
    .description(
      'Reads what the running monitor has stored and prints how its targets are, what is open and what to do first, which certificates expire next, and how the monitor itself is.\nExit code: 0 all is well, 1 something is degraded or doubtful, 2 something is down or flapping, 3 unknown, stale, or the monitor does not work.',
    )
    .argument('[ID]', 'one target, in full')
    .option('--json', 'print one JSON object (schema scepwatch.status/1)');
  addStorageOptions(command).action(async (id: string | undefined, options: StatusOptions) => {
    // Loaded when needed: the storage library takes longer to start than a probe.
    const { runStatus } = await import('./run-status.ts');
    finish(await runStatus(id, options, terminal));
  });
}
