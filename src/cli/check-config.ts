import type { Command } from 'commander';
import type { ConfigProblem } from '../config/load.ts';
import { printable, printableJson } from '../core/text/printable.ts';
import { withoutSecrets } from '../core/text/redact.ts';
import { EXIT_USAGE } from './exit-code.ts';
import type { Terminal } from './output.ts';

export function addCheckConfigCommand(program: Command, { out, err, paint }: Terminal, finish: (code: number) => void): void {
  program
    .command('check-config')
    .summary('check a configuration file, offline')
    .description(
      'Checks a configuration file (JSON or YAML) without any network and names every problem at once. Exit code: 0 fine, 3 not.',
    )
    .argument('<FILE>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .action(async (file: string, { json }: { readonly json?: true }) => {
      // Loaded when needed: the schema library takes longer to start than a probe.
      const { loadConfigFile } = await import('../config/load.ts');
      const loaded = loadConfigFile(file);
      if (json === true) {
        out(
          `${printableJson({ schema: 'scepwatch.check-config/1', ok: loaded.ok, targets: loaded.ok ? loaded.config.targets.length : null, problems: loaded.ok ? [] : loaded.problems }, 2)}\n`,
        );
      } else if (loaded.ok) {
        const count = loaded.config.targets.length;
        out(`${paint('good', '✓')} ${file}: ${count} ${count === 1 ? 'target' : 'targets'}\n`);
      } else {
        for (const problem of loaded.problems) err(`${problemLine(file, problem)}\n`);
      }
      finish(loaded.ok ? 0 : EXIT_USAGE);
    });
}

/** `file:line:column: setting: what is wrong`, the form that editors and CI systems turn into links. */
export function problemLine(file: string, { setting, line, column, message }: ConfigProblem): string {
  const name = withoutSecrets(printable(file));
  const place = line === undefined ? name : `${name}:${line}:${column}`;
  return setting === '' ? `${place}: ${message}` : `${place}: ${setting}: ${message}`;
}
