import type { Cookie } from './invoke.ts';

/** The value of a Set-Cookie header, as ASP.NET writes it: name and value escaped, and a path always. */
export function setCookie({ name, value, domain, path = '/', expires, maxAge, secure, httpOnly, sameSite }: Cookie): string {
  return [
    `${percentEncoded(name)}=${percentEncoded(value)}`,
    expires !== undefined && `expires=${new Date(expires * 1000).toUTCString()}`,
    maxAge !== undefined && `max-age=${Math.round(maxAge)}`,
    domain !== undefined && `domain=${domain}`,
    `path=${path}`,
    secure === true && 'secure',
    sameSite !== undefined && `samesite=${sameSite}`,
    httpOnly === true && 'httponly',
  ]
    .filter((part) => part !== false)
    .join('; ');
}

/** encodeURIComponent leaves five characters more as they are than .NET does. */
function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
