import { Command, CommanderError } from 'commander';
import { printable, printableJson } from '../core/text/printable.ts';
import { withoutSecrets } from '../core/text/redact.ts';
import { VERSION } from '../version.ts';
import { addCheckConfigCommand } from './check-config.ts';
import { addDiagnoseCommand } from './diagnose.ts';
import { EXIT_USAGE } from './exit-code.ts';
import { addExplainCommand } from './explain.ts';
import { addHistoryCommand } from './history.ts';
import { processTerminal, type Terminal } from './output.ts';
import { addProbeCommand } from './probe.ts';
import { addSimulateCommand } from './simulate.ts';
import { addStartCommand } from './start.ts';
import { addStatusCommand } from './status.ts';
import { UsageError } from './usage-error.ts';
import { addWatchCommand } from './watch.ts';

/**
 * Runs one command line (without the program's own name) and answers the exit code. Never throws and never ends the process:
 * what a person can put right is one line on standard error, and with `--json` one JSON object on standard output.
 */
export async function main(argv: readonly string[], terminal: Terminal = processTerminal(process.env)): Promise<number> {
  let exit = 0;
  const program = createProgram(terminal, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exit;
  } catch (error) {
    // Called without a command: the help is what the person needs, but nothing was done.
    if (error instanceof CommanderError && error.code === 'commander.help') {
      terminal.err(program.helpInformation());
      return EXIT_USAGE;
    }
    return report(error, argv, terminal);
  }
}

function createProgram(terminal: Terminal, finish: (code: number) => void): Command {
  const program = new Command('scepwatch')
    .description('Watches the SCEP endpoints that Intune devices enrol through, and names the hop that is broken.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: () => {}, getOutHelpWidth: () => terminal.width })
    .addHelpText('after', EXAMPLES);
  for (const add of COMMANDS) add(program, terminal, finish);
  return program;
}

const COMMANDS = [
  addProbeCommand,
  addStartCommand,
  addWatchCommand,
  addStatusCommand,
  addHistoryCommand,
  addDiagnoseCommand,
  addExplainCommand,
  addCheckConfigCommand,
  addSimulateCommand,
];

const EXAMPLES = `
Examples:
  scepwatch probe https://<app>-<tenant>.msappproxy.net/certsrv/mscep/mscep.dll
  scepwatch probe --simulate ndes-app-pool-stopped     try it without a server
  scepwatch probe URL --format nagios                  as a monitoring plugin
  scepwatch watch URL URL                              a live table, watched from here
  scepwatch status                                     how the running monitor finds all targets
  scepwatch history ID --since 7d                      what became of one of them
  scepwatch diagnose u_ex*.log --with URL              what the logs say, joined with a probe
  scepwatch explain ra-certificate-expired             every step of the fix`;

/** Characters; several problems of a configuration are one message. */
const MAX_MESSAGE = 2_000;

function report(error: unknown, argv: readonly string[], { out, err }: Terminal): number {
  // commander throws for --help and --version too, after it has printed them.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const usage = error instanceof UsageError || error instanceof CommanderError;
  const text = usage
    ? error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*?)\?\)/s, ' (did you mean $1?)')
    : internal(error);
  const message = printable(withoutSecrets(text), MAX_MESSAGE);
  switch (wantedFormat(argv)) {
    case 'json':
      out(`${printableJson({ schema: 'scepwatch.error/1', error: { kind: usage ? 'usage' : 'internal', message } }, 2)}\n`);
      break;
    case 'nagios':
      // A plugin that says nothing on standard output shows up as "no output"; a pipe would start performance data.
      out(`SCEP UNKNOWN - ${message.replaceAll('|', '/')}\n`);
      break;
    case 'text':
      err(`scepwatch: ${message}\n`);
  }
  return EXIT_USAGE;
}

/** Read from the raw arguments, because the error may be that they cannot be parsed. */
function wantedFormat(argv: readonly string[]): 'json' | 'nagios' | 'text' {
  const format = argv.find((argument) => argument.startsWith('--format='))?.slice('--format='.length) ?? argv[argv.indexOf('--format') + 1];
  if (argv.includes('--json') || (argv.some((argument) => argument.startsWith('--format')) && format === 'json')) return 'json';
  return argv.some((argument) => argument.startsWith('--format')) && format === 'nagios' ? 'nagios' : 'text';
}

function internal(error: unknown): string {
  return `internal error, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

// Called by its own name instead of through scepwatch.mjs, as one does with an up-to-date Node.
if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
