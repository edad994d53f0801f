import type { Command } from 'commander';

/** How a person says which monitor is meant; nothing at all is fine too. */
export interface StorageOptions {
  readonly storage?: string;
  readonly data?: string;
}

/** For commands that read what the running monitor has stored. */
export function addStorageOptions(command: Command): Command {
  return command
    .option('--data <FOLDER>', 'data folder of the local runner; .scepwatch in the current folder when absent')
    .option(
      '--storage <CONNECTION>',
      'connection string or table endpoint of the storage; rather set SCEPWATCH_STORAGE_CONNECTION_STRING, as others can see the command line',
    );
}
