import { type Command, InvalidArgumentError } from 'commander';
import type { Terminal } from './output.ts';
import { addStorageOptions, type StorageOptions } from './storage-options.ts';

export interface WatchOptions extends StorageOptions {
  readonly config?: string;
  readonly ca?: string;
  readonly every?: number;
  readonly once?: true;
  readonly json?: true;
}

export function addWatchCommand(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  const command = program
    .command('watch')
    .summary('a live table of targets: watched from here, or by the running monitor')
    .description(
      'With URLs or --config: watches them from here and keeps nothing. Without: shows what the running monitor sees.\nA live table on a terminal (q or Ctrl-C ends it); elsewhere one line for each change and each cycle.\nExit code: 0 when ended by hand; with --once 0 ok, 1 warning, 2 critical, 3 unknown or wrong usage.',
    )
    .argument('[URL...]', 'server URLs of SCEP profiles to watch from here')
    .option('--config <FILE>', 'watch every target of a configuration file from here')
    .option('--ca <PEM>', 'with URLs: file with further CA certificates to trust for TLS')
    .option('--every <SECONDS>', 'with URLs or --config: probe every target so often (300 unless the file says otherwise)', seconds)
    .option('--once', 'one round, then end')
    .option('--json', 'print JSON objects, one on each line (schema scepwatch.watch/1)');
  addStorageOptions(command).action(async (urls: readonly string[], options: WatchOptions) => {
    // Loaded when needed: the storage library takes longer to start than a probe.
    const { runWatch } = await import('./run-watch.ts');
    finish(await runWatch(urls, options, terminal));
  });
}

function seconds(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 1 || parsed > 86_400)
    throw new InvalidArgumentError('give a whole number of seconds from 1 to 86400.');
  return parsed;
}
