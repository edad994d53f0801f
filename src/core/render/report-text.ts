import { printable } from '../text/printable.ts';
import { wrap } from '../text/wrap.ts';
import { daysUntil, isoDay, isoTime } from '../time.ts';
import { CATALOG } from '../verdict/catalog.ts';
import type { Cause } from '../verdict/catalog-entry.ts';
import type { Observation } from '../verdict/observation.ts';
import type { JudgedCheck, TargetReport } from '../verdict/report.ts';
import type { Severity } from '../verdict/severity.ts';
import { listCertificates } from './certificates.ts';
import { type Ink, type Paint, SEVERITY_INK, SEVERITY_MARK } from './paint.ts';
import { pathLegend, pathPicture } from './path-picture.ts';

export interface TextOptions {
  /** Characters in a line. */
  readonly width: number;
  readonly paint: Paint;
  /** Epoch milliseconds. */
  readonly now: number;
}

export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  ok: 'OK',
  info: 'OK',
  warn: 'WARNING',
  crit: 'CRITICAL',
  unknown: 'UNKNOWN',
};

/** Nobody reads forty steps in a terminal; `scepwatch explain` has them all. */
const FIXES_SHOWN = 3;
const CAUSES_WITH_FIXES = 3;

/** A probe's report for a person at three in the morning: verdict, path, evidence, causes and fixes first; figures after. */
export function reportText(report: TargetReport, options: TextOptions): string {
  const { verdict, observation, notes } = report;
  const { paint, width } = options;
  const ink = SEVERITY_INK[verdict.severity];
  const head = `${SEVERITY_MARK[verdict.severity]} ${SEVERITY_WORDS[verdict.severity]}`;
  const sections: string[][] = [
    [
      `${paint(ink, head)}  ${paint('strong', wrap(verdict.title, width, head.length + 2))}`,
      paint('quiet', `  ${verdict.code} · ${subtitle(report)}`),
      ...report.doubts.map((doubt) => `  ${paint('unsure', wrap(doubt, width, 2))}`),
    ],
    [
      observation.url,
      paint('quiet', `${isoTime(observation.startedAt)} · ${seconds(observation.durationMs)} · seen from ${observation.vantage}`),
    ],
    [
      ...pathPicture(report.path, width - 2, paint, verdict.severity === 'ok' ? undefined : verdict.layer, verdict.code),
      paint('quiet', wrap(pathLegend(report.path), width - 2)),
    ],
    titled(
      'Seen',
      report.checks.flatMap((check) => seenLines(check, report.checks, options)),
      paint,
    ),
    titled(
      'More evidence',
      extraEvidence(report).map((line) => wrap(line, width - 4, 2)),
      paint,
    ),
    verdict.severity === 'ok' ? [] : titled('What it means', [wrap(CATALOG[verdict.code].meaning, width - 4)], paint),
    // Advice on a healthy verdict is for those who ask: scepwatch explain has it.
    verdict.severity === 'ok' ? [] : causeLines(verdict.causes, options),
    verdict.severity !== 'ok' &&
    (verdict.causes.length > CAUSES_WITH_FIXES || verdict.causes.some(({ fixes }) => fixes.length > FIXES_SHOWN))
      ? [paint('quiet', `All steps: scepwatch explain ${verdict.code}`)]
      : [],
    titled(
      'Also found',
      report.alsoFound.flatMap(({ code, severity, title, evidence }) => [
        `${paint(SEVERITY_INK[severity], SEVERITY_MARK[severity])} ${title} ${paint('quiet', `(${code})`)}`,
        ...evidence.map((line) => `  ${wrap(line, width - 4, 4)}`),
      ]),
      paint,
    ),
    titled('Certificates', certificateLines(report, options), paint),
    titled('Clients', clientLines(report, options), paint),
    titled('Timing', timingLines(report, width), paint),
    titled(
      'Notes',
      notes.map((note) => wrap(note, width - 4, 2)),
      paint,
    ),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map(indentAfterFirst)
    .join('\n\n')}\n`;
}

function titled(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : [paint('strong', title), ...lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`)];
}

/** The first section is the headline and starts at the margin; everything below it is set in by two. */
function indentAfterFirst(lines: readonly string[], index: number): string {
  return index === 0
    ? lines.join('\n')
    : lines
        .flatMap((line) => line.split('\n'))
        .map((line) => (line === '' ? '' : `  ${line}`))
        .join('\n');
}

/** The dialect is named only where there is more than one. */
function checkName({ request: { operation, dialect } }: Observation, all: readonly JudgedCheck[]): string {
  const several = all.some((check) => check.observation.request.dialect !== dialect);
  return several && operation !== 'base-url' ? `${operation} ${dialect}` : operation;
}

function seenLines({ observation, verdict }: JudgedCheck, all: readonly JudgedCheck[], { paint, width }: TextOptions): readonly string[] {
  const { operation } = observation.request;
  const name = checkName(observation, all).padEnd(Math.max(...all.map((check) => checkName(check.observation, all).length)));
  if (observation.kind === 'skipped') return [paint('quiet', `· ${name}  not judged: ${printable(observation.detail)}`)];
  const mark = verdict === undefined ? '·' : paint(SEVERITY_INK[verdict.severity], SEVERITY_MARK[verdict.severity]);
  const [first = ''] = verdict?.evidence ?? [];
  const said = first.startsWith(`${operation}: `)
    ? first.slice(operation.length + 2)
    : `HTTP ${observation.kind === 'answered' ? observation.status : 'no answer'} — ${first}`;
  return [`${mark} ${name}  ${wrap(`${said}, ${seconds(observation.timings.totalMs)}`, width - 4, name.length + 4)}`];
}

/** Where the trouble is; or that there is none, as far as that is true. */
function subtitle({ verdict, path, clients, observation }: TargetReport): string {
  if (verdict.severity !== 'ok') return `at ${path.find(({ layer }) => layer === verdict.layer)?.name ?? verdict.layer}`;
  if (observation.connection?.tls?.verifyError !== undefined)
    return 'every hop answers, but the TLS certificate does not verify (see Notes)';
  const unable = clients.filter(({ usable }) => !usable).map(({ platform }) => PLATFORM_WORDS[platform]);
  return unable.length > 0
    ? `every hop answers, but ${unable.join(' and ')} could not use the certificates (see Notes)`
    : 'every hop answers as it has to';
}

/** Evidence that nothing above has shown. */
function extraEvidence({ verdict, checks, doubts }: TargetReport): readonly string[] {
  const shown = new Set([...doubts, ...checks.flatMap((check) => check.verdict?.evidence.slice(0, 1) ?? [])]);
  return verdict.evidence.filter((line) => !shown.has(line));
}

/** The likeliest causes with their first fixes, the others by name: nobody works through six causes before trying the first. */
function causeLines(causes: readonly Cause[], { paint, width }: TextOptions): string[] {
  if (causes.length === 0) return [];
  const lines: string[] = [];
  for (const [index, { title, fixes }] of causes.entries()) {
    const number = `${index + 1}. `;
    const shown = index < CAUSES_WITH_FIXES ? FIXES_SHOWN : 0;
    const heading = wrap(title, width - 6, number.length);
    lines.push(number + (shown > 0 ? paint('strong', heading) : heading));
    for (const fix of fixes.slice(0, shown)) lines.push(`   - ${wrap(fix, width - 6, 5)}`);
    const hidden = fixes.length - shown;
    if (shown > 0 && hidden > 0) lines.push(paint('quiet', `     … and ${hidden} more ${hidden === 1 ? 'step' : 'steps'}`));
  }
  return titled('Why, and what to do', lines, paint);
}

const ROLE_WORDS = { 'ra-signing': 'RA signing', 'ra-encryption': 'RA encryption', ca: 'CA', other: 'other' } as const;

function certificateLines(report: TargetReport, { paint, width, now }: TextOptions): readonly string[] {
  const bundle = listCertificates(report).map(({ role, certificate }) => ({ name: ROLE_WORDS[role], certificate }));
  const tls = (report.observation.connection?.tls?.chain ?? []).slice(0, 1).map((certificate) => ({ name: 'TLS', certificate }));
  return [...bundle, ...tls].map(({ name, certificate }) => {
    const days = daysUntil(certificate.notAfter, now);
    const countdown = days < 0 ? `expired ${-days} d ago` : `${days} days left`;
    const ink: Ink = days < 7 ? 'bad' : days < 60 ? 'caution' : 'good';
    return `${name.padEnd(13)}  ${paint(ink, countdown.padStart(16))}  ${isoDay(certificate.notAfter)}  ${printable(certificate.subject, Math.max(8, width - 50))}`;
  });
}

const PLATFORM_WORDS = { android: 'Android', ios: 'iOS', windows: 'Windows' } as const;

function clientLines({ clients }: TargetReport, { paint, width }: TextOptions): readonly string[] {
  if (clients.length === 0) return [];
  return [
    clients.map((client) => `${PLATFORM_WORDS[client.platform]} ${client.usable ? paint('good', '✓') : paint('bad', '✗')}`).join('   '),
    paint('quiet', wrap('can pick recipient, verifier and issuer by their roles, dates aside', width - 4)),
  ];
}

function timingLines({ checks }: TargetReport, width: number): readonly string[] {
  const timings = checks.flatMap(({ observation }) =>
    observation.kind === 'skipped' ? [] : [{ name: checkName(observation, checks), timings: observation.timings }],
  );
  const connection = (['dnsMs', 'tcpMs', 'tlsMs'] as const).flatMap((phase) => {
    const ms = timings.find((one) => one.timings[phase] !== undefined)?.timings[phase];
    return ms === undefined ? [] : [`${phase.slice(0, 3).toUpperCase()} ${milliseconds(ms)}`];
  });
  const firstBytes = timings.flatMap(({ name, timings: { firstByteMs } }) =>
    firstByteMs === undefined ? [] : [`${name} ${milliseconds(firstByteMs)}`],
  );
  const parts = [connection.join(' · '), firstBytes.length === 0 ? '' : `first byte: ${firstBytes.join(', ')}`].filter(
    (part) => part !== '',
  );
  return parts.length === 0 ? [] : [wrap(parts.join(' · '), width - 4)];
}

function milliseconds(ms: number): string {
  // A no-break space: a line never ends between a figure and its unit.
  return ms < 10 ? `${ms.toFixed(1)}\u00a0ms` : `${Math.round(ms)}\u00a0ms`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** One line for each of several targets, the worst first. */
export function summaryText(reports: readonly TargetReport[], { paint }: TextOptions): string {
  const codeWidth = Math.max(...reports.map(({ verdict }) => verdict.code.length));
  return `${reports
    .map(({ verdict, observation }) => {
      const { severity, code } = verdict;
      return `${paint(SEVERITY_INK[severity], `${SEVERITY_MARK[severity]} ${SEVERITY_WORDS[severity].padEnd(8)}`)}  ${code.padEnd(codeWidth)}  ${observation.url}`;
    })
    .join('\n')}\n`;
}
