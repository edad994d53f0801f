import { catalogEntry } from '../diagnose/catalog.ts';
import { type Diagnosis, diagnosisSeverity, isTrouble } from '../diagnose/diagnosis.ts';
import type { JoinedView } from '../diagnose/join-views.ts';
import type { LogFinding } from '../diagnose/log-finding.ts';
import { LOG_FORMAT_NAMES } from '../diagnose/log-format.ts';
import type { FindingSummary, GivenLog, LogSummary, OperationCount, PlatformCount } from '../diagnose/log-summary.ts';
import { PLATFORM_NAMES } from '../diagnose/platform-names.ts';
import type { IdentityRedactor } from '../diagnose/redact-identities.ts';
import { fitted } from '../text/columns.ts';
import { responseText } from '../text/duration.ts';
import { printable } from '../text/printable.ts';
import { wrap } from '../text/wrap.ts';
import { isoTime } from '../time.ts';
import type { CatalogEntry, Cause } from '../verdict/catalog-entry.ts';
import { LAYER_NAMES, type Layer } from '../verdict/layer.ts';
import { timelineLegend, timelinePicture } from './log-timeline.ts';
import { type Paint, SEVERITY_INK, SEVERITY_MARK } from './paint.ts';
import { SEVERITY_WORDS } from './report-text.ts';
import { counted } from './status-words.ts';

export interface DiagnoseTextOptions {
  /** Characters in a line. */
  readonly width: number;
  readonly paint: Paint;
  readonly redactor: IdentityRedactor;
  readonly identitiesShown: boolean;
}

/** The first finding is told in full, the others shortly: nobody repairs two things at once. */
const FULL = { causes: 3, fixes: 3, evidence: 3, evidenceLines: 9 } as const;
const SHORT = { causes: 2, fixes: 2, evidence: 1, evidenceLines: 4 } as const;
type Amount = typeof FULL | typeof SHORT;

const DEVICES_SHOWN = 5;
const LOGS_SHOWN = 12;

/** What the logs say, for a person: the cause and what to do first, then the picture, then the figures. */
export function diagnoseText(diagnosis: Diagnosis, options: DiagnoseTextOptions): string {
  const { summary, joined } = diagnosis;
  const [first, ...others] = summary.findings.filter(({ code }) => isTrouble(code));
  const { paint, width } = options;
  const sections: (readonly string[])[] = [
    headline(diagnosis, first, options),
    joined === undefined ? [] : joinedLines(joined, options),
    timelineSection(summary, options),
    first === undefined || saysItself(first) ? [] : titled('Evidence', evidenceLines(first, FULL, { ...options, width: width - 4 }), paint),
    first === undefined ? [] : titled('What it means', [wrap(catalogEntry(first.code).meaning, width - 4)], paint),
    first === undefined ? [] : titled('Why, and what to do', causeLines(catalogEntry(first.code).causes, FULL, width - 4, paint), paint),
    first === undefined ? [] : moreLines(first, options),
    titled(
      'Also found',
      others.flatMap((finding, index) => [...(index === 0 ? [] : ['']), ...otherLines(finding, options)]),
      paint,
    ),
    titled(
      'Good signs',
      summary.findings.filter((finding) => !isTrouble(finding.code)).flatMap((finding) => goodLines(finding, options)),
      paint,
    ),
    titled('Requests', requestLines(summary, options), paint),
    titled('Devices with most failures', deviceLines(summary, options), paint),
    titled('Logs', logLines(diagnosis.logs, options), paint),
    options.identitiesShown
      ? []
      : [
          paint(
            'quiet',
            wrap(
              'Names such as device-1 stand for identities, the same one everywhere in this output; --show-identities shows them.',
              width - 2,
            ),
          ),
        ],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map(indentAfterFirst)
    .join('\n\n')}\n`;
}

function titled(title: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.length === 0
    ? []
    : [paint('strong', title), ...lines.flatMap((line) => line.split('\n')).map((line) => (line === '' ? '' : `  ${line}`))];
}

function indentAfterFirst(lines: readonly string[], index: number): string {
  const all = lines.flatMap((line) => line.split('\n'));
  return (index === 0 ? all : all.map((line) => (line === '' ? '' : `  ${line}`))).join('\n');
}

function headline(diagnosis: Diagnosis, first: FindingSummary | undefined, options: DiagnoseTextOptions): readonly string[] {
  const { paint, width } = options;
  const { summary, logs } = diagnosis;
  const severity = first === undefined ? diagnosisSeverity(diagnosis) : catalogEntry(first.code).severity;
  const head = `${SEVERITY_MARK[severity]} ${SEVERITY_WORDS[severity]}`;
  const title = first === undefined ? titleWithoutTrouble(diagnosis) : catalogEntry(first.code).title;
  const read = logs.filter(({ format }) => format !== undefined);
  const lines = read.reduce((sum, one) => sum + one.lines, 0);
  return [
    `${paint(SEVERITY_INK[severity], head)}  ${paint('strong', wrap(title, width, head.length + 2))}`,
    ...(first === undefined
      ? []
      : [paint('quiet', `  ${wrap(subtitle(first), width, 2)}`), ...conclusionLines(first, options), ...overLines(first, paint)]),
    paint(
      'quiet',
      `  ${wrap([counted(read.length, 'log'), `${grouped(lines)} ${lines === 1 ? 'line' : 'lines'}`, spanText(summary)].filter((part) => part !== '').join(' · '), width, 2)}`,
    ),
  ];
}

function titleWithoutTrouble({ logs, summary, joined }: Diagnosis): string {
  if (joined !== undefined && (joined.severity === 'crit' || joined.severity === 'warn'))
    return 'The logs show no trouble, but from outside something is wrong';
  if (logs.every(({ format }) => format === undefined)) return 'Nothing could be read';
  if (summary.exchanges > 0 || summary.findings.length > 0) return 'The logs show no trouble';
  return 'The logs say nothing about SCEP';
}

/** `log-… · at NDES · 412 times · 2026-11-24 02:10:04Z to 06:59:58Z · iOS 400, Android 12`. */
function subtitle({ code, count, firstAt, lastAt, platforms, conclusion }: FindingSummary): string {
  const devices = platforms.filter(({ platform }) => platform !== 'policy-module');
  const who = devices
    .map((one) => (devices.length === 1 ? PLATFORM_NAMES[one.platform] : `${PLATFORM_NAMES[one.platform]}\u00a0${grouped(one.count)}`))
    .join(', ');
  return [
    code,
    whereText(catalogEntry(code).layer),
    count > 1 ? `${grouped(count)} times` : conclusion === undefined ? 'once' : '',
    firstAt === undefined || lastAt === undefined ? '' : rangeText(firstAt, lastAt),
    who,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** A log does not tell what stands in front of IIS. */
function whereText(layer: Layer): string {
  return layer === 'edge' ? 'before IIS' : `at ${LAYER_NAMES[layer]}`;
}

/** What all logs together say, and where; what is missing has no evidence but this sentence. */
function conclusionLines(finding: FindingSummary, { paint, width, redactor }: DiagnoseTextOptions): readonly string[] {
  const { conclusion, evidence } = finding;
  if (conclusion === undefined) return [];
  const [piece] = evidence;
  const place = piece === undefined || !saysItself(finding) ? '' : ` (${printable(redactor.file(piece.file), 200)}:${piece.line})`;
  return [`  ${paint('caution', '→')} ${wrap(`${printable(redactor.text(conclusion), 600)}${place}`, width, 4)}`];
}

function saysItself({ conclusion, evidence }: FindingSummary): boolean {
  return conclusion !== undefined && evidence.every(({ text, detail }) => detail === undefined && conclusion.includes(text));
}

/** That it is over matters as much as that it was. */
function overLines({ goodAgainAt }: FindingSummary, paint: Paint): readonly string[] {
  return goodAgainAt === undefined
    ? []
    : [`  ${paint('good', `↗ over: such requests are answered well again, last at ${clock(goodAgainAt)}`)}`];
}

function joinedLines({ answer, notes, severity, outside }: JoinedView, { paint, width }: DiagnoseTextOptions): readonly string[] {
  return [
    paint('strong', 'Both views together'),
    `  ${paint(SEVERITY_INK[severity], SEVERITY_MARK[severity])} ${wrap(printable(answer, 1_000), width - 2, 4)}`,
    ...notes.map((note) => `  ${paint('unsure', wrap(note, width - 2, 2))}`),
    paint('quiet', `  ${wrap(`from outside: ${printable(outside.target, 300)}, ${outside.code}, ${clock(outside.at)}`, width - 2, 2)}`),
  ];
}

function timelineSection({ timeline }: LogSummary, { paint, width }: DiagnoseTextOptions): readonly string[] {
  if (timeline === undefined) return [];
  const picture = timelinePicture(timeline, width - 4, paint);
  return picture.length === 0
    ? []
    : titled('Requests over time', [...picture, paint('quiet', wrap(timelineLegend(timeline), width - 4))], paint);
}

function evidenceLines({ evidence, count }: FindingSummary, amount: Amount, options: DiagnoseTextOptions): readonly string[] {
  const shown = evidence.slice(0, amount.evidence);
  const more = count - shown.length;
  return [
    ...shown.flatMap((piece) => pieceLines(piece, amount, options)),
    ...(more > 0 ? [options.paint('quiet', `… and ${grouped(more)} more like ${shown.length === 1 ? 'it' : 'these'}`)] : []),
  ];
}

function pieceLines(
  { file, line, text, detail, at }: LogFinding,
  amount: Amount,
  { paint, redactor, width }: DiagnoseTextOptions,
): readonly string[] {
  const place = `${printable(redactor.file(file), 200)}:${line}`;
  const said = redactor
    .text(text)
    .split('\n')
    .map((one) => printable(one, 2_000))
    .filter((one) => one !== '');
  const lines = said.flatMap((one) => chopped(one, width - 2, amount.evidenceLines));
  const kept = lines.length > amount.evidenceLines ? withoutMiddle(lines, amount.evidenceLines) : lines;
  return [
    `${paint('strong', place)}${at === undefined ? '' : paint('quiet', `  ${clock(at)}`)}`,
    ...kept.map((one) => `${paint('quiet', '│')} ${one}`),
    ...(detail === undefined ? [] : [`${paint('caution', '→')} ${wrap(printable(redactor.text(detail), 600), width, 2)}`]),
  ];
}

/** Events begin with what they are and end with what they say. */
function withoutMiddle(lines: readonly string[], most: number): readonly string[] {
  const last = Math.floor(most / 2);
  return [...lines.slice(0, most - last - 1), '…', ...lines.slice(-last)];
}

/** At most `most` lines of the text: its beginning and its end, because a log has what was asked for first and the status last. */
function chopped(text: string, width: number, most: number): readonly string[] {
  const room = width * most;
  const short = text.length <= room ? text : `${text.slice(0, room - width)} … ${text.slice(-(width - 3))}`.toWellFormed();
  const lines: string[] = [];
  for (let rest = short; rest !== ''; ) {
    const end = lineEnd(rest, width);
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return lines;
}

/** Where a line ends: at a space that is not too far from its end, and never within a character. */
function lineEnd(text: string, width: number): number {
  if (text.length <= width) return text.length;
  const space = text.lastIndexOf(' ', width);
  if (space > width / 2) return space;
  return /[\ud800-\udbff]/.test(text.charAt(width - 1)) ? width - 1 : width;
}

function causeLines(causes: readonly Cause[], amount: Amount, width: number, paint: Paint): readonly string[] {
  return causes.flatMap(({ title, fixes }, index) => {
    const number = `${index + 1}. `;
    const shown = index < amount.causes ? amount.fixes : 0;
    const heading = wrap(title, width, number.length);
    const hidden = fixes.length - shown;
    return [
      number + (shown > 0 ? paint('strong', heading) : heading),
      ...fixes.slice(0, shown).map((fix) => `   - ${wrap(fix, width, 5)}`),
      ...(shown > 0 && hidden > 0 ? [paint('quiet', `     … and ${hidden} more ${hidden === 1 ? 'step' : 'steps'}`)] : []),
    ];
  });
}

/** Where the rest stands. */
function moreLines({ code }: FindingSummary, { paint, width }: DiagnoseTextOptions): readonly string[] {
  const { links } = catalogEntry(code);
  return [
    paint('quiet', wrap(`All steps: scepwatch explain ${code}`, width - 2, 2)),
    ...links.slice(0, 2).flatMap(({ title, url }) => [paint('quiet', wrap(`${title}:`, width - 2)), paint('quiet', `  ${url}`)]),
  ];
}

function otherLines(finding: FindingSummary, options: DiagnoseTextOptions): readonly string[] {
  const { paint, width } = options;
  const entry: CatalogEntry = catalogEntry(finding.code);
  const inner = { ...options, width: width - 6 };
  const [link] = entry.links;
  return [
    `${paint(SEVERITY_INK[entry.severity], SEVERITY_MARK[entry.severity])} ${paint('strong', wrap(entry.title, width - 4, 2))}`,
    `  ${paint('quiet', wrap(subtitle(finding), width - 4, 2))}`,
    ...conclusionLines(finding, { ...options, width: width - 4 }),
    ...overLines(finding, paint),
    ...(saysItself(finding) ? [] : evidenceLines(finding, SHORT, inner).flatMap(indented)),
    ...causeLines(entry.causes.slice(0, SHORT.causes), SHORT, width - 6, paint).flatMap(indented),
    `  ${paint('quiet', wrap(`scepwatch explain ${finding.code}`, width - 4, 4))}`,
    ...(link === undefined ? [] : [`  ${paint('quiet', link.url)}`]),
  ];
}

function indented(line: string): readonly string[] {
  return line.split('\n').map((one) => `  ${one}`);
}

function goodLines(finding: FindingSummary, { paint, width, redactor }: DiagnoseTextOptions): readonly string[] {
  const { severity, title } = catalogEntry(finding.code);
  const [piece] = finding.evidence;
  return [
    `${paint(SEVERITY_INK[severity], SEVERITY_MARK[severity])} ${wrap(`${title}: ${subtitle(finding)}`, width - 4, 2)}`,
    ...(piece === undefined ? [] : [paint('quiet', `  ${printable(redactor.file(piece.file), 200)}:${piece.line}`)]),
  ];
}

/** Below this a line has no room for how long answers took. */
const WIDE = 84;

function requestLines({ platforms }: LogSummary, { paint, width }: DiagnoseTextOptions): readonly string[] {
  if (platforms.length === 0) return [];
  const names = Math.max(...platforms.map(({ platform }) => PLATFORM_NAMES[platform].length));
  const operations = Math.max(...platforms.flatMap((one) => one.operations.map(({ operation }) => operation.length)));
  const head = `${''.padEnd(names + operations + 4)}${'count'.padStart(9)}  ${'well'.padStart(8)}  ${'failed'.padStart(8)}${width < WIDE ? '' : `  ${'p50'.padStart(7)}  ${'p95'.padStart(7)}`}`;
  return [
    paint('quiet', head),
    ...platforms.flatMap((one) =>
      one.operations.map((operation, index) =>
        requestLine(index === 0 ? PLATFORM_NAMES[one.platform] : '', operation, { names, operations }, width, paint),
      ),
    ),
  ];
}

function requestLine(
  name: string,
  one: OperationCount,
  columns: { readonly names: number; readonly operations: number },
  width: number,
  paint: Paint,
): string {
  const { operation, count, ok, failed, statuses } = one;
  const told = ok + failed;
  const share = told === 0 ? 'not told' : `${((ok / told) * 100).toFixed(ok === told ? 0 : 1)} %`;
  const time = (ms: number | undefined): string => (ms === undefined ? '–' : responseText(ms)).padStart(7);
  const failing = statuses.filter(({ status }) => isFailing(operation, status)).slice(0, 2);
  const why = failing.map(({ status, count: times }) => `${status} ×${grouped(times)}`).join(', ');
  return [
    paint('strong', name.padEnd(columns.names + 2)),
    operation.padEnd(columns.operations + 2),
    grouped(count).padStart(9),
    '  ',
    paint(told === 0 ? 'quiet' : failed === 0 ? 'good' : failed * 2 >= told ? 'bad' : 'caution', share.padStart(8)),
    '  ',
    failed === 0 ? paint('quiet', '–'.padStart(8)) : paint('bad', grouped(failed).padStart(8)),
    width < WIDE ? '' : paint('quiet', `  ${time(one.p50)}  ${time(one.p95)}`),
    why === '' || width < WIDE ? '' : `  ${why}`,
  ]
    .join('')
    .trimEnd();
}

function isFailing(operation: PlatformCount['operations'][number]['operation'], status: string): boolean {
  const code = Number.parseInt(status, 10);
  return operation === 'base-url' ? code !== 403 : operation === 'admin' ? code >= 500 : code >= 300;
}

function deviceLines({ failingDevices }: LogSummary, { redactor }: DiagnoseTextOptions): readonly string[] {
  const shown = failingDevices.slice(0, DEVICES_SHOWN).map(({ device, platform, failures, atMost }) => ({
    name: printable(redactor.device(device), 60),
    platform: PLATFORM_NAMES[platform],
    // Of many devices the least frequent ones are only known up to what they took over.
    failures: atMost === 0 ? grouped(failures) : `${grouped(failures - atMost)} to ${grouped(failures)}`,
  }));
  const [names, platforms] = [
    Math.max(0, ...shown.map(({ name }) => name.length)),
    Math.max(0, ...shown.map(({ platform }) => platform.length)),
  ];
  return shown.map(({ name, platform, failures }) => `${fitted(name, names)}  ${platform.padEnd(platforms)}  ${failures} failed`);
}

function logLines(logs: readonly GivenLog[], { paint, redactor, width }: DiagnoseTextOptions): readonly string[] {
  const shown = logs.toSorted((a, b) => b.problems.length - a.problems.length).slice(0, LOGS_SHOWN);
  const names = Math.min(Math.floor(width / 2), Math.max(0, ...shown.map(({ file }) => printable(redactor.file(file), 300).length)));
  const more = logs.length - shown.length;
  return [
    ...shown.flatMap((log) => logLine(log, names, { paint, redactor, width })),
    ...(more > 0 ? [paint('quiet', `… and ${grouped(more)} more`)] : []),
  ];
}

function logLine(
  { file, format, lines, problems }: GivenLog,
  names: number,
  { paint, redactor, width }: Pick<DiagnoseTextOptions, 'paint' | 'redactor' | 'width'>,
): readonly string[] {
  const name = fitted(printable(redactor.file(file), 300), names);
  const what = format === undefined ? 'not read' : `${LOG_FORMAT_NAMES[format]}, ${grouped(lines)} ${lines === 1 ? 'line' : 'lines'}`;
  const mark = problems.length === 0 ? paint('good', '✓') : format === undefined ? paint('bad', '✗') : paint('caution', '!');
  return [
    ...(2 + names + 2 + what.length <= width - 4
      ? [`${mark} ${name}  ${paint('quiet', what)}`]
      : [`${mark} ${name.trimEnd()}`, paint('quiet', `    ${wrap(what, width - 4, 4)}`)]),
    ...problems.slice(0, 3).map((problem) => `    ${wrap(printable(redactor.text(problem), 300), width - 4, 4)}`),
  ];
}

function spanText({ from, until }: LogSummary): string {
  return from === undefined || until === undefined ? '' : rangeText(from, until);
}

/** The day of the end is left out when it is that of the beginning. */
function rangeText(from: number, until: number): string {
  if (from === until) return clock(from);
  const [start, end] = [clock(from), clock(until)];
  return `${start} to ${start.slice(0, 10) === end.slice(0, 10) ? end.slice(11) : end}`;
}

function clock(at: number): string {
  return `${isoTime(at).slice(0, 19).replace('T', ' ')}Z`;
}

/** `1 204 310`, with spaces that do not break. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, '\u00a0');
}
