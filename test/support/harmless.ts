import type { TargetReport } from '../../src/core/verdict/report.ts';

/** Code points that can rewrite a terminal, a page or a card, listed by hand so that a gap in the product's own list shows. */
const HARMFUL: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe007f],
];

/** The first harmful code point of a text as `U+001B at 12`, or undefined. */
export function harmIn(text: string): string | undefined {
  if (/^[ -~]*$/.test(text)) return undefined;
  let position = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (HARMFUL.some(([first, last]) => code >= first && code <= last)) {
      return `U+${code.toString(16).toUpperCase().padStart(4, '0')} at ${position} of ${JSON.stringify(text.slice(0, 200))}`;
    }
    position += character.length;
  }
  return undefined;
}

/** Everything in a report that a surface shows as it stands. */
export function shownLines({ verdict, alsoFound, checks, notes }: TargetReport): readonly string[] {
  const verdicts = [
    verdict,
    ...alsoFound,
    ...checks.flatMap((check) => (check.verdict === undefined ? [] : [check.verdict, ...check.alsoFound])),
  ];
  return [...notes, ...verdicts.flatMap(({ title, evidence, causes }) => [title, ...evidence, ...causes.map((cause) => cause.title)])];
}

/** What is harmful in a report's evidence, notes and titles; they are single lines, so a line feed counts. */
export function harmInReport(report: TargetReport): readonly string[] {
  return shownLines(report)
    .map(harmIn)
    .filter((harm) => harm !== undefined);
}
