import type { LogCode } from '../log-code.ts';
import type { LogParser, LogReader, LogSink } from '../log-format.ts';
import type { LogOperation, Platform } from '../scep-exchange.ts';
import { isEmptyLine, loggedTime, operationIn, type RecordText, recordText, squeezed, statusCode, withTime } from './device-log-text.ts';
import { evidenceText } from './evidence-text.ts';

/** What Console on a Mac, `log show` and `log stream` tell of an iPhone, iPad or Mac; also the older form of syslog. */
export const APPLE_DEBUG: LogReader = { format: 'apple-debug', recognise, parser };

/** The part of a line that tells what it is. */
const HEAD = 300;

/** `debug    18:30:53.691033 -0500    profiled    …`, in newer versions with a date before the time. */
const CONSOLE =
  /^\s{0,40}(?:default|info|debug|error|fault|notice|warning)\s{1,40}(?:(\d{4}-\d{2}-\d{2})\s{1,10})?(\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)\s{0,10}([+-]\d{2}:?\d{2})?\s{1,40}(\S{1,80})/i;

/** `2024-05-01 10:00:00.123456+0200 0x137ae  Debug  0x0  2183  0  profiled: …` */
const LOG_SHOW = /^\s{0,40}(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}\.\d{1,9})\s{0,10}([+-]\d{2}:?\d{2})?\s{1,40}(\S.{0,160})/;

/** `May 23 14:15:42 iPhone profiled[150] <Notice>: …`: without a year. */
const SYSLOG = /^\s{0,40}[A-Z][a-z]{2} {1,2}\d{1,2} \d{2}:\d{2}:\d{2} (.{0,120}?\w\[\d{1,7}\].{0,40})/;

/** The processes that install profiles. */
const PROFILE_PROCESS = /\b(?:profiled|mdmclient|ManagedClient|dmd|remotemanagementd)\b/;

const SCEP_WORDS = /synchronous URL request|operation=(?:GetCA|PKIOp)|SCEP|Registration Authority/;

function recognise(lines: readonly string[]): number {
  const heads = lines.map((line) => line.slice(0, HEAD)).filter((line) => line.trim() !== '');
  const framed = heads.filter((line) => CONSOLE.test(line) || LOG_SHOW.test(line) || SYSLOG.test(line));
  const relevant = framed.filter((line) => PROFILE_PROCESS.test(line));
  if (relevant.some((line) => SCEP_WORDS.test(line))) return 0.95;
  if (relevant.length > 0) return 0.85;
  const console = framed.filter((line) => CONSOLE.test(line)).length;
  return console > heads.length / 2 ? 0.6 : 0;
}

interface AppleRecord {
  readonly line: number;
  readonly at?: number;
  readonly platform: Platform;
  readonly body: RecordText;
}

interface Said {
  readonly line: number;
  readonly at?: number;
  readonly platform: Platform;
  readonly text: string;
  readonly squeezed: string;
}

/** One enrolment of the device, from its first request on. */
interface Attempt {
  last: Said;
  stage: 'asked-certificates' | 'asked-capabilities' | 'asked-certificate';
  /** Why it fails has been told. */
  told: boolean;
}

interface State {
  readonly file: string;
  readonly sink: LogSink;
  record?: AppleRecord;
  attempt?: Attempt;
}

function parser(file: string, sink: LogSink): LogParser {
  const state: State = { file, sink };
  return {
    line: (text, line) => {
      const head = text.slice(0, HEAD);
      const frame = frameOf(head);
      if (frame === undefined) {
        continued(state, head, text, line);
        return;
      }
      settle(state);
      if (frame.at !== undefined) sink.seen(frame.at);
      // Most lines of such a log are of other processes: they only end the record before.
      if (!PROFILE_PROCESS.test(frame.process) && !SCEP_WORDS.test(head)) return;
      const platform = /mdmclient|ManagedClient/.test(frame.process) ? 'macos' : 'ios';
      state.record = { line, ...withTime(frame.at), platform, body: recordText(text) };
    },
    end: () => {
      settle(state);
      close(state);
    },
  };
}

/** What may stand at the start of what was pasted, its own start cut off. */
const CUT_OFF = /Registration Authority|synchronous URL request|SCEP identity/;

/** A wrapped line, or a line of the error before. An empty line ends it: what follows may be the text of a document. */
function continued(state: State, head: string, text: string, line: number): void {
  if (isEmptyLine(text)) settle(state);
  else if (state.record !== undefined) state.record.body.add(text);
  else if (CUT_OFF.test(head)) state.record = { line, platform: 'ios', body: recordText(text) };
}

interface Frame {
  readonly at?: number;
  /** Where the name of the process stands. */
  readonly process: string;
}

function frameOf(head: string): Frame | undefined {
  const console = CONSOLE.exec(head);
  if (console !== null) {
    const [, date, time = '', offset, process = ''] = console;
    return { ...withTime(date === undefined ? undefined : loggedTime(date, time, offset)), process };
  }
  const shown = LOG_SHOW.exec(head);
  if (shown !== null) {
    const [, date = '', time = '', offset, process = ''] = shown;
    return { ...withTime(loggedTime(date, time, offset)), process };
  }
  const [, process] = SYSLOG.exec(head) ?? [];
  return process === undefined ? undefined : { process };
}

/** A record is complete when the next begins. */
function settle(state: State): void {
  const { record } = state;
  delete state.record;
  if (record === undefined) return;
  const text = record.body.text();
  const said: Said = { line: record.line, ...withTime(record.at), platform: record.platform, text, squeezed: squeezed(text) };
  for (const step of STEPS) if (step(state, said)) return;
}

type Step = (state: State, said: Said) => boolean;

/** The first that understands a record has it to itself. */
const STEPS: readonly Step[] = [request, refused, networkFailed, answeredBadly, sendingRequest, installed, failed];

const STAGE_OF: Readonly<Partial<Record<LogOperation, Attempt['stage']>>> = {
  GetCACert: 'asked-certificates',
  GetCACaps: 'asked-capabilities',
  PKIOperation: 'asked-certificate',
};

/** `Performing synchronous URL request: https://…?operation=GetCACert&message=…` */
function request(state: State, said: Said): boolean {
  const operation = operationIn(said.squeezed.slice(0, 4_000));
  if (operation === undefined || !/urlrequest|https?:/.test(said.squeezed)) return false;
  const { file, sink } = state;
  sink.exchange({ file, line: said.line, ...withTime(said.at), platform: said.platform, operation });
  const stage = STAGE_OF[operation];
  if (stage !== undefined) advance(state, said, stage);
  return true;
}

/** Asking for the certificates begins an enrolment: iOS does it first. */
function advance(state: State, said: Said, stage: Attempt['stage']): void {
  if (stage === 'asked-certificates') close(state);
  if (state.attempt === undefined) state.attempt = { last: said, stage, told: false };
  else {
    state.attempt.stage = stage;
    state.attempt.last = said;
  }
}

/** `Sending CSR via GET.` */
function sendingRequest(state: State, said: Said): boolean {
  if (!/sendingcsrvia(?:get|post)/.test(said.squeezed)) return false;
  advance(state, said, 'asked-certificate');
  return true;
}

/** `The Registration Authority's response is invalid`: in any spelling of the apostrophe, RTF escapes included. */
function refused(state: State, said: Said): boolean {
  if (!/registrationauthority.{0,6}sresponseisinvalid/.test(said.squeezed)) return false;
  fail(
    state,
    said,
    'log-ios-chain-not-trusted',
    "the device does not accept the server's certificates (The Registration Authority's response is invalid)",
  );
  return true;
}

/** NSURLErrorDomain: only what concerns an enrolment that is under way. */
const URL_ERRORS: ReadonlyMap<string, readonly [code: LogCode, means: string]> = new Map([
  ['-1001', ['log-enrolment-failed', 'the server did not answer in time']],
  ['-1003', ['dns-name-not-found', 'the name of the server cannot be resolved']],
  ['-1004', ['log-enrolment-failed', 'no connection to the server']],
  ['-1005', ['log-enrolment-failed', 'the connection was lost']],
  ['-1009', ['log-enrolment-failed', 'the device was offline']],
  ['-1200', ['tls-untrusted', 'the TLS connection failed']],
  ['-1201', ['tls-certificate-expired', "the server's TLS certificate is out of its dates"]],
  ['-1202', ['tls-untrusted', "the server's TLS certificate is not trusted"]],
  ['-1203', ['tls-untrusted', "the server's TLS certificate has an unknown root"]],
  ['-1204', ['tls-untrusted', "the server's TLS certificate is not yet valid"]],
]);

function networkFailed(state: State, said: Said): boolean {
  const [, error = ''] = /nsurlerrordomain[^-]{0,40}(-\d{4})/.exec(said.squeezed) ?? [];
  const known = URL_ERRORS.get(error);
  if (known === undefined || (state.attempt === undefined && !said.squeezed.includes('scep'))) return false;
  fail(state, said, known[0], `${known[1]} (NSURLErrorDomain ${error})`);
  return true;
}

function answeredBadly(state: State, said: Said): boolean {
  const [, status = ''] = /(?:httpstatus|statuscode|responsecode)[^0-9]{0,12}([45]\d\d)(?!\d)/.exec(said.squeezed) ?? [];
  if (status === '' || state.attempt === undefined) return false;
  const code = statusCode(Number(status), state.attempt.stage === 'asked-certificate');
  fail(state, said, code ?? 'log-enrolment-failed', `the server answered HTTP ${status}`);
  return true;
}

/** `Profile “www.windowsintune.com.SCEP.…” installed.`, or the certificate itself. */
function installed(state: State, said: Said): boolean {
  const here = said.squeezed.slice(0, 2_000);
  const isInstalled = /issuedcertificatereceived|receivedissuedcertificate/.test(here) || inOrder(here, 'profile', 'scep', 'installed');
  if (!isInstalled || /notinstalled|couldnotbeinstalled|failedtoinstall|installationfailed/.test(here)) return false;
  delete state.attempt;
  tell(state, said, 'log-enrolment-succeeded', 'the device installed the certificate');
  return true;
}

function inOrder(text: string, ...words: readonly string[]): boolean {
  let from = 0;
  for (const word of words) {
    const at = text.indexOf(word, from);
    if (at === -1) return false;
    from = at + word.length;
  }
  return true;
}

const FAILURES = /cannotretrievescepidentity|scepserverreturnedaninvalidresponse|scep_error|mcsceperrordomain/;

function failed(state: State, said: Said): boolean {
  if (!FAILURES.test(said.squeezed)) return false;
  const [, code] = /mcsceperrordomain.{0,20}?code:?=?(\d{3,6})/.exec(said.squeezed) ?? [];
  const [, reason] = /\n\s{0,40}Desc {0,8}: {0,4}([^\n]{1,200})/.exec(said.text) ?? [];
  const parts = ['the device got no SCEP identity', reason?.trim(), code === undefined ? undefined : `MCSCEPErrorDomain ${code}`];
  fail(state, said, 'log-enrolment-failed', parts.filter((part) => part !== undefined).join('; '));
  return true;
}

/** What follows the first reason is told by the device over and over; the chain is the one thing that explains more. */
function fail(state: State, said: Said, code: LogCode, detail: string): void {
  const { attempt } = state;
  if (attempt?.told === true && code === 'log-enrolment-failed') return;
  tell(state, said, code, detail);
  if (attempt !== undefined) attempt.told = true;
  // A later repetition of the same error belongs to this attempt and not to the next.
  else state.attempt = { last: said, stage: 'asked-certificate', told: true };
}

const OPEN: Readonly<Record<Attempt['stage'], readonly [code: LogCode, detail: string]>> = {
  'asked-certificates': [
    'log-ios-chain-not-trusted',
    'GetCACert without a GetCACaps after it: the device does not trust the certificates that it got',
  ],
  'asked-capabilities': ['log-enrolment-incomplete', 'the device asked for GetCACaps and sent no certificate request'],
  'asked-certificate': [
    'log-enrolment-incomplete',
    'the certificate request was sent, and nothing in this log says that the certificate came',
  ],
};

function close(state: State): void {
  const { attempt } = state;
  delete state.attempt;
  if (attempt === undefined || attempt.told) return;
  const [code, detail] = OPEN[attempt.stage];
  tell(state, attempt.last, code, detail);
}

function tell({ file, sink }: State, { line, at, platform, text }: Said, code: LogCode, detail: string): void {
  sink.finding({ code, platform, ...withTime(at), file, line, text: evidenceText(text), detail });
}
