import { inParallel } from '../app/in-parallel.ts';
import type { Incident } from '../core/monitor/incident.ts';
import { onlyTarget, overviewOf, overviewSeverities, type ShownTarget } from '../core/monitor/overview.ts';
import { statusJson } from '../core/render/status-json.ts';
import { statusText, targetStatusText } from '../core/render/status-text.ts';
import { printableJson } from '../core/text/printable.ts';
import { exitCode } from './exit-code.ts';
import { knownTarget, type MonitorStore, openMonitorStore } from './monitor-store.ts';
import type { Terminal } from './output.ts';
import type { StatusOptions } from './status.ts';
import { UsageError } from './usage-error.ts';

const READS_AT_ONCE = 10;

/** Prints how the targets are, or one of them in full; answers the exit code. */
export async function runStatus(id: string | undefined, options: StatusOptions, { out, width, paint }: Terminal): Promise<number> {
  const monitor = await openMonitorStore(options, process.env);
  const fleet = await monitor.read((store, signal) => store.readFleet(signal));
  const whole = overviewOf(fleet, Date.now());
  const wanted = id === undefined ? undefined : knownTarget(id, fleet.summaries);
  if (wanted?.removedAt !== undefined)
    throw new UsageError(`${wanted.id} is no longer configured; what is left of it: scepwatch history ${wanted.id}`);
  const overview = wanted === undefined ? whole : onlyTarget(whole, wanted.id);
  const incidents = await readOpenIncidents(monitor, overview.targets);
  const [only] = overview.targets;
  if (options.json === true) out(`${printableJson(statusJson(overview, incidents), 2)}\n`);
  else if (wanted === undefined || only === undefined) out(statusText(overview, { width, paint, incidents }));
  else out(targetStatusText(only, overview.monitor, overview.at, { width, paint, incidents }));
  return exitCode(overviewSeverities(overview));
}

/** The open incidents in full, by id; one small read for each. */
async function readOpenIncidents(monitor: MonitorStore, targets: readonly ShownTarget[]): Promise<ReadonlyMap<string, Incident>> {
  const open = targets.flatMap(({ summary: { id, incident } }) => (incident === undefined ? [] : [{ id, openedAt: incident.openedAt }]));
  const read = await inParallel(open, READS_AT_ONCE, ({ id, openedAt }) =>
    monitor.read((store, signal) => store.readIncidents(id, { from: openedAt, before: openedAt + 1, limit: 1 }, signal)),
  );
  return new Map(read.flat().map((incident) => [incident.id, incident]));
}
