import { Command, CommanderError } from 'commander';
import { printable, printableJson } from '../core/text/printable.ts';
import { VERSION } from '../version.ts';
import { addCheckConfigCommand } from './check-config.ts';
import { EXIT_USAGE } from './exit-code.ts';
import { addExplainCommand } from './explain.ts';
import { processTerminal, type Terminal } from './output.ts';
import { addProbeCommand } from './probe.ts';
import { addSimulateCommand } from './simulate.ts';
import { UsageError } from './usage-error.ts';

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

export function createProgram(terminal: Terminal, finish: (code: number) => void): Command {
  const program = new Command('scepwatch')
    .description('Watches the SCEP endpoints that Intune devices enrol through, and names the hop that is broken.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: () => {}, getOutHelpWidth: () => terminal.width })
    .addHelpText('after', EXAMPLES);
  for (const add of [addProbeCommand, addExplainCommand, addCheckConfigCommand, addSimulateCommand]) add(program, terminal, finish);
  return program;
}

const EXAMPLES = `
Examples:
  scepwatch probe https://<app>-<tenant>.msappproxy.net/certsrv/mscep/mscep.dll
  scepwatch probe --simulate ndes-app-pool-stopped     try it without a server
  scepwatch probe URL --format nagios                  as a monitoring plugin
  scepwatch explain ra-certificate-expired             every step of the fix`;

function report(error: unknown, argv: readonly string[], { out, err }: Terminal): number {
  // commander throws for --help and --version too, after it has printed them.
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const usage = error instanceof UsageError || error instanceof CommanderError;
  const message = printable(
    usage ? error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*?)\?\)/s, ' (did you mean $1?)') : internal(error),
    600,
  );
  if (argv.includes('--json') || argv.join(' ').includes('--format json') || argv.includes('--format=json')) {
    out(`${printableJson({ schema: 'scepwatch.error/1', error: { kind: usage ? 'usage' : 'internal', message } }, 2)}\n`);
  } else {
    err(`scepwatch: ${message}\n`);
  }
  return EXIT_USAGE;
}

function internal(error: unknown): string {
  return `internal error, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
