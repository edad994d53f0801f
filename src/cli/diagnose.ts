import { type Command, Option } from 'commander';
import { PLATFORMS, type Platform } from '../core/diagnose/scep-exchange.ts';
import type { Terminal } from './output.ts';

export interface DiagnoseCommandOptions {
  readonly json?: true;
  readonly since?: string;
  readonly until?: string;
  readonly platform?: Platform;
  readonly with?: string;
  readonly ca?: string;
  readonly data?: string;
  readonly showIdentities?: true;
}

export function addDiagnoseCommand(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command('diagnose')
    .summary('read logs of servers, connectors and devices and say what they mean')
    .description(
      [
        'Reads IIS and HTTPERR logs, Windows events (as text or XML), Android OMADM logs, iOS and macOS debug logs, SetupMsi.log and NDESPlugin.log, says what they mean and what to do first. The format is found from the content; gz and zip are unpacked; several logs are put on one timeline.',
        'Users, devices, addresses and ids are replaced by names such as device-1; certificate requests and challenges are never shown.',
        'Exit code: 0 no trouble, 1 warning, 2 critical, 3 nothing could be read or wrong usage.',
      ].join('\n'),
    )
    .argument('<FILE...>', 'log files, folders or patterns; - reads standard input')
    .option('--json', 'print one JSON object (schema scepwatch.diagnose/1)')
    .option('--since <WHEN>', 'only from then on: 24h, 7d, a day such as 2026-11-20 (UTC), or a time with its offset')
    .option('--until <WHEN>', 'only until then; a day is included')
    .addOption(new Option('--platform <platform>', 'only its requests, and what concerns all platforms').choices(PLATFORMS))
    .option(
      '--with <URL|ID>',
      'join the logs with the view from outside: probe this SCEP URL, or take what the running monitor knows of the target ID',
    )
    .option('--ca <PEM>', 'with --with: file with further CA certificates to trust for TLS')
    .option('--data <FOLDER>', 'with --with ID: data folder of the local runner; .scepwatch in the current folder when absent')
    .option('--show-identities', 'show users, devices, addresses and ids as they are')
    .action(async (files: readonly string[], options: DiagnoseCommandOptions) => {
      // Loaded when needed: a probe does not read logs.
      const { runDiagnose } = await import('./run-diagnose.ts');
      finish(await runDiagnose(files, options, terminal));
    });
}
