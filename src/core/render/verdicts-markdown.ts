import { LOG_CATALOG } from '../diagnose/catalog.ts';
import { LOG_ONLY_CODES } from '../diagnose/log-code.ts';
import { CATALOG } from '../verdict/catalog.ts';
import type { CatalogEntry, Cause, Link } from '../verdict/catalog-entry.ts';
import { CODE_ROWS, VERDICT_CODES } from '../verdict/code.ts';
import { LAYER_NAMES, LAYERS, type Layer } from '../verdict/layer.ts';
import { SEVERITIES, type Severity } from '../verdict/severity.ts';

const SEVERITY_MEANINGS: Readonly<Record<Severity, string>> = {
  ok: 'Nothing is wrong.',
  info: 'Worth knowing; nothing has to be done now.',
  unknown: 'The probe cannot judge: its own DNS, its own network, or an answer that nobody has seen before.',
  warn: 'Devices still enrol, but something is wrong or will be.',
  crit: 'Devices cannot enrol, or some of them cannot, or very soon none will.',
};

const LAYER_MEANINGS: Readonly<Record<Layer, string>> = {
  probe: 'scepwatch itself and the network that it probes from',
  dns: 'the name of the SCEP URL',
  tcp: 'the connection to the published address',
  tls: 'the handshake, and the certificate of the SCEP URL',
  edge: 'the cloud side of Microsoft Entra application proxy, or a WAF, CDN or reverse proxy in its place',
  connector: 'the Microsoft Entra private network connector and its way to the NDES server',
  iis: 'HTTP.sys, request filtering, bindings and virtual directories on the NDES server',
  ndes: 'the SCEP application pool and its service account',
  'policy-module': 'the Intune policy module, which comes with the Certificate Connector for Microsoft Intune',
  ca: 'the RA certificates of NDES and the chain of the CA',
};

/** The reference page of all verdicts, in the order of the decision table. */
export function verdictsMarkdown(): string {
  const lines = [
    '<!-- Generated from src/core/verdict/catalog.ts by docs/generate.ts. Do not edit: change the catalog and run `npm run docs`. -->',
    '',
    '# Verdicts',
    '',
    'A probe of a target ends in one verdict: what is wrong, at which hop, and what to do first. This page lists every verdict that',
    'scepwatch can give, in the order of the decision table; where several fit, the most severe one is reported, and of equals the first.',
    'Codes are public: route alerts by them. The page is generated from the catalog that every surface of scepwatch takes its texts from.',
    '',
    '- [Severities](#severities)',
    '- [Hops](#hops)',
    '- [All verdicts](#all-verdicts)',
    '- [Each verdict](#each-verdict)',
    '',
    '## Severities',
    '',
    'The table of verdicts shows the usual severity. Certificates that expire start lower and rise as the day comes closer.',
    '',
    ...table(
      ['severity', 'meaning'],
      SEVERITIES.map((severity) => [code(severity), SEVERITY_MEANINGS[severity]]),
    ),
    '',
    '## Hops',
    '',
    'A request passes the hops in this order. A verdict names the first one that is broken; what lies behind it was not reached.',
    '',
    ...table(
      ['hop', 'shown as', 'what it is'],
      LAYERS.map((layer) => [code(layer), LAYER_NAMES[layer], LAYER_MEANINGS[layer]]),
    ),
    '',
    '## All verdicts',
    '',
    ...table(
      ['code', 'severity', 'hop', 'title'],
      VERDICT_CODES.map((one) => summaryRow(one, CATALOG[one])),
    ),
    '',
    '## Each verdict',
    ...VERDICT_CODES.flatMap((one) => section(one, CATALOG[one], `row ${CODE_ROWS[one]} of the decision table`, 'verdicts')),
  ];
  return `${lines.join('\n')}\n`;
}

/** The reference page of what only logs can say. */
export function logFindingsMarkdown(): string {
  const rows = LOG_ONLY_CODES.map((one) => summaryRow(one, LOG_CATALOG[one]));
  const lines = [
    '<!-- Generated from src/core/diagnose/catalog.ts by docs/generate.ts. Do not edit: change the catalog and run `npm run docs`. -->',
    '',
    '# Findings in logs',
    '',
    'What `scepwatch diagnose` finds in logs and no probe can see. Where a log shows what a probe also sees, the finding is the verdict: [verdicts.md](verdicts.md).',
    'Which logs can be read, and where they are: [diagnose.md](diagnose.md). Codes are public.',
    '',
    '## All findings',
    '',
    ...table(['code', 'severity', 'hop', 'title'], rows),
    '',
    '## Each finding',
    ...LOG_ONLY_CODES.flatMap((one) => section(one, LOG_CATALOG[one], 'seen in logs', 'findings')),
  ];
  return `${lines.join('\n')}\n`;
}

function summaryRow(name: string, entry: CatalogEntry): readonly string[] {
  return [`[${code(name)}](#${name})`, entry.severity, LAYER_NAMES[entry.layer], escapeMarkdown(entry.title)];
}

function section(name: string, entry: CatalogEntry, origin: string, kind: 'verdicts' | 'findings'): readonly string[] {
  return [
    '',
    // The heading is the bare code, so that its anchor is the code too.
    `### ${name}`,
    '',
    `**${escapeMarkdown(entry.title)}**`,
    '',
    `Severity ${code(entry.severity)} · hop ${code(entry.layer)} · ${origin}`,
    '',
    escapeMarkdown(entry.meaning),
    ...causes(entry.causes),
    '',
    `Also known as: ${entry.alsoKnownAs.map(code).join(', ')}`,
    '',
    `Read more: ${entry.links.map(link).join(' · ')}`,
    '',
    `[Back to all ${kind}](#all-${kind})`,
  ];
}

function causes(list: readonly Cause[]): readonly string[] {
  if (list.length === 0) return [];
  return [
    '',
    list.length > 1 ? 'Causes, most likely first, and what to do in this order:' : 'What to do, in this order:',
    '',
    ...list.flatMap(cause),
  ];
}

function cause(item: Cause, index: number): readonly string[] {
  const marker = `${index + 1}. `;
  // A list inside an item is indented by the width of the marker of that item.
  const indent = ' '.repeat(marker.length);
  return [`${marker}**${escapeMarkdown(item.title)}**`, ...item.fixes.map((fix, step) => `${indent}${step + 1}. ${escapeMarkdown(fix)}`)];
}

function link({ title, url }: Link): string {
  return `[${escapeMarkdown(title)}](${url})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Escapes what Markdown would take for markup, except inside the code spans of a catalog text. */
function escapeMarkdown(text: string): string {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 0 ? part.replace(/[\\*_<[\]|#]/g, '\\$&') : part))
    .join('`');
}
