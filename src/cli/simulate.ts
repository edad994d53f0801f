import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Command, InvalidArgumentError } from 'commander';
import { printableJson } from '../core/text/printable.ts';
import { wrap } from '../core/text/wrap.ts';
import type { VerdictCode } from '../core/verdict/code.ts';
import type { Simulator } from '../simulator/server.ts';
import type { Terminal } from './output.ts';
import { UsageError } from './usage-error.ts';

interface SimulateOptions {
  readonly fault: string;
  readonly variant?: string;
  readonly port: number;
  readonly tls?: true;
  readonly caOut?: string;
  readonly list?: true;
  readonly json?: true;
}

const DEFAULT_PORT = 8403;

export function addSimulateCommand(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command('simulate')
    .summary('run an NDES server that shows any fault')
    .description(
      'Runs an NDES server on 127.0.0.1 that answers like a healthy one or shows a fault, switchable while it runs. Ends with Ctrl-C.',
    )
    .option('--fault <CODE>', 'what to show; --list names them all', 'healthy')
    .option('--variant <NAME>', 'which form of the fault, such as another language or encoding')
    .option('--port <N>', 'port on 127.0.0.1; 0 takes any free one', port, DEFAULT_PORT)
    .option('--tls', 'serve https with a certificate made at start')
    .option('--ca-out <FILE>', 'with --tls: write the CA certificate to trust to a file, for scepwatch probe --ca FILE')
    .option('--list', 'list every fault and its variants')
    .option('--json', 'with --list: print one JSON object')
    .action(async (options: SimulateOptions) => {
      if (options.json === true && options.list !== true)
        throw new UsageError('--json goes with --list; a running simulator prints lines for people');
      if (options.list === true) terminal.out(options.json === true ? await faultListJson() : await faultList(terminal));
      else await simulate(options, terminal);
      finish(0);
    });
}

function port(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 0 || parsed > 65_535) throw new InvalidArgumentError('give a port number from 0 to 65535.');
  return parsed;
}

async function faultListJson(): Promise<string> {
  const { FAULTS } = await import('../simulator/faults.ts');
  const faults = Object.entries(FAULTS).map(([code, fault]) =>
    fault.kind === 'shown'
      ? { code, shown: true, description: fault.description, variants: Object.keys(fault.variants) }
      : { code, shown: false, reason: fault.reason, instead: fault.instead },
  );
  return `${printableJson({ schema: 'scepwatch.faults/1', faults }, 2)}\n`;
}

async function faultList({ width, paint }: Terminal): Promise<string> {
  const { FAULTS } = await import('../simulator/faults.ts');
  const column = Math.max(...Object.keys(FAULTS).map((code) => code.length)) + 2;
  return Object.entries(FAULTS)
    .map(([code, fault]) => {
      const text =
        fault.kind === 'shown'
          ? `${fault.description}${Object.keys(fault.variants).length > 1 ? ` (variants: ${Object.keys(fault.variants).join(', ')})` : ''}`
          : `cannot be shown: ${fault.reason}; instead: ${fault.instead}`;
      return `${paint(fault.kind === 'shown' ? 'strong' : 'quiet', code.padEnd(column))}${wrap(text, width, column)}\n`;
    })
    .join('');
}

/** The code and variant to show, or a usage error that says which there are. */
export async function chooseFault(code: string, variant?: string): Promise<{ readonly code: VerdictCode; readonly variant: string }> {
  const { selectFault } = await import('../simulator/faults.ts');
  const selected = selectFault(code, variant);
  if (!selected.ok) throw new UsageError(selected.problem);
  return selected.fault;
}

async function simulate(options: SimulateOptions, { out, err, paint }: Terminal): Promise<void> {
  const { startSimulator } = await import('../simulator/server.ts');
  const { code, variant } = await chooseFault(options.fault, options.variant);
  const simulator = await startSimulator({ fault: code, variant, port: options.port, ...(options.tls === true && { tls: true }) }).catch(
    (error: unknown) => {
      // The port is the operator's choice; the simulator's error says what to do about it.
      throw error instanceof Error ? new UsageError(error.message) : error;
    },
  );
  try {
    let trust = '';
    if (simulator.caPem !== undefined) {
      const file = options.caOut;
      if (file !== undefined) writeCa(file, simulator.caPem);
      trust = file === undefined ? ' --insecure' : ` --ca ${file}`;
    }
    const origin = new URL(simulator.url).origin;
    out(`${paint('good', '●')} showing ${paint('strong', simulator.fault)} at ${simulator.url}\n\n`);
    out(`  probe it    npm run -s scepwatch -- probe ${simulator.url}${trust}\n`);
    out(
      `  switch it   type a code and Enter here, or: curl ${trust === '' ? '' : '-k '}-X PUT --data ndes-app-pool-stopped ${origin}/simulator/fault\n`,
    );
    out(`  end it      Ctrl-C\n\n`);
    await untilInterrupted((line) => switchTo(line, simulator, { out, err }));
  } finally {
    await simulator.close();
  }
}

function writeCa(file: string, pem: string): void {
  try {
    writeFileSync(file, pem);
  } catch (error) {
    throw new UsageError(`--ca-out: cannot write ${file} (${error instanceof Error && 'code' in error ? error.code : 'error'})`);
  }
}

async function switchTo(line: string, simulator: Simulator, { out, err }: Pick<Terminal, 'out' | 'err'>): Promise<void> {
  const [code = '', variant] = line.trim().split(/\s+/);
  if (code === '') return;
  try {
    const chosen = await chooseFault(code, variant);
    await simulator.setFault(chosen.code, chosen.variant);
    out(`● showing ${chosen.code}\n`);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    err(`${error.message}\n`);
  }
}

/** Reads lines from standard input until SIGINT or SIGTERM; the end of the input ends nothing, so that it also runs in the background. */
async function untilInterrupted(onLine: (line: string) => Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => void onLine(line));
  const stop = (): void => resolve();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  await promise;
  process.removeListener('SIGINT', stop);
  process.removeListener('SIGTERM', stop);
  lines.close();
  process.stdin.destroy();
}
