import type { LogCode } from '../log-code.ts';
import type { LogParser, LogReader, LogSink } from '../log-format.ts';
import type { LogOperation, ScepExchange } from '../scep-exchange.ts';
import { detached, evidenceText } from './evidence-text.ts';
import { operationOf, platformFor, platformOfRequest } from './scep-request.ts';
import { digitsAt, fieldNames, type LogClock, logClock } from './w3c-columns.ts';

/** What HTTP.sys answered by itself, so that no IIS log has it: a stopped pool, limits, broken requests. Times are UTC; user agents are not logged. */
export const HTTPERR: LogReader = { format: 'httperr', recognise, parser: httperrParser };

/** What is known of the request that a reason stands beside. */
interface Refused {
  /** Undefined when it was no SCEP request, or HTTP.sys does not say what it was. */
  readonly operation: LogOperation | undefined;
  /** HTTP.sys could not read the request far enough to know its URL. */
  readonly urlUnknown: boolean;
  /** The request waited for the application pool of NDES, whatever it was. */
  readonly scepPool: boolean;
}

type Meaning = (refused: Refused) => LogCode | undefined;

const ifScep =
  (code: LogCode): Meaning =>
  ({ operation, scepPool }) =>
    operation === undefined && !scepPool ? undefined : code;

/** Requests that are too long are SCEP's own trouble: on a server of NDES, one without a URL counts as well. */
const tooLong =
  (code: LogCode, short: LogCode = code): Meaning =>
  ({ operation, urlUnknown }) => {
    if (operation === undefined) return urlUnknown ? code : undefined;
    return operation === 'PKIOperation' ? code : short;
  };

/** The application pool that the role NDES makes. */
const NDES_POOL = 'SCEP';

interface Reason {
  readonly name: string;
  readonly meaning: Meaning;
  /** For people; with what HTTP.sys means by the word. */
  readonly says: string;
}

const NOTHING: Meaning = () => undefined;

/** The reason phrases of HTTP.sys; source: Microsoft, "Error logging in HTTP APIs" (KB 820729), and URL_Length of later versions. */
const REASONS: readonly Reason[] = [
  { name: 'AppOffline', meaning: ifScep('ndes-app-pool-stopped'), says: 'the application pool is off after errors of its application' },
  { name: 'AppShutdown', meaning: ifScep('ndes-app-pool-stopped'), says: 'the application pool was shut down by its policy' },
  { name: 'Disabled', meaning: ifScep('ndes-app-pool-stopped'), says: 'an administrator has stopped the application pool' },
  { name: 'AppPoolTimer', meaning: ifScep('service-unavailable'), says: 'the application pool is too busy' },
  { name: 'QueueFull', meaning: ifScep('service-unavailable'), says: 'the queue of the application pool is full' },
  { name: 'ConnLimit', meaning: ifScep('service-unavailable'), says: 'the site has reached its limit of connections' },
  { name: 'Connections_Refused', meaning: NOTHING, says: 'the kernel is short of memory' },
  { name: 'N/A', meaning: ifScep('service-unavailable'), says: 'an error inside HTTP.sys' },
  { name: 'N/I', meaning: ifScep('iis-bad-request'), says: 'not implemented' },
  { name: 'Internal', meaning: ifScep('ndes-internal-error'), says: 'an internal error' },
  {
    name: 'Connection_Abandoned_By_AppPool',
    meaning: ifScep('log-worker-process-crashed'),
    says: 'the worker process ended with the request unanswered',
  },
  {
    name: 'Connection_Abandoned_By_ReqQueue',
    meaning: ifScep('log-worker-process-crashed'),
    says: 'the worker process ended with the request unanswered',
  },
  {
    name: 'Connection_Dropped',
    meaning: ifScep('log-client-gave-up'),
    says: 'the client closed the connection before its answer was sent',
  },
  {
    name: 'Connection_Dropped_List_Full',
    meaning: ifScep('log-client-gave-up'),
    says: 'clients closed more connections than the list holds',
  },
  {
    name: 'Client_Reset',
    meaning: ifScep('log-client-gave-up'),
    says: 'the client closed the connection before a worker process had the request',
  },
  { name: 'Request_Cancelled', meaning: ifScep('log-client-gave-up'), says: 'the request was cancelled' },
  { name: 'Timer_AppPool', meaning: ifScep('service-unavailable'), says: 'the request waited too long for a worker process' },
  { name: 'Timer_ReqQueue', meaning: ifScep('service-unavailable'), says: 'the request waited too long for a worker process' },
  { name: 'Timer_EntityBody', meaning: ifScep('log-client-gave-up'), says: 'the rest of the request never arrived' },
  { name: 'Timer_HeaderWait', meaning: ifScep('log-client-gave-up'), says: 'the rest of the headers never arrived' },
  { name: 'Timer_MinBytesPerSecond', meaning: ifScep('log-client-gave-up'), says: 'the client took its answer too slowly' },
  { name: 'Timer_SslRenegotiation', meaning: ifScep('log-client-gave-up'), says: 'a second TLS handshake was not finished' },
  // A connection that nobody uses any more is closed: all is well.
  { name: 'Timer_ConnectionIdle', meaning: NOTHING, says: 'the connection was idle' },
  { name: 'Timer_Response', meaning: NOTHING, says: 'a timer for answers ran out' },
  { name: 'Hostname', meaning: ifScep('iis-host-binding-mismatch'), says: 'no site has the host name' },
  { name: 'URL_Length', meaning: tooLong('long-url-blocked-414', 'url-too-long'), says: 'the URL is longer than HTTP.sys allows' },
  { name: 'FieldLength', meaning: tooLong('long-url-blocked-400'), says: 'a header or the URL is longer than MaxFieldLength' },
  { name: 'RequestLength', meaning: tooLong('long-url-blocked-400'), says: 'the request is longer than MaxRequestBytes' },
  { name: 'EntityTooLarge', meaning: ifScep('iis-bad-request'), says: 'the body is larger than allowed' },
  { name: 'Forbidden', meaning: ifScep('scep-operation-forbidden'), says: 'the URL has a forbidden sequence' },
  { name: 'URL', meaning: ifScep('iis-bad-request'), says: 'the URL cannot be read, or a part of it is too long' },
  { name: 'BadRequest', meaning: ifScep('iis-bad-request'), says: 'the request cannot be read' },
  { name: 'Header', meaning: ifScep('iis-bad-request'), says: 'a header cannot be read' },
  { name: 'Verb', meaning: ifScep('iis-bad-request'), says: 'the method cannot be read' },
  { name: 'Number', meaning: ifScep('iis-bad-request'), says: 'a number cannot be read' },
  { name: 'LengthRequired', meaning: ifScep('iis-bad-request'), says: 'the length of the body is missing' },
  { name: 'Precondition', meaning: ifScep('iis-bad-request'), says: 'a precondition is missing' },
  { name: 'Invalid_CR/LF', meaning: ifScep('iis-bad-request'), says: 'a line end stands where none may be' },
  { name: 'Version_N/S', meaning: ifScep('iis-bad-request'), says: 'the HTTP version is not supported' },
];

const REASON_BY_NAME: ReadonlyMap<string, Reason> = new Map(REASONS.map((reason) => [reason.name.toLowerCase(), reason]));

/** By status, for a reason that is not in the list. */
const BY_STATUS: Readonly<Record<number, Meaning>> = {
  400: ifScep('iis-bad-request'),
  403: ifScep('scep-operation-forbidden'),
  404: ifScep('ndes-path-not-found'),
  411: ifScep('iis-bad-request'),
  413: ifScep('iis-bad-request'),
  414: tooLong('long-url-blocked-414', 'url-too-long'),
  500: ifScep('ndes-internal-error'),
  503: ifScep('service-unavailable'),
};

function recognise(lines: readonly string[]): number {
  if (lines.slice(0, 50).some((line) => line.startsWith('#Software: Microsoft HTTP API'))) return 1;
  if (lines.some((line) => layoutOf(line) !== undefined)) return 1;
  const filled = lines.filter((line) => line.trim() !== '');
  const told = filled.filter((line) => entryOf(line, DEFAULT_LAYOUT) !== undefined);
  return told.length > 0 && told.length >= filled.length / 2 ? 0.8 : 0;
}

interface Layout {
  readonly date: number;
  readonly time: number;
  readonly client: number;
  readonly method: number;
  readonly uri: number;
  readonly status: number;
  readonly reason: number;
  readonly queue: number;
}

function layoutOf(text: string): Layout | undefined {
  const names = fieldNames(text);
  if (names === undefined || !names.includes('s-reason')) return undefined;
  const at = (name: string): number => names.indexOf(name);
  return {
    date: at('date'),
    time: at('time'),
    client: at('c-ip'),
    method: at('cs-method'),
    uri: at('cs-uri'),
    status: at('sc-status'),
    reason: at('s-reason'),
    queue: at('s-queuename'),
  };
}

/** How HTTP.sys has always written it, for lines that were pasted without their head. */
const DEFAULT_LAYOUT: Layout = { date: 0, time: 1, client: 2, method: 7, uri: 8, status: 9, reason: 11, queue: 12 };

interface Entry {
  readonly date: string;
  readonly time: string;
  readonly client: string;
  readonly method: string;
  readonly uri: string;
  readonly status: number | undefined;
  readonly reason: Reason | undefined;
  readonly reasonName: string;
  readonly queue: string;
}

/** More fields than any version of HTTP.sys writes. */
const MAX_WORDS = 24;

/** Reads a line by the layout, or, where that does not fit, around a reason that is known; undefined when it is no line of this log. */
function entryOf(text: string, layout: Layout): Entry | undefined {
  const words = text.trim().split(/[ \t]+/, MAX_WORDS);
  const reasonAt = isReason(words[layout.reason]) ? layout.reason : words.findLastIndex((word, at) => at >= 3 && isReason(word));
  const read = reasonAt < 0 || reasonAt === layout.reason ? layout : shifted(layout, reasonAt - layout.reason);
  const word = (at: number): string => words[at] ?? '';
  const reasonName = word(read.reason);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(word(read.date).slice(-10)) || !/^[A-Z]\w*(?:\/\w+)?$/.test(reasonName.slice(0, 64))) return undefined;
  const status = digitsAt(word(read.status), 0, word(read.status).length);
  if (status === undefined && word(read.status) !== '-') return undefined;
  return {
    date: word(read.date),
    time: word(read.time),
    client: word(read.client),
    method: word(read.method),
    uri: word(read.uri),
    status,
    reason: REASON_BY_NAME.get(reasonName.toLowerCase()),
    reasonName: reasonName.slice(0, 64),
    queue: word(read.queue),
  };
}

function isReason(word: string | undefined): boolean {
  return word !== undefined && word.length < 64 && REASON_BY_NAME.has(word.toLowerCase());
}

/** A layout whose later fields stand elsewhere: a URL with a space in it, or a version of HTTP.sys with one field more. */
function shifted(layout: Layout, by: number): Layout {
  return { ...layout, status: layout.status + by, reason: layout.reason + by, queue: layout.queue + by };
}

function httperrParser(file: string, sink: LogSink): LogParser {
  const clock = logClock();
  let layout = DEFAULT_LAYOUT;
  return {
    line: (text, line) => {
      if (text.startsWith('#')) {
        if (/^#Date:/i.test(text)) clock.startsAt(text);
        layout = layoutOf(text) ?? layout;
        return;
      }
      const entry = entryOf(text, layout);
      if (entry !== undefined) tell(entry, clock, { file, line, text }, sink);
      else if (/\S/.test(text.slice(0, 1_000)) && /mscep/i.test(text)) sink.unreadable(line);
    },
    end: () => {},
  };
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

function tell(entry: Entry, clock: LogClock, place: Place, sink: LogSink): void {
  const at = clock.instant(entry.date, entry.time);
  if (at !== undefined) sink.seen(at);
  const [stem = '', query = '-'] = splitUri(entry.uri);
  const operation = operationOf(entry.method, stem, query);
  const meaning = entry.reason?.meaning ?? BY_STATUS[entry.status ?? 0] ?? NOTHING;
  const urlUnknown = entry.uri === '-' || entry.uri === '';
  const code = meaning({ operation, urlUnknown, scepPool: entry.queue.toUpperCase() === NDES_POOL });
  if (operation === undefined && code === undefined) return;
  const text = evidenceText(place.text);
  const when = at === undefined ? {} : { at };
  const where = { file: place.file, line: place.line, text, ...when };
  const platform = operation === undefined ? undefined : platformFor(operation, platformOfRequest(stem, query));
  if (operation !== undefined && platform !== undefined) sink.exchange(exchangeOf(entry, { ...where, operation, platform }));
  if (code !== undefined) sink.finding({ code, ...where, detail: detailOf(entry), ...(platform !== undefined && { platform }) });
}

function exchangeOf({ status, client }: Entry, told: ScepExchange): ScepExchange {
  return {
    ...told,
    ...(status !== undefined && { status }),
    ...(client !== '' && client !== '-' && { device: detached(client) }),
  };
}

function splitUri(uri: string): readonly string[] {
  const path = uri.replace(/^https?:\/\/[^/]{0,300}/i, '');
  const mark = path.indexOf('?');
  return mark < 0 ? [path] : [path.slice(0, mark), path.slice(mark + 1)];
}

/** `503 AppOffline: the application pool is off …, pool "SCEP"`. */
function detailOf({ status, reason, reasonName, queue, uri }: Entry): string {
  const said = `${status === undefined ? '' : `${status} `}${reasonName}${reason === undefined ? '' : `: ${reason.says}`}`;
  const pool = queue === '' || queue === '-' ? '' : `; application pool ${queue.slice(0, 100)}`;
  const unknown = uri === '-' || uri === '' ? '; HTTP.sys does not say which URL' : '';
  return `${said}${pool}${unknown}`;
}
