import { hostname } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { inParallel } from '../app/in-parallel.ts';
import { planChecks } from '../app/plan-checks.ts';
import { DEFAULT_ANSWER_MS, limitsFor } from '../app/probe-limits.ts';
import { probeTarget } from '../app/probe-target.ts';
import { compose } from '../compose.ts';
import { normalisedPin } from '../config/ca-certificates.ts';
import { debugText } from '../core/render/debug-text.ts';
import { nagiosText } from '../core/render/nagios.ts';
import { reportJson } from '../core/render/report-json.ts';
import { reportText, summaryText } from '../core/render/report-text.ts';
import { DIALECTS, type Dialect } from '../core/scep/dialect.ts';
import { DEFAULT_LONG_URL_BYTES, MAX_LONG_URL_BYTES, MIN_LONG_URL_BYTES } from '../core/scep/operation-url.ts';
import { printableJson } from '../core/text/printable.ts';
import type { TargetReport } from '../core/verdict/report.ts';
import { compareSeverity } from '../core/verdict/severity.ts';
import { exitCode } from './exit-code.ts';
import type { Terminal } from './output.ts';
import { configuredTargets, optionalNumber, parseUrls, readCaFile, type Target } from './probe-targets.ts';
import { progressLine } from './progress.ts';
import { UsageError } from './usage-error.ts';

interface ProbeOptions {
  readonly json?: true;
  readonly format: 'text' | 'json' | 'nagios';
  readonly longUrl?: true | string;
  readonly dialect: Dialect | 'all';
  readonly config?: string;
  readonly ca?: string;
  readonly caPin?: readonly string[];
  readonly timeout: number;
  readonly compareBackends?: true | string;
  readonly concurrency: number;
  readonly insecure?: true;
  readonly debug?: true;
  readonly simulate?: true | string;
  readonly vantage: string;
}

const DEFAULT_COMPARISONS = 2;
const MAX_COMPARISONS = 10;

export function addProbeCommand(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command('probe')
    .summary('probe SCEP URLs and name the hop that is broken')
    .description(
      'Probes each SCEP URL as devices do (bare URL, GetCACaps, GetCACert), names the hop that is broken and says what to do first.\nExit code: 0 ok, 1 warning, 2 critical, 3 unknown or wrong usage.',
    )
    .argument('[URL...]', 'server URLs of SCEP profiles, for example https://<app>-<tenant>.msappproxy.net/certsrv/mscep/mscep.dll')
    .option('--json', 'print one JSON object (schema scepwatch.probe/1; several URLs: scepwatch.probe-list/1)')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json', 'nagios']).default('text'))
    .option(
      `--long-url [BYTES]`,
      `also send a query as long as an iOS enrolment (${MIN_LONG_URL_BYTES} to ${MAX_LONG_URL_BYTES} bytes, default ${DEFAULT_LONG_URL_BYTES})`,
    )
    .addOption(new Option('--dialect <platform>', 'whose requests to imitate').choices([...DIALECTS, 'all']).default('android'))
    .option('--config <FILE>', 'probe every target of a configuration file')
    .option('--ca <PEM>', 'file with further CA certificates to trust for TLS')
    .option('--ca-pin <SHA256>', 'fingerprint (SHA-256 or SHA-1) of the CA in your trusted-root profile; may be repeated', collectPins)
    .option(
      '--timeout <MS>',
      'how long to wait for one answer, in milliseconds; 95000 lets application proxy give its own verdict',
      integer(100, 600_000),
      DEFAULT_ANSWER_MS,
    )
    .option('--compare-backends [N]', `fetch GetCACert over N further connections and compare (default ${DEFAULT_COMPARISONS})`)
    .option('--concurrency <N>', 'how many URLs to probe at the same time', integer(1, 200), 20)
    .option('--insecure', 'go on although the TLS certificate does not verify; the error is still shown')
    .option('--debug', 'print every byte-level fact to standard error, secrets redacted')
    .option('--simulate [CODE]', 'probe the built-in simulator instead of a URL, healthy or with a fault')
    .option('--vantage <NAME>', 'where this probe is made from, for the report', hostname())
    .action(async (urls: readonly string[], options: ProbeOptions) => {
      finish(await probe(urls, options, terminal));
    });
}

function collectPins(value: string, before: readonly string[] = []): readonly string[] {
  const pin = normalisedPin(value);
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(pin))
    throw new InvalidArgumentError('a pin is a SHA-256 (64) or SHA-1 (40) fingerprint in hexadecimal digits.');
  return [...before, pin];
}

function integer(min: number, max: number): (value: string) => number {
  return (value) => {
    const parsed = Number(value);
    if (!Number.isInteger(parsed) || parsed < min || parsed > max)
      throw new InvalidArgumentError(`give a whole number from ${min} to ${max}.`);
    return parsed;
  };
}

async function probe(given: readonly string[], options: ProbeOptions, terminal: Terminal): Promise<number> {
  const long = optionalNumber('--long-url', options.longUrl, [MIN_LONG_URL_BYTES, MAX_LONG_URL_BYTES], DEFAULT_LONG_URL_BYTES);
  const compare = optionalNumber('--compare-backends', options.compareBackends, [1, MAX_COMPARISONS], DEFAULT_COMPARISONS);
  const texts = [...given, ...long.urls, ...compare.urls];
  const bytes = long.value;
  const comparisons = compare.value ?? 0;
  const ca = options.ca === undefined ? undefined : readCaFile(options.ca, '--ca');
  const checks = planChecks({ dialects: options.dialect === 'all' ? DIALECTS : [options.dialect], longUrl: bytes !== undefined });
  const target = (url: string, trusted: string | undefined, notes: readonly string[]): Target => ({
    input: {
      url,
      checks,
      longUrlBytes: bytes ?? DEFAULT_LONG_URL_BYTES,
      limits: limitsFor(options.timeout, checks.length + comparisons),
      ...(trusted !== undefined && { ca: trusted }),
      insecure: options.insecure ?? false,
      compareBackends: comparisons,
      vantage: options.vantage,
    },
    caPins: options.caPin ?? [],
    notes,
  });

  if (options.simulate !== undefined) {
    if (texts.length > 0)
      throw new UsageError('--simulate probes the built-in simulator, so give no URL with it (and a code as --simulate=CODE)');
    return await probeSimulator(
      options.simulate === true ? 'healthy' : options.simulate,
      (url, caPem, note) => target(url, caPem, [note]),
      options,
      terminal,
    );
  }
  const configured = options.config === undefined ? [] : await configuredTargets(options.config, (url) => target(url, ca, []));
  const targets = [...configured, ...parseUrls(texts).map(({ url, notes }) => target(url, ca, notes))];
  if (targets.length === 0)
    throw new UsageError('give at least one SCEP URL, or --simulate to try it without one; see scepwatch probe --help');
  return await probeAll(targets, options, terminal);
}

async function probeSimulator(
  code: string,
  target: (url: string, caPem: string | undefined, note: string) => Target,
  options: ProbeOptions,
  terminal: Terminal,
): Promise<number> {
  const { startSimulator } = await import('../simulator/server.ts');
  const { chooseFault } = await import('./simulate.ts');
  const { code: fault, variant } = await chooseFault(...splitVariant(code));
  const simulator = await startSimulator({ fault, variant, tls: true });
  try {
    // By name and over TLS, so that every hop of a real path is there.
    const url = simulator.url.replace('127.0.0.1', 'localhost');
    return await probeAll([target(url, simulator.caPem, `This is the built-in simulator showing ${fault}.`)], options, terminal);
  } finally {
    await simulator.close();
  }
}

/** `ndes-policy-module-not-loaded:no-bom` names a variant of the fault. */
function splitVariant(text: string): [code: string, variant?: string] {
  const [code = '', variant] = text.split(':', 2);
  return variant === undefined ? [code] : [code, variant];
}

async function probeAll(targets: readonly Target[], options: ProbeOptions, terminal: Terminal): Promise<number> {
  const deps = compose();
  const progress = progressLine(targets.length, terminal);
  const reports = await inParallel(targets, options.concurrency, async ({ input, caPins, notes }) => {
    const report = await probeTarget(deps, input, { vantagePoints: 1, caPins, history: {} });
    progress.done(report.verdict.severity);
    return { ...report, notes: [...notes, ...report.notes] };
  });
  progress.clear();
  if (options.debug === true) for (const report of reports) terminal.err(debugText(report));
  print(reports, options, terminal, deps.now());
  return exitCode(reports.map(({ verdict }) => verdict.severity));
}

function print(reports: readonly TargetReport[], options: ProbeOptions, terminal: Terminal, now: number): void {
  const format = options.json === true ? 'json' : options.format;
  const [only] = reports;
  switch (format) {
    case 'json': {
      const results = reports.map((report) => reportJson(report, now));
      terminal.out(`${printableJson(reports.length === 1 ? results[0] : { schema: 'scepwatch.probe-list/1', results }, 2)}\n`);
      return;
    }
    case 'nagios':
      terminal.out(nagiosText(reports, now));
      return;
    case 'text': {
      const style = { width: terminal.width, paint: terminal.paint, now };
      if (only !== undefined && reports.length === 1) {
        terminal.out(reportText(only, style));
        return;
      }
      const sorted = reports.toSorted((a, b) => compareSeverity(b.verdict.severity, a.verdict.severity));
      terminal.out(summaryText(sorted, style));
      for (const report of sorted)
        if (report.verdict.severity !== 'ok') terminal.out(`\n${'─'.repeat(Math.min(terminal.width, 80))}\n\n${reportText(report, style)}`);
    }
  }
}
