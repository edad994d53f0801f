import { redactedUrl } from '../text/redact.ts';

/** What stands in for an identity: `device-1`, `user-2`. */
export type IdentityKind = 'user' | 'device' | 'address' | 'id' | 'hash' | 'host';

/** Shows what a log says without whom it is about. The same identity has the same name throughout one run, so that lines can still be compared. */
export interface IdentityRedactor {
  /** Text of a log, or about it, of a readable length. */
  readonly text: (text: string) => string;
  /** What tells devices apart: an address or a name. */
  readonly device: (device: string) => string;
  /** A path as the operator gave it: the name of the user in it is replaced. */
  readonly file: (path: string) => string;
}

export interface RedactorOptions {
  /** Identities stay; certificate requests, challenges and passwords do not even then. */
  readonly showIdentities: boolean;
}

/** Longer text is cut before it is searched: evidence is a few lines, and what is cut off needs no name. */
const TEXT_LIMIT = 16_000;

export function createIdentityRedactor({ showIdentities }: RedactorOptions): IdentityRedactor {
  if (showIdentities) return { text: (text) => withoutSecrets(cut(text)), device: (device) => device, file: (path) => path };
  const names = new Map<string, string>();
  const counts = new Map<IdentityKind, number>();
  const nameOf = (kind: IdentityKind, identity: string): string => {
    const key = identity.toLowerCase();
    const known = names.get(key);
    if (known !== undefined) return known;
    const number = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, number);
    const name = `${kind}-${number}`;
    names.set(key, name);
    return name;
  };
  const text = (given: string): string => RULES.reduce((so, rule) => rule(so, nameOf), withoutSecrets(cut(given)));
  return {
    text,
    device: (device) => {
      const whole = device.trim();
      // What is an address, a GUID or a user in a line has to have the same name here.
      const asText = text(whole);
      return asText === whole && !KEPT.test(whole) ? nameOf('device', whole) : asText;
    },
    file: (path) => path.replace(HOME, (_whole, before: string, name: string) => `${before}${nameOf('user', name)}`),
  };
}

type Rule = (text: string, nameOf: (kind: IdentityKind, identity: string) => string) => string;

/** The same in front of a drive letter or not, on all systems. */
const HOME = /((?:^|[\\/])(?:Users|home|Dokumente und Einstellungen|Documents and Settings)[\\/])([^\\/:*?"<>|\s]{1,80})(?=[\\/]|$)/gi;

/** Not cut within a word, so that no half of an identity escapes. */
function cut(text: string): string {
  if (text.length <= TEXT_LIMIT) return text;
  const head = text.slice(0, TEXT_LIMIT);
  const space = head.search(/\s\S{0,400}$/);
  return `${space === -1 ? head.slice(0, -400) : head.slice(0, space)}…`;
}

/* Secrets, whatever was asked for */

/** As in a query, where the signs of base64 are often written in percent. */
const QUERY_BASE64 = '(?:[A-Za-z0-9+/_=-]|%2[BbFf]|%3[Dd])';
const BASE64 = '(?:[A-Za-z0-9+/]|%2[BbFf])';

/** What goes on behind a cut, or on the next line of what was pasted wrapped, belongs to it. */
const continued = (sign: string): string => `(?:(?:…|[ \\t]{0,8}\\n[ \\t]{0,8}(?=${sign}{16}))${sign}*)*`;

/** The query of a request by GET holds the certificate request. */
const MESSAGE = new RegExp(`(\\bmessage=)${QUERY_BASE64}{40,}${continued(QUERY_BASE64)}`, 'g');
const BLOB = new RegExp(`(?<![A-Za-z0-9+/%])${BASE64}{56,}${continued(BASE64)}(?:=|%3[Dd]){0,2}`, 'g');

/** Tokens are written with other signs. */
const TOKEN = /(?<![A-Za-z0-9_-])(?:eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{4,}){0,4}|[A-Za-z0-9_-]{120,})/g;

const CREDENTIALS = /(\/\/)[^\s/@"'<>]{1,200}@/g;

/** `challenge password is: …`, `challengePassword=…`, `<Challenge>…</Challenge>`, `password: …`. */
const SECRET_VALUE =
  /(\b(?:(?:scep)?challenge(?:[ _-]?(?:password|string|value|blob))?|(?:enrol(?:l)?ment[ _-]?)?password|passwort|has[lł]o|secret)\b(?:\s{1,3}is)?["']?\s{0,3}[:=>]\s{0,3}(?:<[^<>]{0,40}>\s{0,3})*["']?)([^\s"'<>&;,]{4,})/gi;

const PRIVATE_KEY = /-----BEGIN [A-Z ]{1,40}-----[\s\S]*?(?:-----END [A-Z ]{1,40}-----|$)/g;

function withoutSecrets(text: string): string {
  return text
    .replace(PRIVATE_KEY, '<key-or-certificate>')
    .replace(MESSAGE, (whole, lead: string) => `${lead}<request-of-${whole.length - lead.length}-characters>`)
    .replace(SECRET_VALUE, (whole, lead: string, value: string) => (NO_SECRET.test(value) ? whole : `${lead}<redacted>`))
    .replace(CREDENTIALS, '$1<redacted>@')
    .replace(BLOB, (blob) => (isData(blob) ? `<data-of-${blob.length}-characters>` : blob))
    .replace(TOKEN, (token) => (isData(token) ? `<data-of-${token.length}-characters>` : token));
}

/** Long words and hexadecimal digits are none: data has letters of both cases and digits. */
function isData(text: string): boolean {
  return /\d/.test(text) && /[A-Z]/.test(text) && /[a-z]/.test(text) && !HASH_LIKE.test(text);
}

const HASH_LIKE = /^[0-9a-f]{1,128}$/i;

/** Sentences about a password that name none. */
const NO_SECRET = /^(?:returns?|cannot|is|was|has|may|in|of|<)/i;

/* Identities */

/** Behind `%2F` an identity begins as well, although the sign before it looks like a part of it. */
const GUID = /[0-9a-f]{8}([-_])[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}/gi;

/** Transaction ids, nonces, thumbprints, serial numbers. */
const HASH = /(?:(?<=%[0-9a-f]{2})|(?<![0-9a-z%]|%[0-9a-f]))(?:[0-9a-f]{24,128}|(?:[0-9a-f]{2}[: ]){15,63}[0-9a-f]{2})(?![0-9a-z])/gi;

/** Those of machines and services are the same everywhere and tell nothing about anybody. */
const SID = /\bS-1-(?!5-(?:18|19|20|32-\d{1,4}|80-0|17)(?![\d-]))\d{1,3}(?:-\d{1,10}){2,14}\b/g;

const ADDRESS_AT = /[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g;

const ACCOUNT = /(?<![\\/:.\w$-])([A-Za-z][A-Za-z0-9._-]{0,30})\\([A-Za-z0-9._$-]{1,64})(?![\\\w])/g;

/** Not users but what is installed everywhere. `\` also stands between the parts of a registry key or a path. */
const NO_DOMAIN =
  /^(?:NT AUTHORITY|AUTHORITY|NT|BUILTIN|IIS APPPOOL|APPPOOL|SERVICE|HKLM|HKEY_[A-Z_]+|HKCU|HKU|cert|LocalMachine|CurrentUser|system32|inetsrv|Software|Windows|Microsoft|Users|home)$/i;
const NO_USER = /\.(?:dll|exe|log|xml|config|sys|ps1|evtx|msi|cpp|tmp|htm|asp|aspx)$/i;

const IPV4 = /(?:(?<=%[0-9A-Fa-f]{2})|(?<![\d.]))(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![\d]|\.\d)/g;
const IPV6 =
  /(?:(?<=%[0-9A-Fa-f]{2})|(?<![0-9A-Za-z:.]))(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|:)?(?:%[0-9A-Za-z]{1,15})?(?![0-9A-Za-z:])/g;

/** Addresses that every machine has: they say that a request came from the server itself, and nothing else. */
const KEPT = /^(?:127(?:\.\d{1,3}){3}|0\.0\.0\.0|::1?|::ffff:127\.0\.0\.1|-|localhost)$/i;

const MAC = /(?:(?<=%[0-9a-f]{2})|(?<![0-9A-Za-z:-]))(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![0-9A-Za-z:-])/gi;

/** `Computer: LAPTOP-17`, `<Computer>LAPTOP-17</Computer>`, `DeviceName=…`, in the languages that Windows was seen in here. */
const DEVICE_FIELD =
  /(\b(?:Computer|Komputer|Device ?Name|DeviceId|Device ?ID|MachineName|HostName|Host ?name|Workstation ?Name|Serial ?Number|IMEI|UDID)\b["']?\s{0,3}(?:[:=]\s{0,8}|>\s{0,3})["']?)([^\s"'<>,;&()[\]]{1,120})/gi;

const USER_FIELD =
  /(\b(?:User|Benutzer|U[żz]ytkownik|User ?Name|UserId|User ?ID|Account ?Name|Subject ?UserName|Target ?UserName|AccountUPN|UPN|PrincipalName)\b["']?\s{0,3}(?:[:=]\s{0,8}|>\s{0,3})["']?)([^\s"'<>,;&()[\]]{1,120})/gi;

/** The subject of a device or user certificate; that of a CA names no person. */
const COMMON_NAME = /(\bCN\s{0,2}=\s{0,2})("[^"\n]{1,200}"|[^\n,;&+"'\]<>]{1,200})/gi;
const CA_NAME = /\b(?:CA|Root|Authority|Issuing|MSCEP-RA|Sub)\b/i;

/** The column of the user in an IIS log: after the port. */
const IIS_USER = /(\b(?:GET|POST|HEAD|PUT|OPTIONS) \S{1,4000} \S{1,16000} \d{1,5} )(?!- )(\S{1,120})(?= )/g;

/** Values that stand where an identity may stand and are none. */
const NO_IDENTITY =
  /^(?:-|\(|<|n\/a|none|null|system|user|device|localhost|local|(?:user|device|address|id|hash|host)-\d+|true|false|unknown|\d{1,3}|S-1-[\d-]{1,40})$/i;

/** Anything with a scheme, as far as a URL reaches in running text. */
const URL_LIKE = /(?:[a-z][a-z0-9+.-]{0,20}:)?\/\/(?:<redacted>@)?[^\s"'<>`]+/gi;

/** What a SCEP client asks for is no secret, and is what the line is about. */
const SCEP_QUERY = /^\?operation=\w{1,30}(?:&message=[\w%+.-]{0,60})?\\?$/i;

const RULES: readonly Rule[] = [
  (text) => text.replace(URL_LIKE, shownUrl),
  (text, nameOf) => text.replace(HOME, (_whole, before: string, name: string) => `${before}${nameOf('user', name)}`),
  (text, nameOf) => text.replace(GUID, (guid) => nameOf('id', guid.replaceAll('_', '-'))),
  (text, nameOf) => text.replace(SID, (sid) => nameOf('user', sid)),
  (text, nameOf) => text.replace(ADDRESS_AT, (address) => nameOf('user', address)),
  (text, nameOf) =>
    text.replace(ACCOUNT, (whole, domain: string, name: string) =>
      NO_DOMAIN.test(domain) || NO_USER.test(name) ? whole : nameOf('user', whole),
    ),
  (text, nameOf) => text.replace(IIS_USER, (_whole, lead: string, user: string) => `${lead}${identity('user', user, nameOf)}`),
  (text, nameOf) => text.replace(COMMON_NAME, (whole, lead: string, name: string) => commonName(whole, lead, name, nameOf)),
  (text, nameOf) => text.replace(DEVICE_FIELD, (_whole, lead: string, device: string) => `${lead}${identity('device', device, nameOf)}`),
  (text, nameOf) => text.replace(USER_FIELD, (_whole, lead: string, user: string) => `${lead}${identity('user', user, nameOf)}`),
  (text, nameOf) => text.replace(MAC, (mac) => nameOf('device', mac)),
  (text, nameOf) => text.replace(HASH, (hash) => nameOf('hash', hash)),
  (text, nameOf) => text.replace(IPV6, (address) => (isIpv6(address) && !KEPT.test(address) ? nameOf('address', address) : address)),
  (text, nameOf) => text.replace(IPV4, (address) => (KEPT.test(address) ? address : nameOf('address', address))),
];

function identity(kind: IdentityKind, value: string, nameOf: (kind: IdentityKind, identity: string) => string): string {
  return NO_IDENTITY.test(value) || value.startsWith('<') ? value : nameOf(kind, value);
}

function commonName(whole: string, lead: string, name: string, nameOf: (kind: IdentityKind, identity: string) => string): string {
  const trimmed = name.trimEnd();
  return CA_NAME.test(trimmed) || NO_IDENTITY.test(trimmed) ? whole : `${lead}${nameOf('user', trimmed)}${name.slice(trimmed.length)}`;
}

/** As everywhere in the product, but for the operation of a SCEP request. */
function shownUrl(url: string): string {
  const [tail = ''] = /[),.;\]]{0,8}$/.exec(url) ?? [];
  const whole = url.slice(0, url.length - tail.length);
  const start = whole.indexOf('?');
  return start !== -1 && SCEP_QUERY.test(whole.slice(start))
    ? `${redactedUrl(whole.slice(0, start))}${whole.slice(start)}${tail}`
    : redactedUrl(whole) + tail;
}

/** Times of day have colons too. */
function isIpv6(text: string): boolean {
  const [groups = ''] = text.split('%');
  return groups.includes('::') ? groups.length > 2 : groups.split(':').length === 8;
}
