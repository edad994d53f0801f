import { StoreError } from '../rows.ts';

/** A storage account as a connection string names it. `url` is the table endpoint, without a slash at its end. */
export type Account =
  | { readonly url: string; readonly name: string; readonly key: string }
  | { readonly url: string; readonly signature: string };

/** The account that every Azurite has; its key is published and no secret. */
const EMULATOR =
  'DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;';

/** @throws StoreError `refused` that names the part that is missing or wrong, and repeats none. */
export function parseConnectionString(connectionString: string): Account {
  const parts = partsOf(connectionString);
  if (parts.get('usedevelopmentstorage')?.toLowerCase() === 'true') return parseConnectionString(EMULATOR);
  const signature = parts.get('sharedaccesssignature');
  if (signature !== undefined) return { url: tableUrl(parts), signature: signature.replace(/^\?/, '') };
  const name = part(parts, 'AccountName');
  const key = part(parts, 'AccountKey');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key)) throw refused('AccountKey is not base64; was it cut off?');
  return { url: tableUrl(parts), name, key };
}

function partsOf(connectionString: string): ReadonlyMap<string, string> {
  const parts = connectionString
    .split(';')
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (parts.length === 0) throw refused('it is empty');
  return new Map(
    parts.map((text, index) => {
      const equals = text.indexOf('=');
      if (equals < 1) throw refused(`part ${index + 1} of ${parts.length} is no name=value`);
      return [text.slice(0, equals).trim().toLowerCase(), text.slice(equals + 1).trim()];
    }),
  );
}

function part(parts: ReadonlyMap<string, string>, name: string): string {
  const value = parts.get(name.toLowerCase());
  if (value === undefined) throw refused(`${name} is missing`);
  if (value === '') throw refused(`${name} is empty`);
  return value;
}

function tableUrl(parts: ReadonlyMap<string, string>): string {
  if (parts.has('tableendpoint')) return checkedUrl(part(parts, 'TableEndpoint'), 'connection string: TableEndpoint', true);
  const name = part(parts, 'AccountName');
  const suffix = parts.get('endpointsuffix') ?? 'core.windows.net';
  const protocol = parts.get('defaultendpointsprotocol') ?? 'https';
  return checkedUrl(
    `${protocol}://${name}.table.${suffix}`,
    'connection string: DefaultEndpointsProtocol with AccountName and EndpointSuffix',
    true,
  );
}

/** The table endpoint of an account, for use with an identity. @throws StoreError `refused` */
export function parseEndpoint(endpoint: string): string {
  return checkedUrl(endpoint.trim(), 'table endpoint', false);
}

function checkedUrl(text: string, what: string, loopback: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new StoreError('refused', `${what}: not a URL such as https://account.table.core.windows.net`);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new StoreError('refused', `${what}: a URL without credentials, query and fragment is needed`);
  if (url.protocol === 'http:' && !(loopback && isLoopback(url.hostname)))
    throw new StoreError(
      'refused',
      `${what}: http is only for an emulator on this machine, because it would send rows in clear text; use https`,
    );
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function refused(problem: string): StoreError {
  return new StoreError('refused', `connection string: ${problem}`);
}
