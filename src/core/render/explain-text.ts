import { wrap } from '../text/wrap.ts';
import { CATALOG } from '../verdict/catalog.ts';
import { CODE_ROWS, type VerdictCode } from '../verdict/code.ts';
import { LAYER_NAMES } from '../verdict/layer.ts';
import { type Paint, SEVERITY_INK, SEVERITY_MARK } from './paint.ts';
import { SEVERITY_WORDS } from './report-text.ts';

/** Everything that the catalog knows about one code, every step included. */
export function explainText(code: VerdictCode, width: number, paint: Paint): string {
  const { severity, layer, title, meaning, causes, links, alsoKnownAs } = CATALOG[code];
  const lines = [
    `${paint(SEVERITY_INK[severity], `${SEVERITY_MARK[severity]} ${SEVERITY_WORDS[severity]}`)}  ${paint('strong', title)}`,
    paint('quiet', `  ${code} · at ${LAYER_NAMES[layer]} · row ${CODE_ROWS[code]} of the decision table`),
    '',
    `  ${wrap(meaning, width, 2)}`,
  ];
  for (const [index, cause] of causes.entries()) {
    const number = `${index + 1}. `;
    lines.push(
      '',
      `  ${number}${paint('strong', wrap(cause.title, width, 2 + number.length))}`,
      ...cause.fixes.map((fix) => `     - ${wrap(fix, width, 7)}`),
    );
  }
  if (alsoKnownAs.length > 0) lines.push('', paint('strong', '  Also known as'), `  ${wrap(alsoKnownAs.join(' · '), width, 2)}`);
  if (links.length > 0) lines.push('', paint('strong', '  Read more'), ...links.map((link) => `  - ${link.title}: ${link.url}`));
  return `${lines.join('\n')}\n`;
}
