import { printable } from '../text/printable.ts';
import { NDES_PATH } from './operation-url.ts';

export type ScepUrl =
  | { readonly ok: true; readonly url: string; readonly notes: readonly string[] }
  /** One line that names what is wrong and says what would be right. Never repeats credentials. */
  | { readonly ok: false; readonly problem: string };

const EXAMPLE = `https://<app>-<tenant>.msappproxy.net${NDES_PATH}`;

/** Checks the server URL of a SCEP profile before anything is sent to it. */
export function parseScepUrl(text: string): ScepUrl {
  const given = text.trim();
  if (!URL.canParse(given)) {
    const hint = /^[\w-]+(?:\.[\w-]+)+(?:\/|$)/.test(given)
      ? `did you mean https://${printable(given.replace(/[?#].*$/s, ''), 120)}?`
      : `a SCEP server URL looks like ${EXAMPLE}`;
    return wrong(`"${withoutCredentials(given)}" is not a URL; ${hint}`);
  }
  const url = new URL(given);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    // What looks like a scheme may also be a user name.
    const scheme = given.includes('@') ? '' : `, not ${printable(url.protocol, 40)}`;
    const isHostAndPort = /^[\w.-]+:\d+$/.test(`${url.protocol}${url.pathname.split('/', 1)[0]}`);
    const hint = isHostAndPort ? `; did you mean https://${withoutCredentials(given)}?` : scheme;
    return wrong(`a SCEP server URL starts with https:// (or http://)${hint}`);
  }
  if (url.username !== '' || url.password !== '')
    return wrong('the URL carries a user name or password; SCEP needs neither, so leave out everything between // and @');
  if (/\/mscep_admin(?![\w-])/i.test(percentDecoded(url.pathname))) {
    return wrong(`the URL is the NDES admin page: every visit uses up a challenge password; probe ${url.origin}${NDES_PATH} instead`);
  }
  if (url.search !== '' || given.includes('?'))
    return wrong(`the URL has a query; give the server URL of the SCEP profile without it: ${url.origin}${printable(url.pathname)}`);
  if (url.hash !== '' || given.includes('#'))
    return wrong(`the URL has a fragment (#…), which no server ever sees; give ${url.origin}${printable(url.pathname)}`);

  const notes: string[] = [];
  let path = url.pathname;
  const clientEnding = /(?:\/pkiclient\.exe)+\/?$/i;
  if (clientEnding.test(path)) {
    path = path.replace(clientEnding, '');
    notes.push('The ending /pkiclient.exe was left out: Windows devices add it themselves (--dialect windows probes it).');
  }
  if (path === '/' || path === '') {
    path = NDES_PATH;
    notes.push(`The URL has no path, so ${NDES_PATH} was used, where NDES always answers.`);
  }
  return { ok: true, url: `${url.origin}${path}`, notes };
}

function wrong(problem: string): ScepUrl {
  return { ok: false, problem };
}

/** Even text that is no URL may hold a password in front of an @, or a challenge behind a question mark. */
function withoutCredentials(text: string): string {
  const name = text.split(/@|%40/i).at(-1) ?? '';
  const shown = name.length === text.length ? text : `…@${name}`;
  return printable(shown.replace(/[?#].*$/s, '?…'), 120);
}

/** As IIS compares paths; never throws, unlike decodeURIComponent. */
function percentDecoded(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
