import { diagnosisSeverity } from '../core/diagnose/diagnosis.ts';
import { createIdentityRedactor } from '../core/diagnose/redact-identities.ts';
import { PLATFORMS, type Platform } from '../core/diagnose/scep-exchange.ts';
import { createTally } from '../core/diagnose/tally.ts';
import { type DiagnoseReportJson, diagnoseJson } from '../core/render/diagnose-json.ts';
import { printable } from '../core/text/printable.ts';
import { parseIsoTime } from '../core/time.ts';
import { diagnoseFiles } from './diagnose-files.ts';
import { givenLog } from './given-log.ts';

/** A log as it comes in a request. */
export interface PostedLog {
  /** Read once, as it comes; undefined when there is none. */
  readonly body: AsyncIterable<Uint8Array> | undefined;
  /** As the sender says, in bytes; undefined when not. */
  readonly announcedBytes: number | undefined;
  /** Of the query: `name`, `since`, `until`, `platform`. */
  readonly query: ReadonlyMap<string, string>;
}

export type DiagnosisAnswer =
  | { readonly status: 200 | 422; readonly body: DiagnoseReportJson }
  | {
      readonly status: 400 | 413;
      readonly body: { readonly schema: 'scepwatch.error/1'; readonly error: { readonly kind: 'usage'; readonly message: string } };
    };

/** Packed or not; an instance has 2 GB, and a body is in its memory before our code runs. */
export const MAX_POSTED_BYTES = 32 * 1024 * 1024;

const KNOWN = ['name', 'since', 'until', 'platform', 'code'] as const;

/** Diagnoses one posted log, or one archive of logs. Identities are always replaced; 422 when nothing of it could be read. */
export async function answerDiagnosis({ body, announcedBytes, query }: PostedLog): Promise<DiagnosisAnswer> {
  const problems = queryProblems(query);
  if (problems.length > 0) return refused(400, problems.join('; '));
  if (announcedBytes !== undefined && announcedBytes > MAX_POSTED_BYTES) return refused(413, TOO_LARGE);
  if (body === undefined || announcedBytes === 0)
    return refused(400, 'the request has no body; post the log, or a gz or zip file of logs, as it is');
  const meter = { bytes: 0 };
  const platform = query.get('platform');
  const tally = createTally({ ...times(query), ...(isPlatform(platform) && { platform }) });
  const name = printable(query.get('name') ?? 'posted log', 120);
  const { files } = await diagnoseFiles([{ name, open: () => measured(body, meter) }], {}, tally.sink);
  if (meter.bytes > MAX_POSTED_BYTES) return refused(413, TOO_LARGE);
  const logs = files.map(givenLog);
  const diagnosis = { logs, summary: tally.conclude(logs) };
  const answer = diagnoseJson(diagnosis, createIdentityRedactor({ showIdentities: false }), false);
  return { status: diagnosisSeverity(diagnosis) === 'unknown' ? 422 : 200, body: answer };
}

const TOO_LARGE = `a log may have ${MAX_POSTED_BYTES / 1024 / 1024} MB at most; pack it, or post the part around the outage`;

async function* measured(body: AsyncIterable<Uint8Array>, meter: { bytes: number }): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    meter.bytes += chunk.length;
    if (meter.bytes > MAX_POSTED_BYTES) return;
    yield chunk;
  }
}

function queryProblems(query: ReadonlyMap<string, string>): readonly string[] {
  const unknown = [...query.keys()].filter((key) => !KNOWN.some((known) => known === key));
  const platform = query.get('platform');
  return [
    ...unknown.map((key) => `${printable(key, 40)} is no parameter; known are name, since, until and platform`),
    ...(['since', 'until'] as const)
      .filter((key) => query.has(key) && parseIsoTime(query.get(key) ?? '') === undefined)
      .map((key) => `${key} takes a time with its offset, such as 2026-11-24T02:00:00Z`),
    ...(platform !== undefined && !isPlatform(platform) ? [`platform takes one of ${PLATFORMS.join(', ')}`] : []),
  ];
}

function isPlatform(text: string | undefined): text is Platform {
  return PLATFORMS.some((platform) => platform === text);
}

function times(query: ReadonlyMap<string, string>): { readonly since?: number; readonly until?: number } {
  const [since, until] = [parseIsoTime(query.get('since') ?? ''), parseIsoTime(query.get('until') ?? '')];
  return { ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
}

function refused(status: 400 | 413, message: string): DiagnosisAnswer {
  return { status, body: { schema: 'scepwatch.error/1', error: { kind: 'usage', message } } };
}
