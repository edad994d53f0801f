/**
 * JSON of nothing but ASCII. A transaction travels as text inside a multipart body: in ASCII its length in bytes is its length,
 * no reader can take a character for the end of a line (Azurite does with U+2028), and nobody has to guess the encoding.
 */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
