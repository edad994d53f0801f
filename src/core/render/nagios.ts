import { daysUntil } from '../time.ts';
import type { TargetReport } from '../verdict/report.ts';
import { compareSeverity, type Severity } from '../verdict/severity.ts';
import { listCertificates } from './certificates.ts';

const STATUS: Readonly<Record<Severity, string>> = { ok: 'OK', info: 'OK', warn: 'WARNING', crit: 'CRITICAL', unknown: 'UNKNOWN' };

/**
 * Nagios plugin output: one status line with performance data, then one long-output line for each target when there are several.
 * Format: Monitoring Plugins Development Guidelines, "Plugin Output for Nagios". `now` in epoch ms.
 */
export function nagiosText(reports: readonly TargetReport[], now: number): string {
  const worst = reports.toSorted((a, b) => compareSeverity(b.verdict.severity, a.verdict.severity))[0];
  if (worst === undefined) return 'SCEP UNKNOWN - nothing was probed\n';
  const { verdict } = worst;
  const head =
    reports.length === 1
      ? `${verdict.code}: ${verdict.title}${verdict.evidence[0] === undefined || verdict.severity === 'ok' ? '' : ` (${verdict.evidence[0]})`}`
      : `${reports.filter(({ verdict: { severity } }) => severity === 'ok' || severity === 'info').length} of ${reports.length} targets fine; worst is ${worst.observation.url}: ${verdict.code}`;
  const data = reports.flatMap((report, index) => performanceData(report, reports.length === 1 ? '' : `${index + 1}_`, now));
  const lines = [`SCEP ${STATUS[verdict.severity]} - ${withoutPipe(head)} | ${data.join(' ')}`];
  if (reports.length > 1)
    for (const report of reports)
      lines.push(
        withoutPipe(`${STATUS[report.verdict.severity]} ${report.observation.url} ${report.verdict.code}: ${report.verdict.title}`),
      );
  return `${lines.join('\n')}\n`;
}

/** `|` starts performance data and may therefore stand nowhere else. */
function withoutPipe(text: string): string {
  return text.replaceAll('|', '/').replace(/\s+/g, ' ');
}

function performanceData(report: TargetReport, prefix: string, now: number): readonly string[] {
  const data = [`${prefix}time=${(report.observation.durationMs / 1000).toFixed(3)}s;;;0`];
  for (const { observation } of report.checks) {
    if (observation.kind === 'skipped' || observation.timings.firstByteMs === undefined) continue;
    const { operation, dialect } = observation.request;
    const dialects = new Set(report.checks.map((check) => check.observation.request.dialect));
    data.push(
      `${prefix}${operation.replace('-', '_')}${dialects.size > 1 ? `_${dialect}` : ''}=${(observation.timings.firstByteMs / 1000).toFixed(3)}s;10;;0`,
    );
  }
  const certificates = listCertificates(report);
  const first = (roles: readonly string[]): number | undefined => {
    const days = certificates.filter(({ role }) => roles.includes(role)).map(({ certificate }) => daysUntil(certificate.notAfter, now));
    return days.length === 0 ? undefined : Math.min(...days);
  };
  const ra = first(['ra-signing', 'ra-encryption']);
  const ca = first(['ca']);
  const tls = report.observation.connection?.tls?.chain[0];
  if (ra !== undefined) data.push(`${prefix}ra_days=${ra};30:;7:`);
  if (ca !== undefined) data.push(`${prefix}ca_days=${ca};90:;30:`);
  if (tls !== undefined) data.push(`${prefix}tls_days=${daysUntil(tls.notAfter, now)};14:;3:`);
  return data;
}
