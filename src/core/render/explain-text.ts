import { catalogEntry } from '../diagnose/catalog.ts';
import type { ErrorCode } from '../diagnose/error-codes.ts';
import type { LogCode } from '../diagnose/log-code.ts';
import { wrap } from '../text/wrap.ts';
import { CATALOG } from '../verdict/catalog.ts';
import type { CatalogEntry } from '../verdict/catalog-entry.ts';
import { CODE_ROWS, isVerdictCode, type VerdictCode } from '../verdict/code.ts';
import { LAYER_NAMES } from '../verdict/layer.ts';
import { type Paint, SEVERITY_INK, SEVERITY_MARK } from './paint.ts';
import { SEVERITY_WORDS } from './report-text.ts';

/** Whatever has an entry in a catalog: verdicts of a probe, and what only logs say. */
export type ExplainedCode = VerdictCode | LogCode;

export function explainedEntry(code: ExplainedCode): CatalogEntry {
  return isVerdictCode(code) ? CATALOG[code] : catalogEntry(code);
}

/** Everything that the catalog knows about one code, every step included. */
export function explainText(code: ExplainedCode, width: number, paint: Paint): string {
  const { severity, layer, title, meaning, causes, links, alsoKnownAs } = explainedEntry(code);
  const source = isVerdictCode(code) ? `row ${CODE_ROWS[code]} of the decision table` : 'found in logs';
  const lines = [
    `${paint(SEVERITY_INK[severity], `${SEVERITY_MARK[severity]} ${SEVERITY_WORDS[severity]}`)}  ${paint('strong', title)}`,
    paint('quiet', `  ${code} · at ${LAYER_NAMES[layer]} · ${source}`),
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

/** What an error code of Windows means, and the codes of ours in which it plays a part. */
export function explainErrorText(error: ErrorCode, related: readonly ExplainedCode[], width: number, paint: Paint): string {
  const column = Math.max(0, ...related.map((code) => code.length)) + 2;
  return `${[
    `${paint('strong', error.code)}  ${error.name}`,
    '',
    `  ${wrap(sentence(error.meaning), width, 2)}`,
    `  ${wrap(error.hint, width, 2)}`,
    ...(related.length === 0 ? [] : ['', paint('strong', '  Where it plays a part; scepwatch explain CODE tells more')]),
    ...related.map((code) => {
      const { severity, title } = explainedEntry(code);
      return `  ${paint(SEVERITY_INK[severity], code.padEnd(column))}${wrap(title, width, column + 2)}`;
    }),
  ].join('\n')}\n`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
