import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { ConfigProblem } from '../config/load.ts';
import { printable } from '../core/text/printable.ts';
import type { VerdictCode } from '../core/verdict/code.ts';
import type { LogLine } from '../runner/log-line.ts';
import type { RunningMonitor, StartOptions } from '../runner/start-monitor.ts';
import { untilStopped } from './interrupt.ts';
import type { Terminal } from './output.ts';
import { parseUrls } from './probe-targets.ts';
import { chooseFault } from './simulate.ts';
import { UsageError } from './usage-error.ts';

interface StartCommandOptions {
  readonly config?: string;
  readonly simulate?: string | true;
  readonly port: number;
  readonly data: string;
  readonly key?: string;
  readonly verbose?: true;
}

/** That of `func start`. */
const DEFAULT_PORT = 7071;
const DEFAULT_DATA_FOLDER = '.scepwatch';
const ROOT = new URL('../../', import.meta.url);

export function addStartCommand(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command('start')
    .summary('run the monitor on this machine')
    .description(
      'Runs the whole monitor on this machine, with storage of its own on the disk: no Azure account, no Functions host. Without anything to watch it watches the built-in simulator. Ends with Ctrl-C; whatever was committed stays.',
    )
    .argument('[URL...]', 'server URLs of SCEP profiles to watch')
    .option('--config <FILE>', 'watch the targets of a configuration file')
    .option('--simulate [CODE]', 'watch the built-in simulator, which shows this fault; healthy when absent')
    .option('--port <N>', 'port on 127.0.0.1; 0 takes any free one', port, DEFAULT_PORT)
    .option('--data <FOLDER>', 'where everything is kept', DEFAULT_DATA_FOLDER)
    .option('--key <KEY>', 'key that functions with a key ask for, as in Azure; without it they ask for none')
    .option('--verbose', 'also print what the storage says')
    .action(async (urls: readonly string[], options: StartCommandOptions) => {
      await start(urls, options, terminal);
      finish(0);
    });
}

function port(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 0 || parsed > 65_535) throw new InvalidArgumentError('give a port number from 0 to 65535.');
  return parsed;
}

async function start(urls: readonly string[], options: StartCommandOptions, terminal: Terminal): Promise<void> {
  const { out, err, paint } = terminal;
  const watch = await watched(urls, options);
  const { startMonitor, UnusableSettings } = await import('../runner/start-monitor.ts');
  const stopped = untilStopped();
  err(paint('quiet', 'starting …\n'));
  const monitor = await startMonitor({
    entry: new URL('functions/main.ts', ROOT),
    hostJson: JSON.parse(readFileSync(new URL('host.json', ROOT), 'utf8')),
    environment: process.env,
    ...(watch !== undefined && { watch }),
    dataFolder: options.data,
    port: options.port,
    ...(options.key !== undefined && { key: options.key }),
    log: writeLog(terminal, options.verbose === true),
  }).catch((error: unknown) => {
    stopped.ignore();
    if (error instanceof UnusableSettings) throw new UsageError(settingsMessage(error.problems, options.config));
    // Ports, folders and locks are the operator's to put right, and the message says how.
    throw error instanceof Error ? new UsageError(error.message) : error;
  });
  out(banner(monitor, options, terminal));
  void monitor.firstCycle.then(
    () => out(`${paint('good', '●')} the first cycle is committed\n`),
    (error: unknown) =>
      err(`${paint('bad', '●')} the first cycle failed: ${printable(error instanceof Error ? error.message : String(error), 400)}\n`),
  );
  await Promise.race([stopped.promise, givenUp(monitor, terminal)]);
  err(paint('quiet', 'stopping …\n'));
  await monitor.close();
  err(paint('quiet', 'stopped; everything that was committed is on the disk\n'));
}

async function watched(urls: readonly string[], { config, simulate }: StartCommandOptions): Promise<StartOptions['watch']> {
  const given = [urls.length > 0 && 'URLs', config !== undefined && '--config', simulate !== undefined && '--simulate'].filter(
    (one) => one !== false,
  );
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} cannot stand together; give one of them`);
  if (config !== undefined) return { configFile: config };
  if (simulate !== undefined) {
    const fault: VerdictCode = (await chooseFault(simulate === true ? 'healthy' : simulate)).code;
    return { simulate: fault };
  }
  return urls.length === 0 ? undefined : { urls: parseUrls(urls).map(({ url }) => url) };
}

/** A file that was named on the command line is told by its name and not by the setting that it becomes. */
function settingsMessage(problems: readonly ConfigProblem[], file: string | undefined): string {
  const lines = problems.map(({ setting, line, column, message }) => {
    const place =
      file === undefined
        ? setting
        : setting.replace(/^SCEPWATCH_CONFIG_FILE(?:: )?/, `${file}${line === undefined ? '' : `:${line}:${column}`}: `).replace(/: $/, '');
    return `${place}: ${message}`;
  });
  return lines.length === 1 ? lines.join('') : `${lines.length} settings have to be put right; ${lines.join('; ')}`;
}

async function givenUp({ azurite }: RunningMonitor, { err, paint }: Terminal): Promise<void> {
  if (azurite === undefined) return new Promise(() => {});
  const { message } = await azurite.givenUp;
  err(`${paint('bad', '●')} ${message}\n`);
}

function banner(
  { url, targets, simulator, functions, azurite }: RunningMonitor,
  { data }: StartCommandOptions,
  { paint }: Terminal,
): string {
  const watching =
    simulator === undefined
      ? `${targets} ${targets === 1 ? 'target' : 'targets'}`
      : 'the built-in NDES simulator, as nothing else is configured';
  const lines = [
    `${paint('good', '●')} watching ${paint('strong', watching)}`,
    '',
    `  health      ${url}/health`,
    `  look        npm run -s scepwatch -- watch${data === DEFAULT_DATA_FOLDER ? '' : ` --data ${data}`}`,
    `  storage     ${azurite === undefined ? 'as configured' : `Azurite, kept in ${data}`}`,
    ...functions.map(
      ({ name, route, schedule, error }) =>
        `  function    ${name.padEnd(14)}${error === undefined ? (schedule ?? route ?? '') : paint('bad', error)}`,
    ),
    ...(simulator === undefined
      ? ['']
      : [
          `  break it    curl -X PUT --data ndes-app-pool-stopped ${new URL(simulator.url).origin}/simulator/fault`,
          `  your own    npm start -- https://<app>-<tenant>.msappproxy.net/certsrv/mscep/mscep.dll`,
        ]),
    '  end it      Ctrl-C',
    '',
  ];
  return `${lines.join('\n')}\n`;
}

const LEVELS = { debug: 'quiet', info: 'quiet', warning: 'caution', error: 'bad' } as const;

function writeLog({ err, paint }: Terminal, verbose: boolean): (line: LogLine) => void {
  return ({ level, functionName, text }) => {
    if (level === 'debug' && !verbose) return;
    const time = new Date().toISOString().slice(11, 19);
    const name = functionName === undefined ? '' : `${functionName}: `;
    const lines = text.split('\n').map((line) => printable(line, 1_000));
    err(`${paint('quiet', time)} ${paint(LEVELS[level], `${name}${lines.join('\n         ')}`)}\n`);
  };
}
