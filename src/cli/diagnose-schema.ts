import * as z from 'zod';
import { RELATIONS } from '../core/diagnose/join-views.ts';
import { LOG_CODES, LOG_ONLY_CODES } from '../core/diagnose/log-code.ts';
import { LOG_FORMATS } from '../core/diagnose/log-format.ts';
import { LOG_OPERATIONS, PLATFORMS } from '../core/diagnose/scep-exchange.ts';
import { VERDICT_CODES } from '../core/verdict/code.ts';
import { LAYERS } from '../core/verdict/layer.ts';
import { SEVERITIES } from '../core/verdict/severity.ts';

const Instant = z.iso.datetime().describe('ISO 8601, UTC');
const Count = z.int().nonnegative();
const Milliseconds = z.number().nonnegative();
const Platform = z.enum(PLATFORMS);

/** What has a catalog entry: verdicts of a probe and findings in logs. */
export const EXPLAINED_CODES = [...VERDICT_CODES, ...LOG_ONLY_CODES] as const;

const Evidence = z
  .strictObject({
    file: z.string(),
    line: Count.describe('Counts from 1'),
    text: z.string().describe('The line, or the lines that belong together; identities are replaced unless identitiesShown'),
    at: Instant.optional(),
    detail: z.string().optional().describe('What it says in this very case, such as an error code with its meaning'),
  })
  .meta({ id: 'Evidence' });

const Finding = z
  .strictObject({
    code: z.enum(LOG_CODES).describe('Public and stable; scepwatch explain CODE tells more'),
    severity: z.enum(SEVERITIES),
    layer: z.enum(LAYERS).describe('The hop that it is about'),
    title: z.string(),
    meaning: z.string(),
    platform: Platform.optional().describe('Absent when it concerns several, or none in particular'),
    platforms: z.array(z.strictObject({ platform: Platform, count: Count })),
    count: Count,
    firstAt: Instant.optional(),
    lastAt: Instant.optional(),
    conclusion: z.string().optional().describe('What all logs together say of it, such as what is missing'),
    goodAgainAt: Instant.optional().describe('A good answer after the last of these: it is over'),
    evidence: Evidence,
    moreEvidence: z.array(Evidence),
    causes: z.array(z.strictObject({ title: z.string(), fixes: z.array(z.string()) })).describe('Most likely first'),
    fixes: z.array(z.string()).describe('Those of all causes in their order, each once'),
    links: z.array(z.strictObject({ title: z.string(), url: z.url() })),
  })
  .meta({ id: 'Finding' });

const counts = {
  count: Count,
  ok: Count,
  failed: Count,
  untold: Count.describe('The log does not say how it was answered'),
  successRate: z.number().min(0).max(1).nullable().describe('Of those whose answer is told; null when none is'),
  p50Ms: Milliseconds.optional(),
  p95Ms: Milliseconds.optional(),
  p99Ms: Milliseconds.optional(),
  slowestMs: Milliseconds.optional(),
  firstAt: Instant.optional(),
  lastAt: Instant.optional(),
  lastGoodAt: Instant.optional(),
};

const Timeline = z.strictObject({
  from: Instant.describe('Where the first bucket begins'),
  bucketMs: z.int().positive(),
  leftOut: Count.optional().describe('Requests of so different a time that they are not in the rows'),
  rows: z.array(z.strictObject({ platform: Platform, ok: z.array(Count), failed: z.array(Count), untold: z.array(Count) })),
});

/** What `scepwatch diagnose FILE… --json` prints. */
export const DiagnoseReport = z
  .strictObject({
    schema: z.literal('scepwatch.diagnose/1'),
    severity: z.enum(SEVERITIES).describe('The worst of all; unknown only when nothing could be read'),
    findings: z.array(Finding).describe('Most important first'),
    summary: z.strictObject({
      logs: z.array(
        z.strictObject({
          file: z.string(),
          format: z.enum(LOG_FORMATS).nullable().describe('null when it is no log that is known, or could not be read'),
          lines: Count,
          problems: z.array(z.string()),
        }),
      ),
      from: Instant.nullable(),
      until: Instant.nullable(),
      exchanges: Count,
      unreadableLines: Count,
      enrolments: z.strictObject({ succeeded: Count, failed: Count, incomplete: Count }),
      platforms: z.array(
        z.strictObject({
          platform: Platform,
          ...counts,
          operations: z.array(
            z.strictObject({
              operation: z.enum(LOG_OPERATIONS),
              ...counts,
              statuses: z
                .array(
                  z.strictObject({
                    status: z.string().describe('Status, substatus and sc-win32-status: 500, 404.15, 500 1346'),
                    count: Count,
                  }),
                )
                .describe('Most frequent first'),
            }),
          ),
        }),
      ),
      timeline: Timeline.nullable().describe('null when the logs have no dates'),
      failingDevices: z
        .array(
          z.strictObject({
            device: z.string(),
            platform: Platform,
            failures: Count,
            atMost: Count.describe('By how much the count may be too high; 0 unless there are very many devices'),
          }),
        )
        .describe('Most failures first'),
    }),
    outside: z
      .strictObject({
        target: z.string(),
        at: Instant,
        code: z.enum(VERDICT_CODES),
        severity: z.enum(SEVERITIES),
        layer: z.enum(LAYERS),
        answers: z.string().optional(),
      })
      .optional()
      .describe('With --with: how the target looks from here'),
    joined: z
      .strictObject({
        relation: z.enum(RELATIONS),
        severity: z.enum(SEVERITIES),
        answer: z.string(),
        finding: z.enum(LOG_CODES).optional(),
        notes: z.array(z.string()),
      })
      .optional()
      .describe('With --with: what both views say together'),
    identitiesShown: z.boolean(),
  })
  .describe('What logs say about SCEP');

/** What `scepwatch explain 0x80090005 --json` prints. */
export const ExplainErrorReport = z.strictObject({
  schema: z.literal('scepwatch.explain-error/1'),
  code: z.string(),
  name: z.string(),
  meaning: z.string(),
  hint: z.string(),
  related: z.array(z.enum(EXPLAINED_CODES)),
});
