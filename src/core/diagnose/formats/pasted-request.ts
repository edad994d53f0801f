import { digitsAt } from './w3c-columns.ts';

/** What can be told of a request in an IIS log whose `#Fields:` is missing or does not fit: samples in documents, mails, tickets. */
export interface PastedRequest {
  readonly date: string;
  readonly time: string;
  readonly method: string;
  readonly stem: string;
  readonly query: string;
  readonly client?: string;
  readonly agent: string;
  /** Absent while no status has been found: the line goes on in the next one. */
  readonly status?: number;
  readonly substatus?: number;
  readonly win32?: number;
  /** The numbers behind the Windows code: time-taken alone, or a number of bytes and then time-taken. */
  readonly rest: readonly number[];
  /** Status, substatus and Windows code are all there; otherwise the line may go on in the next one. */
  readonly complete: boolean;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'HEAD', 'OPTIONS', 'PUT']);

/** More words than a line of an IIS log has fields. */
const MAX_WORDS = 64;

/** Reads the first request in a text, be it one line or several joined by spaces; undefined when there is none in it. Linear in its length. */
export function pastedRequest(text: string): PastedRequest | undefined {
  const words = wordsOf(text);
  const at = words.findIndex((word, index) => METHODS.has(word) && /^(?:\/|https?:\/\/)/.test(words[index + 1] ?? ''));
  if (at < 0) return undefined;
  const before = words.slice(0, at);
  const target = words[at + 1] ?? '';
  const mark = target.indexOf('?');
  // The query is a column of its own, or, in HTTP.sys's way, still joined to the path.
  const stem = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? (words[at + 2] ?? '-') : target.slice(mark + 1);
  const statusAt = findStatus(words, at + (mark < 0 ? 4 : 2));
  const clientAt = words.findIndex((word, index) => index > at + 1 && index < (statusAt ?? words.length) && isAddress(word));
  const numbers = words.slice(statusAt ?? words.length).map(numberOf);
  const [status, substatus, win32] = numbers;
  return {
    date: before.findLast((word) => /\d{4}-\d{2}-\d{2}$/.test(word.slice(-10))) ?? '',
    time: before.findLast((word) => word.length < 16 && /^\d{2}:\d{2}:\d{2}/.test(word)) ?? '',
    method: words[at] ?? '',
    stem,
    query,
    agent: clientAt < 0 ? '' : words.slice(clientAt + 1, statusAt ?? words.length).join('+'),
    rest: countedFrom(numbers, 3),
    complete: win32 !== undefined,
    ...(clientAt >= 0 && { client: words[clientAt] ?? '' }),
    ...(status !== undefined && { status }),
    ...(substatus !== undefined && { substatus }),
    ...(win32 !== undefined && { win32 }),
  };
}

/** True when a line goes on from one that ended between status and Windows code: it has nothing but the numbers that are missing. */
export function isRestOfNumbers(text: string): boolean {
  const words = wordsOf(text);
  return words.length > 0 && words.length <= 5 && words.every((word) => numberOf(word) !== undefined);
}

/** Cheap sign that a line could hold the status that an earlier line still lacks. */
export function mayHoldStatus(text: string): boolean {
  return /(?:^|\s)[1-9]\d\d(?=\s|$)/.test(text.length > 4_000 ? text.slice(-4_000) : text);
}

/** Words without the punctuation of the sentence around them: a full stop ends the article's samples. */
function wordsOf(text: string): readonly string[] {
  const words = text.trim().split(/[ \t\n\u00a0]+/, MAX_WORDS);
  const last = words.at(-1);
  return last === undefined || !/\d[.,;]$/.test(last.slice(-2))
    ? words.filter((word) => word !== '')
    : [...words.slice(0, -1), last.slice(0, -1)];
}

/** Where `sc-status sc-substatus sc-win32-status` stand; a line that breaks off may lack the last one or two. */
function findStatus(words: readonly string[], from: number): number | undefined {
  for (let at = from; at < words.length; at++) {
    if (!isStatus(words[at])) continue;
    const rest = words.slice(at + 1, at + 3);
    if (rest.length === 2 && rest.every((word) => numberOf(word) !== undefined)) return at;
    // Cut off: nothing but numbers may follow, and port and user stand before it.
    if (rest.length < 2 && at >= from + 2 && rest.every((word) => numberOf(word) !== undefined)) return at;
  }
  return undefined;
}

function isStatus(word: string | undefined): boolean {
  return word !== undefined && /^[1-5]\d\d$/.test(word);
}

function numberOf(word: string): number | undefined {
  return digitsAt(word, 0, word.length);
}

function countedFrom(numbers: readonly (number | undefined)[], first: number): readonly number[] {
  const rest = numbers.slice(first);
  const end = rest.indexOf(undefined);
  return (end < 0 ? rest : rest.slice(0, end)).filter((number) => number !== undefined);
}

/** An address of IPv4 or IPv6, with its zone: `fe80::f53d:89b8:c3e8:5fec%13`. */
function isAddress(word: string): boolean {
  return word.length < 64 && (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(word) || /^[\da-f:.]*::?[\da-f:.]+(?:%\w+)?$/i.test(word));
}
