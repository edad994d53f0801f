import type { LogParser, LogReader, LogSink } from '../log-format.ts';
import type { ScepExchange } from '../scep-exchange.ts';
import { detached, evidenceText } from './evidence-text.ts';
import { isRestOfNumbers, mayHoldStatus, type PastedRequest, pastedRequest } from './pasted-request.ts';
import { answerDetails, answerFinding, isUsual, type ScepAnswer } from './scep-answer.ts';
import { operationOf, platformFor, platformOfAgent, platformOfRequest, SCEP_WORDS } from './scep-request.ts';
import { type Columns, column, columnSpace, fieldNames, findColumns, type LogClock, logClock, numberColumn } from './w3c-columns.ts';

/** IIS logs in W3C format: requests of devices, and of the old policy module. Times are UTC. */
export const IIS_W3C: LogReader = {
  format: 'iis-w3c',
  recognise,
  parser: iisParser,
  // Lines of a log that was pasted without its head may be wrapped, and then the second half has no word of SCEP.
  wanted: (head) =>
    head.some((line) => layoutOf(line) !== undefined) ? new RegExp(`${SCEP_WORDS.source}|^#(?:Fields|Date):`, 'im') : undefined,
};

function recognise(lines: readonly string[]): number {
  const start = lines.slice(0, 50);
  if (start.some((line) => line.startsWith('#Software: Microsoft Internet Information Services'))) return 1;
  if (lines.some((line) => layoutOf(line) !== undefined)) return 0.95;
  if (tellsOfScep(lines)) return 0.7;
  const told = lines.filter((line) => pastedRequest(line)?.complete === true);
  return told.length > 0 && told.length >= lines.length / 2 ? 0.6 : 0;
}

/** Wrapped lines are recognised only by reading them. */
function tellsOfScep(lines: readonly string[]): boolean {
  let exchanges = 0;
  const count = (): void => {
    exchanges++;
  };
  const { line, end } = iisParser('', { exchange: count, finding: () => {}, seen: () => {}, unreadable: () => {} });
  lines.forEach(line);
  end();
  return exchanges > 0;
}

/** Where the fields stand that are needed; -1 for one that this log does not have. */
interface Layout {
  readonly count: number;
  readonly date: number;
  readonly time: number;
  readonly method: number;
  readonly stem: number;
  readonly query: number;
  readonly client: number;
  /** What some administrators add to see the device behind a proxy. */
  readonly forwardedFor: number;
  readonly agent: number;
  readonly status: number;
  readonly substatus: number;
  readonly win32: number;
  readonly took: number;
}

/** The layout that a `#Fields:` line of IIS announces; undefined for any other line. */
function layoutOf(text: string): Layout | undefined {
  const names = fieldNames(text);
  if (names === undefined || !names.includes('cs-uri-stem') || !names.includes('sc-status')) return undefined;
  const at = (name: string): number => names.indexOf(name);
  return {
    count: names.length,
    date: at('date'),
    time: at('time'),
    method: at('cs-method'),
    stem: at('cs-uri-stem'),
    query: at('cs-uri-query'),
    client: at('c-ip'),
    forwardedFor: at('x-forwarded-for'),
    agent: at('cs(user-agent)'),
    status: at('sc-status'),
    substatus: at('sc-substatus'),
    win32: at('sc-win32-status'),
    took: at('time-taken'),
  };
}

/** What IIS logs unless somebody chooses otherwise: for lines without a head, such as what a search for mscep found. */
const DEFAULT_LAYOUT: Layout = {
  count: 15,
  date: 0,
  time: 1,
  method: 3,
  stem: 4,
  query: 5,
  client: 8,
  forwardedFor: -1,
  agent: 9,
  status: 11,
  substatus: 12,
  win32: 13,
  took: 14,
};

/** What one line tells, however it was read. */
interface Told extends ScepAnswer {
  readonly stem: string;
  readonly at: number | undefined;
  /** Undefined where the log has no user agents. */
  readonly agent: string | undefined;
  readonly device: string | undefined;
}

/** Lines that belong together, the first of which began a request. */
interface Open {
  /** The lines as they stand, joined by line feeds. */
  readonly text: string;
  /** The line that they were before somebody wrapped it, as far as that can be told. */
  readonly whole: string;
  /** Characters of each line so far, where all have the same number: perhaps a terminal's width; 0 where they differ. */
  readonly width: number;
  readonly line: number;
  readonly count: number;
  /** What can be told already; the status itself is there, the numbers behind it are not. */
  readonly request?: PastedRequest;
}

/** More lines, or characters, than even an encrypted request takes in a narrow window. */
const MAX_WRAPPED_LINES = 300;
const MAX_WRAPPED_TEXT = 65_536;

interface State {
  readonly file: string;
  readonly sink: LogSink;
  readonly clock: LogClock;
  readonly columns: Columns;
  readonly details: (answer: ScepAnswer) => string;
  layout: Layout;
  open: Open | undefined;
  /** The line before this one where that told of no request: a method may stand at its end. */
  previous: string;
  /** The most numbers that stood behind a Windows code so far; two mean that the first is a number of bytes. */
  mostNumbers: number;
}

function iisParser(file: string, sink: LogSink): LogParser {
  const state: State = {
    file,
    sink,
    clock: logClock(),
    columns: columnSpace(),
    details: answerDetails(),
    layout: DEFAULT_LAYOUT,
    open: undefined,
    previous: '',
    mostNumbers: 0,
  };
  return {
    line: (text, line) => {
      if (!readColumns(state, text, line)) readLoose(state, text, line);
    },
    end: () => settle(state),
  };
}

/** Reads a line by its columns; false when they do not fit, and the line has to be read in the other way. */
function readColumns(state: State, text: string, line: number): boolean {
  const { columns, layout } = state;
  if (text.startsWith('#') || findColumns(text, columns) !== layout.count) return false;
  const status = numberColumn(text, columns, layout.status);
  const time = column(text, columns, layout.time);
  const at = layout.time < 0 ? undefined : state.clock.instant(column(text, columns, layout.date), time);
  if (status === undefined || (layout.time >= 0 && at === undefined)) return false;
  if (layout === DEFAULT_LAYOUT && !looksDefault(text, columns)) return false;
  if (state.open !== undefined) settle(state);
  if (at !== undefined) state.sink.seen(at);
  const stem = column(text, columns, layout.stem);
  const query = column(text, columns, layout.query);
  const operation = operationOf(column(text, columns, layout.method), stem, query);
  if (operation === undefined) return true;
  const forwarded = column(text, columns, layout.forwardedFor);
  const told: Told = {
    operation,
    stem,
    query,
    at,
    agent: layout.agent < 0 ? undefined : column(text, columns, layout.agent),
    device: forwarded === '' || forwarded === '-' ? column(text, columns, layout.client) : forwarded,
    status,
    substatus: numberColumn(text, columns, layout.substatus),
    win32: numberColumn(text, columns, layout.win32),
    tookMs: numberColumn(text, columns, layout.took),
  };
  tell(state, told, text, line);
  return true;
}

/** Where nobody says what the columns are, four numbers have to be at the end, and a path in the middle. */
function looksDefault(text: string, columns: Columns): boolean {
  const numbers = [DEFAULT_LAYOUT.substatus, DEFAULT_LAYOUT.win32, DEFAULT_LAYOUT.took].map((index) => numberColumn(text, columns, index));
  return numbers.every((number) => number !== undefined) && column(text, columns, DEFAULT_LAYOUT.stem).startsWith('/');
}

/** Heads, and lines that do not fit the columns: pasted, wrapped, cut. */
function readLoose(state: State, text: string, line: number): void {
  if (text.startsWith('#')) readHead(state, text);
  else if (!goesOn(state, text)) {
    settle(state);
    const { previous } = state;
    state.previous = '';
    const found = SCEP_WORDS.test(text) ? (requestAcross(previous, text, line) ?? requestIn(text, line)) : undefined;
    if (found === undefined) passBy(state, text);
    else if (found.request.complete) tellPasted(state, found, found.request);
    else if (isScep(found.request)) state.open = found;
  }
}

function isScep({ method, stem, query }: PastedRequest): boolean {
  return operationOf(method, stem, query) !== undefined;
}

function readHead(state: State, text: string): void {
  settle(state);
  state.previous = '';
  if (/^#Date:/i.test(text)) state.clock.startsAt(text);
  state.layout = layoutOf(text) ?? state.layout;
}

/** A line without a request that matters may still say which time the log covers, or hold the beginning of one. */
function passBy(state: State, text: string): void {
  state.previous = text.length <= MAX_WRAPPED_TEXT / 8 ? text : '';
  const [, date, time] = /^\s{0,20}(\d{4}-\d{2}-\d{2})\s(\d{2}:\d{2}:\d{2})(?=\s|$)/.exec(text.slice(0, 60)) ?? [];
  const at = date === undefined || time === undefined ? undefined : state.clock.instant(date, time);
  if (at !== undefined) state.sink.seen(at);
}

interface Found extends Open {
  readonly request: PastedRequest;
}

function requestIn(text: string, line: number): Found | undefined {
  const request = pastedRequest(text);
  return request === undefined ? undefined : { text, whole: text, width: text.length, line, count: 1, request };
}

/** A request whose method was the end of the line before. */
function requestAcross(previous: string, text: string, line: number): Found | undefined {
  if (!/\s(?:GET|POST|HEAD)\s{0,9}$/.test(previous.slice(-20))) return undefined;
  const found = requestIn(`${previous} ${text}`, line - 1);
  return found && { ...found, text: `${previous}\n${text}`, width: 0, count: 2 };
}

/** Takes the line as the rest of the request that is open; false when there is none, or the line begins something of its own. */
function goesOn(state: State, text: string): boolean {
  const { open } = state;
  if (open === undefined || startsAnew(text)) return false;
  if (open.request?.status !== undefined && !isRestOfNumbers(text)) return false;
  if (open.text.length + text.length > MAX_WRAPPED_TEXT || open.count >= MAX_WRAPPED_LINES) return false;
  const whole = unwrapped(open, text);
  const mayEnd = open.request?.status !== undefined || mayHoldStatus(text);
  const request = (mayEnd ? pastedRequest(whole) : undefined) ?? open.request;
  const width = text.length === open.width ? open.width : 0;
  const together = { text: `${open.text}\n${text}`, whole, width, line: open.line, count: open.count + 1 };
  const longer: Open = request === undefined ? together : { ...together, request };
  state.open = longer;
  if (request?.complete === true) {
    state.open = undefined;
    tellPasted(state, longer, request);
  }
  return true;
}

/** Mail programs wrap at spaces, which they drop; terminals fill each line to its end and cut words. */
function unwrapped({ whole, width, count }: Open, next: string): string {
  const isFilled = width > 0 && (count > 1 || next.length === width);
  return isFilled ? whole + next : `${whole} ${next}`;
}

function startsAnew(text: string): boolean {
  return /^\s{0,20}\d{4}-\d{2}-\d{2}\s\d{2}:\d{2}:\d{2}(?:\s|$)/.test(text.slice(0, 60)) || pastedRequest(text) !== undefined;
}

/** Tells the request that is open as far as it is known, or that it cannot be read. */
function settle(state: State): void {
  const { open } = state;
  state.open = undefined;
  if (open === undefined) return;
  if (open.request?.status === undefined) state.sink.unreadable(open.line);
  else tellPasted(state, open, open.request);
}

function tellPasted(state: State, { text, line }: Open, request: PastedRequest): void {
  const { method, stem, query, status } = request;
  const at = request.time === '' ? undefined : state.clock.instant(request.date, request.time);
  if (at !== undefined) state.sink.seen(at);
  const operation = operationOf(method, stem, query);
  if (operation === undefined || status === undefined) return;
  const told: Told = {
    operation,
    stem,
    query,
    at,
    agent: request.agent,
    device: request.client,
    status,
    substatus: request.substatus,
    win32: request.win32,
    tookMs: timeIsLost(state, request) ? undefined : request.rest.at(-1),
  };
  tell(state, told, text, line);
}

/** Where other lines have a number of bytes before the time, a line with one number is cut off; one with a date was pasted whole. */
function timeIsLost(state: State, { date, rest }: PastedRequest): boolean {
  if (date !== '') return false;
  state.mostNumbers = Math.max(state.mostNumbers, rest.length);
  return rest.length < state.mostNumbers;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A part of a line longer than this keeps the whole line alive; see `detached`. */
const LONG_LINE = 1_000;

/** Called for each SCEP line of a log of gigabytes: what is not needed for a usual one is not made. */
function tell(state: State, told: Told, text: string, line: number): void {
  const { file, sink } = state;
  const { operation, at, device, status, substatus, win32, tookMs } = told;
  const byAgent = told.agent === undefined ? platformOfRequest(told.stem, told.query) : platformOfAgent(told.agent);
  const exchange: Writable<ScepExchange> = { file, line, platform: platformFor(operation, byAgent), operation, status };
  if (at !== undefined) exchange.at = at;
  if (substatus !== undefined) exchange.substatus = substatus;
  if (win32 !== undefined) exchange.win32 = win32;
  if (tookMs !== undefined) exchange.tookMs = tookMs;
  if (device !== undefined && device !== '' && device !== '-') exchange.device = text.length > LONG_LINE ? detached(device) : device;
  const unusual = !isUsual(told);
  if (unusual) exchange.text = evidenceText(text);
  sink.exchange(exchange);
  if (unusual) tellFinding(state, told, exchange);
}

function tellFinding({ sink, details }: State, told: Told, { file, line, platform, at, text = '' }: ScepExchange): void {
  const code = answerFinding(told);
  if (code === undefined) return;
  const detail = details(told);
  sink.finding(at === undefined ? { code, platform, file, line, text, detail } : { code, platform, file, line, text, detail, at });
}
