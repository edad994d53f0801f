import type { Command } from 'commander';
import { explainText } from '../core/render/explain-text.ts';
import { SEVERITY_INK } from '../core/render/paint.ts';
import { nearest } from '../core/text/nearest.ts';
import { printable, printableJson } from '../core/text/printable.ts';
import { wrap } from '../core/text/wrap.ts';
import { CATALOG } from '../core/verdict/catalog.ts';
import { isVerdictCode, VERDICT_CODES, type VerdictCode } from '../core/verdict/code.ts';
import type { Terminal } from './output.ts';
import { UsageError } from './usage-error.ts';

export function addExplainCommand(program: Command, { out, width, paint }: Terminal, finish: (code: number) => void): void {
  program
    .command('explain')
    .summary('everything known about one verdict code, or the list of all')
    .description(
      'Prints meaning, causes, every step of every fix, other names and links of a verdict code. Without a code: the list of all codes.',
    )
    .argument('[CODE]', 'a verdict code such as ndes-app-pool-stopped')
    .option('--json', 'print one JSON object')
    .action((code: string | undefined, { json }: { readonly json?: true }) => {
      if (code === undefined) {
        out(
          json === true
            ? `${printableJson({ schema: 'scepwatch.codes/1', codes: VERDICT_CODES.map((each) => ({ code: each, severity: CATALOG[each].severity, layer: CATALOG[each].layer, title: CATALOG[each].title })) }, 2)}\n`
            : codeList(width, paint),
        );
      } else {
        const known = knownCode(code);
        out(
          json === true
            ? `${printableJson({ schema: 'scepwatch.explain/1', code: known, ...CATALOG[known] }, 2)}\n`
            : explainText(known, width, paint),
        );
      }
      finish(0);
    });
}

function codeList(width: number, paint: Terminal['paint']): string {
  const column = Math.max(...VERDICT_CODES.map((code) => code.length)) + 2;
  return VERDICT_CODES.map(
    (code) => `${paint(SEVERITY_INK[CATALOG[code].severity], code.padEnd(column))}${wrap(CATALOG[code].title, width, column)}\n`,
  ).join('');
}

/** The code, or a usage error that names the nearest ones. */
function knownCode(text: string): VerdictCode {
  if (isVerdictCode(text)) return text;
  const close = nearest(text, VERDICT_CODES);
  throw new UsageError(
    `"${printable(text, 60)}" is not a verdict code; ${close.length === 0 ? 'scepwatch explain lists them all' : `did you mean ${close.join(' or ')}?`}`,
  );
}
