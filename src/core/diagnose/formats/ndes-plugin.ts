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
  const calls = createCalls(file, sink);
  let previous = '';
  return {
    line: (text, line) => {
      const entry = readEntry(text, line);
      if (entry.at !== undefined) sink.seen(entry.at);
      if (entry.said === '') return;
      calls.begin(entry);
      const call = calls.open(entry.thread);
      if (call !== undefined) remember(call, entry.said);
      const rule = RULES.find(({ pattern }) => pattern.test(entry.said));
      rule?.read(entry, call, (code, detail) => calls.report(code, call, entry, detail), previous);
      calls.exit(entry);
      previous = entry.said;
    },
    end: calls.end,
  };
}

interface Calls {
  readonly open: (thread: string) => Call | undefined;
  readonly begin: (entry: Entry) => void;
  readonly exit: (entry: Entry) => void;
  readonly report: (code: LogCode, call: Call | undefined, entry: Entry, detail: string | undefined) => void;
  /** The log ends: what is still open was never answered. */
  readonly end: () => void;
}

/** Calls that have not ended, by thread; a log without threads has one. */
function createCalls(file: string, sink: LogSink): Calls {
  const byThread = new Map<string, Call>();

  const close = (thread: string, call: Call, status?: number): void => {
    byThread.delete(thread);
    sink.exchange(exchangeOf(call, file, status));
  };

  const stop = (thread: string, call: Call): void => {
    if (call.sent && !call.reported && call.outcome === undefined)
      sink.finding(findingOf('log-policy-certificate-expired', call, file, STOPPED));
    close(thread, call);
  };

  const report = (code: LogCode, call: Call | undefined, entry: Entry, detail: string | undefined): void => {
    if (call?.reported === true) return;
    if (call !== undefined) call.reported = true;
    sink.finding(findingOf(code, call === undefined || call.lines === 0 ? callOf('verify', entry, entry.said) : call, file, detail));
  };

  return {
    open: (thread) => byThread.get(thread),
    begin: (entry) => {
      const operation = begun(entry, byThread.has(entry.thread));
      if (operation === undefined) return;
      const before = byThread.get(entry.thread);
      // Without threads two calls may simply overlap; with them, the same thread never begins before it has ended.
      if (before !== undefined) (entry.thread === '' ? close : stop)(entry.thread, before);
      if (byThread.size >= THREADS) forgetOldest(byThread);
      byThread.set(entry.thread, callOf(operation, entry));
    },
    exit: (entry) => {
      const [, name = '', code = ''] = EXITING.exec(entry.said) ?? [];
      if (code === '') return;
      const call = byThread.get(entry.thread);
      const fine = /^0x0+$/.test(code);
      if (!fine) report('log-verify-request-failed', call, entry, `${name} ended with ${codeText(code)}`);
      if (call !== undefined) close(entry.thread, call, statusOf(call, fine));
    },
    report,
    end: () => {
      for (const [thread, call] of [...byThread]) stop(thread, call);
    },
  };
}

const STOPPED = 'the log stops after "Sending request to certificate registration point"';

const SENDING = /Sending request to certificate registration point/i;

const EXITING = /Exiting (Verify|Notify)(?:Request)? with (0x[0-9a-f]{1,8})/i;

/** What a line begins, or undefined. A log that was cut at its front may begin with the sending. */
function begun({ said }: Entry, isOpen: boolean): Call['operation'] | undefined {
  const calling = /Calling (Verify|Notify) ?Request/i.exec(said)?.[1];
  if (calling !== undefined) return calling.toLowerCase() === 'notify' ? 'notify' : 'verify';
  return !isOpen && SENDING.test(said) ? 'verify' : undefined;
}

function callOf(operation: Call['operation'], { line, at }: Entry, text = ''): Call {
  return { operation, line, ...(at !== undefined && { at }), text, lines: text === '' ? 0 : 1, sent: false, reported: false };
}

type Report = (code: LogCode, detail?: string) => void;

interface Rule {
  readonly pattern: RegExp;
  readonly read: (entry: Entry, call: Call | undefined, report: Report, previous: string) => void;
}

/** First match wins. */
const RULES: readonly Rule[] = [
  {
    pattern: SENDING,
    read: (_entry, call) => {
      if (call !== undefined) call.sent = true;
    },
  },
  { pattern: /Verify challenge returns true/i, read: (_entry, call) => settle(call, true) },
  {
    pattern: /Verify challenge returns false/i,
    read: (_entry, call, report) => {
      settle(call, false);
      report('log-challenge-rejected');
    },
  },
  { pattern: /Verify challenge returns {0,4}(?:<|&lt;)|<title>\d{3} - |403 - Forbidden/i, read: readPage },
  {
    pattern: /Failed to send http request/i,
    read: ({ said }, call, report, previous) => {
      settle(call, false);
      const [, code = ''] = /Error (\d{4,10})/i.exec(said) ?? [];
      const flag = /WINHTTP_CALLBACK_STATUS_FLAG_\w{1,60}/.exec(previous)?.[0];
      report(code === '12175' || flag !== undefined ? 'log-policy-module-tls-failed' : 'log-verify-request-failed', sendDetail(code, flag));
    },
  },
];

function settle(call: Call | undefined, outcome: boolean): void {
  if (call !== undefined) call.outcome = outcome;
}

/** The registration point answers 201 to a verified challenge and 204 to a notification; the module tells it in words only. */
function statusOf(call: Call, fine: boolean): number | undefined {
  if (!fine || call.reported || call.outcome === false) return undefined;
  if (call.operation === 'notify') return 204;
  return call.outcome === true ? 201 : undefined;
}

/** A page of IIS in place of an answer. It often goes on in the next lines, and its title tells which status it was. */
function readPage({ said }: Entry, call: Call | undefined, report: Report): void {
  const status = /<title>(\d{3}) - |\b(403) - Forbidden/i.exec(said);
  const code = status?.[1] ?? status?.[2];
  settle(call, false);
  if (code === undefined) return;
  report(
    code === '403' ? 'log-verify-certificate-untrusted' : 'log-verify-request-failed',
    `IIS answered the policy module with a ${code} page`,
  );
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
const CMTRACE_TAIL = /\]LOG\]!><time="([^"]{1,40})" date="(\d{1,2})-(\d{1,2})-(\d{4})"/;
const THREAD = /\bthread="(\w{1,10})"/;

/** As CMTrace shows it: message, component, `4/17/2018 10:25:40 AM`, `3036 (0x0BDC)`. */
const CMTRACE_SHOWN = /\bNDESPlugin\s{1,8}(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2}):(\d{2}) ([AP]M)\s{1,8}(\d{1,10}) \(0x/;

function readEntry(text: string, line: number): Entry {
  const head = text.slice(0, LINE_LIMIT);
  const tail = CMTRACE_TAIL.exec(head);
  if (tail !== null) {
    const [, time = '', month = '', day = '', year = ''] = tail;
    const thread = THREAD.exec(head.slice(tail.index))?.[1] ?? '';
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
