import { parseIsoTime } from '../../time.ts';
import type { LogCode } from '../log-code.ts';
import type { LogOperation } from '../scep-exchange.ts';
import { detached } from './evidence-text.ts';

/** How much of one record is looked at and kept, in characters: what tells something stands at its start. */
export const RECORD_LIMIT = 16_384;

/** Lower case and without any white space, so that a literal is found wherever a mail or a terminal has wrapped the line. */
export function squeezed(text: string): string {
  return text.slice(0, RECORD_LIMIT).replace(/\s+/g, '').toLowerCase();
}

/** Nothing but white space; a line of thousands of spaces is not looked through. */
export function isEmptyLine(text: string): boolean {
  return text.length < 200 && text.trim() === '';
}

/** Lines that belong together. */
export interface RecordText {
  readonly add: (line: string) => void;
  readonly text: () => string;
}

/** Lines up to this length may be kept alive by what is cut from them. */
const SHORT_LINE = 4_096;

/** Joins lines by line feeds and keeps the first `RECORD_LIMIT` characters. */
export function recordText(first: string): RecordText {
  let text = first.slice(0, RECORD_LIMIT);
  let long = first.length > SHORT_LINE;
  return {
    add: (line) => {
      if (text.length >= RECORD_LIMIT) return;
      text += `\n${line.slice(0, RECORD_LIMIT - text.length)}`;
      long ||= line.length > SHORT_LINE;
    },
    // A record may be kept long after its line, which may be much longer.
    text: () => (long ? detached(text.trimEnd()) : text.trimEnd()),
  };
}

/** Epoch ms of `2024-05-01`, `10:00:00.123` and `+0200`; without an offset the time is taken as UTC. Undefined when there is no such time. */
export function loggedTime(date: string, time: string, offset = 'Z'): number | undefined {
  const zone = /^[+-]\d{4}$/.test(offset) ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset;
  return parseIsoTime(`${date}T${time.replace(',', '.')}${zone}`);
}

/** For the optional `at` of an exchange or a finding. */
export function withTime(at: number | undefined): { readonly at?: number } {
  return at === undefined ? {} : { at };
}

const OPERATIONS: ReadonlyMap<string, LogOperation> = new Map([
  ['getcacaps', 'GetCACaps'],
  ['getcacert', 'GetCACert'],
  ['getnextcacert', 'GetNextCACert'],
  ['pkioperation', 'PKIOperation'],
]);

/** The SCEP operation that a squeezed URL or message names. */
export function operationIn(squeezedText: string): LogOperation | undefined {
  const [, name = ''] = /operation=([a-z]{1,20})/.exec(squeezedText) ?? [];
  return OPERATIONS.get(name);
}

/** Verdicts for what a server answers to any request. */
const STATUS_CODES: ReadonlyMap<number, LogCode> = new Map([
  [400, 'iis-bad-request'],
  [401, 'iis-auth-required'],
  [403, 'scep-operation-forbidden'],
  [404, 'ndes-path-not-found'],
  [414, 'url-too-long'],
  [500, 'ndes-internal-error'],
  [503, 'service-unavailable'],
]);

/** Verdicts where the request was a whole certificate request in a URL. */
const LONG_URL_CODES: ReadonlyMap<number, LogCode> = new Map([
  [400, 'long-url-blocked-400'],
  [404, 'long-url-blocked-404-15'],
  [414, 'long-url-blocked-414'],
]);

/** What an HTTP status that a client met means; undefined below 400 and where there is no verdict of its own. */
export function statusCode(status: number, longUrl = false): LogCode | undefined {
  return (longUrl ? LONG_URL_CODES.get(status) : undefined) ?? STATUS_CODES.get(status);
}

/** Meanings of the failInfo of a CertRep, RFC 8894 section 3.2.1.4. */
const FAIL_INFOS: ReadonlyMap<string, string> = new Map([
  ['badalg', 'badAlg (0): the server does not know or not allow the algorithm'],
  ['badmessagecheck', 'badMessageCheck (1): the signature of the request is wrong, or it was encrypted for another certificate'],
  ['badrequest', 'badRequest (2): the server refused the request; a used, expired or unverifiable challenge looks like this'],
  ['badtime', 'badTime (3): the clocks of the device and the server are too far apart'],
  ['badcertid', 'badCertId (4): no certificate matches what was asked for'],
]);

const FAIL_INFO_NAMES = [...FAIL_INFOS.keys()];

/** Explains a failInfo by name or number; undefined when it is none. */
export function failInfoMeaning(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  return FAIL_INFOS.get(/^[0-4]$/.test(name) ? (FAIL_INFO_NAMES[Number(name)] ?? '') : name);
}

/** Removes the oldest entries of a map until it has room for one more below `limit`. */
export function makeRoom<K>(map: Map<K, unknown>, limit: number): void {
  for (const key of map.keys()) {
    if (map.size < limit) return;
    map.delete(key);
  }
}
