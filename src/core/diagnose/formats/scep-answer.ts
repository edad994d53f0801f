import { responseText } from '../../text/duration.ts';
import { explainValue } from '../error-codes.ts';
import type { LogCode } from '../log-code.ts';
import type { LogOperation } from '../scep-exchange.ts';

/** How IIS answered one SCEP request, as its log tells it. */
export interface ScepAnswer {
  readonly operation: LogOperation;
  readonly status: number;
  readonly substatus: number | undefined;
  /** sc-win32-status. */
  readonly win32: number | undefined;
  readonly tookMs: number | undefined;
  readonly query: string;
}

/** Windows codes of a connection that broke off before the answer was sent. */
const GONE: ReadonlySet<number> = new Set([64, 121, 995, 1229, 1236]);

/** Windows codes of a logon that was refused. */
const LOGON_REFUSED: ReadonlySet<number> = new Set([1326, 1330, 1907, 1909]);

const EXPIRED = 2_148_204_801;
const UNTRUSTED_ROOT = 2_148_204_809;
const BAD_IMPERSONATION = 1346;

/** What takes longer is not slow but stuck: the everyday limit of a device, and App Proxy's own is 85 s. */
const LONG_MS = 20_000;

/** IIS's own limit for queries when nobody has raised it. */
const DEFAULT_MAX_QUERY = 2_048;

interface Rule {
  readonly code: LogCode;
  readonly when: (answer: ScepAnswer) => boolean;
}

const status =
  (wanted: number, ...substatus: readonly number[]) =>
  (answer: ScepAnswer): boolean =>
    answer.status === wanted && (substatus.length === 0 || substatus.includes(answer.substatus ?? 0));

const isLong = (answer: ScepAnswer): boolean => answer.operation === 'PKIOperation' || answer.query.length > DEFAULT_MAX_QUERY;

const gaveUp: Rule = {
  code: 'log-client-gave-up',
  when: ({ win32, tookMs, status }) => status === 408 || (win32 !== undefined && GONE.has(win32) && (tookMs ?? 0) >= LONG_MS),
};

/** Calls of the policy module to the certificate registration point; the first that applies explains the answer. */
const REGISTRATION_RULES: readonly Rule[] = [
  gaveUp,
  { code: 'log-policy-certificate-expired', when: (answer) => answer.win32 === EXPIRED || status(403, 17)(answer) },
  { code: 'log-verify-certificate-untrusted', when: (answer) => answer.win32 === UNTRUSTED_ROOT || status(403, 16)(answer) },
  { code: 'log-verify-request-failed', when: ({ status }) => status >= 400 },
];

/** Requests of devices; the first that applies explains the answer. */
const DEVICE_RULES: readonly Rule[] = [
  gaveUp,
  {
    code: 'log-service-account-refused',
    when: ({ status, win32 }) => status >= 400 && win32 !== undefined && LOGON_REFUSED.has(win32),
  },
  { code: 'log-impersonation-right-missing', when: ({ status, win32 }) => status === 500 && win32 === BAD_IMPERSONATION },
  { code: 'iis-config-invalid', when: status(500, 19) },
  { code: 'ndes-internal-error', when: status(500) },
  // Limits of a pool that runs: requests at once, and the queues of ASP.NET and FastCGI.
  { code: 'service-unavailable', when: status(503, 2, 3, 4) },
  { code: 'ndes-app-pool-stopped', when: status(503) },
  { code: 'service-unavailable', when: ({ status }) => status > 500 },

  { code: 'long-url-blocked-404-15', when: status(404, 15) },
  { code: 'long-url-blocked-404-14', when: status(404, 14) },
  { code: 'ndes-isapi-blocked', when: status(404, 2, 3, 4, 17) },
  // What request filtering denies: the verb, the extension, a sequence, a hidden segment, a header, a query.
  { code: 'scep-operation-forbidden', when: status(404, 5, 6, 7, 8, 10, 11, 12, 18, 19) },
  { code: 'iis-bad-request', when: status(404, 13) },
  { code: 'ndes-path-not-found', when: status(404) },

  { code: 'iis-auth-required', when: status(401) },
  // 403.0 on the address itself is how a healthy NDES answers.
  {
    code: 'scep-operation-forbidden',
    when: ({ operation, status, substatus = 0 }) => status === 405 || (status === 403 && (operation !== 'base-url' || substatus !== 0)),
  },
  { code: 'long-url-blocked-414', when: (answer) => answer.status === 414 && isLong(answer) },
  { code: 'url-too-long', when: status(414) },
  {
    code: 'long-url-blocked-400',
    when: (answer) => (answer.status === 400 || answer.status === 431) && answer.query.length > DEFAULT_MAX_QUERY,
  },
  { code: 'iis-bad-request', when: ({ status }) => status === 400 || status === 411 || status === 413 || status === 431 },
];

/** A person who asks for mscep_admin has to log on, may mistype the password, and may not be let in: nothing of that is a finding. */
const ADMIN_RULES: readonly Rule[] = DEVICE_RULES.filter(({ code }) => code !== 'log-service-account-refused').map(({ code, when }) => ({
  code,
  when: (answer) => answer.status >= 500 && when(answer),
}));

/** What the answer means; undefined when it is the usual one, or one that means nothing by itself. */
export function answerFinding(answer: ScepAnswer): LogCode | undefined {
  return rulesFor(answer.operation).find(({ when }) => when(answer))?.code;
}

function rulesFor(operation: LogOperation): readonly Rule[] {
  if (operation === 'verify' || operation === 'notify') return REGISTRATION_RULES;
  return operation === 'admin' ? ADMIN_RULES : DEVICE_RULES;
}

/** True for an answer that nobody needs to look at: nearly all of them, so this has to be cheap. */
export function isUsual({ operation, status, substatus, win32 }: ScepAnswer): boolean {
  if (win32 !== 0 && win32 !== undefined && GONE.has(win32)) return false;
  if (status === 200 || status === 201 || status === 204) return true;
  return status === 403 && operation === 'base-url' && (substatus ?? 0) === 0;
}

const CALLS: Readonly<Partial<Record<LogOperation, string>>> = {
  'base-url': 'The address itself',
  admin: 'mscep_admin',
  verify: 'VerifyRequest',
  notify: 'Notify',
  other: 'A request',
};

/** Describes answers for people. Remembers the last of each operation, because in an outage a million lines say the same. */
export function answerDetails(): (answer: ScepAnswer) => string {
  const last = new Map<LogOperation, { readonly answer: ScepAnswer; readonly detail: string }>();
  return (answer) => {
    const known = last.get(answer.operation);
    if (known !== undefined && isAlike(known.answer, answer)) return known.detail;
    const detail = answerDetail(answer);
    const { operation, status, substatus, win32, tookMs } = answer;
    last.set(operation, { answer: { operation, status, substatus, win32, tookMs, query: '' }, detail });
    return detail;
  };
}

function isAlike(a: ScepAnswer, b: ScepAnswer): boolean {
  const isAlikeInTime = a.tookMs === b.tookMs || ((a.tookMs ?? 0) < LONG_MS && (b.tookMs ?? 0) < LONG_MS);
  return a.status === b.status && a.substatus === b.substatus && a.win32 === b.win32 && isAlikeInTime;
}

/** `GetCACert: 500.0, Windows code 1346 (a required impersonation level was not provided)`. */
function answerDetail({ operation, status, substatus, win32, tookMs }: ScepAnswer): string {
  const parts = [`${CALLS[operation] ?? operation}: ${substatus === undefined ? status : `${status}.${substatus}`}`];
  if (win32 !== undefined && win32 !== 0) parts.push(`Windows code ${win32}${meaningOf(win32)}`);
  if (tookMs !== undefined && tookMs >= LONG_MS) parts.push(`after ${responseText(tookMs)}`);
  return parts.join(', ');
}

function meaningOf(win32: number): string {
  const known = explainValue(win32);
  if (known === undefined) return '';
  return win32 > 0xffff ? ` (${known.code}: ${known.meaning})` : ` (${known.meaning})`;
}
