import type { LogCode } from '../log-code.ts';
import type { LogParser, LogReader, LogSink } from '../log-format.ts';
import type { LogOperation, ScepExchange } from '../scep-exchange.ts';
import {
  failInfoMeaning,
  isEmptyLine,
  loggedTime,
  makeRoom,
  operationIn,
  type RecordText,
  recordText,
  squeezed,
  statusCode,
  withTime,
} from './device-log-text.ts';
import { evidenceText } from './evidence-text.ts';

/** OMADM.log of Company Portal, also CloudExtension.log of Microsoft Intune: what an Android device tells of its enrolments. */
export const ANDROID_OMADM: LogReader = { format: 'android-omadm', recognise, parser };

/** `2018-02-27T05:16:08.2500000  VERB`; a line without it continues the one before: a stack trace, or a wrapped line. */
const PREFIX =
  /^\s{0,40}(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?)(Z|[+-]\d{2}:?\d{2})?[\s,|]{1,40}(VERB|VERBOSE|DEBUG|INFO|WARN|WARNING|ERROR|ERR|SEVERE|FATAL|FINER?|FINEST)(?![\w])/i;

const HEAD = 400;

/** What only the agents of Intune and their SCEP library write. */
const AGENT = /com\.microsoft\.(?:omadm|intune|windowsintune)|org\.jscep|companyportal/i;

function recognise(lines: readonly string[]): number {
  const heads = lines.map((line) => line.slice(0, HEAD)).filter((line) => line.trim() !== '');
  const dated = heads.filter((line) => PREFIX.test(line));
  if (dated.length === 0) return 0;
  if (dated.some((line) => AGENT.test(line))) return 0.95;
  return heads.some((line) => /'\d{3} [\w ]{1,30}' when sending GetCA|pkiStatus=(?:SUCCESS|FAILURE|PENDING)/.test(line)) ? 0.7 : 0;
}

interface AndroidRecord {
  readonly line: number;
  readonly at?: number;
  readonly body: RecordText;
}

/** A record as the steps below see it. */
interface Said {
  readonly line: number;
  readonly at?: number;
  /** Process and thread, to tell interleaved enrolments apart. */
  readonly thread: string;
  readonly text: string;
  readonly squeezed: string;
}

/** A request that was sent and has no answer yet. */
interface Sending {
  readonly said: Said;
  readonly what: string;
  readonly operation: LogOperation;
}

interface Enrolment {
  readonly begun: Said;
  stage: 'begun' | 'sent' | 'pending';
  sent?: Said;
  /** The transport told of the PKIOperation itself. */
  transported: boolean;
  /** Why it fails has been told. */
  told: boolean;
}

interface State {
  readonly file: string;
  readonly sink: LogSink;
  record?: AndroidRecord;
  /** Of the last record that names one. */
  thread: string;
  readonly sending: Sending[];
  /** By thread. */
  readonly enrolments: Map<string, Enrolment>;
  /** Where each certificate stands, by its identity. */
  readonly certificates: Map<string, { readonly said: Said; readonly state: string }>;
  /** Successful answers whose certificate has not been seen to arrive in the store. */
  issued: number;
}

const SENDINGS = 64;
const ENROLMENTS = 64;
const CERTIFICATES = 64;

function parser(file: string, sink: LogSink): LogParser {
  const state: State = { file, sink, thread: '', sending: [], enrolments: new Map(), certificates: new Map(), issued: 0 };
  return {
    line: (text, line) => {
      const head = text.slice(0, HEAD);
      const prefix = PREFIX.exec(head);
      if (prefix === null) {
        continued(state, text);
        return;
      }
      settle(state);
      const [, date = '', time = '', offset] = prefix;
      const at = loggedTime(date, time, offset);
      if (at === undefined) sink.unreadable(line);
      else sink.seen(at);
      state.record = { line, ...withTime(at), body: recordText(text) };
    },
    end: () => {
      settle(state);
      tellOpen(state);
    },
  };
}

/** A wrapped line or a stack trace. An empty line ends it: what follows is the text of the document that the log was pasted from. */
function continued(state: State, text: string): void {
  if (isEmptyLine(text)) settle(state);
  else state.record?.body.add(text);
}

/** A record is complete when the next begins. */
function settle(state: State): void {
  const { record } = state;
  delete state.record;
  if (record === undefined) return;
  const text = record.body.text();
  const flat = squeezed(text);
  if (!/scep|certificate|certmgr|exception|unabletoresolve/.test(flat)) return;
  state.thread = threadOf(text) ?? state.thread;
  const said: Said = { line: record.line, ...withTime(record.at), thread: state.thread, text, squeezed: flat };
  for (const step of STEPS) if (step(state, said)) return;
}

/** `18327    10`, between the logger and the message; the line may be wrapped within it or beside it. */
function threadOf(text: string): string | undefined {
  const head = text.slice(0, HEAD);
  const columns = /\s(\d{1,7})\s{1,20}(\d{1,6})\s/;
  const [, process, thread] = columns.exec(head.replaceAll('\n', '')) ?? columns.exec(head) ?? [];
  return process === undefined ? undefined : `${process} ${thread}`;
}

type Step = (state: State, said: Said) => boolean;

/** The first that understands a record has it to itself. */
const STEPS: readonly Step[] = [answered, beginning, encoding, sentMessage, response, moved, troubled, sent];

/** `Received '200 OK' when sending GetCACaps(ca) to https://…` */
function answered(state: State, said: Said): boolean {
  const [, status = '', what = ''] = /received'(\d{3})[^']{0,100}'whensending(.{1,300})/.exec(said.squeezed) ?? [];
  if (status === '') return false;
  const operation = operationOf(what);
  if (operation === undefined) return false;
  const pending = takeSending(state, said.thread, what);
  const tookMs = pending?.said.at === undefined || said.at === undefined ? -1 : said.at - pending.said.at;
  tellExchange(state, said, { operation, status: Number(status), ...(tookMs < 0 ? {} : { tookMs }) });
  if (Number(status) >= 400) tellStatus(state, said, Number(status), operation);
  return true;
}

function tellStatus(state: State, said: Said, status: number, operation: LogOperation): void {
  const code = statusCode(status, operation === 'PKIOperation');
  tell(state, said, code ?? 'log-enrolment-failed', `the server answered ${operation} with HTTP ${status}`);
  const enrolment = state.enrolments.get(said.thread);
  if (enrolment !== undefined) enrolment.told = true;
}

/** `Sending GetCACaps(ca) to https://…` */
function sent(state: State, said: Said): boolean {
  const [, what = ''] = /sending((?:get|pki|pkcs)?.{0,200}?tohttps?:.{1,300})/.exec(said.squeezed) ?? [];
  const operation = operationOf(what);
  if (what === '' || operation === undefined) return false;
  if (state.sending.length >= SENDINGS) giveUp(state, state.sending.shift());
  state.sending.push({ said, what: what.slice(0, 300), operation });
  const enrolment = state.enrolments.get(said.thread);
  if (enrolment !== undefined && operation === 'PKIOperation') enrolment.transported = true;
  return true;
}

/** The URL says it; where it was cut, the name of the request does. */
function operationOf(what: string): LogOperation | undefined {
  const [, name = ''] = /^(getcacaps|getcacert|getnextcacert|pkioperation)/.exec(what) ?? [];
  return operationIn(what) ?? operationIn(`operation=${name}`);
}

function takeSending({ sending }: State, thread: string, what: string): Sending | undefined {
  const same = (one: Sending): boolean => one.what.slice(0, 200) === what.slice(0, 200);
  const exact = sending.findIndex((one) => one.said.thread === thread && same(one));
  const index = exact === -1 ? sending.findIndex(same) : exact;
  return index === -1 ? undefined : sending.splice(index, 1)[0];
}

/** `Trying to enroll certificate request: …` */
function beginning(state: State, said: Said): boolean {
  if (!said.squeezed.includes('tryingtoenrollcertificaterequest')) return false;
  abandon(state, state.enrolments.get(said.thread));
  open(state, said);
  return true;
}

/** `Encoding message: org.jscep.message.PkcsReq@…` */
function encoding(state: State, said: Said): boolean {
  if (!said.squeezed.includes('encodingmessage:') || !/pkcsreq|renewalreq/.test(said.squeezed)) return false;
  if (!state.enrolments.has(said.thread)) open(state, said);
  return true;
}

/** `org.jscep.transaction.EnrollmentTransaction … Sending org.….cms.CMSSignedData@…` */
function sentMessage(state: State, said: Said): boolean {
  if (!said.squeezed.includes('enrollmenttransaction') || !/sending.{0,200}cmssigneddata/.test(said.squeezed)) return false;
  const enrolment = state.enrolments.get(said.thread) ?? open(state, said);
  enrolment.stage = 'sent';
  enrolment.sent = said;
  enrolment.transported = false;
  return true;
}

/** `Response: org.jscep.message.CertRep@…[failInfo=<null>,pkiStatus=SUCCESS,…` */
function response(state: State, said: Said): boolean {
  const [, status = ''] = /certrep.{0,200}?pkistatus=(success|failure|pending|[023])/.exec(said.squeezed) ?? [];
  if (status === '' || !said.squeezed.includes('response:')) return false;
  const enrolment = state.enrolments.get(said.thread);
  tellOperation(state, enrolment, said);
  if (status === 'pending' || status === '3') {
    if (enrolment !== undefined) enrolment.stage = 'pending';
    return true;
  }
  state.enrolments.delete(said.thread);
  if (status === 'success' || status === '0') {
    state.issued++;
    tell(state, said, 'log-enrolment-succeeded', 'the CA issued the certificate (pkiStatus SUCCESS)');
    return true;
  }
  const [, failInfo = ''] = /failinfo=<?([a-z0-9]{1,20})/.exec(said.squeezed) ?? [];
  const meaning = failInfoMeaning(failInfo);
  tell(state, said, 'log-enrolment-failed', `pkiStatus FAILURE${meaning === undefined ? '' : `, ${meaning}`}`);
  return true;
}

/** `SCEP cert '…' state changed from CERT_ENROLLED to CERT_INSTALL_REQUESTED` */
function moved(state: State, said: Said): boolean {
  const [, id = '', to = ''] = /scepcert'(.{1,300}?)'statechangedfromcert_\w{1,50}?to(cert_\w{1,50})/.exec(said.squeezed) ?? [];
  if (to === '') return false;
  state.certificates.delete(id);
  if (to.includes('fail')) {
    tell(state, said, 'log-enrolment-failed', `the certificate went to ${to.toUpperCase()}`);
  } else if (/granted$|success$|_installed$/.test(to)) {
    arrived(state, said, to);
  } else {
    makeRoom(state.certificates, CERTIFICATES);
    state.certificates.set(id, { said, state: to.toUpperCase() });
  }
  return true;
}

/** The answer of the CA has been told already, unless the log is not verbose. */
function arrived(state: State, said: Said, to: string): void {
  if (state.issued > 0) state.issued--;
  else tell(state, said, 'log-enrolment-succeeded', `the certificate is in the store (${to.toUpperCase()})`);
}

interface Trouble {
  readonly code: LogCode;
  readonly says: RegExp;
  readonly means: string;
  /** Other requests of the device run into it too, so it counts only while an enrolment is under way. */
  readonly common?: boolean;
}

/** The most specific first. */
const TROUBLES: readonly Trouble[] = [
  { code: 'dns-name-not-found', says: /unknownhostexception|unabletoresolvehost/, means: 'the name of the server cannot be resolved' },
  {
    code: 'tls-certificate-expired',
    says: /certificateexpiredexception|certificate(?:has)?expired/,
    means: "the server's TLS certificate has expired",
  },
  {
    code: 'tls-name-mismatch',
    says: /sslpeerunverified|hostname.{0,200}(?:notverified|wasnotverified)/,
    means: "the server's TLS certificate is for another name",
  },
  {
    code: 'tls-untrusted',
    says: /sslhandshakeexception|certpathvalidatorexception|trustanchorforcertificationpath|sslexception/,
    means: 'the TLS connection was not trusted',
  },
  {
    code: 'log-enrolment-failed',
    says: /connectexception|sockettimeoutexception|noroutetohost|failedtoconnectto|connectiontimedout|connectionreset|socketexception|eofexception/,
    means: 'no connection to the server, or it broke',
  },
  { code: 'log-enrolment-failed', says: /exception/, means: 'the enrolment ended with an exception', common: true },
];

function troubled(state: State, said: Said): boolean {
  if (!/exception|unabletoresolvehost/.test(said.squeezed)) return false;
  const enrolment = state.enrolments.get(said.thread);
  if (enrolment === undefined && !/jscep|scep[^a-z]|certmgr|\/mscep/.test(said.squeezed)) return false;
  const [, status = ''] = /transportexception:(\d{3})/.exec(said.squeezed) ?? [];
  const trouble = TROUBLES.find(({ says }) => says.test(said.squeezed));
  const told = enrolment?.told === true;
  if (status !== '' && !told) tellStatus(state, said, Number(status), enrolment?.stage === 'sent' ? 'PKIOperation' : 'other');
  else if (status === '' && trouble !== undefined && !told && (enrolment !== undefined || trouble.common !== true)) {
    tell(state, said, trouble.code, `${trouble.means}${namedException(said.text)}`);
  }
  endAttempt(state, said.thread, enrolment);
  return true;
}

/** `: java.net.UnknownHostException`, with what it says. */
function namedException(text: string): string {
  const at = text.indexOf('Exception');
  if (at === -1) return '';
  const [name = ''] = /[\w.]{0,120}$/.exec(text.slice(Math.max(0, at - 120), at)) ?? [];
  const [said = ''] = /^Exception(?:: [^\n]{1,200})?/.exec(text.slice(at, at + 300)) ?? [];
  return `: ${name}${said}`;
}

/** After an exception its requests get no answer any more. */
function endAttempt(state: State, thread: string, enrolment: Enrolment | undefined): void {
  state.enrolments.delete(thread);
  if (enrolment?.stage === 'sent' && !enrolment.transported) tellOperation(state, enrolment);
  for (const sending of state.sending.splice(0)) {
    if (sending.said.thread === thread) giveUp(state, sending);
    else state.sending.push(sending);
  }
}

function open(state: State, said: Said): Enrolment {
  makeRoom(state.enrolments, ENROLMENTS);
  const enrolment: Enrolment = { begun: said, stage: 'begun', transported: false, told: false };
  state.enrolments.set(said.thread, enrolment);
  return enrolment;
}

/** The certificate request itself, where the transport does not tell of it. */
function tellOperation(state: State, enrolment: Enrolment | undefined, answer?: Said): void {
  if (enrolment?.sent === undefined || enrolment.transported) return;
  const { sent: said } = enrolment;
  const tookMs = said.at === undefined || answer?.at === undefined ? -1 : answer.at - said.at;
  tellExchange(state, said, { operation: 'PKIOperation', ...(tookMs < 0 ? {} : { tookMs }) });
  enrolment.transported = true;
}

function tellOpen(state: State): void {
  const unanswered = new Map(state.sending.map((sending) => [sending.said.thread, sending]));
  for (const sending of state.sending.splice(0)) giveUp(state, sending);
  for (const [thread, enrolment] of state.enrolments) {
    tellOperation(state, enrolment);
    abandon(state, enrolment, unanswered.get(thread)?.operation);
    unanswered.delete(thread);
  }
  for (const { said, operation } of unanswered.values()) {
    tell(state, said, 'log-enrolment-incomplete', `${operation} was sent, and nothing in this log answers it`);
  }
  for (const { said, state: where } of state.certificates.values()) {
    tell(state, said, 'log-enrolment-incomplete', `the certificate stands at ${where} and gets no further in this log`);
  }
}

const STAGES: Readonly<Record<Enrolment['stage'], string>> = {
  begun: 'the enrolment began, and nothing in this log says how it ended',
  sent: 'the certificate request was sent, and nothing in this log answers it',
  pending: 'the CA answered PENDING: somebody has to approve the request',
};

function abandon(state: State, enrolment: Enrolment | undefined, unanswered?: LogOperation): void {
  if (enrolment === undefined || enrolment.told) return;
  const detail =
    unanswered === undefined || enrolment.stage !== 'begun'
      ? STAGES[enrolment.stage]
      : `the enrolment began, but ${unanswered} was not answered`;
  tell(state, enrolment.sent ?? enrolment.begun, 'log-enrolment-incomplete', detail);
}

function giveUp(state: State, sending: Sending | undefined): void {
  if (sending !== undefined) tellExchange(state, sending.said, { operation: sending.operation });
}

type Told = Pick<ScepExchange, 'operation' | 'status' | 'tookMs'>;

function tellExchange({ file, sink }: State, { line, at, text }: Said, told: Told): void {
  const evidence = told.status === undefined || told.status >= 400 ? { text: evidenceText(text) } : {};
  sink.exchange({ file, line, ...withTime(at), platform: 'android', ...told, ...evidence });
}

function tell({ file, sink }: State, { line, at, text }: Said, code: LogCode, detail: string): void {
  sink.finding({ code, platform: 'android', ...withTime(at), file, line, text: evidenceText(text), detail });
}
