/**
 * What a hostile server could use to rewrite a terminal, a page or a log line: C0 and C1 controls, DEL, line and paragraph
 * separators, bidirectional overrides and isolates, zero-width and invisible characters, the byte order mark.
 */
const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/**
 * Makes text from a server safe to show on one line anywhere: white space becomes one space, harmful characters become
 * visible escapes such as `\x1b`, unpaired surrogates become U+FFFD, and more than `maxLength` characters end in `…`.
 */
export function printable(text: string, maxLength = 200): string {
  // Cut first: escapes grow sixfold, and nobody reads past the limit.
  const cut = text.length > maxLength * 2 ? text.slice(0, maxLength * 2) : text;
  const safe = escapeHarmful(cut.toWellFormed().replace(/[\t\n\r ]+/g, ' ')).trim();
  return safe.length > maxLength || cut.length < text.length ? `${safe.slice(0, maxLength - 1).toWellFormed()}…` : safe;
}

/** Replaces every harmful character by its escape and changes nothing else. */
export function escapeHarmful(text: string): string {
  return text.replace(HARMFUL, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** JSON that is as harmless on a terminal as `printable` text: what JSON.stringify leaves raw becomes a `\u` escape. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
