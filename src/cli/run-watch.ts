import { exitCode } from './exit-code.ts';
import { hasScreen } from './live-screen.ts';
import type { Terminal } from './output.ts';
import { UsageError } from './usage-error.ts';
import type { WatchOptions } from './watch.ts';
import { jsonOutput, lineOutput, liveOutput, onceOutput, type WatchOutput } from './watch-output.ts';
import type { WatchListener, WatchSource } from './watch-source.ts';

/** Shows the targets until somebody ends it, or once; answers the exit code. */
export async function runWatch(urls: readonly string[], options: WatchOptions, terminal: Terminal): Promise<number> {
  const source = await sourceOf(urls, options);
  return options.once === true ? watchOnce(source, options, terminal) : watchUntilEnded(source, options, terminal);
}

async function sourceOf(urls: readonly string[], options: WatchOptions): Promise<WatchSource> {
  const { config, every, ca, storage, data } = options;
  if (urls.length === 0 && config === undefined) {
    if (every !== undefined) throw new UsageError('--every goes with URLs or --config; the running monitor has periods of its own');
    if (ca !== undefined) throw new UsageError('--ca goes with URLs');
    const { watchMonitor } = await import('./watch-monitor.ts');
    return watchMonitor(options, process.env);
  }
  if (storage !== undefined || data !== undefined)
    throw new UsageError('URLs and --config are watched from here, --storage and --data show a running monitor; give one of both');
  if (ca !== undefined && urls.length === 0) throw new UsageError('--ca goes with URLs; a configuration file has ca and caFile');
  const [{ watchPlan }, { watchFromHere }] = await Promise.all([import('./watch-plan.ts'), import('./watch-from-here.ts')]);
  return watchFromHere(await watchPlan(urls, options));
}

async function watchOnce(source: WatchSource, { json }: WatchOptions, terminal: Terminal): Promise<number> {
  const output = json === true ? jsonOutput(source, terminal) : onceOutput(source, terminal);
  let code = exitCode([]);
  const listener: WatchListener = {
    ...output,
    fleet: async (fleet, nextAt) => {
      await output.fleet(fleet, nextAt);
      code = exitCode(source.severities(fleet, Date.now()));
    },
  };
  await source.run(listener, true, new AbortController().signal);
  output.close();
  return code;
}

async function watchUntilEnded(source: WatchSource, options: WatchOptions, terminal: Terminal): Promise<number> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, end);
  // Nobody reads any more: `… | head`.
  process.stdout.once('error', end);
  const output = chosenOutput(source, options, terminal, end);
  try {
    await source.run(output, false, ended.signal);
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  } finally {
    output.close();
  }
  return leave(0);
}

function chosenOutput(source: WatchSource, { json }: WatchOptions, terminal: Terminal, onQuit: () => void): WatchOutput {
  if (json === true) return jsonOutput(source, terminal);
  return hasScreen(process.env) ? liveOutput(source, terminal, onQuit) : lineOutput(source, terminal);
}

/** Probes that are under way would hold the process for half a minute after everybody has gone. */
async function leave(code: number): Promise<number> {
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  process.exit(code);
}
