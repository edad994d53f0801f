import { contains, decodeBody, pageTitle, type SearchableText, searchable } from '../http/decode-body.ts';
import { headerValue } from '../http/headers.ts';
import { printable } from '../text/printable.ts';
import type { Answered, Failed, Operation } from './observation.ts';

/** What can be said about an answer before anybody judges it; the names are those of the decision table. */
export interface AnswerFacts {
  readonly kind: 'answer';
  readonly operation: Operation;
  readonly status: number;
  readonly server: string;
  readonly location: string;
  /** AP: some `x-ms-proxy-*` header, so the answer passed Entra application proxy. */
  readonly throughProxy: boolean;
  /** CID: a private network connector handled the request, so the fault lies on its side. */
  readonly byConnector: boolean;
  /** ERR: application proxy's own name for its error, lower case; empty when absent. */
  readonly proxyError: string;
  /** CORP: the sentence on every error page of application proxy. */
  readonly corporateAppPage: boolean;
  /** No byte of body, or only white space. */
  readonly emptyBody: boolean;
  /** Bytes were still owed when the time was up, or when the connection broke. */
  readonly cutShort: 'timeout' | 'reset' | undefined;
  /** B~: the normalised body contains a lower-case literal or matches a pattern. */
  readonly says: (wanted: string | RegExp) => boolean;
  /** `HTTP 503 Service Unavailable` and the page's title: how a person would describe it. */
  readonly described: string;
}

/** Why no answer came, by what it means rather than by error code. */
export type FailureKind =
  | 'name-not-found'
  | 'lookup-failed'
  | 'refused'
  | 'connect-timeout'
  | 'certificate-expired'
  | 'certificate-name'
  | 'certificate-untrusted'
  | 'reset'
  | 'no-reply'
  | 'not-http'
  | 'own-side';

export interface FailureFacts {
  readonly kind: 'failure';
  readonly operation: Operation;
  readonly failure: FailureKind;
  readonly code: string;
  readonly described: string;
}

export type Facts = AnswerFacts | FailureFacts;

const CORPORATE_APP = /corporate app can(?:'|no)?t be accessed/;

export function answerFacts(answered: Answered): AnswerFacts {
  const { headers, status, body } = answered;
  const page = lazy(() => readPage(answered));
  const says = (wanted: string | RegExp): boolean => contains(page().searchable, wanted);
  return {
    kind: 'answer',
    operation: answered.request.operation,
    status,
    server: headerValue(headers, 'server') ?? '',
    location: resolvedLocation(headerValue(headers, 'location'), answered.request.url),
    throughProxy: headers.some(([name]) => name.toLowerCase().startsWith('x-ms-proxy-')),
    byConnector: (headerValue(headers, 'x-ms-proxy-connector-id') ?? '') !== '',
    proxyError: (headerValue(headers, 'x-ms-proxy-error-details') ?? '').trim().toLowerCase(),
    corporateAppPage: says(CORPORATE_APP),
    emptyBody: body.length === 0 || page().searchable.source.trim() === '',
    cutShort: answered.bodyEnd === 'timeout' || answered.bodyEnd === 'reset' ? answered.bodyEnd : undefined,
    says,
    described: describeAnswer(answered, page().title),
  };
}

/** A redirect target may be relative to the request (RFC 9110 section 10.2.2), `//host` included. */
function resolvedLocation(location: string | undefined, base: string): string {
  if (location === undefined || !URL.canParse(location, base)) return location ?? '';
  return new URL(location, base).href;
}

interface Page {
  readonly searchable: SearchableText;
  readonly title: string | undefined;
}

function readPage(answered: Answered): Page {
  // A certificate bundle is no page: decoding it costs time and can only produce accidental matches.
  if (looksLikeDer(answered.body)) return { searchable: { source: '(binary)', visible: '(binary)' }, title: undefined };
  const { text } = decodeBody(answered.body, headerValue(answered.headers, 'content-type'));
  return { searchable: searchable(text), title: pageTitle(text) };
}

/** A SEQUENCE with a long or indefinite length, which is how every certificate and every CMS message starts and no page does. */
function looksLikeDer(body: Uint8Array): boolean {
  return body[0] === 0x30 && body[1] !== undefined && body[1] >= 0x80 && body[1] <= 0x84;
}

function describeAnswer({ status, reason, headers }: Answered, title: string | undefined): string {
  const statusLine = reason === '' ? `HTTP ${status}` : `HTTP ${status} ${printable(reason, 60)}`;
  const server = headerValue(headers, 'server');
  const details = [
    title === undefined ? undefined : `page title "${printable(title, 80)}"`,
    server === undefined || server === '' ? undefined : `Server: ${printable(server, 60)}`,
  ].filter((detail) => detail !== undefined);
  return details.length === 0 ? statusLine : `${statusLine} (${details.join(', ')})`;
}

export function failureFacts(failed: Failed): FailureFacts {
  const { code, detail, phase } = failed;
  return {
    kind: 'failure',
    operation: failed.request.operation,
    failure: failureKind(failed),
    code,
    described: `${PHASE_NAMES[phase]}: ${printable(code, 60)}${detail === '' ? '' : ` (${printable(detail, 160)})`}`,
  };
}

const PHASE_NAMES: Readonly<Record<Failed['phase'], string>> = {
  dns: 'name lookup failed',
  tcp: 'TCP connection failed',
  tls: 'TLS handshake failed',
  request: 'the connection broke while the request was sent',
  'first-byte': 'no answer arrived',
  body: 'the answer broke off',
};

const NAME_NOT_FOUND = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NONAME', 'EAI_NODATA']);
const REFUSED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN']);
const TIMEOUT = /TIMEOUT|TIMEDOUT/;
/** Shortage on the probing machine: nothing that the target could be blamed for. */
const OWN_SIDE = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EACCES', 'EPERM']);
const NOT_HTTP = /^HPE_|^UND_ERR_HEADERS_OVERFLOW$|^UND_ERR_RES_|^UND_ERR_RESPONSE|^UND_ERR_INVALID/;
const TLS_ALERT_OR_PROTOCOL = /^(?:EPROTO|ERR_SSL_|ERR_TLS_(?!CERT))/;

function failureKind({ code, phase }: Failed): FailureKind {
  if (OWN_SIDE.has(code)) return 'own-side';
  if (phase === 'dns') return NAME_NOT_FOUND.has(code) ? 'name-not-found' : 'lookup-failed';
  if (REFUSED.has(code)) return 'refused';
  if (TIMEOUT.test(code)) return phase === 'tcp' ? 'connect-timeout' : 'no-reply';
  if (NOT_HTTP.test(code)) return 'not-http';
  if (phase === 'tls' && !TLS_ALERT_OR_PROTOCOL.test(code)) {
    if (code === 'CERT_HAS_EXPIRED') return 'certificate-expired';
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'certificate-name';
    if (CERTIFICATE_ERRORS.test(code)) return 'certificate-untrusted';
  }
  return 'reset';
}

/** X509_V_ERR_* names as Node spells them. */
const CERTIFICATE_ERRORS =
  /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|CRL_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERROR_IN_CERT_)/;

function lazy<T>(compute: () => T): () => T {
  let cached: { readonly value: T } | undefined;
  return () => {
    cached ??= { value: compute() };
    return cached.value;
  };
}
