import type { Answer, Header } from '../reply.ts';

/** Answers of whatever stands between the client and the application proxy or IIS: CDN, WAF, other proxies, hotel networks. */
function outsideAnswer(status: number, reason: string, server: string | undefined, page: string, more: readonly Header[] = []): Answer {
  const name: readonly Header[] = server === undefined ? [] : [['Server', server]];
  return {
    kind: 'answer',
    origin: 'outside',
    status,
    reason,
    headers: [['Content-Type', 'text/html'], ...name, ...more],
    body: Buffer.from(page),
  };
}

const page = (title: string, body: string) =>
  `<!DOCTYPE html>\n<html>\n<head><title>${title}</title></head>\n<body>\n${body}\n</body>\n</html>\n`;

export const cloudflareChallenge = (): Answer =>
  outsideAnswer(
    403,
    'Forbidden',
    'cloudflare',
    page('Just a moment...', '<noscript>Enable JavaScript and cookies to continue</noscript>'),
    [
      ['Cf-Mitigated', 'challenge'],
      ['CF-RAY', '8f2c0d3e4b5a6978-AMS'],
    ],
  );

export const cloudflareBlock = (): Answer =>
  outsideAnswer(403, 'Forbidden', 'cloudflare', page('Attention Required! | Cloudflare', '<h1>Sorry, you have been blocked</h1>'), [
    ['CF-RAY', '8f2c0d3e4b5a6978-AMS'],
  ]);

export const akamaiDenied = (): Answer =>
  outsideAnswer(
    403,
    'Forbidden',
    'AkamaiGHost',
    `<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n \nYou don't have permission to access this server.<P>\nReference&#32;&#35;18&#46;2d351ab8&#46;1700000000&#46;a4e16ab\n<P>https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18&#46;2d351ab8</P>\n<!-- errors.edgesuite.net -->\n</BODY>\n</HTML>\n`,
    [['Mime-Version', '1.0']],
  );

/** F5 answers its rejection with 200. */
export const f5Rejected = (status: 200 | 403 = 200): Answer =>
  outsideAnswer(
    status,
    status === 200 ? 'OK' : 'Forbidden',
    undefined,
    '<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your administrator.<br><br>Your support ID is: 1234567890123456789<br><br><a href="javascript:history.back();">[Go Back]</a></body></html>',
  );

export const webPageBlocked = (): Answer =>
  outsideAnswer(503, 'Service Unavailable', undefined, page('Web Page Blocked', '<h1>Web Page Blocked</h1>\n<p>Category: Unrated</p>'));

/** A hotel's sign-in page with no vendor's fingerprint. */
export const captivePortal = (): Answer =>
  outsideAnswer(511, 'Network Authentication Required', undefined, page('Welcome', '<h1>Sign in to the guest network</h1>'));

export const tooManyRequests = (): Answer =>
  outsideAnswer(429, 'Too Many Requests', undefined, page('Slow down', '<h1>Rate limit exceeded</h1>'), [['Retry-After', '120']]);

export const upstreamTimeout = (): Answer =>
  outsideAnswer(408, 'Request Time-out', undefined, page('408', '<h1>408 Request Time-out</h1>'), [['Connection', 'close']]);

/** nginx and its like: the status line's words are the page. `words` include the number. */
export function nginxError(status: number, reason: string, words: string): Answer {
  return outsideAnswer(
    status,
    reason,
    'nginx',
    `<html>\r\n<head><title>${words}</title></head>\r\n<body>\r\n<center><h1>${words}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`,
  );
}

/** A cache in front of the server that could not reach it. Without the words of HTTP.sys, on purpose. */
export const varnishError = (): Answer =>
  outsideAnswer(
    503,
    'Backend fetch failed',
    'Varnish',
    page('503 Backend fetch failed', '<h1>Error 503 Backend fetch failed</h1>\n<p>Backend fetch failed</p>\n<h3>Guru Meditation:</h3>'),
    [['Retry-After', '5']],
  );

/** Some other web site of the organisation, published in place of NDES. */
export const otherSite = (): Answer => ({
  ...outsideAnswer(200, 'OK', undefined, page('Contoso intranet', '<h1>Welcome to the Contoso intranet</h1>\n<p>News of the day</p>')),
  origin: 'back-end',
});
