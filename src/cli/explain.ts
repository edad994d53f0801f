import type { Command } from 'commander';
import { type ErrorCode, explainErrorCode } from '../core/diagnose/error-codes.ts';
import { isLogCode, LOG_ONLY_CODES } from '../core/diagnose/log-code.ts';
import { type ExplainedCode, explainErrorText, explainedEntry, explainText } from '../core/render/explain-text.ts';
import { SEVERITY_INK } from '../core/render/paint.ts';
import { nearest } from '../core/text/nearest.ts';
import { printable, printableJson } from '../core/text/printable.ts';
import { wrap } from '../core/text/wrap.ts';
import { isVerdictCode, VERDICT_CODES } from '../core/verdict/code.ts';
import type { Terminal } from './output.ts';
import { UsageError } from './usage-error.ts';

const ALL_CODES: readonly ExplainedCode[] = [...VERDICT_CODES, ...LOG_ONLY_CODES];

export function addExplainCommand(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command('explain')
    .summary('everything known about one code, or the list of all')
    .description(
      'Prints meaning, causes, every step of every fix, other names and links of a code: a verdict of a probe, a finding in logs, or an error code of Windows such as 0x80090005 or 1346. Without a code: the list of all verdicts and findings.',
    )
    .argument('[CODE]', 'a code such as ndes-app-pool-stopped, log-challenge-rejected or 0x800B0109')
    .option('--json', 'print one JSON object')
    .action((code: string | undefined, { json }: { readonly json?: true }) => {
      if (code === undefined) printList(json === true, terminal);
      else printOne(code, json === true, terminal);
      finish(0);
    });
}

function printList(json: boolean, { out, width, paint }: Terminal): void {
  if (json) {
    const codes = ALL_CODES.map((code) => {
      const { severity, layer, title } = explainedEntry(code);
      return { code, severity, layer, title };
    });
    out(`${printableJson({ schema: 'scepwatch.codes/1', codes }, 2)}\n`);
    return;
  }
  const column = Math.max(...ALL_CODES.map((code) => code.length)) + 2;
  for (const [title, codes] of [
    ['What a probe says', VERDICT_CODES],
    ['What only logs say', LOG_ONLY_CODES],
  ] as const) {
    out(`${paint('strong', title)}\n`);
    for (const code of codes) {
      const entry = explainedEntry(code);
      out(`${paint(SEVERITY_INK[entry.severity], code.padEnd(column))}${wrap(entry.title, width, column)}\n`);
    }
    out(codes === VERDICT_CODES ? '\n' : '');
  }
}

function printOne(text: string, json: boolean, { out, width, paint }: Terminal): void {
  const code = ownCode(text);
  if (code !== undefined) {
    out(json ? `${printableJson({ schema: 'scepwatch.explain/1', code, ...explainedEntry(code) }, 2)}\n` : explainText(code, width, paint));
    return;
  }
  const error = explainErrorCode(text);
  if (error === undefined) throw new UsageError(unknownCode(text));
  const related = relatedTo(error);
  out(
    json
      ? `${printableJson({ schema: 'scepwatch.explain-error/1', ...error, related }, 2)}\n`
      : explainErrorText(error, related, width, paint),
  );
}

function ownCode(text: string): ExplainedCode | undefined {
  return isVerdictCode(text) || isLogCode(text) ? text : undefined;
}

/** The codes that people find under this error, by its number or its name. */
function relatedTo({ code, name }: ErrorCode): readonly ExplainedCode[] {
  const short = /^0x8007([0-9A-F]{4})$/.exec(code)?.[1];
  const win32 = short === undefined ? undefined : `sc-win32-status ${Number.parseInt(short, 16)}`;
  const wanted = new Set([code.toLowerCase(), name.toLowerCase(), ...(win32 === undefined ? [] : [win32])]);
  return ALL_CODES.filter((one) => explainedEntry(one).alsoKnownAs.some((other) => wanted.has(other.toLowerCase())));
}

function unknownCode(text: string): string {
  const shown = `"${printable(text, 60)}"`;
  // Error codes of Windows begin with a digit or are eight hexadecimal ones; nothing of ours looks like that.
  if (/^-?\d|^[0-9a-f]{8}$/i.test(text)) return `${shown} is no error code that scepwatch knows`;
  const close = nearest(text, ALL_CODES);
  return `${shown} is not a verdict code, a finding or an error code; ${close.length === 0 ? 'scepwatch explain lists them all' : `did you mean ${close.join(' or ')}?`}`;
}
