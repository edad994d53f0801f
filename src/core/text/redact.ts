/** GUIDs name tenants, applications and connectors. */
const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** Hosts whose first path segment is the tenant, by GUID or by name. */
const SIGN_IN_HOST = /^(?:login\.(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn|windows\.net)|sts\.windows\.net)$/i;

/** Anything with a scheme or a leading `//`, in either slash, as far as a URL can reach in running text. */
const URL_LIKE = /(?:[a-z][a-z0-9+.-]{0,20}:)?[\\/]{2}[^\s"'<>`]+/gi;

const CHALLENGE = /(challenge password is:?(?:\s|<[^<>]{0,40}>|&nbsp;)*)[0-9a-z]{6,64}/gi;

/**
 * A URL as it may be shown: scheme, host and path. Credentials, path parameters, query and fragment are left out,
 * GUIDs and the tenant of a sign-in address are replaced.
 */
export function redactedUrl(url: string): string {
  const slashes = url.replaceAll('\\', '/');
  const cut = slashes.search(/[?#;]/);
  const base = cut === -1 ? slashes : slashes.slice(0, cut);
  const [, scheme = '', authority = '', path = ''] = /^((?:[a-z][a-z0-9+.-]*:)?\/\/)?([^/]*)(.*)$/is.exec(base) ?? [];
  const parts = authority.split(/@|%40/i);
  const name = parts.at(-1) ?? '';
  const host = parts.length > 1 ? `<redacted>@${name}` : name;
  const tenantless = SIGN_IN_HOST.test(name) ? path.replace(/^\/[^/]+/, '/<tenant>') : path;
  return `${scheme}${host}${tenantless}${cut === -1 ? '' : '?…'}`.replace(GUID, '<id>');
}

/** Running text as it may be shown: URLs reduced, GUIDs and enrolment challenges replaced. */
export function redactedText(text: string): string {
  return text.replace(URL_LIKE, redactedUrl).replace(GUID, '<id>').replace(CHALLENGE, '$1<redacted>');
}

/**
 * For messages that repeat what a person typed: a word with a colon before an `@` (or `%40`) may hold a password,
 * and what follows a `?` in a URL may be a challenge; neither is repeated.
 */
export function withoutSecrets(message: string): string {
  return message.replace(/[^\s"'`]+/g, (word) => {
    const colon = word.indexOf(':');
    const at = word.search(/@|%40/i);
    if (colon !== -1 && at > colon) return '(not repeated: it may hold a password)';
    const query = word.includes('://') ? word.indexOf('?') : -1;
    return query === -1 || query === word.length - 1 ? word : `${word.slice(0, query)}?…`;
  });
}

/** Settings and connection strings in which the value of something secret stands behind its name. */
const NAMED_SECRET =
  /((?:account|shared|access|function)?_?(?:key|secret|password|pwd|token|signature)|\bsig)(["']?\s*=\s*["']?|["']\s*:\s*["'])[^\s;&,"']+/gi;

/** Messages about settings repeat what stands in them, and in the wrong setting may stand a key. */
export function withoutNamedSecrets(message: string): string {
  return message.replace(NAMED_SECRET, '$1$2<redacted>');
}

/** Text for whoever asks, without a key: no identifiers, no names that the directory quotes in its errors, no secrets. */
export function anonymousText(text: string): string {
  const signInError = /\bAADSTS\d+/.exec(text)?.[0];
  const told =
    signInError === undefined
      ? text
      : `${text.slice(0, text.indexOf(signInError))}${signInError} (the log of the function has the whole text)`;
  return withoutNamedSecrets(redactedText(told));
}
