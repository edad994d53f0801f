import { hostname } from 'node:os';
import { planChecks } from '../app/plan-checks.ts';
import { DEFAULT_ANSWER_MS, limitsFor } from '../app/probe-limits.ts';
import { probeTarget } from '../app/probe-target.ts';
import { compose } from '../compose.ts';
import { type Diagnosis, diagnosisSeverity } from '../core/diagnose/diagnosis.ts';
import { joinViews, type OutsideView, outsideOfReport, outsideOfSummary } from '../core/diagnose/join-views.ts';
import { createIdentityRedactor } from '../core/diagnose/redact-identities.ts';
import { createTally } from '../core/diagnose/tally.ts';
import { diagnoseJson } from '../core/render/diagnose-json.ts';
import { diagnoseText } from '../core/render/diagnose-text.ts';
import { DEFAULT_LONG_URL_BYTES } from '../core/scep/operation-url.ts';
import { printableJson } from '../core/text/printable.ts';
import type { TargetReport } from '../core/verdict/report.ts';
import { type Diagnosed, diagnoseFiles } from '../diagnose/diagnose-files.ts';
import { givenLog } from '../diagnose/given-log.ts';
import { keepYoungGenerationSmall } from '../diagnose/small-young-generation.ts';
import type { DiagnoseCommandOptions } from './diagnose.ts';
import { exitCode } from './exit-code.ts';
import { untilStopped } from './interrupt.ts';
import { knownTarget, openMonitorStore } from './monitor-store.ts';
import type { Terminal } from './output.ts';
import { parseUrls, readCaFile } from './probe-targets.ts';
import { readingLine } from './reading-progress.ts';
import { timeSpan } from './time-range.ts';
import { UsageError } from './usage-error.ts';

/** Without --since everything is wanted, however old. */
const ALL_TIME_MS = Number.MAX_SAFE_INTEGER;

/** Reads the logs, probes the target when there is one, prints the diagnosis and answers the exit code. */
export async function runDiagnose(files: readonly string[], options: DiagnoseCommandOptions, terminal: Terminal): Promise<number> {
  keepYoungGenerationSmall();
  const look = await plannedLook(options);
  const tally = createTally({
    ...wantedTime(options, Date.now()),
    ...(options.platform !== undefined && { platform: options.platform }),
  });
  // The probe waits for the network and the reading for the disk, so they may as well do it at the same time.
  const [read, outside] = await Promise.all([readAll(files, tally.sink, terminal), look?.()]);
  const logs = read.files.map(givenLog);
  const summary = tally.conclude(logs);
  const diagnosis: Diagnosis = { logs, summary, ...(outside !== undefined && { joined: joinViews(summary, outside) }) };
  print(diagnosis, options, terminal);
  return exitCode([diagnosisSeverity(diagnosis)]);
}

/** How the view from outside is had: a URL is probed, anything else is a target of the running monitor. What is wrong is told before a long reading begins. */
async function plannedLook({ with: given, ca, data }: DiagnoseCommandOptions): Promise<(() => Promise<OutsideView>) | undefined> {
  const isUrl = given?.includes('://') === true;
  if (ca !== undefined && !isUrl) throw new UsageError('--ca goes with --with URL');
  if (data !== undefined && (given === undefined || isUrl)) throw new UsageError('--data goes with --with ID');
  if (given === undefined) return undefined;
  if (isUrl) {
    const probe = plannedProbe(given, ca);
    return async () => outsideOfReport(await probe());
  }
  const monitor = await openMonitorStore({ ...(data !== undefined && { data }) }, process.env);
  const { summaries } = await monitor.read((store, signal) => store.readFleet(signal));
  const known = outsideOfSummary(knownTarget(given, summaries));
  return async () => known;
}

function wantedTime({ since, until }: DiagnoseCommandOptions, now: number): { readonly since?: number; readonly until?: number } {
  if (since === undefined && until === undefined) return {};
  const span = timeSpan(since, until, ALL_TIME_MS, now);
  return { ...(since !== undefined && { since: span.from }), ...(until !== undefined && { until: span.until }) };
}

async function readAll(files: readonly string[], sink: Parameters<typeof diagnoseFiles>[2], terminal: Terminal): Promise<Diagnosed> {
  const progress = readingLine(terminal);
  const interrupt = untilStopped();
  const stop = new AbortController();
  void interrupt.promise.then(() => stop.abort());
  try {
    return await diagnoseFiles(files, { onProgress: progress.show, signal: stop.signal }, sink);
  } finally {
    interrupt.ignore();
    progress.clear();
  }
}

/** As `scepwatch probe URL` does it. What is wrong with the URL is told before a long reading begins. */
function plannedProbe(given: string, caFile: string | undefined): () => Promise<TargetReport> {
  const [target] = parseUrls([given]);
  if (target === undefined) throw new UsageError('--with takes a SCEP URL');
  const ca = caFile === undefined ? undefined : readCaFile(caFile, '--ca');
  const checks = planChecks({ dialects: ['android'], longUrl: false });
  return () =>
    probeTarget(
      compose(),
      {
        url: target.url,
        checks,
        longUrlBytes: DEFAULT_LONG_URL_BYTES,
        limits: limitsFor(DEFAULT_ANSWER_MS, checks.length),
        ...(ca !== undefined && { ca }),
        insecure: false,
        compareBackends: 0,
        vantage: hostname(),
      },
      { vantagePoints: 1, caPins: [], history: {} },
    );
}

function print(diagnosis: Diagnosis, options: DiagnoseCommandOptions, { out, width, paint }: Terminal): void {
  const identitiesShown = options.showIdentities === true;
  const redactor = createIdentityRedactor({ showIdentities: identitiesShown });
  if (options.json === true) out(`${printableJson(diagnoseJson(diagnosis, redactor, identitiesShown), 2)}\n`);
  else out(diagnoseText(diagnosis, { width, paint, redactor, identitiesShown }));
}
