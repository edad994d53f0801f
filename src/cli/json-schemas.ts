import * as z from 'zod';
import { Config } from '../config/schema.ts';
import { DIALECTS } from '../core/scep/dialect.ts';
import { CERTIFICATE_ROLES } from '../core/scep/roles.ts';
import { VERDICT_CODES } from '../core/verdict/code.ts';
import { HOP_STATES } from '../core/verdict/hop.ts';
import { LAYERS } from '../core/verdict/layer.ts';
import { OPERATIONS } from '../core/verdict/observation.ts';
import { SEVERITIES } from '../core/verdict/severity.ts';
import { DiagnoseReport, EXPLAINED_CODES, ExplainErrorReport } from './diagnose-schema.ts';
import { HistoryReport, StatusReport, WatchEvent } from './monitor-schemas.ts';

const Instant = z.iso.datetime().describe('ISO 8601, UTC');
const Milliseconds = z.number().nonnegative();
const Cause = z.strictObject({ title: z.string(), fixes: z.array(z.string()) });
const Link = z.strictObject({ title: z.string(), url: z.url() });

const Verdict = z
  .strictObject({
    code: z.enum(VERDICT_CODES).describe('Public and stable; docs/verdicts.md explains each'),
    severity: z.enum(SEVERITIES),
    layer: z.enum(LAYERS).describe('The hop that the verdict is about'),
    title: z.string(),
    evidence: z.array(z.string()).describe('What was seen, one line each'),
    causes: z.array(Cause).describe('Most likely first'),
    links: z.array(Link),
  })
  .meta({ id: 'Verdict' });

const Timings = z
  .strictObject({
    dnsMs: Milliseconds.optional(),
    tcpMs: Milliseconds.optional(),
    tlsMs: Milliseconds.optional(),
    firstByteMs: Milliseconds.optional(),
    totalMs: Milliseconds.optional(),
  })
  .describe('Milliseconds; a phase that was not reached, or that an earlier check paid for, is absent');

const Check = z.strictObject({
  operation: z.enum(OPERATIONS),
  dialect: z.enum(DIALECTS),
  verdict: Verdict.nullable().describe('null when the check was skipped'),
  status: z.int().nullable().describe('HTTP status; null when no answer arrived'),
  timings: Timings,
  skipped: z.strictObject({ reason: z.enum(['connection-failed', 'budget', 'operation-failed']), detail: z.string() }).optional(),
  alsoFound: z.array(Verdict),
});

const certificate = {
  subject: z.string(),
  issuer: z.string(),
  notBefore: Instant,
  notAfter: Instant,
  daysLeft: z.int().describe('Whole days, rounded down; negative after expiry'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  serialNumber: z.string(),
  signatureAlgorithmOid: z.string(),
  keyType: z.string(),
  keyBits: z.int().optional(),
  template: z.string().optional(),
};

const Tls = z.strictObject({
  serverName: z.string(),
  protocol: z.string().nullable(),
  cipher: z.string().nullable(),
  verified: z.boolean(),
  verifyError: z.strictObject({ code: z.string(), detail: z.string() }).optional(),
  chain: z.array(z.strictObject(certificate)).describe('Leaf first; present even when it does not verify'),
});

/** What `scepwatch probe URL --json` prints. */
const ProbeReport = z
  .strictObject({
    schema: z.literal('scepwatch.probe/1'),
    target: z.strictObject({ url: z.url() }),
    vantage: z.string().describe('Where the probe was made from'),
    startedAt: Instant,
    durationMs: Milliseconds,
    verdict: Verdict,
    alsoFound: z.array(Verdict).describe('What else is wrong, most important first'),
    path: z
      .array(z.strictObject({ layer: z.enum(LAYERS), state: z.enum(HOP_STATES) }))
      .describe('Every hop in the order in which a request passes'),
    checks: z.array(Check),
    certificates: z
      .array(z.strictObject({ role: z.enum(CERTIFICATE_ROLES), ...certificate }))
      .describe('From GetCACert; a certificate with two roles is listed once for each'),
    clients: z.array(z.strictObject({ platform: z.enum(DIALECTS), usable: z.boolean(), problem: z.string().optional() })),
    tls: Tls.nullable().describe('null when the URL is http or no handshake was tried'),
    notes: z.array(z.string()),
  })
  .describe('One probe of one SCEP endpoint');

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/** The report as the schema describes it; test/unit/cli/json-schemas.test.ts does not compile when the two drift apart. */
export type PublishedProbeReport = DeepReadonly<z.infer<typeof ProbeReport>>;

/** What `scepwatch probe URL URL … --json` prints. */
const ProbeList = z.strictObject({ schema: z.literal('scepwatch.probe-list/1'), results: z.array(ProbeReport) });

/** What every command prints with `--json` when it cannot do what it was asked to; the exit code is 3. */
const ErrorReport = z.strictObject({
  schema: z.literal('scepwatch.error/1'),
  error: z.strictObject({ kind: z.enum(['usage', 'internal']), message: z.string() }),
});

/** What `scepwatch check-config FILE --json` prints. */
const CheckConfigReport = z.strictObject({
  schema: z.literal('scepwatch.check-config/1'),
  ok: z.boolean(),
  targets: z.int().nullable(),
  problems: z.array(z.strictObject({ setting: z.string(), line: z.int().optional(), column: z.int().optional(), message: z.string() })),
});

/** What `scepwatch explain CODE --json` prints. */
const ExplainReport = z.strictObject({
  schema: z.literal('scepwatch.explain/1'),
  code: z.enum(EXPLAINED_CODES),
  layer: z.enum(LAYERS),
  severity: z.enum(SEVERITIES),
  title: z.string(),
  meaning: z.string(),
  causes: z.array(Cause),
  links: z.array(Link),
  alsoKnownAs: z.array(z.string()),
});

/** What `scepwatch explain --json` prints without a code. */
const CodesReport = z.strictObject({
  schema: z.literal('scepwatch.codes/1'),
  codes: z.array(z.strictObject({ code: z.enum(EXPLAINED_CODES), severity: z.enum(SEVERITIES), layer: z.enum(LAYERS), title: z.string() })),
});

/** What `scepwatch simulate --list --json` prints. */
const FaultsReport = z.strictObject({
  schema: z.literal('scepwatch.faults/1'),
  faults: z.array(
    z.discriminatedUnion('shown', [
      z.strictObject({ code: z.enum(VERDICT_CODES), shown: z.literal(true), description: z.string(), variants: z.array(z.string()) }),
      z.strictObject({ code: z.enum(VERDICT_CODES), shown: z.literal(false), reason: z.string(), instead: z.string() }),
    ]),
  ),
});

/** The same for what reads the monitor. */
export type PublishedStatus = DeepReadonly<z.infer<typeof StatusReport>>;
export type PublishedHistory = DeepReadonly<z.infer<typeof HistoryReport>>;
export type PublishedWatchEvent = DeepReadonly<z.infer<typeof WatchEvent>>;
export type PublishedDiagnosis = DeepReadonly<z.infer<typeof DiagnoseReport>>;

/** Every published JSON Schema by file name under docs/schemas. */
const JSON_SCHEMAS = {
  'probe-1.schema.json': ProbeReport,
  'probe-list-1.schema.json': ProbeList,
  'error-1.schema.json': ErrorReport,
  'check-config-1.schema.json': CheckConfigReport,
  'explain-1.schema.json': ExplainReport,
  'codes-1.schema.json': CodesReport,
  'faults-1.schema.json': FaultsReport,
  'status-1.schema.json': StatusReport,
  'history-1.schema.json': HistoryReport,
  'watch-1.schema.json': WatchEvent,
  'diagnose-1.schema.json': DiagnoseReport,
  'explain-error-1.schema.json': ExplainErrorReport,
  'config.schema.json': Config,
} as const;

export type SchemaName = keyof typeof JSON_SCHEMAS;

export const SCHEMA_NAMES = Object.keys(JSON_SCHEMAS) as readonly SchemaName[];

/** JSON Schema draft 2020-12, as editors and validators read it. */
export function jsonSchemaText(name: SchemaName): string {
  return `${JSON.stringify({ $id: `scepwatch/${name}`, ...z.toJSONSchema(JSON_SCHEMAS[name], { io: 'input' }) }, undefined, 2)}\n`;
}
