import type { CycleResult } from '../monitor/result.ts';
import { percentile } from '../rollup/histogram.ts';
import { CONDITIONS_OVER_TIME, type Rollup, uptime } from '../rollup/rollup.ts';
import { escapeHarmful } from '../text/printable.ts';
import { isoTime } from '../time.ts';
import { SEVERITIES } from '../verdict/severity.ts';

type Field = string | number | boolean | undefined;

/** Results as CSV (RFC 4180, lines end in LF), one line each. */
export function resultsCsv(results: readonly CycleResult[]): string {
  const head = ['at', 'code', 'severity', 'layer', 'response_ms', 'duration_ms', 'rechecked', 'in_maintenance', 'vantage', 'evidence'];
  return table(
    head,
    results.map(({ at, verdict, responseMs, durationMs, rechecked, inMaintenance, vantage, evidence }) => [
      isoTime(at),
      verdict.code,
      verdict.severity,
      verdict.layer,
      responseMs,
      durationMs,
      rechecked,
      inMaintenance,
      vantage,
      evidence.join('; '),
    ]),
  );
}

/** Hours or days as CSV, one line each. */
export function rollupsCsv(rollups: readonly Rollup[]): string {
  const head = [
    'utc',
    'uptime',
    'p50_ms',
    'p95_ms',
    ...CONDITIONS_OVER_TIME.map((condition) => `${condition}_seconds`),
    ...SEVERITIES.map((severity) => `${severity}_results`),
  ];
  return table(
    head,
    rollups.map((rollup) => [
      rollup.key,
      uptime([rollup])?.toFixed(6),
      percentile(rollup.responseMs, 0.5),
      percentile(rollup.responseMs, 0.95),
      ...CONDITIONS_OVER_TIME.map((condition) => rollup.seconds[condition]),
      ...SEVERITIES.map((severity) => rollup.counts[severity]),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly Field[])[]): string {
  return [head, ...rows].map((fields) => `${fields.map(csvField).join(',')}\n`).join('');
}

/** Text that a spreadsheet would take for a formula gets an apostrophe in front: evidence is what servers say. */
function csvField(field: Field): string {
  if (field === undefined) return '';
  if (typeof field !== 'string') return String(field);
  const safe = escapeHarmful(/^[=+\-@\t\r]/.test(field) ? `'${field}` : field);
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
