/** As much of a line as evidence shows. The rest of a longer one is an encrypted request, or hostile. */
const MAX_TEXT = 2_000;
const TAIL = 300;

/** A line as evidence: whole, or with `…` in place of the middle, because an IIS log has what was asked for first and the status last. */
export function evidenceText(text: string): string {
  return text.length <= MAX_TEXT ? text : detached(`${text.slice(0, MAX_TEXT - TAIL - 1)}…${text.slice(-TAIL)}`);
}

/** The same text without the memory of the longer one that it was cut from: V8 keeps the whole of that alive behind every part of it. */
export function detached(text: string): string {
  const copy: unknown = JSON.parse(JSON.stringify(text));
  return typeof copy === 'string' ? copy : text;
}
