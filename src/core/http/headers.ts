import type { Header } from '../verdict/observation.ts';

/** The first value of a header, whatever its spelling, or undefined. */
export function headerValue(headers: readonly Header[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  return headers.find(([candidate]) => candidate.toLowerCase() === wanted)?.[1];
}

/** Values that identify a tenant or a session; the rest of the world needs to know only that they were there. */
const IDENTIFYING = new Set([
  'x-ms-proxy-subscription-id',
  'x-ms-proxy-app-id',
  'x-ms-proxy-group-id',
  'set-cookie',
  'cookie',
  'authorization',
  'report-to',
]);

/** The value as it may be shown: identifiers and cookies are replaced, and a redirect keeps its target but not its query. */
export function redactedHeaderValue(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (IDENTIFYING.has(lower)) return '<redacted>';
  if (lower === 'location') return redactedLocation(value);
  return value;
}

/** Host and path of a redirect target; tenant GUIDs in the path and everything behind `?` or `#` are left out. */
export function redactedLocation(location: string): string {
  const end = location.search(/[?#]/);
  const base = end === -1 ? location : `${location.slice(0, end)}?…`;
  return base
    .replace(/^((?:[a-z][a-z0-9+.-]*:)?\/\/)[^/]*@/i, '$1<redacted>@')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<tenant>');
}
