/** Pages are written with `\n` here and leave with CRLF, as Windows writes them. */
export function crlf(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const WINDOWS_1250: Record<string, number> = {
  Ą: 0xa5,
  Ć: 0xc6,
  Ę: 0xca,
  Ł: 0xa3,
  Ń: 0xd1,
  Ó: 0xd3,
  Ś: 0x8c,
  Ź: 0x8f,
  Ż: 0xaf,
  ą: 0xb9,
  ć: 0xe6,
  ę: 0xea,
  ł: 0xb3,
  ń: 0xf1,
  ó: 0xf3,
  ś: 0x9c,
  ź: 0x9f,
  ż: 0xbf,
  '–': 0x96,
};

/** Polish text in the code page of a Polish Windows. Throws on a character that is not in the table. */
export function windows1250(text: string): Buffer {
  const bytes = Array.from(text, (character) => {
    const code = WINDOWS_1250[character] ?? character.charCodeAt(0);
    if (code > 0xff || (code > 0x7f && WINDOWS_1250[character] === undefined)) {
      throw new Error(`no windows-1250 byte for ${JSON.stringify(character)} in a simulator page`);
    }
    return code;
  });
  return Buffer.from(bytes);
}
