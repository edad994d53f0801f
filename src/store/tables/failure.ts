import { isRestError, type RestError } from '@azure/core-rest-pipeline';

/** What one failed try means for the next one. */
export type Failure =
  /** The service has understood the request and declined it; the caller knows what that means. */
  | { readonly kind: 'declined'; readonly status: number; readonly code: string }
  /** Worth another try. */
  | { readonly kind: 'passing'; readonly what: string; readonly retryAfterMs?: number; readonly cause?: unknown }
  /** No try will help before somebody acts. */
  | { readonly kind: 'refused'; readonly what: string };

/** When the service gives no code of its own, for example because it was a proxy that answered. */
export const NO_CODE = 'no error code';

const RETRIED = new Set([408, 429]);

/** Reads whatever the library or the network threw; the result holds no header, no body and no secret. */
export function failureOf(error: unknown, now: number): Failure {
  if (isRestError(error)) return restFailure(error, now);
  if (isCredentialError(error)) return credentialFailure(error);
  // Anything else comes from code that read an answer: the answer was not what a table service sends.
  return { kind: 'passing', what: `the answer made no sense (${error instanceof Error ? error.message : typeof error})`, cause: error };
}

function restFailure(error: RestError, now: number): Failure {
  const { statusCode: status } = error;
  if (status === undefined) return { kind: 'passing', what: networkProblem(error.code) };
  if (status < 300) return { kind: 'passing', what: `the answer made no sense (status ${status}, ${error.code ?? 'unexpected content'})` };
  const code = serviceCode(error);
  if (status === 401 || status === 403) return { kind: 'refused', what: `${status} ${code}: ${whatToDo(status, code)}` };
  if (status >= 500 || RETRIED.has(status) || code === 'TableBeingDeleted') {
    const retryAfterMs = retryAfter(error.response?.headers.get('retry-after'), now);
    return { kind: 'passing', what: `${status} ${code}`, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  return { kind: 'declined', status, code };
}

function networkProblem(code: string | undefined): string {
  switch (code) {
    case undefined:
    case 'REQUEST_SEND_ERROR':
      return 'the request could not be sent';
    case 'PARSE_ERROR':
      return 'the connection broke in the middle of the answer';
    case 'ENOTFOUND':
      return 'the name of the endpoint is not known (ENOTFOUND)';
    case 'ECONNREFUSED':
      return 'nothing listens at the endpoint (ECONNREFUSED)';
    default:
      return printableCode(code);
  }
}

/** From the header, or from the body: `{"odata.error":{"code":"…"}}`. */
function serviceCode({ code, response }: RestError): string {
  const found = response?.headers.get('x-ms-error-code') ?? bodyCode(response?.bodyAsText) ?? code;
  return found === undefined ? NO_CODE : printableCode(found);
}

/** The code in an error body, or undefined when there is none. */
export function bodyCode(body: string | null | undefined): string | undefined {
  return (
    /"odata\.error"\s*:\s*\{\s*"code"\s*:\s*"([^"]{1,100})"/.exec(body ?? '')?.[1] ?? /<code>([^<]{1,100})<\/code>/i.exec(body ?? '')?.[1]
  );
}

/** Codes go into messages: letters and digits only, so that nothing else gets there with them. */
function printableCode(code: string): string {
  return code.replace(/[^\w.-]/g, '').slice(0, 100);
}

const ACTIONS: Readonly<Record<string, string>> = {
  AuthorizationPermissionMismatch:
    'give the identity the role "Storage Table Data Contributor" on the storage account (a new role takes some minutes to work)',
  KeyBasedAuthenticationNotPermitted:
    'the storage account takes no account keys; use the endpoint with a managed identity instead of a connection string',
  AuthenticationFailed: 'check the account key or token, and that the clock of this machine is right to within 15 minutes',
  AuthorizationFailure: 'check the network rules of the storage account and, for a shared access signature, what it permits',
  InvalidAuthenticationInfo: 'the token is not one that the account takes; check the tenant of the identity and the clock of this machine',
  NoAuthenticationInformation: 'the request reached the service without credentials; check what stands between',
  AccountIsDisabled: 'the storage account is disabled; check the subscription',
};

function whatToDo(status: number, code: string): string {
  const other = 'check the credentials, the role "Storage Table Data Contributor" and the network rules of the storage account';
  return (
    (Object.hasOwn(ACTIONS, code) ? ACTIONS[code] : undefined) ?? (status === 401 ? ACTIONS.InvalidAuthenticationInfo : undefined) ?? other
  );
}

/** Milliseconds, from seconds or an HTTP date. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Classes of @azure/identity, which is not loaded unless it is used. */
const CREDENTIAL_ERRORS = new Set([
  'CredentialUnavailableError',
  'AuthenticationError',
  'AggregateAuthenticationError',
  'AuthenticationRequiredError',
]);

function isCredentialError(error: unknown): error is Error {
  return error instanceof Error && CREDENTIAL_ERRORS.has(error.name);
}

function credentialFailure(error: Error): Failure {
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  if (status !== undefined && (status >= 500 || RETRIED.has(status)))
    return { kind: 'passing', what: `the identity service answered ${status}` };
  // A chain of credentials only says that it failed; each of its members says why.
  const causes = 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  const why = causes.filter((cause) => cause instanceof Error).map((cause) => withoutSecrets(firstLine(cause.message)));
  return { kind: 'refused', what: `no token for the identity (${why.join('; ').slice(0, 1_000)})` };
}

/** Of the messages that libraries write over several lines. */
export function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}

/** Long runs of letters and digits may be keys, signatures or tokens. */
function withoutSecrets(text: string): string {
  return text.replace(/[\w+/=-]{60,}/g, '<redacted>').replace(/\b(sig|AccountKey|SharedKey\w*|Bearer)[=: ]+\S+/gi, '$1=<redacted>');
}
