import { hostname } from 'node:os';
import type { Command } from 'commander';
import type { MonitorPlan } from '../app/monitor-plan.ts';
import type { ConfigProblem } from '../config/load.ts';
import { printable, printableJson } from '../core/text/printable.ts';
import { withoutSecrets } from '../core/text/redact.ts';
import { EXIT_USAGE } from './exit-code.ts';
import type { Terminal } from './output.ts';

export function addCheckConfigCommand(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command('check-config')
    .summary('check a configuration file, offline')
    .description(
      'Checks a configuration file (JSON or YAML), the certificate files that it names and, without a file, the settings of the environment. Without any network; names every problem at once. Exit code: 0 fine, 3 not.',
    )
    .argument('[FILE]', 'the configuration file; the SCEPWATCH_… settings of the environment when absent')
    .option('--json', 'print one JSON object')
    .action(async (file: string | undefined, { json }: { readonly json?: true }) => {
      const checked = file === undefined ? await checkEnvironment() : await checkFile(file);
      if (json === true) terminal.out(`${printableJson(checkJson(checked), 2)}\n`);
      else tell(checked, file, terminal);
      finish(checked.ok ? 0 : EXIT_USAGE);
    });
}

type Checked = { readonly ok: true; readonly plan: MonitorPlan } | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Loaded when needed: the schema library takes longer to start than a probe. */
async function checkFile(file: string): Promise<Checked> {
  const [{ loadConfigFile }, { monitorPlan }] = await Promise.all([import('../config/load.ts'), import('../config/plan.ts')]);
  const loaded = loadConfigFile(file);
  return loaded.ok ? monitorPlan(loaded.config, { file, vantage: hostname() }) : loaded;
}

async function checkEnvironment(): Promise<Checked> {
  const [{ loadSettings }, { connectTable }] = await Promise.all([import('../config/settings.ts'), import('../store/tables/connect.ts')]);
  const loaded = loadSettings(process.env, Date.now());
  if (!loaded.ok) return loaded;
  try {
    // Sends nothing: only what the location says is looked at.
    connectTable(loaded.settings.storage);
    return { ok: true, plan: loaded.settings.plan };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { ok: false, problems: [{ setting: STORAGE_SETTINGS[loaded.settings.storage.where.kind], message: error.message }] };
  }
}

const STORAGE_SETTINGS = {
  'connection-string': 'SCEPWATCH_STORAGE_CONNECTION_STRING',
  endpoint: 'SCEPWATCH_STORAGE_TABLE_ENDPOINT',
} as const;

function checkJson(checked: Checked): object {
  return {
    schema: 'scepwatch.check-config/1',
    ok: checked.ok,
    targets: checked.ok ? checked.plan.targets.length : null,
    problems: checked.ok ? [] : checked.problems,
  };
}

function tell(checked: Checked, file: string | undefined, { out, err, paint }: Terminal): void {
  if (!checked.ok) {
    for (const problem of checked.problems) err(`${file === undefined ? settingLine(problem) : problemLine(file, problem)}\n`);
    return;
  }
  const { targets, maintenance } = checked.plan;
  const tenants = new Set(targets.flatMap(({ tenant }) => tenant ?? [])).size;
  const facts = [
    counted(targets.length, 'target'),
    ...(tenants > 0 ? [counted(tenants, 'tenant')] : []),
    ...(maintenance.length > 0 ? [counted(maintenance.length, 'maintenance window')] : []),
  ];
  out(`${paint('good', '✓')} ${file ?? 'the settings of the environment'}: ${facts.join(', ')}\n`);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** `file:line:column: setting: what is wrong`, the form that editors and CI systems turn into links. */
export function problemLine(file: string, { setting, line, column, message }: ConfigProblem): string {
  const name = withoutSecrets(printable(file));
  const place = line === undefined ? name : `${name}:${line}:${column}`;
  return setting === '' ? `${place}: ${message}` : `${place}: ${setting}: ${message}`;
}

function settingLine({ setting, line, column, message }: ConfigProblem): string {
  return `${setting}${line === undefined ? '' : `:${line}:${column}`}: ${message}`;
}
