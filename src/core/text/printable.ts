/**
 * What a hostile server could use to rewrite a terminal, a page or a log line: controls (Cc), invisible and bidirectional format
 * characters (Cf: overrides, zero-width characters, the byte order mark, tags) with the code points reserved for more of them,
 * unpaired surrogates (Cs), line and paragraph separators (Zl, Zp).
 */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u2065\ufff0-\ufff8\u{e0000}-\u{e0fff}]/gu;

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
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscapes(character);
  });
}

/** JSON that is as harmless on a terminal as `printable` text: what JSON.stringify leaves raw becomes a `\u` escape. */
export function printableJson(value: unknown, indent?: number): string {
  // The line feeds and spaces of the indentation are the only ones that are not part of a string.
  return JSON.stringify(value, undefined, indent).replace(HARMFUL, (character) =>
    character === '\n' ? character : unicodeEscapes(character),
  );
}

/** As JSON and JavaScript write it: one escape for each UTF-16 code unit. */
function unicodeEscapes(character: string): string {
  return Array.from({ length: character.length }, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join('');
}
