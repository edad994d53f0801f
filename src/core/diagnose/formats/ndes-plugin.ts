import { parseIsoTime } from '../../time.ts';
import { errorCodesIn, errorLine } from '../error-codes.ts';
import type { LogCode } from '../log-code.ts';
import type { LogFinding } from '../log-finding.ts';
import type { LogParser, LogReader, LogSink } from '../log-format.ts';
import type { ScepExchange } from '../scep-exchange.ts';

/** What only the policy module writes. */
const PHRASES =
  /Calling (?:VerifyRequest|NotifyRequest)|Sending request to certificate registration point|Verify challenge returns|Exiting (?:VerifyRequest|Notify) with 0x|\/CertificateRegistrationSvc\/Certificate\/(?:VerifyRequest|Notify)/i;

const COMPONENT = /component="NDESPlugin"|\bNDESPlugin\b/i;

const LINE_LIMIT = 16_000;
const EVIDENCE_LINES = 12;
const EVIDENCE_LIMIT = 4_000;
const THREADS = 64;

/** NDESPlugin.log, which the policy module of the old connector writes. */
export const NDES_PLUGIN: LogReader = { format: 'ndes-plugin', recognise, parser };

function recognise(lines: readonly string[]): number {
  let phrases = 0;
  let component = false;
  for (const line of lines) {
    const head = line.slice(0, LINE_LIMIT);
    if (PHRASES.test(head)) phrases++;
    component ||= COMPONENT.test(head);
  }
  if (phrases === 0) return component ? 0.3 : 0;
  // An IIS log has the path of the registration service too, and nothing else of this.
  return lines.some((line) => /^#(?:Software|Fields): /.test(line) || NOT_PLUGIN.test(line.slice(0, 400)))
    ? 0.05
    : Math.min(1, 0.7 + phrases * 0.05 + (component ? 0.2 : 0));
}

const NOT_PLUGIN = /\bPOST \/CertificateRegistrationSvc\/\S{1,60} - \d/;

interface Call {
  readonly operation: 'verify' | 'notify';
  readonly line: number;
  readonly at?: number;
  text: string;
  lines: number;
  sent: boolean;
  /** The registration point's word; the call is over when it is told. */
  outcome?: boolean;
  reported: boolean;
}

function parser(file: string, sink: LogSink): LogParser {
  /** Calls that have not ended, by thread; a log without threads has one. */
  const open = new Map<string, Call>();
  let previous: { readonly text: string; readonly line: number } | undefined;

  const close = (thread: string, call: Call, status?: number): void => {
    open.delete(thread);
    sink.exchange(exchangeOf(call, file, status));
  };

  const stopped = (thread: string, call: Call): void => {
    open.delete(thread);
    if (call.sent && !call.reported && call.outcome === undefined)
      sink.finding(
        findingOf('log-policy-certificate-expired', call, file, 'the log stops after "Sending request to certificate registration point"'),
      );
    sink.exchange(exchangeOf(call, file));
  };

  const begin = (operation: Call['operation'], entry: Entry): void => {
    const before = open.get(entry.thread);
    // Without threads two calls may simply overlap; with them, the same thread never begins before it has ended.
    if (before !== undefined) {
      if (entry.thread === '') close(entry.thread, before);
      else stopped(entry.thread, before);
    }
    if (open.size >= THREADS) forgetOldest(open);
    open.set(entry.thread, {
      operation,
      line: entry.line,
      ...(entry.at !== undefined && { at: entry.at }),
      text: '',
      lines: 0,
      sent: false,
      reported: false,
    });
  };

  const report = (code: LogCode, call: Call | undefined, entry: Entry, detail?: string): void => {
    if (call?.reported === true) return;
    if (call !== undefined) call.reported = true;
    sink.finding(
      call === undefined || call.lines === 0
        ? {
            code,
            platform: 'policy-module',
            file,
            line: entry.line,
            text: entry.said,
            ...(entry.at !== undefined && { at: entry.at }),
            ...(detail !== undefined && { detail }),
          }
        : findingOf(code, call, file, detail),
    );
  };

  return {
    line: (text, line) => {
      const entry = readEntry(text, line);
      if (entry.at !== undefined) sink.seen(entry.at);
      const { said, thread } = entry;
      if (said === '') return;
      const calling = /Calling (Verify|Notify) ?Request/i.exec(said);
      if (calling !== null) begin(calling[1]?.toLowerCase() === 'notify' ? 'notify' : 'verify', entry);
      if (/^Sending request to certificate registration point/i.test(said) && !open.has(thread)) begin('verify', entry);
      const call = open.get(thread);
      if (call !== undefined) remember(call, said);

      if (/Sending request to certificate registration point/i.test(said)) {
        if (call !== undefined) call.sent = true;
      } else if (/Verify challenge returns true/i.test(said)) {
        if (call !== undefined) call.outcome = true;
      } else if (/Verify challenge returns false/i.test(said)) {
        if (call !== undefined) call.outcome = false;
        report('log-challenge-rejected', call, entry);
      } else if (/Verify challenge returns {0,4}(?:<|&lt;)|<title>\d{3} - |403 - Forbidden/i.test(said)) {
        readPage(said, call, entry, report);
      } else if (/Failed to send http request/i.test(said)) {
        const [, code = ''] = /Error (\d{4,10})/i.exec(said) ?? [];
        const flag = previous === undefined ? undefined : /WINHTTP_CALLBACK_STATUS_FLAG_\w{1,60}/.exec(previous.text)?.[0];
        report(
          code === '12175' || flag !== undefined ? 'log-policy-module-tls-failed' : 'log-verify-request-failed',
          call,
          entry,
          sendDetail(code, flag),
        );
        if (call !== undefined) call.outcome = false;
      }
      const exiting = /Exiting (Verify|Notify)(?:Request)? with (0x[0-9a-f]{1,8})/i.exec(said);
      if (exiting !== null) {
        const code = exiting[2] ?? '';
        const fine = /^0x0+$/.test(code);
        if (!fine) report('log-verify-request-failed', call, entry, `${exiting[1] ?? ''} ended with ${codeText(code)}`);
        if (call !== undefined) close(thread, call, statusOf(call, fine));
      }
      previous = { text: said, line };
    },
    end: () => {
      for (const [thread, call] of [...open]) stopped(thread, call);
    },
  };
}

/** The registration point answers 201 to a verified challenge and 204 to a notification; the module tells it in words only. */
function statusOf(call: Call, fine: boolean): number | undefined {
  if (!fine || call.reported || call.outcome === false) return undefined;
  if (call.operation === 'notify') return 204;
  return call.outcome === true ? 201 : undefined;
}

/** A page of IIS in place of an answer. */
function readPage(
  said: string,
  call: Call | undefined,
  entry: Entry,
  report: (code: LogCode, call: Call | undefined, entry: Entry, detail?: string) => void,
): void {
  const status = /<title>(\d{3}) - |\b(403) - Forbidden/i.exec(said);
  const code = status?.[1] ?? status?.[2];
  if (call !== undefined) call.outcome = false;
  // The page often goes on in the next lines, and its title tells which status it was.
  if (code === undefined) return;
  if (code === '403') report('log-verify-certificate-untrusted', call, entry, 'IIS answered the policy module with a 403 page');
  else report('log-verify-request-failed', call, entry, `IIS answered the policy module with a ${code} page`);
}

function sendDetail(code: string, flag: string | undefined): string {
  const known = code === '' ? undefined : errorCodesIn(`0x8007${Number(code).toString(16).padStart(4, '0')}`, 1)[0];
  return [flag, code === '' ? undefined : `WinHTTP error ${code}${known === undefined ? '' : `: ${known.meaning}`}`]
    .filter((part) => part !== undefined)
    .join(', ');
}

function codeText(code: string): string {
  const [known] = errorCodesIn(code, 1);
  return known === undefined ? code : errorLine(known);
}

function remember(call: Call, said: string): void {
  if (call.lines >= EVIDENCE_LINES || call.text.length >= EVIDENCE_LIMIT) return;
  call.text += `${call.lines === 0 ? '' : '\n'}${said.slice(0, 1_000)}`;
  call.lines++;
}

function forgetOldest(open: Map<string, Call>): void {
  const [oldest] = open.keys();
  if (oldest !== undefined) open.delete(oldest);
}

function exchangeOf({ operation, line, at, text, reported }: Call, file: string, status?: number): ScepExchange {
  return {
    file,
    line,
    ...(at !== undefined && { at }),
    platform: 'policy-module',
    operation,
    ...(status !== undefined && { status }),
    ...(reported && { text }),
  };
}

function findingOf(code: LogCode, { line, at, text }: Call, file: string, detail: string | undefined): LogFinding {
  return { code, platform: 'policy-module', file, line, text, ...(at !== undefined && { at }), ...(detail !== undefined && { detail }) };
}

interface Entry {
  readonly line: number;
  /** The message without what the log writer puts around it. */
  readonly said: string;
  /** Empty when the log does not tell. */
  readonly thread: string;
  readonly at?: number;
}

/** As CMTrace reads it: `<![LOG[message]LOG]!><time="16:36:04.111+240" date="02-27-2018" component="NDESPlugin" … thread="3012" …>`. */
const CMTRACE_TAIL = /\]LOG\]!><time="([^"]{1,40})" date="(\d{1,2})-(\d{1,2})-(\d{4})"[^>]{0,200}?(?:thread="(\w{1,10})")?[^>]{0,200}>/;

/** As CMTrace shows it: message, component, `4/17/2018 10:25:40 AM`, `3036 (0x0BDC)`. */
const CMTRACE_SHOWN = /\bNDESPlugin\s{1,8}(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2}):(\d{2}) ([AP]M)\s{1,8}(\d{1,10}) \(0x/;

function readEntry(text: string, line: number): Entry {
  const head = text.slice(0, LINE_LIMIT);
  const tail = CMTRACE_TAIL.exec(head);
  if (tail !== null) {
    const [, time = '', month = '', day = '', year = '', thread = ''] = tail;
    const start = head.indexOf('<![LOG[');
    const said = head.slice(start === -1 ? 0 : start + '<![LOG['.length, tail.index).trim();
    const at = traceTime(time, year, month, day);
    return { line, said, thread, ...(at !== undefined && { at }) };
  }
  const shown = CMTRACE_SHOWN.exec(head);
  if (shown !== null) {
    const [, month = '', day = '', year = '', hour = '', minute = '', second = '', half = '', thread = ''] = shown;
    const hour24 = (Number(hour) % 12) + (half === 'PM' ? 12 : 0);
    const at = parseIsoTime(`${year}-${two(month)}-${two(day)}T${two(String(hour24))}:${minute}:${second}Z`);
    return { line, said: head.slice(0, shown.index).trim(), thread, ...(at !== undefined && { at }) };
  }
  return { line, said: head.replace('<![LOG[', '').trim(), thread: '' };
}

/** `16:36:04.111+240`: the number behind the sign is how many minutes UTC is ahead of the clock that wrote it. */
function traceTime(time: string, year: string, month: string, day: string): number | undefined {
  const [, clock = '', bias] = /^(\d{1,2}:\d{2}:\d{2}(?:\.\d{1,9})?)([+-]\d{1,4})?$/.exec(time) ?? [];
  if (clock === '') return undefined;
  const local = parseIsoTime(`${year}-${two(month)}-${two(day)}T${clock.padStart(clock.indexOf(':') === 1 ? clock.length + 1 : 0, '0')}Z`);
  return local === undefined ? undefined : local + Number(bias ?? 0) * 60_000;
}

function two(digits: string): string {
  return digits.padStart(2, '0');
}
