import { redactedText, redactedUrl } from '../text/redact.ts';
import type { Header } from '../verdict/observation.ts';

/** The first value of a header, whatever its spelling, or undefined. */
export function headerValue(headers: readonly Header[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  return headers.find(([candidate]) => candidate.toLowerCase() === wanted)?.[1];
}

/** Headers whose value is a secret, an identifier or a session, whatever it looks like. */
const SECRET =
  /cookie|^(?:proxy-)?authorization$|authentication-info|token|^report-to$|^reporting-endpoints$|^x-ms-proxy-(?:subscription|tenant|app|group)-id$/;

/** Challenges of HTTP authentication: the scheme says what is asked for, the rest may be a ticket. */
const AUTHENTICATE = /^(?:www|proxy)-authenticate$/;

/** The one identifier that exists to be passed on: Microsoft's support asks for it. */
const TRANSACTION_ID = 'x-ms-proxy-transaction-id';

/** The value as it may be shown: identifiers, cookies and tickets are replaced, and URLs lose their queries. */
export function redactedHeaderValue(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (lower === TRANSACTION_ID) return value;
  if (SECRET.test(lower)) return '<redacted>';
  if (AUTHENTICATE.test(lower)) return value.replace(/^(\s*[\w-]+)\s+.+$/s, '$1 <redacted>');
  return lower === 'location' || lower === 'content-location' ? redactedUrl(value) : redactedText(value);
}
