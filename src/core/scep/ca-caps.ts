/** IANA "SCEP CA Capabilities" (RFC 8894 section 3.5.2), and the legacy keyword Update. Compared without regard to case. */
export const REGISTERED_CAPABILITIES = [
  'AES',
  'DES3',
  'GetNextCACert',
  'POSTPKIOperation',
  'Renewal',
  'SCEPStandard',
  'SHA-1',
  'SHA-256',
  'SHA-512',
  'Update',
] as const;

export type Capability = (typeof REGISTERED_CAPABILITIES)[number];

/** Longest answer that is still a capability list and not a page. */
const MAX_CAPS_CHARACTERS = 2048;

export type CaCaps =
  | { readonly kind: 'caps'; readonly capabilities: readonly Capability[]; readonly other: readonly string[] }
  | { readonly kind: 'empty' }
  | { readonly kind: 'invalid'; readonly reason: string };

const BY_LOWER_CASE = new Map(REGISTERED_CAPABILITIES.map((capability) => [capability.toLowerCase(), capability]));

/**
 * Reads a GetCACaps body: one keyword per line, LF or CRLF, any order, unknown keywords allowed (RFC 8894 section 3.5.2).
 * The Content-Type is ignored on purpose: NDES has been seen to send none.
 */
export function parseCaCaps(text: string): CaCaps {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'empty' };
  if (text.length > MAX_CAPS_CHARACTERS) return { kind: 'invalid', reason: `it is ${text.length} characters long` };
  if (trimmed.includes('<')) return { kind: 'invalid', reason: 'it is a page' };

  const words = trimmed
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const capabilities: Capability[] = [];
  const other: string[] = [];
  for (const word of words) {
    const known = BY_LOWER_CASE.get(word.toLowerCase());
    if (known === undefined) other.push(word);
    else if (!capabilities.includes(known)) capabilities.push(known);
  }
  return capabilities.length === 0
    ? { kind: 'invalid', reason: 'it has not one registered keyword' }
    : { kind: 'caps', capabilities, other };
}

/** What current clients miss in a list; SCEPStandard implies AES, SHA-256 and POSTPKIOperation (RFC 8894 section 3.5.2). */
export function missingCapabilities(capabilities: readonly Capability[]): readonly Capability[] {
  if (capabilities.includes('SCEPStandard')) return [];
  return (['POSTPKIOperation', 'SHA-256'] as const).filter((wanted) => !capabilities.includes(wanted));
}
